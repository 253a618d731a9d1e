package verify

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events"
)

// assess checks that a new claim's lines follow from its policy and inputs, that
// the inputs are what the log said, and that the shares follow.
func (m *money) assess(e *events.Event, a *claim.Assessment, status claim.Status) {
	p := m.policies[policyKey{a.PolicyID, a.PolicyVersion}]
	f := m.fundOf(a.FundID)
	if m.assessments.fails(p != nil && f.policy == a.PolicyID && f.year == a.Year && a.InspectedOn.Year() == a.Year && p.Effective.Covers(a.InspectedOn)) {
		m.assessments.wrong(e, "policy %q version %d and fund %q do not cover %s", a.PolicyID, a.PolicyVersion, a.FundID, a.InspectedOn)
	}
	if p == nil {
		return
	}
	run := newRunning(f, p)
	for i := range a.Lines {
		l := &a.Lines[i]
		s := subjectOf(a, l)
		m.recompute(e, p, s, a, l)
		if a.Supplements == "" {
			m.checkInputs(e, a, l, s, run)
		}
	}
	if status == claim.IsAssessed && a.Supplements == "" {
		parts := make([]split, len(a.Lines))
		for i, l := range a.Lines {
			parts[i] = split{l.LineNo, l.Subsidy, l.Shares}
		}
		m.split(e, &a.Head, parts)
	}
	for _, l := range a.Lines {
		if l.Shares != nil {
			m.sumsTo(e, l.LineNo, l.Subsidy, l.Shares)
		}
	}
}

// recompute checks that a line's amount and steps follow from its policy and its
// frozen inputs.
func (m *money) recompute(e *events.Event, p *policy.Policy, s policy.Subject, a *claim.Assessment, l *claim.Line) {
	m.steps(e, l.LineNo, l.Steps)
	result := p.Recalculate(s, l.Inputs, l.Steps)
	granted, why := l.Calculated.Add(l.Before), "calculated"
	if caps := l.Inputs.Caps; a.Supplements == "" && len(caps) > 0 {
		granted, why = l.Subsidy, "granted"
		free := l.Inputs
		free.Caps = nil
		if m.assessments.fails(p.Calculate(s, free).Amount.Cmp(l.Calculated) == 0) {
			m.assessments.wrong(e, "line %d: without its cap it is not %s", l.LineNo, l.Calculated)
		}
	}
	if m.assessments.fails(result.Amount.Cmp(granted) == 0 && slices.EqualFunc(result.Steps, l.Steps, sameStep)) {
		m.assessments.wrong(e, "line %d: the inputs give %s, %s was %s", l.LineNo, result.Amount, why, granted)
	}
	if m.assessments.fails(l.Subsidy.Cmp(l.Calculated) <= 0 && l.Subsidy.Sign() >= 0) {
		m.assessments.wrong(e, "line %d grants %s of %s", l.LineNo, l.Subsidy, l.Calculated)
	}
}

// Recompute checks the calculations of a part of a history: of every claim whose
// policy is in it. Inputs are taken as frozen.
func Recompute(commits []events.Commit) Check {
	m := newMoney(&shared{newTally("statuses", ""), newTally("persons", "")}, nil)
	for i := range commits {
		for k := range commits[i].Events {
			e := &commits[i].Events[k]
			switch f := e.Fact.(type) {
			case policy.Published:
				m.policies[policyKey{f.PolicyID, f.Version}] = &f.Policy
			case claim.Assessed:
				m.recomputeAll(e, &f.Assessment)
			case claim.Waitlisted:
				m.recomputeAll(e, &f.Assessment)
			}
		}
	}
	return m.assessments.Check
}

func (m *money) recomputeAll(e *events.Event, a *claim.Assessment) {
	p := m.policies[policyKey{a.PolicyID, a.PolicyVersion}]
	if p == nil {
		return
	}
	for i := range a.Lines {
		m.recompute(e, p, subjectOf(a, &a.Lines[i]), a, &a.Lines[i])
	}
}

func subjectOf(a *claim.Assessment, l *claim.Line) policy.Subject {
	return policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: a.Channel, CooperativeID: a.CooperativeID, BuyerID: a.BuyerID}
}

// steps does every step again by hand.
func (m *money) steps(e *events.Event, no int, steps []policy.Step) {
	for i, s := range steps {
		again, err := s.Again()
		if err != nil || again != s.Result {
			if m.assessments.fails(false) {
				m.assessments.wrong(e, "line %d, step %d (%s): it gives %q, not %q (%v)", no, i+1, s.What, again, s.Result, err)
			}
		}
	}
}

func sameStep(a, b policy.Step) bool {
	return a.Op == b.Op && a.What == b.What && a.Rule == b.Rule && a.Result == b.Result && slices.Equal(a.With, b.With)
}

// running are a fund's totals with what the lines before have added.
type running struct {
	f      *fundFold
	p      *policy.Policy
	tiers  map[policy.TierKey]domain.Kg
	limits map[fund.LimitKey]domain.Money
	claim  domain.Money
}

func newRunning(f *fundFold, p *policy.Policy) *running {
	return &running{f: f, p: p, tiers: map[policy.TierKey]domain.Kg{}, limits: map[fund.LimitKey]domain.Money{}}
}

// checkInputs holds a line's frozen inputs against the trade and the fund as they
// were at that moment.
func (m *money) checkInputs(e *events.Event, a *claim.Assessment, l *claim.Line, s policy.Subject, r *running) {
	in := &l.Inputs
	k := m.trade.ship(a.ShipmentID).line(l.LineNo)
	if k.result == nil {
		if m.inputs.fails(false) {
			m.inputs.wrong(e, "line %d was never inspected", l.LineNo)
		}
		return
	}
	kg := k.result.Kg.Sub(k.returnedKg)
	if m.inputs.fails(in.Kg.Cmp(kg) == 0 && l.AcceptedKg.Cmp(kg) == 0 && in.UnitPrice.Cmp(k.sold.UnitPrice) == 0 && in.KgPerUnit.Cmp(k.sold.KgPerUnit) == 0 &&
		in.Sale.Cmp(k.result.Amount) == 0 && in.Returned.Cmp(k.returnedAmount) == 0 && l.ItemID == k.sold.ItemID && l.Category == k.sold.Category) {
		m.inputs.wrong(e, "line %d: %s kg for %s less %s; the trade has %s kg for %s less %s", l.LineNo, in.Kg, in.Sale, in.Returned, kg, k.result.Amount, k.returnedAmount)
	}
	if in.Freight != nil {
		d := m.trade.of(a.DepartureID)
		if m.inputs.fails(d.final && in.Freight.Amount.Cmp(d.freight) == 0 && in.Freight.LoadedKg.Cmp(d.loadedKg()) == 0) {
			m.inputs.wrong(e, "line %d: freight %s for %s kg; the departure has %s for %s kg (final: %v)", l.LineNo, in.Freight.Amount, in.Freight.LoadedKg, d.freight, d.loadedKg(), d.final)
		}
	}
	for _, t := range in.Tiers {
		start := r.f.tiers[t.TierKey].Add(r.tiers[t.TierKey])
		if m.inputs.fails(t.StartKg.Cmp(start) == 0) {
			m.inputs.wrong(e, "line %d: tier %q starts at %s kg, the running total is %s", l.LineNo, t.RuleID, t.StartKg, start)
		}
		r.tiers[t.TierKey] = r.tiers[t.TierKey].Add(kg)
	}
	if m.inputs.fails(len(in.Limits) == len(r.p.Limits)) {
		m.inputs.wrong(e, "line %d: %d limits, the policy has %d", l.LineNo, len(in.Limits), len(r.p.Limits))
	}
	for i, limit := range r.p.Limits {
		if i < len(in.Limits) && limit.SalesShare.IsZero() {
			left := r.left(limit, s)
			if m.inputs.fails(in.Limits[i].Left.Cmp(left) == 0) {
				m.inputs.wrong(e, "line %d: of the limit per %s %s is said to be left, it is %s", l.LineNo, limit.Per, in.Limits[i].Left, left)
			}
		}
	}
	r.claim = r.claim.Add(l.Calculated)
	for _, per := range []string{policy.PerCooperativeYear, policy.PerBuyerYear, policy.PerItemYear} {
		key := fund.LimitKey{Per: per, Of: scope(per, s)}
		r.limits[key] = r.limits[key].Add(l.Calculated)
	}
}

// left is what is left of a limit: its maximum less what was granted in its scope.
func (r *running) left(l policy.Limit, s policy.Subject) domain.Money {
	var used domain.Money
	switch l.Per {
	case policy.PerLine:
	case policy.PerClaim:
		used = r.claim
	default:
		key := fund.LimitKey{Per: l.Per, Of: scope(l.Per, s)}
		used = r.f.limits[key].Add(r.limits[key])
	}
	if l.Max.Cmp(used) <= 0 {
		return domain.MoneyFromFen(0)
	}
	return l.Max.Sub(used)
}

func scope(per string, s policy.Subject) domain.ID {
	switch per {
	case policy.PerCooperativeYear:
		return s.CooperativeID
	case policy.PerBuyerYear:
		return s.BuyerID
	}
	return s.ItemID
}

// again checks a reassessed line: its steps, and that its inputs give what was
// calculated.
func (m *money) again(e *events.Event, c *claimFold, r *claim.ReassessedLine) {
	p := m.policies[policyKey{c.PolicyID, c.PolicyVersion}]
	if p == nil || len(r.Steps) == 0 {
		return
	}
	l := c.line(r.LineNo)
	s := policy.Subject{ItemID: l.item, Category: l.category, Channel: c.channel, CooperativeID: c.CooperativeID, BuyerID: c.BuyerID}
	m.steps(e, r.LineNo, r.Steps)
	in := r.Inputs
	if r.Why == claim.WhyBudget && len(in.Caps) > 0 {
		in.Caps = in.Caps[:len(in.Caps)-1] // the one that this reckoning left
	}
	result := p.Recalculate(s, in, r.Steps)
	if m.assessments.fails(result.Amount.Cmp(r.Calculated) == 0) {
		m.assessments.wrong(e, "line %d: the inputs give %s, calculated was %s", r.LineNo, result.Amount, r.Calculated)
	}
	if r.Used != nil {
		result = p.Recalculate(s, *r.Used, r.Steps)
	}
	if m.assessments.fails(slices.EqualFunc(result.Steps, r.Steps, sameStep)) {
		m.assessments.wrong(e, "line %d: its steps are not those of its inputs", r.LineNo)
	}
}

// split is a line's amount with its shares.
type split struct {
	no     int
	amount domain.Money
	shares []claim.Share
}

// split checks that the shares of lines follow from the policy's shares and the
// residuals of the splits before.
func (m *money) split(e *events.Event, h *claim.Head, lines []split) {
	p := m.policies[policyKey{h.PolicyID, h.PolicyVersion}]
	if p == nil {
		return
	}
	residuals := m.fundOf(h.FundID).residualsOf(p.Split)
	shares := make([]domain.Share, len(p.Split))
	for i, f := range p.Split {
		shares[i] = f.Share
	}
	for _, l := range lines {
		var want []domain.Money
		want, residuals = domain.ResidualSplit(l.amount, shares, residuals)
		ok := len(l.shares) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = l.shares[i].Amount.Cmp(want[i]) == 0 && l.shares[i].FunderID == p.Split[i].FunderID && l.shares[i].BudgetID == p.Split[i].BudgetID
		}
		if m.splits.fails(ok) {
			m.splits.wrong(e, "line %d: %s is split into %v, it should be %v", l.no, l.amount, l.shares, want)
		}
	}
}

// residualsOf are the residuals of the latest split, if it had the same funders.
func (f *fundFold) residualsOf(funding []policy.Funding) []domain.Residual {
	out := make([]domain.Residual, len(funding))
	if len(f.residuals) != len(funding) {
		return out
	}
	for i, x := range funding {
		k := slices.IndexFunc(f.residuals, func(r fund.FunderResidual) bool { return r.FunderID == x.FunderID })
		if k < 0 {
			return make([]domain.Residual, len(funding))
		}
		out[i] = f.residuals[k].Residual
	}
	return out
}

// sumsTo checks that shares come to their line's amount.
func (m *money) sumsTo(e *events.Event, no int, amount domain.Money, shares []claim.Share) {
	var sum domain.Money
	for _, s := range shares {
		sum = sum.Add(s.Amount)
		if m.splits.fails(s.Amount.Sign() >= 0) {
			m.splits.wrong(e, "line %d: the share of %q is %s", no, s.FunderID, s.Amount)
		}
	}
	if m.splits.fails(sum.Cmp(amount) == 0) {
		m.splits.wrong(e, "line %d: its shares come to %s, its amount is %s", no, sum, amount)
	}
}
