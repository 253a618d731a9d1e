package app

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events"
)

// Replay is the application without a log: recorded commits are folded as they are,
// commands are decided on top of them by the real handlers, and what follows by
// itself from either is carried out at once. Nothing is recorded anywhere. It is for
// the question what would have been, and belongs to one goroutine.
type Replay struct {
	c    *committer
	seen func(*events.Commit)
	now  time.Time // the recording clock: that of the last recorded commit
}

// NewReplay returns an empty application. Of the options it needs commands,
// reactions and kinds. seen is told of every commit that comes about by a command or
// by itself, in order; it only reads.
func NewReplay(o Options, seen func(*events.Commit)) *Replay {
	r := &Replay{seen: seen}
	a := &App{ring: o.Ring, allowed: o.Allowed, clock: func() time.Time { return r.now }, commands: make(map[string]*Command)}
	for i := range o.Commands {
		a.commands[o.Commands[i].Name] = &o.Commands[i]
	}
	r.c = newCommitter(a, newFolds(nil, func(domain.Ref) {}, o.Kinds, o.Reactions), Snapshots{})
	return r
}

// Book reads the aggregates of the subsidy as they stand.
func (r *Replay) Book() Book { return BookOf(r.c.folds.aggregates) }

// At sets the recording clock.
func (r *Replay) At(recorded time.Time) { r.now = recorded }

// Fold takes facts as they are, with their envelopes; they get the next position.
func (r *Replay) Fold(c events.Commit) error {
	c.Position = r.c.folds.position + 1
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].Position = c.Position
	}
	return r.take(&c)
}

// Do decides a command, whose data is given as a value. It returns the refusal, or
// nil when it was carried out; an error is a fault of the program.
func (r *Replay) Do(env Envelope, data any) (*domain.Problem, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", env.ID, err)
	}
	s := &submission{prepared: &prepared{env: env, command: r.c.app.commands[env.Command], hash: "replay"}}
	if s.command == nil {
		return nil, fmt.Errorf("command %q: there is no command %s", env.ID, env.Command)
	}
	s.data = s.command.New()
	if err := json.Unmarshal(raw, s.data, strict); err != nil {
		return nil, fmt.Errorf("command %q: %w", env.ID, err)
	}
	return r.decide(s)
}

// decide decides one command and what follows from it, depth first: as the
// committer does, which puts reactions in front of its queue.
func (r *Replay) decide(s *submission) (*domain.Problem, error) {
	d, err := r.c.decision(s)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", s.env.ID, err)
	}
	if d.commit == nil {
		return d.problem, nil
	}
	return nil, r.take(d.commit, r.seen)
}

// take folds a commit, tells of it, and carries out what follows.
func (r *Replay) take(c *events.Commit, tell ...func(*events.Commit)) error {
	f := r.c.folds
	if err := f.apply(c); err != nil {
		return err
	}
	for _, t := range tell {
		t(c)
	}
	due, err := f.react(c)
	if err != nil {
		return err
	}
	f.journal.Forget(f.journal.Mark())
	for _, d := range due {
		if d.command.Effect != nil {
			continue // nothing outside is touched
		}
		if _, err := r.decide(r.c.app.reaction(d)); err != nil {
			return err
		}
		f.owed.remove(d.id) // a refusal is final here: there is no next start
	}
	f.journal.Forget(f.journal.Mark())
	return nil
}
