package simulation

import (
	"strings"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
)

// stage is one simulation: the application on which history is played once more.
type stage struct {
	Options
	known  bool
	replay *app.Replay
	draft  *tally // of the simulation
	was    *tally // of the record
	watch  *watch
}

// draftVersion is the number of the draft while it is simulated: no published
// version has it.
const draftVersion = policy.VersionMax + 1

// ownCommand begins the ids of what the simulation itself sets up.
const ownCommand = "~simulation/"

func newStage(o Options, known bool) (*stage, error) {
	s := &stage{Options: o, known: known}
	in := func(day domain.Day) bool { return o.From.Cmp(day) <= 0 && day.Cmp(o.To) <= 0 }
	s.draft = newTally(func(a *claim.Assessment) bool { return a.PolicyID == o.Draft.PolicyID && in(a.InspectedOn) })
	s.was = newTally(func(a *claim.Assessment) bool { return (!known || a.PolicyID == o.Draft.PolicyID) && in(a.InspectedOn) })
	s.watch = newWatch(o.Draft, s.draft)
	s.replay = app.NewReplay(assembly.Options(nil, nil), func(c *events.Commit) {
		s.draft.add(c)
		s.watch.add(c)
	})
	return s, s.open()
}

// open puts the draft and its funds on stage. The draft stands before every
// recorded version, so that it is the one in effect on the days asked for.
func (s *stage) open() error {
	p := *s.Draft
	one := false
	p.Version, p.Effective, p.Approval = draftVersion, policy.Effective{From: s.From, To: s.To}, policy.Approval{DistinctActors: &one}
	s.watch.draft = &p
	if err := s.set("policy", policy.Published{Policy: p}); err != nil {
		return err
	}
	if s.Recorded {
		return nil
	}
	for year := s.From.Year(); year <= s.To.Year(); year++ {
		f := s.fundOf(year)
		s.watch.fund(f)
		if err := s.set(string(f.FundID), f); err != nil {
			return err
		}
	}
	return nil
}

// set folds a fact that is not of the record.
func (s *stage) set(name string, f domain.Fact) error {
	id := ownCommand + name
	return s.replay.Fold(events.Commit{Events: []events.Event{{ID: events.IDOf(id, 1), Subject: f.Subject(), Fact: f, CommandID: id, Index: 1, Of: 1}}})
}

// take plays one recorded commit.
func (s *stage) take(c *events.Commit) error {
	s.was.add(c)
	first := &c.Events[0]
	s.replay.At(first.Recorded)
	switch kind := first.Subject.Kind; kind {
	case policy.Kind:
		if !s.known {
			return nil // the draft stands for all of them
		}
		return s.replay.Fold(*c)
	case fund.Kind, claim.Kind, disbursement.Kind:
		if strings.HasPrefix(first.CommandID, "~") {
			return nil // it comes about by itself, or does not
		}
		if kind == fund.Kind {
			return s.takeFund(first)
		}
		return s.takeLife(c)
	}
	return s.replay.Fold(*c)
}

// do sends a command in the place of a recorded one. A refusal means that the draft
// has left nothing to do it with.
func (s *stage) do(e *events.Event, suffix, command string, data any) error {
	_, err := s.replay.Do(app.Envelope{ID: e.CommandID + suffix, Command: command, Actor: e.Actor, Role: e.Role, Time: e.Time, Via: e.Via}, data)
	return err
}

// takeFund plays what was done with a recorded fund.
func (s *stage) takeFund(e *events.Event) error {
	switch f := e.Fact.(type) {
	case fund.Opened:
		if s.staged(f.Head) {
			s.watch.fund(f)
			return s.do(e, "", "fund.open", fund.Open{FundID: f.FundID, PolicyID: f.PolicyID, Year: f.Year, Lines: f.Lines})
		}
	case fund.Adjusted:
		if s.staged(f.Head) {
			return s.do(e, "", "fund.adjust", fund.Adjust{FundID: f.FundID, BudgetID: f.BudgetID, Delta: f.Delta, DocumentNo: f.DocumentNo, Reason: f.Reason})
		}
	case fund.LineAdded:
		if s.staged(f.Head) {
			return s.do(e, "", "fund.add_line", fund.AddLine{FundID: f.FundID, BudgetID: f.BudgetID, FunderID: f.FunderID, Amount: f.Amount.Amount, DocumentNo: f.DocumentNo})
		}
	}
	return nil
}

// staged reports whether a recorded fund is on stage: not where the simulation has
// one of its own.
func (s *stage) staged(h fund.Head) bool {
	own := h.PolicyID == s.Draft.PolicyID && !s.Recorded && s.From.Year() <= h.Year && h.Year <= s.To.Year()
	return s.known && !own
}

// claimID is the claim on stage for a recorded one: the same, except where the draft
// stands for another policy.
func (s *stage) claimID(h claim.Head, id domain.ID) domain.ID {
	if s.known {
		return id
	}
	recorded := string(h.ShipmentID) + "." + string(h.PolicyID)
	return h.ShipmentID + "." + s.Draft.PolicyID + domain.ID(strings.TrimPrefix(string(id), recorded))
}
