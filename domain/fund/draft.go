package fund

import (
	"maps"
	"slices"

	"zhitong/domain"
	"zhitong/domain/policy"
)

// Draft is a fund as it would be after what a decision has done so far; the fund
// itself is not changed. It is for one policy version, whose split it knows.
type Draft struct {
	fund      *State
	split     []policy.Funding
	start     []domain.Money // available before the draft
	available []domain.Money
	before    []domain.Residual // before the draft
	residuals []domain.Residual
	tiers     map[policy.TierKey]domain.Kg
	limits    map[LimitKey]domain.Money
	counts    Counts
}

// NewDraft begins a draft. It refuses a fund that lacks a budget line of the split.
func NewDraft(s *State, split []policy.Funding) (*Draft, error) {
	d := &Draft{fund: s, split: split, tiers: map[policy.TierKey]domain.Kg{}, limits: map[LimitKey]domain.Money{}}
	funders := make([]domain.ID, len(split))
	for i, f := range split {
		l := s.Line(f.BudgetID)
		if l == nil || l.FunderID != f.FunderID {
			return nil, domain.Refuse(domain.Conflict, "fund.budget_line_missing", "", string(f.BudgetID),
				"the policy's split needs the budget line %q of funder %q, fund %q has none; finance can add it with fund.add_line", f.BudgetID, f.FunderID, s.FundID)
		}
		d.available = append(d.available, l.Available())
		funders[i] = f.FunderID
	}
	d.start, d.residuals = slices.Clone(d.available), s.residualsOf(funders)
	d.before = d.residuals
	return d, nil
}

// Fork returns a copy for trying something out.
func (d *Draft) Fork() *Draft {
	f := *d
	f.available, f.residuals = slices.Clone(d.available), slices.Clone(d.residuals)
	f.tiers, f.limits = maps.Clone(d.tiers), maps.Clone(d.limits)
	f.counts = Counts{slices.Clone(d.counts.Tiers), slices.Clone(d.counts.Limits)}
	return &f
}

// Shortage says what a budget line could not bear, with what the draft took before.
type Shortage struct {
	BudgetID  domain.ID    `json:"budget_id"`
	Needs     domain.Money `json:"needs"`
	Available domain.Money `json:"available"`
}

// Take splits an amount and reserves it, or says which line is too small for it and
// changes nothing.
func (d *Draft) Take(amount domain.Money) ([]domain.Money, *Shortage) {
	parts, next := domain.ResidualSplit(amount, shares(d.split), d.residuals)
	for i, p := range parts {
		if p.Cmp(d.available[i]) > 0 {
			return nil, &Shortage{d.split[i].BudgetID, d.start[i].Sub(d.available[i]).Add(p), d.start[i]}
		}
	}
	d.take(parts, next)
	return parts, nil
}

// TakePart reserves the largest amount, not above the given one, that every line
// can bear.
func (d *Draft) TakePart(amount domain.Money) (domain.Money, []domain.Money) {
	granted, parts, next := domain.PartialSplit(amount, shares(d.split), d.residuals, d.available)
	d.take(parts, next)
	return granted, parts
}

func (d *Draft) take(parts []domain.Money, next []domain.Residual) {
	for i, p := range parts {
		d.available[i] = d.available[i].Sub(p)
	}
	d.residuals = next
}

// GiveBack makes what was reserved or obligated available again. Residuals stay.
func (d *Draft) GiveBack(parts []domain.Money) {
	for i, p := range parts {
		d.available[i] = d.available[i].Add(p)
	}
}

// Reserve is the fact that reserves parts for a claim with the residuals as they
// stand in the draft.
func (d *Draft) Reserve(claim domain.ID, parts []domain.Money) Reserved {
	return Reserved{Movement: Movement{Head: d.fund.Head, ClaimID: claim, Lines: d.Amounts(parts)}, Before: d.named(d.before), Residuals: d.named(d.residuals)}
}

func (d *Draft) named(residuals []domain.Residual) []FunderResidual {
	out := make([]FunderResidual, len(d.split))
	for i, f := range d.split {
		out[i] = FunderResidual{f.FunderID, residuals[i]}
	}
	return out
}

// Amounts names the budget lines of parts in the order of the split; parts of 0 are
// left out.
func (d *Draft) Amounts(parts []domain.Money) []Amount {
	var out []Amount
	for i, p := range parts {
		if p.Sign() != 0 {
			out = append(out, Amount{d.split[i].BudgetID, d.split[i].FunderID, p})
		}
	}
	return out
}

// TierTotal is a running total of kg as it stands in the draft.
func (d *Draft) TierTotal(k policy.TierKey) domain.Kg { return d.fund.TierTotal(k).Add(d.tiers[k]) }

// LimitTotal is a running total of grants as it stands in the draft.
func (d *Draft) LimitTotal(k LimitKey) domain.Money { return d.fund.LimitTotal(k).Add(d.limits[k]) }

// CountKg changes a running total of kg, in the draft and in its counts.
func (d *Draft) CountKg(k policy.TierKey, kg domain.Kg) {
	if kg.Sign() == 0 {
		return
	}
	d.tiers[k] = d.tiers[k].Add(kg)
	for i := range d.counts.Tiers {
		if d.counts.Tiers[i].TierKey == k {
			d.counts.Tiers[i].Kg = d.tiers[k]
			return
		}
	}
	d.counts.Tiers = append(d.counts.Tiers, TierCount{k, d.tiers[k]})
}

// CountGrant changes a running total of grants, in the draft and in its counts.
func (d *Draft) CountGrant(k LimitKey, amount domain.Money) {
	if amount.Sign() == 0 {
		return
	}
	d.limits[k] = d.limits[k].Add(amount)
	for i := range d.counts.Limits {
		if d.counts.Limits[i].LimitKey == k {
			d.counts.Limits[i].Amount = d.limits[k]
			return
		}
	}
	d.counts.Limits = append(d.counts.Limits, LimitCount{k, d.limits[k]})
}

// Counts are the changes of the running totals that the draft has made; those that
// came to nothing are left out.
func (d *Draft) Counts() Counts {
	return Counts{
		Tiers:  slices.DeleteFunc(slices.Clone(d.counts.Tiers), func(t TierCount) bool { return t.Kg.Sign() == 0 }),
		Limits: slices.DeleteFunc(slices.Clone(d.counts.Limits), func(l LimitCount) bool { return l.Amount.Sign() == 0 }),
	}
}

// IsZero reports whether nothing is counted.
func (c Counts) IsZero() bool { return len(c.Tiers) == 0 && len(c.Limits) == 0 }

func shares(split []policy.Funding) []domain.Share {
	out := make([]domain.Share, len(split))
	for i, f := range split {
		out[i] = f.Share
	}
	return out
}
