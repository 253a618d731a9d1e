package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"zhitong/domain"
	"zhitong/domain/device"
	"zhitong/events"
)

// decided is what comes of one command: a commit, a problem, or a repeat.
type decided struct {
	commit  *events.Commit
	problem *domain.Problem
	repeat  uint64
}

func refused(p *domain.Problem) (decided, error) { return decided{problem: p}, nil }

// decision decides one command on top of everything folded. It changes nothing.
func (c *committer) decision(s *submission) (decided, error) {
	known, seen := c.folds.commands.Get(commandKeyOf(s.env.ID))
	if seen && s.hash != "" && known.content == digestOf(s.hash) {
		return decided{repeat: known.position}, nil
	}
	if s.problem != nil {
		return refused(s.problem)
	}
	if seen {
		return refused(domain.Refuse(domain.Conflict, "command.id_used", "id", s.env.ID,
			"the id was used at position %d for a command with other content; give this one an id of its own", known.position))
	}
	now := c.app.clock()
	if p := c.checkTimes(s, now); p != nil {
		return refused(p)
	}
	if p := c.checkDevice(s); p != nil {
		return refused(p)
	}
	u := &Unit{Recorded: c.folds.recorded, By: domain.By{Actor: s.env.Actor, Role: s.env.Role, Time: s.env.Time}, Now: now, CommandID: s.env.ID, Device: s.device,
		Registries: c.folds.registry, states: c.folds.aggregates, sealer: c.app.ring}
	if err := s.command.Handle(u, s.data); err != nil {
		if p := domain.AsProblem(err); p != nil {
			return refused(p)
		}
		return decided{}, err
	}
	if u.repeat != nil {
		return decided{repeat: u.repeat.Position}, nil
	}
	if len(u.facts) == 0 {
		return decided{}, fmt.Errorf("the handler of %q emitted nothing and refused nothing", s.command.Name)
	}
	return decided{commit: c.commitOf(s, now, u.facts)}, nil
}

// checkTimes refuses a claimed time ahead of the clock, and everything when the
// log is ahead of the clock.
func (c *committer) checkTimes(s *submission, now time.Time) *domain.Problem {
	ahead := c.folds.recorded.Sub(now)
	if ahead > AheadMax && !s.confirmsClock() && !c.folds.registry.ClockConfirmed(c.folds.recorded) {
		return domain.Refuse(domain.Unavailable, "log.clock_behind", "", now.UTC().Format(time.RFC3339),
			"the log was last written at %s, %s ahead of this machine's clock; set the clock right, or, if it is right, let an operator send programme.confirm_clock with that time", c.folds.recorded.Format(time.RFC3339Nano), ahead.Round(time.Second))
	}
	if s.cause == nil && s.env.Time.Instant().Sub(now) > AheadMax {
		return domain.Refuse(domain.Invalid, "time.in_future", "time", s.env.Time.String(),
			"a claimed time may be at most %s ahead of the clock, which says %s", AheadMax, now.UTC().Format(time.RFC3339))
	}
	return nil
}

// confirmsClock says that the command is the one by which an operator lets writing go
// on.
func (s *submission) confirmsClock() bool {
	return s.command != nil && s.command.Name == "programme.confirm_clock"
}

// checkDevice refuses a device's number that was used for something else.
func (c *committer) checkDevice(s *submission) *domain.Problem {
	if s.device == nil {
		return nil
	}
	used, ok := c.folds.devices.Get(deviceSeq{s.device.ID, s.device.Seq})
	if !ok || used == digestOf(s.env.ID, s.hash) {
		return nil
	}
	return domain.Refuse(domain.Conflict, "device.seq_used", "device.seq", fmt.Sprint(s.device.Seq),
		"device %q has used this number for another entry", s.device.ID)
}

// commitOf puts facts into their envelopes, behind what is folded.
func (c *committer) commitOf(s *submission, now time.Time, facts []domain.Fact) *events.Commit {
	recorded := events.RecordedTime(now)
	if recorded.Before(c.folds.recorded) {
		recorded = c.folds.recorded
	}
	commit := &events.Commit{Position: c.folds.position + 1, Events: make([]events.Event, len(facts))}
	for i, f := range facts {
		e := events.Event{
			ID: events.IDOf(s.env.ID, i+1), Subject: f.Subject(), Time: s.env.Time, Fact: f,
			Recorded: recorded, Actor: s.env.Actor, Role: s.env.Role, Principal: s.env.Principal, Via: s.env.Via,
			CommandID: s.env.ID, CommandHash: s.hash, Device: s.device,
			Position: commit.Position, Index: i + 1, Of: len(facts),
		}
		if s.cause != nil {
			e.Causation, e.Correlation = s.cause.ID, s.cause.Correlation
			if e.Correlation == "" {
				e.Correlation = s.cause.ID
			}
		}
		commit.Events[i] = e
	}
	return commit
}

// refusedEntry returns the commit that keeps what a device tried to say, or nil if
// it is kept already.
func (c *committer) refusedEntry(ctx context.Context, s *submission, p *domain.Problem) *events.Commit {
	if p.Class == domain.Unavailable || s.hash == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(s.env.ID + "\n" + s.hash))
	kept := *s.prepared
	kept.env.ID = "~refused-" + hex.EncodeToString(sum[:16])
	if _, ok := c.folds.commands.Get(commandKeyOf(kept.env.ID)); ok {
		return nil
	}
	ref := device.Ref(s.device.ID)
	content, err := c.app.entryContent(ctx, s.prepared, events.IDOf(kept.env.ID, 1))
	if err == nil {
		err = c.app.ring.Ensure(ctx, ref)
	}
	var sealed domain.Sealed
	if err == nil {
		sealed, err = c.app.ring.Seal(ref, events.IDOf(kept.env.ID, 1), "content", domain.Personal(content))
	}
	if err != nil {
		return nil // the refusal itself stands; the phone keeps the entry
	}
	fact := device.EntryRefused{DeviceID: s.device.ID, CommandID: s.env.ID, Command: s.env.Command, Code: p.Code, Content: sealed}
	return c.commitOf(&submission{prepared: &kept}, c.app.clock(), []domain.Fact{fact})
}

// refusedEntry returns the id of the command that e kept as refused.
func refusedEntry(e *events.Event) (string, bool) {
	f, ok := e.Fact.(device.EntryRefused)
	return f.CommandID, ok
}
