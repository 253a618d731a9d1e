package verify

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events"
)

// dues are what the claims of a commit say that its fund must say too. They are
// settled when the commit ends.
type dues struct {
	outcomes  map[*claimFold]*outcome
	tiers     map[tierDue]domain.Kg // said by claims, less what funds say
	limits    map[limitDue]domain.Money
	splits    map[domain.ID]*splitDue // by fund
	recovered map[withheld]domain.Money
}

type tierDue struct {
	fund domain.ID
	key  policy.TierKey
}

type limitDue struct {
	fund domain.ID
	key  fund.LimitKey
}

// splitDue are a fund's residuals before and after the splits of a commit.
type splitDue struct{ before, after []fund.FunderResidual }

func newDues() dues {
	return dues{map[*claimFold]*outcome{}, map[tierDue]domain.Kg{}, map[limitDue]domain.Money{}, map[domain.ID]*splitDue{}, map[withheld]domain.Money{}}
}

// outcome is what a claim's family must have become by this commit.
func (m *money) outcome(c *claimFold) *outcome {
	if c.base != nil {
		c = c.base
	}
	o, known := m.due.outcomes[c]
	if !known {
		if o = m.reckon(c); o != nil && o.grew {
			m.splitTo(c.FundID, o.p, m.fundOf(c.FundID).residualsOf(o.p.Split), o.residuals)
		}
		m.due.outcomes[c] = o
	}
	return o
}

// expectReassessed holds a reassessment against what is reckoned here.
func (m *money) expectReassessed(e *events.Event, c *claimFold, f *claim.Reassessed) {
	o := m.outcome(c)
	if o == nil {
		return
	}
	want := o.lines[c]
	if c == o.base {
		m.equal(m.assessments, e, "what is approved anew", f.Resubmit, o.resubmit())
	}
	delete(o.lines, c)
	if len(want) == len(f.Lines) {
		for i := range want {
			m.equal(m.assessments, e, fmt.Sprintf("line %d", want[i].LineNo), f.Lines[i], want[i])
		}
	} else if m.assessments.fails(false) {
		m.assessments.wrong(e, "%d lines are reckoned anew, %d have changed", len(f.Lines), len(want))
	}
	if total := c.total().Add(o.changed[c]); m.assessments.fails(f.Total.Cmp(total) == 0) {
		m.assessments.wrong(e, "its total is %s, reckoned anew it is %s", f.Total, total)
	}
	var causes []string
	for _, x := range o.ship.changes[min(o.base.changes, len(o.ship.changes)):] {
		causes = append(causes, x.event)
	}
	if c == o.base && m.assessments.fails(slices.Equal(f.Causes, causes) && f.Changes == len(o.ship.changes)) {
		m.assessments.wrong(e, "it reckons in %v, since the last reckoning there were %v", f.Causes, causes)
	}
	supplement := domain.ID("")
	if c == o.base && o.supplement != nil {
		supplement = child(c.ClaimID, "S", len(c.followers)+1)
	}
	if m.assessments.fails(f.Supplement == supplement) {
		m.assessments.wrong(e, "its supplement is %q, it must be %q", f.Supplement, supplement)
	}
}

// expectClawback holds a clawback against what is reckoned here.
func (m *money) expectClawback(e *events.Event, c *claimFold, f *claim.ClawbackProposed) {
	o := m.outcome(c)
	if o == nil {
		return
	}
	if id := child(c.ClaimID, "C", c.backs+1); m.assessments.fails(f.ClawbackID == id) {
		m.assessments.wrong(e, "it is the clawback %q, it must be %q", f.ClawbackID, id)
	}
	m.equal(m.splits, e, "what is clawed back", f.Lines, o.backs[c])
	delete(o.backs, c)
}

// expectSupplement holds a supplement against what is reckoned here.
func (m *money) expectSupplement(e *events.Event, a *claim.Assessment) {
	o := m.outcome(m.claimOf(a.Supplements))
	if o == nil {
		return
	}
	m.equal(m.assessments, e, "the supplement", a.Lines, o.supplement)
	o.supplement = nil
}

// equal holds what an event says against what is reckoned here.
func (m *money) equal(t *tally, e *events.Event, what string, said, reckoned any) {
	a, errA := json.Marshal(said, json.Deterministic(true))
	b, errB := json.Marshal(reckoned, json.Deterministic(true))
	if t.fails(errA == nil && errB == nil && bytes.Equal(a, b)) {
		t.wrong(e, "%s: recorded and reckoned differ: %s", what, firstDifference(a, b))
	}
}

// count notes what must be counted in a fund's running totals: in every one, whether
// or not the version has that limit.
func (m *money) count(of domain.ID, s policy.Subject, tiers []policy.TierStart, kg domain.Kg, granted domain.Money) {
	if m.trade == nil {
		return
	}
	for _, t := range tiers {
		k := tierDue{of, t.TierKey}
		m.due.tiers[k] = m.due.tiers[k].Add(kg)
	}
	for _, per := range []string{policy.PerCooperativeYear, policy.PerBuyerYear, policy.PerItemYear} {
		k := limitDue{of, fund.LimitKey{Per: per, Of: scope(per, s)}}
		m.due.limits[k] = m.due.limits[k].Add(granted)
	}
}

// countRejected takes a claim out of the running totals.
func (m *money) countRejected(c *claimFold) {
	for _, l := range c.lines {
		s := policy.Subject{ItemID: l.item, Category: l.category, Channel: c.channel, CooperativeID: c.CooperativeID, BuyerID: c.BuyerID}
		m.count(c.FundID, s, l.inputs.Tiers, domain.Kg{}.Sub(l.kg), l.subsidy.Neg())
	}
}

// counted notes what a fund says it has counted.
func (m *money) counted(of domain.ID, c fund.Counts) {
	m.fundOf(of).count(c)
	for _, t := range c.Tiers {
		k := tierDue{of, t.TierKey}
		m.due.tiers[k] = m.due.tiers[k].Sub(t.Kg)
	}
	for _, l := range c.Limits {
		k := limitDue{of, l.LimitKey}
		m.due.limits[k] = m.due.limits[k].Sub(l.Amount)
	}
}

// splitTo notes that a fund's residuals change by splits of this commit.
func (m *money) splitTo(of domain.ID, p *policy.Policy, before, after []domain.Residual) {
	named := func(list []domain.Residual) []fund.FunderResidual {
		out := make([]fund.FunderResidual, len(list))
		for i, r := range list {
			out[i] = fund.FunderResidual{FunderID: p.Split[i].FunderID, Residual: r}
		}
		return out
	}
	m.due.splits[of] = &splitDue{named(before), named(after)}
}

// carried holds the residuals that a fund says against those of the splits.
func (m *money) carried(e *events.Event, x *fund.Reserved) {
	d := m.due.splits[x.FundID]
	delete(m.due.splits, x.FundID)
	if m.totals.fails(d != nil && slices.Equal(x.Before, d.before) && slices.Equal(x.Residuals, d.after)) {
		if d == nil {
			d = &splitDue{}
		}
		m.totals.wrong(e, "residuals go from %v to %v, by the splits from %v to %v", x.Before, x.Residuals, d.before, d.after)
	}
}

// settle checks that nothing is due any more when a commit ends.
func (m *money) settle(c *events.Commit) {
	first := &c.Events[0]
	for k, kg := range m.due.tiers {
		if m.totals.fails(kg.Sign() == 0) {
			m.totals.wrong(first, "fund %q: the running total of %v is wrong by %s kg", k.fund, k.key, kg)
		}
	}
	for k, amount := range m.due.limits {
		if m.totals.fails(amount.Sign() == 0) {
			m.totals.wrong(first, "fund %q: the total per %s of %q is wrong by %s", k.fund, k.key.Per, k.key.Of, amount)
		}
	}
	for of := range m.due.splits {
		if m.totals.fails(false) {
			m.totals.wrong(first, "fund %q: lines are split and nothing is reserved", of)
		}
	}
	for base, o := range m.due.outcomes {
		if o == nil {
			continue
		}
		if m.assessments.fails(len(o.lines) == 0 && len(o.backs) == 0 && o.supplement == nil) {
			m.assessments.wrong(first, "claim %q: not everything that changed is in the commit", base.ClaimID)
		}
	}
	for k, amount := range m.due.recovered {
		if m.withholdings.fails(false) {
			m.withholdings.wrong(first, "%s was withheld from claim %q for clawback %q and does not come back", amount, k.claim, k.clawback)
		}
	}
	clear(m.due.recovered)
	clear(m.due.tiers)
	clear(m.due.limits)
	clear(m.due.splits)
	clear(m.due.outcomes)
}
