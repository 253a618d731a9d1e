// Package simulation applies a draft of a policy to recorded history, to see what it
// would have given.
//
// It owns the comparison of a draft with what was assessed. It refuses to write
// anything, and to have rules of its own: the draft's claims are decided by package
// assessment, on funds that exist in memory only. Start at [Run].
package simulation

import (
	"context"

	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// Options say what is simulated.
type Options struct {
	Draft *policy.Policy // its own effective range does not matter
	// From and To are the first and the last day of the inspections.
	From, To domain.Day
	// Budget is what each budget line has; nil: as much as it needs.
	Budget []Budget
}

// unlimited is what a budget line has where no budget is given.
var unlimited = domain.MoneyFromFen(99_999_999_999_999)

// Reader reads the log from a position on, in order, as [log.Log.Read] does, and
// hands on each commit's bytes.
type Reader func(ctx context.Context, from uint64, fn func(commit []byte) error) error

// Run folds the log once. What the draft gives is what would be assessed if every
// claim stayed unpaid; what was recorded is the assessed amounts of the policy's
// claims (of all claims, where the log does not know the policy) less the clawbacks
// that were proposed. Both are of inspections in the range, with their returns and
// corrections up to the log's end.
func Run(ctx context.Context, read Reader, o Options) (*Report, error) {
	s := &run{Options: o, shipments: map[domain.ID]*shipment.State{}, departures: map[domain.ID]*departure.State{}, trails: map[domain.ID]*trail{},
		inspected: map[domain.ID][]domain.ID{}, funds: map[int]*fund.State{}, claims: map[domain.ID]*claim.State{}, recorded: map[domain.ID]bool{},
		draft: newSums(), was: newSums(), all: newSums(), dry: map[budgetKey]domain.Day{}, bounds: make([]Bound, len(o.Draft.Limits))}
	err := read(ctx, 1, func(line []byte) error {
		c, err := events.Decode(line)
		if err != nil {
			return err
		}
		for i := range c.Events {
			if err := s.fold(&c.Events[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.report(), nil
}

// run is one simulation.
type run struct {
	Options
	shipments  map[domain.ID]*shipment.State
	departures map[domain.ID]*departure.State
	trails     map[domain.ID]*trail
	inspected  map[domain.ID][]domain.ID // by departure, in the order of their inspections
	funds      map[int]*fund.State       // by year
	claims     map[domain.ID]*claim.State

	known    bool               // the log has a version of the draft's policy
	recorded map[domain.ID]bool // recorded claims of the range; true for those of the draft's policy
	draft    sums
	was, all sums // recorded: of the draft's policy, of all
	dry      map[budgetKey]domain.Day
	bounds   []Bound
}

// trail is what the log knows of a sale besides the shipment.
type trail struct {
	day     domain.Day
	changes int
}

type budgetKey struct {
	year   int
	budget domain.ID
}

func (s *run) fold(e *events.Event) error {
	s.recordedMoves(e)
	switch f := e.Fact.(type) {
	case policy.Published:
		s.known = s.known || f.PolicyID == s.Draft.PolicyID
	case shipment.Inspected:
		state(s.shipments, e).Apply(f)
		s.trails[f.ShipmentID] = &trail{day: e.Time.Day()}
		s.inspected[f.DepartureID] = append(s.inspected[f.DepartureID], f.ShipmentID)
		return s.assess(e, f.ShipmentID)
	case shipment.Returned:
		state(s.shipments, e).Apply(f)
		return s.changed(e, f.ShipmentID, false)
	case shipment.InspectionCorrected:
		state(s.shipments, e).Apply(f)
		return s.changed(e, f.ShipmentID, true)
	case departure.FreightRecorded:
		state(s.departures, e).Apply(f)
		if f.Final {
			for _, id := range s.inspected[f.DepartureID] {
				if err := s.assess(e, id); err != nil {
					return err
				}
			}
		}
	default:
		switch e.Subject.Kind {
		case shipment.Kind:
			state(s.shipments, e).Apply(f)
		case departure.Kind:
			state(s.departures, e).Apply(f)
		}
	}
	return nil
}

// state returns the state of the event's subject, made where there is none.
func state[S any](all map[domain.ID]*S, e *events.Event) *S {
	if all[e.Subject.ID] == nil {
		all[e.Subject.ID] = new(S)
	}
	return all[e.Subject.ID]
}

// assess makes the draft's claim of a shipment, unless it is outside the range, has
// one, or waits for the freight.
func (s *run) assess(e *events.Event, id domain.ID) error {
	t := s.trails[id]
	claimID := assessment.ClaimID(id, s.Draft.PolicyID)
	if t.day.Cmp(s.From) < 0 || t.day.Cmp(s.To) > 0 || s.claims[claimID] != nil {
		return nil
	}
	sale := assessment.SaleOf(s.shipments[id], t.day, t.changes)
	var freight *policy.Freighted
	if sale.NeedsFreight(s.Draft) {
		d := s.departures[sale.DepartureID]
		if !d.FreightFinal {
			return nil
		}
		freight = &policy.Freighted{Amount: d.Freight, LoadedKg: d.LoadedKg}
	}
	f := s.fund(t.day.Year())
	facts, err := assessment.Assess(s.Draft, f, &sale, freight)
	if err != nil {
		return err
	}
	s.apply(e, f, facts)
	return nil
}

// changed reckons the draft's claim of a shipment anew, then serves who waits.
func (s *run) changed(e *events.Event, id domain.ID, correction bool) error {
	t := s.trails[id]
	t.changes++
	c := s.claims[assessment.ClaimID(id, s.Draft.PolicyID)]
	if c == nil {
		return nil
	}
	f := s.funds[c.Year]
	sale := assessment.SaleOf(s.shipments[id], t.day, t.changes)
	facts, err := assessment.Reassess(s.Draft, f, assessment.Family{Base: c}, &sale, assessment.Change{Correction: correction})
	if err != nil {
		return err
	}
	s.apply(e, f, facts)
	for len(f.Waitlist) > 0 {
		facts, err := assessment.TakeUp(s.Draft, f, s.claims[f.Waitlist[0].ClaimID])
		if err != nil {
			return nil // it does not fit yet
		}
		s.apply(e, f, facts)
	}
	return nil
}

// fund returns the fund of a year, opened when it is first needed.
func (s *run) fund(year int) *fund.State {
	if f := s.funds[year]; f != nil {
		return f
	}
	f := fund.NewState()
	opened := fund.Opened{Head: fund.Head{FundID: "simulated", PolicyID: s.Draft.PolicyID, Year: year}}
	for _, x := range s.Draft.Split {
		opened.Lines = append(opened.Lines, fund.Amount{BudgetID: x.BudgetID, FunderID: x.FunderID, Amount: s.budgetOf(year, x.BudgetID)})
	}
	f.Apply(opened)
	s.funds[year] = f
	return f
}

// apply folds what was decided, and adds it up.
func (s *run) apply(e *events.Event, f *fund.State, facts []domain.Fact) {
	for _, fact := range facts {
		switch ref := fact.Subject(); ref.Kind {
		case fund.Kind:
			f.Apply(fact)
		case claim.Kind:
			state(s.claims, &events.Event{Subject: ref}).Apply(fact)
		}
		for _, m := range claim.Moves(fact) {
			s.draft.add(m.ItemID, m.CooperativeID, m.FunderID, e.Month(), m.Assessed)
		}
		switch fact := fact.(type) {
		case claim.Assessed:
			s.limits(fact.Lines)
		case claim.Waitlisted:
			s.limits(fact.Lines)
			if fact.Shortage != nil {
				s.runsDry(f.Year, fact.Shortage.BudgetID, e.Time.Day())
			}
		case claim.Refused:
			s.limits(fact.Lines)
			s.runsDry(f.Year, fact.Shortage.BudgetID, e.Time.Day())
		}
	}
	for _, l := range f.Lines {
		if l.Available().Sign() == 0 {
			s.runsDry(f.Year, l.BudgetID, e.Time.Day())
		}
	}
}

func (s *run) runsDry(year int, budget domain.ID, day domain.Day) {
	if k := (budgetKey{year, budget}); s.dry[k].IsZero() {
		s.dry[k] = day
	}
}

// recordedMoves adds up what was really assessed.
func (s *run) recordedMoves(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		s.note(&f.Assessment)
	case claim.Waitlisted:
		s.note(&f.Assessment)
	case claim.ClawbackProposed:
		for _, l := range f.Lines {
			for _, x := range l.Shares {
				s.addRecorded(f.Head, l.ItemID, x.FunderID, e.Month(), x.Amount.Neg())
			}
		}
	}
	for _, m := range claim.Moves(e.Fact) {
		s.addRecorded(m.Head, m.ItemID, m.FunderID, e.Month(), m.Assessed)
	}
}

func (s *run) note(a *claim.Assessment) {
	if a.InspectedOn.Cmp(s.From) >= 0 && a.InspectedOn.Cmp(s.To) <= 0 {
		s.recorded[a.ClaimID] = a.PolicyID == s.Draft.PolicyID
	}
}

func (s *run) addRecorded(h claim.Head, item, funder domain.ID, month string, amount domain.Money) {
	same, in := s.recorded[h.ClaimID]
	if !in {
		return
	}
	s.all.add(item, h.CooperativeID, funder, month, amount)
	if same {
		s.was.add(item, h.CooperativeID, funder, month, amount)
	}
}
