package fund

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/policy"
)

// Line is a budget line with what became of its money.
type Line struct {
	BudgetID, FunderID                                 domain.ID
	Appropriated, Reserved, Obligated, Spent, Refunded domain.Money
}

// Committed is what may not be taken away by an adjustment.
func (l *Line) Committed() domain.Money {
	return l.Reserved.Add(l.Obligated).Add(l.Spent).Sub(l.Refunded)
}

// Available is what can still be reserved.
func (l *Line) Available() domain.Money { return l.Appropriated.Sub(l.Committed()) }

// Waiting is a claim on the waitlist.
type Waiting struct {
	ClaimID domain.ID
	Amount  domain.Money
}

// State is a fund as its facts leave it. It holds no claims but the waiting ones.
type State struct {
	Head
	Lines    []*Line // in the order in which they were opened
	Waitlist []Waiting

	tiers     map[policy.TierKey]domain.Kg
	limits    map[LimitKey]domain.Money
	residuals []FunderResidual // of the latest split
}

// NewState returns the state of a fund that was not opened.
func NewState() *State {
	return &State{tiers: map[policy.TierKey]domain.Kg{}, limits: map[LimitKey]domain.Money{}}
}

// Exists reports whether the fund was opened.
func (s *State) Exists() bool { return s.FundID != "" }

// Line returns the budget line, or nil.
func (s *State) Line(budget domain.ID) *Line {
	for _, l := range s.Lines {
		if l.BudgetID == budget {
			return l
		}
	}
	return nil
}

// TierTotal is the running total of a tiered rule in a scope.
func (s *State) TierTotal(k policy.TierKey) domain.Kg { return s.tiers[k] }

// LimitTotal is what was granted in a scope.
func (s *State) LimitTotal(k LimitKey) domain.Money { return s.limits[k] }

// residualsOf returns the residuals for a split by the funders, in their order: the
// ones of the latest split if that had the same funders, else all 0.
func (s *State) residualsOf(funders []domain.ID) []domain.Residual {
	out := make([]domain.Residual, len(funders))
	if len(s.residuals) != len(funders) {
		return out
	}
	for i, f := range funders {
		k := slices.IndexFunc(s.residuals, func(r FunderResidual) bool { return r.FunderID == f })
		if k < 0 {
			return make([]domain.Residual, len(funders))
		}
		out[i] = s.residuals[k].Residual
	}
	return out
}

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Opened:
		s.Head = f.Head
		for _, a := range f.Lines {
			s.Lines = append(s.Lines, &Line{BudgetID: a.BudgetID, FunderID: a.FunderID, Appropriated: a.Amount})
		}
	case LineAdded:
		s.Lines = append(s.Lines, &Line{BudgetID: f.BudgetID, FunderID: f.FunderID, Appropriated: f.Amount.Amount})
	case Adjusted:
		l := s.Line(f.BudgetID)
		l.Appropriated = l.Appropriated.Add(f.Delta)
	case Reserved:
		s.move(f.Lines, nil, reserved)
		s.count(f.Counts)
		if f.Residuals != nil {
			s.residuals = f.Residuals
		}
		if f.FromWaitlist {
			s.unqueue(f.ClaimID)
		}
	case Released:
		from := reserved
		if f.From == InObligation {
			from = obligated
		}
		s.move(f.Lines, from, nil)
	case Obligated:
		s.move(f.Lines, reserved, obligated)
	case Unobligated:
		s.move(f.Lines, obligated, reserved)
	case Spent:
		s.move(f.Lines, obligated, spent)
	case Refunded:
		s.move(f.Lines, nil, refunded)
	case Recounted:
		s.count(f.Counts)
	default:
		s.applyQueue(f)
	}
}

func (s *State) applyQueue(f domain.Fact) {
	switch f := f.(type) {
	case Queued:
		s.Waitlist = append(s.Waitlist, Waiting{f.ClaimID, f.Amount})
		s.count(f.Counts)
	case QueueChanged:
		for i := range s.Waitlist {
			if s.Waitlist[i].ClaimID == f.ClaimID {
				s.Waitlist[i].Amount = f.Amount
			}
		}
	case Unqueued:
		s.unqueue(f.ClaimID)
	default:
		domain.Unknown(f)
	}
}

func (s *State) unqueue(claim domain.ID) {
	s.Waitlist = slices.DeleteFunc(s.Waitlist, func(w Waiting) bool { return w.ClaimID == claim })
}

// The columns of a budget line.
func reserved(l *Line) *domain.Money  { return &l.Reserved }
func obligated(l *Line) *domain.Money { return &l.Obligated }
func spent(l *Line) *domain.Money     { return &l.Spent }
func refunded(l *Line) *domain.Money  { return &l.Refunded }

func (s *State) move(amounts []Amount, from, to func(*Line) *domain.Money) {
	for _, a := range amounts {
		l := s.Line(a.BudgetID)
		if from != nil {
			*from(l) = from(l).Sub(a.Amount)
		}
		if to != nil {
			*to(l) = to(l).Add(a.Amount)
		}
	}
}

func (s *State) count(c Counts) {
	for _, t := range c.Tiers {
		s.tiers[t.TierKey] = s.tiers[t.TierKey].Add(t.Kg)
	}
	for _, l := range c.Limits {
		s.limits[l.LimitKey] = s.limits[l.LimitKey].Add(l.Amount)
	}
}
