package verify

import (
	"slices"
	"strconv"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// outcome is what returns and corrections must have made of a claim and its
// supplements, reckoned here from the trade, the frozen inputs and the fund as they
// were.
type outcome struct {
	m         *money
	p         *policy.Policy
	f         *fundFold
	ship      *ship
	base      *claimFold
	members   []*claimFold // the base first; without those that were rejected
	available []domain.Money
	residuals []domain.Residual
	start     []domain.Money
	corrected []int
	totals    *running

	lines      map[*claimFold][]claim.ReassessedLine
	changed    map[*claimFold]domain.Money // signed, of the claim's total
	backs      map[*claimFold][]claim.ClawbackLine
	supplement []claim.Line
	grew       bool // money was reserved for an increase
}

// reckon reckons a claim anew as the rules say.
func (m *money) reckon(base *claimFold) *outcome {
	p, f := m.policies[policyKey{base.PolicyID, base.PolicyVersion}], m.fundOf(base.FundID)
	if p == nil || m.trade == nil {
		return nil
	}
	o := &outcome{m: m, p: p, f: f, ship: m.trade.ship(base.ShipmentID), base: base, members: []*claimFold{base},
		available: f.available(p.Split), residuals: f.residualsOf(p.Split), totals: newRunning(f, p),
		lines: map[*claimFold][]claim.ReassessedLine{}, changed: map[*claimFold]domain.Money{}, backs: map[*claimFold][]claim.ClawbackLine{}}
	o.start = slices.Clone(o.available)
	for _, s := range base.followers {
		if s.status.Pot() != claim.Nowhere {
			o.members = append(o.members, s)
		}
	}
	for _, c := range o.ship.changes[min(base.changes, len(o.ship.changes)):] {
		o.corrected = append(o.corrected, c.corrected...)
	}
	for _, l := range base.lines {
		if k := o.ship.lines[l.no]; k != nil && k.result != nil {
			o.line(l, k)
		}
	}
	return o
}

// line reckons a line of the base.
func (o *outcome) line(l *portion, k *shipLine) {
	in := l.inputs
	kg := k.result.Kg.Sub(k.returnedKg)
	if in.Kg.Cmp(kg) == 0 && in.Sale.Cmp(k.result.Amount) == 0 && in.Returned.Cmp(k.returnedAmount) == 0 {
		return
	}
	in.Kg, in.Sale, in.Returned, in.Caps = kg, k.result.Amount, k.returnedAmount, o.caps(l)
	result := o.p.Calculate(o.subject(l), in)
	before := o.present(l.no)
	out := claim.ReassessedLine{LineNo: l.no, ItemID: l.item, OldKg: l.kg, AcceptedKg: kg, OldSubsidy: l.subsidy, Subsidy: l.subsidy,
		Shares: l.shares, Inputs: in, Steps: result.Steps, Calculated: result.Amount}
	after := before
	switch {
	case result.Amount.Cmp(before) < 0:
		after = result.Amount
		o.reduce(l, before.Sub(after), &out)
	case result.Amount.Cmp(before) > 0 && !slices.Contains(o.corrected, l.no):
		out.Why = claim.WhyReturn
	case result.Amount.Cmp(before) > 0:
		after = before.Add(o.grow(l, k, before, &out))
	}
	o.lines[o.base] = append(o.lines[o.base], out)
	o.m.count(o.base.FundID, o.subject(l), in.Tiers, kg.Sub(l.kg), after.Sub(before))
	o.totals.add(o.subject(l), after.Sub(before))
}

func (o *outcome) subject(l *portion) policy.Subject {
	return policy.Subject{ItemID: l.item, Category: l.category, Channel: o.base.channel, CooperativeID: o.base.CooperativeID, BuyerID: o.base.BuyerID}
}

// caps are the line's caps, and one for each supplement that was rejected.
func (o *outcome) caps(l *portion) []policy.Cap {
	caps := slices.Clone(l.inputs.Caps)
	for _, s := range o.base.followers {
		k := s.find(l.no)
		if s.status.Pot() != claim.Nowhere || k == nil {
			continue
		}
		if !slices.ContainsFunc(caps, func(c policy.Cap) bool { return c.Why == claim.CapRejected && c.Max.Cmp(k.before) == 0 }) {
			caps = append(caps, policy.Cap{Why: claim.CapRejected, Max: k.before})
		}
	}
	return caps
}

// present is what base and supplements give for a line.
func (o *outcome) present(no int) domain.Money {
	sum := domain.MoneyFromFen(0)
	for _, c := range o.members {
		if l := c.find(no); l != nil {
			sum = sum.Add(l.remaining())
		}
	}
	return sum
}

// reduce takes an amount from a line: from the newest supplement first.
func (o *outcome) reduce(base *portion, amount domain.Money, out *claim.ReassessedLine) {
	for i := len(o.members) - 1; i >= 0 && amount.Sign() > 0; i-- {
		c := o.members[i]
		l := c.find(base.no)
		if l == nil {
			continue
		}
		t := amount.Min(l.remaining())
		if t.Sign() == 0 {
			continue
		}
		amount = amount.Sub(t)
		if c.status == claim.IsPaid {
			parts := domain.ReductionSplit(t, l.left)
			o.backs[c] = append(o.backs[c], claim.ClawbackLine{LineNo: l.no, ItemID: l.item, Amount: t, Shares: o.named(parts)})
			continue
		}
		to := out
		if i > 0 {
			to = &claim.ReassessedLine{LineNo: l.no, ItemID: l.item, OldKg: l.kg, AcceptedKg: l.kg, OldSubsidy: l.subsidy, Inputs: l.inputs, Calculated: l.subsidy.Sub(t)}
		}
		o.shrink(c, l, t, to)
		if i > 0 {
			o.lines[c] = append(o.lines[c], *to)
		}
	}
}

// shrink takes t from an unpaid line; what was reserved for it is available again.
func (o *outcome) shrink(c *claimFold, l *portion, t domain.Money, out *claim.ReassessedLine) {
	out.Subsidy = l.subsidy.Sub(t)
	o.changed[c] = o.changed[c].Sub(t)
	if c.status == claim.IsWaitlisted {
		return
	}
	parts := domain.ReductionSplit(t, l.left)
	for i := range parts {
		o.available[i] = o.available[i].Add(parts[i])
		parts[i] = parts[i].Neg()
	}
	out.Shares, out.Differences = o.moved(l.left, parts)
}

// moved are shares after differences, and the differences.
func (o *outcome) moved(left, by []domain.Money) (now, differences []claim.Share) {
	after := make([]domain.Money, len(left))
	for i := range left {
		after[i] = left[i].Add(by[i])
	}
	return o.named(after), o.named(by)
}

func (o *outcome) named(parts []domain.Money) []claim.Share {
	shares := make([]claim.Share, len(parts))
	for i := range parts {
		shares[i] = claim.Share{FunderID: o.p.Split[i].FunderID, BudgetID: o.p.Split[i].BudgetID, Amount: parts[i]}
	}
	return shares
}

// grow gives a line what it gained, as far as limits and budget lines allow by now.
func (o *outcome) grow(l *portion, k *shipLine, before domain.Money, out *claim.ReassessedLine) domain.Money {
	nothing := domain.MoneyFromFen(0)
	used := out.Inputs
	used.Limits = o.limitsNow(l, before, used.Limits)
	result := o.p.Calculate(o.subject(l), used)
	if result.Amount.Cmp(out.Calculated) < 0 {
		out.Used, out.Steps, out.Why = &used, result.Steps, claim.WhyLimitNow
	}
	wanted := result.Amount.Sub(before)
	switch {
	case wanted.Sign() <= 0:
		return nothing
	case o.base.status == claim.IsWaitlisted:
		out.Subsidy = l.subsidy.Add(wanted)
		o.changed[o.base] = o.changed[o.base].Add(wanted)
		return wanted
	}
	shares := sharesOf(o.p.Split)
	granted := wanted
	parts, next := domain.ResidualSplit(wanted, shares, o.residuals)
	if i := exceeds(parts, o.available); i >= 0 {
		why := claim.CapBudget
		out.Shortage = &fund.Shortage{BudgetID: o.p.Split[i].BudgetID, Needs: o.start[i].Sub(o.available[i]).Add(parts[i]), Available: o.start[i]}
		granted, next = nothing, o.residuals
		if o.p.OnExhausted == policy.Partial {
			why = claim.CapPartial
			granted, parts, next = domain.PartialSplit(wanted, shares, o.residuals, o.available)
		}
		out.Used, out.Steps, out.Why = &used, result.Steps, claim.WhyBudget
		out.Inputs.Caps = append(out.Inputs.Caps, policy.Cap{Why: why, Max: before.Add(granted)})
	}
	o.residuals = next
	if granted.Sign() > 0 {
		o.give(l, k, before, granted, parts, result, used, out)
	}
	return granted
}

// give books an increase: on the claim, or on a supplement of a paid one.
func (o *outcome) give(l *portion, k *shipLine, before, granted domain.Money, parts []domain.Money, result policy.Result, used policy.Inputs, out *claim.ReassessedLine) {
	o.grew = true
	for i := range parts {
		o.available[i] = o.available[i].Sub(parts[i])
	}
	if o.base.status != claim.IsPaid {
		out.Subsidy = l.subsidy.Add(granted)
		o.changed[o.base] = o.changed[o.base].Add(granted)
		out.Shares, out.Differences = o.moved(l.left, parts)
		return
	}
	o.supplement = append(o.supplement, claim.Line{LineNo: l.no, OrderID: k.sold.OrderID, OrderLine: k.sold.OrderLine, ItemID: l.item, Category: l.category,
		AcceptedKg: domain.KgFromGrams(0), Inputs: used, Steps: result.Steps, Calculated: result.Amount.Sub(before), Subsidy: granted, Shares: o.named(parts), Before: before})
}

// limitsNow are the frozen limits, each at most what is left now and the own grant.
func (o *outcome) limitsNow(l *portion, own domain.Money, then []policy.LimitLeft) []policy.LimitLeft {
	o.totals.claim = domain.Money{}
	for _, c := range o.members {
		o.totals.claim = o.totals.claim.Add(o.changed[c])
		for _, k := range c.lines {
			o.totals.claim = o.totals.claim.Add(k.remaining())
		}
		for _, b := range o.backs[c] {
			o.totals.claim = o.totals.claim.Sub(b.Amount)
		}
	}
	for _, s := range o.supplement {
		o.totals.claim = o.totals.claim.Add(s.Subsidy)
	}
	now := slices.Clone(then)
	for i, limit := range o.p.Limits {
		if i < len(now) && limit.SalesShare.IsZero() && limit.Per != policy.PerLine {
			now[i].Left = then[i].Left.Min(o.totals.left(limit, o.subject(l)).Add(own))
		}
	}
	return now
}

// resubmit is what goes from obligated back to reserved when an approved claim grew.
func (o *outcome) resubmit() []claim.Portion {
	if !o.grew || o.base.status.Pot() != claim.Obligated {
		return nil
	}
	var portions []claim.Portion
	for _, l := range o.base.lines {
		q := claim.Portion{LineNo: l.no, ItemID: l.item, AcceptedKg: l.kg, Subsidy: l.subsidy, Shares: l.shares}
		for _, r := range o.lines[o.base] {
			if r.LineNo == l.no {
				if q.AcceptedKg = r.AcceptedKg; r.Subsidy.Cmp(l.subsidy) < 0 {
					q.Subsidy, q.Shares = r.Subsidy, r.Shares
				}
			}
		}
		portions = append(portions, q)
	}
	return portions
}

// child is the id of the n-th clawback (C) or supplement (S) of a claim.
func child(of domain.ID, kind string, n int) domain.ID {
	return of + "." + domain.ID(kind+strconv.Itoa(n))
}

// exceeds is the first part that is more than is available; −1 when all fit.
func exceeds(parts, available []domain.Money) int {
	for i := range parts {
		if parts[i].Cmp(available[i]) > 0 {
			return i
		}
	}
	return -1
}

func sharesOf(split []policy.Funding) []domain.Share {
	shares := make([]domain.Share, len(split))
	for i, f := range split {
		shares[i] = f.Share
	}
	return shares
}
