package simulation

import (
	"slices"
	"strings"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events"
)

// watch notes where the draft binds: its limits, and the budget lines.
type watch struct {
	draft  *policy.Policy // as it is on stage
	claims *tally         // of the simulation
	bounds []Bound
	funds  map[domain.ID]*fund.State // of the draft's policy
	dry    map[budgetKey]domain.Day
	part   map[domain.ID]domain.Money // what a partial grant did not give, by claim
}

type budgetKey struct {
	fund, budget domain.ID
}

func newWatch(draft *policy.Policy, claims *tally) *watch {
	w := &watch{draft: draft, claims: claims, bounds: make([]Bound, len(draft.Limits)), funds: map[domain.ID]*fund.State{}, dry: map[budgetKey]domain.Day{}, part: map[domain.ID]domain.Money{}}
	for i := range w.bounds {
		w.bounds[i] = Bound{Limit: draft.Limits[i], Cut: domain.MoneyFromFen(0)}
	}
	return w
}

// fund begins to follow a fund, if it is one of the draft's policy.
func (w *watch) fund(f fund.Opened) {
	if f.PolicyID == w.draft.PolicyID && w.funds[f.FundID] == nil {
		w.funds[f.FundID] = fund.NewState()
		w.funds[f.FundID].Apply(f)
	}
}

// add takes a commit of the simulation.
func (w *watch) add(c *events.Commit) {
	var day domain.Day // of the inspection that the commit assesses
	for i := range c.Events {
		switch f := c.Events[i].Fact.(type) {
		case claim.Assessed:
			day = f.InspectedOn
			w.assessed(&f.Assessment)
			w.partial(&f.Assessment)
		case claim.Waitlisted:
			w.assessed(&f.Assessment)
			w.short(&f.Assessment, f.Shortage)
		case claim.Refused:
			w.assessed(&f.Assessment)
			w.short(&f.Assessment, &f.Shortage)
		}
		w.money(&c.Events[i], day)
	}
}

// money follows the funds; a line that has nothing left after an assessment is dry.
func (w *watch) money(e *events.Event, day domain.Day) {
	f := w.funds[e.Subject.ID]
	if e.Subject.Kind != fund.Kind || f == nil {
		return
	}
	if _, opened := e.Fact.(fund.Opened); opened {
		return
	}
	f.Apply(e.Fact)
	if day.IsZero() {
		return
	}
	for _, l := range f.Lines {
		if l.Available().Sign() == 0 {
			w.runsDry(f.FundID, l.BudgetID, day)
		}
	}
}

// assessed notes which limits bound in a first assessment.
func (w *watch) assessed(a *claim.Assessment) {
	if a.PolicyVersion != draftVersion || a.Supplements != "" {
		return
	}
	for _, l := range a.Lines {
		i := 0
		for _, step := range l.Steps {
			if !strings.HasPrefix(step.What, "limit:") {
				continue
			}
			before, _ := domain.ParseExact(step.With[0].Value)
			after, _ := domain.ParseExact(step.Result)
			if after.Cmp(before) < 0 {
				w.bounds[i].Lines++
				w.bounds[i].Cut = w.bounds[i].Cut.Add(before.Round().Sub(after.Round()))
			}
			i++
		}
	}
}

// short notes the budget line that was too small for a claim.
func (w *watch) short(a *claim.Assessment, s *fund.Shortage) {
	if s != nil && w.claims.in[a.ClaimID] {
		w.runsDry(a.FundID, s.BudgetID, a.InspectedOn)
	}
}

// partial notes a claim that got less than was calculated, and every budget line
// that has too little for its share of the next fen.
func (w *watch) partial(a *claim.Assessment) {
	if !w.claims.in[a.ClaimID] {
		return
	}
	left := domain.MoneyFromFen(0)
	for _, l := range a.Lines {
		if slices.ContainsFunc(l.Inputs.Caps, func(c policy.Cap) bool { return c.Why == claim.CapPartial }) {
			left = left.Add(l.Calculated.Sub(l.Subsidy))
		}
	}
	f := w.funds[a.FundID]
	if left.Sign() == 0 || f == nil {
		return
	}
	w.part[a.ClaimID] = left
	draft, err := fund.NewDraft(f, w.draft.Split)
	if err != nil {
		return
	}
	if _, short := draft.Take(a.Total.Add(left)); short != nil {
		w.runsDry(a.FundID, short.BudgetID, a.InspectedOn)
	}
}

func (w *watch) runsDry(f, budget domain.ID, day domain.Day) {
	if k := (budgetKey{f, budget}); w.dry[k].IsZero() {
		w.dry[k] = day
	}
}
