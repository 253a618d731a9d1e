package verify

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events"
)

// money checks budgets, claims, payments and clawbacks, and that every amount
// follows.
type money struct {
	*shared
	trade       *trade // what is sold, as the log said up to now
	budgets     *tally
	agreement   *tally
	assessments *tally
	inputs      *tally
	splits      *tally
	totals      *tally
	grants      *tally

	withholdings *tally

	due       dues
	debts     map[domain.ID][]*debt // of a cooperative, in the order of their settlements
	policies  map[policyKey]*policy.Policy
	funds     map[domain.ID]*fundFold
	claims    map[domain.ID]*claimFold
	clawbacks map[domain.ID]*clawbackFold
	payees    map[domain.ID]domain.ID // who changed the payee of a party
	batches   map[domain.ID]domain.ID // who made a batch
	actors    map[string]domain.ID    // of returns and corrections, by event id
}

type policyKey struct {
	id      domain.ID
	version int
}

func newMoney(s *shared, t *trade) *money {
	return &money{shared: s, trade: t,
		budgets: newTally("budgets", "movements of money"), agreement: newTally("agreement", "sums of claims and budget lines"),
		assessments: newTally("assessments", "calculated lines"), inputs: newTally("inputs", "frozen inputs"), splits: newTally("splits", "splits over funders"),
		totals: newTally("totals", "running totals and residuals"), grants: newTally("grants", "claims on budget lines"), due: newDues(),
		withholdings: newTally("debts", "withholdings for debts"), debts: map[domain.ID][]*debt{},
		policies: map[policyKey]*policy.Policy{}, funds: map[domain.ID]*fundFold{}, claims: map[domain.ID]*claimFold{},
		clawbacks: map[domain.ID]*clawbackFold{}, payees: map[domain.ID]domain.ID{}, batches: map[domain.ID]domain.ID{}, actors: map[string]domain.ID{}}
}

func (m *money) commit(c *events.Commit) {
	for i := range c.Events {
		e := &c.Events[i]
		if p, ok := e.Fact.(policy.Published); ok {
			k := policyKey{p.PolicyID, p.Version}
			if m.statuses.fails(m.policies[k] == nil) {
				m.statuses.wrong(e, "policy %q version %d is published again", k.id, k.version)
			}
			m.policies[k] = &p.Policy
			continue
		}
		m.fund(e)
		m.claim(e)
		m.life(e)
		m.clawback(e)
		m.twoPersons(e)
		m.debtsOf(e)
	}
	m.settle(c)
}

// end holds what the claims say against what the budget lines say.
func (m *money) end() {
	type key struct{ fund, budget domain.ID }
	sums := map[key]*budget{}
	of := func(f, b domain.ID) *budget {
		k := key{f, b}
		if sums[k] == nil {
			sums[k] = &budget{}
		}
		return sums[k]
	}
	for _, c := range m.claims {
		for _, l := range c.lines {
			for _, s := range l.shares {
				if to := of(c.FundID, s.BudgetID).pot(c.status.Pot()); to != nil {
					*to = to.Add(s.Amount)
				}
			}
		}
	}
	for _, cb := range m.clawbacks {
		for b, amount := range cb.back {
			to := of(cb.fund, b)
			to.refunded = to.refunded.Add(amount)
		}
	}
	for id, f := range m.funds {
		for b, have := range f.budgets {
			want := of(id, b)
			ok := have.reserved.Cmp(want.reserved) == 0 && have.obligated.Cmp(want.obligated) == 0 && have.spent.Cmp(want.spent) == 0 && have.refunded.Cmp(want.refunded) == 0
			m.agreement.Count++
			if !ok {
				m.agreement.fail(Failure{Detail: "fund " + string(id) + ", budget line " + string(b) + ": reserved, obligated, spent, refunded are " + have.text() + "; its claims come to " + want.text()})
			}
		}
	}
}

func (m *money) tallies() []*tally {
	return []*tally{m.budgets, m.agreement, m.statuses, m.persons, m.assessments, m.inputs, m.splits, m.totals, m.grants, m.withholdings}
}

// budget is a budget line.
type budget struct {
	funder                                             domain.ID
	appropriated, reserved, obligated, spent, refunded domain.Money
}

func (b *budget) pot(p claim.Pot) *domain.Money {
	switch p {
	case claim.Reserved:
		return &b.reserved
	case claim.Obligated:
		return &b.obligated
	case claim.PaidOut:
		return &b.spent
	}
	return nil
}

func (b *budget) text() string {
	return b.reserved.String() + ", " + b.obligated.String() + ", " + b.spent.String() + ", " + b.refunded.String()
}

// sound reports whether nothing is below zero.
func (b *budget) sound() bool {
	available := b.appropriated.Sub(b.reserved).Sub(b.obligated).Sub(b.spent).Add(b.refunded)
	for _, m := range []domain.Money{b.appropriated, b.reserved, b.obligated, b.spent, b.refunded, b.spent.Sub(b.refunded), available} {
		if m.Sign() < 0 {
			return false
		}
	}
	return true
}

// fundFold is a fund as the checks see it.
type fundFold struct {
	policy    domain.ID
	year      int
	budgets   map[domain.ID]*budget
	tiers     map[policy.TierKey]domain.Kg
	limits    map[fund.LimitKey]domain.Money
	residuals []fund.FunderResidual
	waiting   []domain.ID // claims on the waitlist, in order
}

// available is what each budget line of a split has left.
func (f *fundFold) available(split []policy.Funding) []domain.Money {
	out := make([]domain.Money, len(split))
	for i, x := range split {
		b := f.line(x.BudgetID)
		out[i] = b.appropriated.Sub(b.reserved).Sub(b.obligated).Sub(b.spent).Add(b.refunded)
	}
	return out
}

func (m *money) fundOf(id domain.ID) *fundFold {
	if m.funds[id] == nil {
		m.funds[id] = &fundFold{budgets: map[domain.ID]*budget{}, tiers: map[policy.TierKey]domain.Kg{}, limits: map[fund.LimitKey]domain.Money{}}
	}
	return m.funds[id]
}

// line is a budget line; one that was never opened has nothing, so that whatever
// moves on it fails.
func (f *fundFold) line(id domain.ID) *budget {
	if f.budgets[id] == nil {
		f.budgets[id] = &budget{}
	}
	return f.budgets[id]
}

func (m *money) fund(e *events.Event) {
	switch x := e.Fact.(type) {
	case fund.Opened:
		f := m.fundOf(x.FundID)
		for id, other := range m.funds {
			if m.statuses.fails(id == x.FundID || other.policy != x.PolicyID || other.year != x.Year) {
				m.statuses.wrong(e, "policy %q has a fund of %d already: %q", x.PolicyID, x.Year, id)
			}
		}
		f.policy, f.year = x.PolicyID, x.Year
		for _, a := range x.Lines {
			f.line(a.BudgetID).funder, f.line(a.BudgetID).appropriated = a.FunderID, a.Amount
		}
	case fund.LineAdded:
		l := m.fundOf(x.FundID).line(x.BudgetID)
		l.funder, l.appropriated = x.FunderID, x.Amount.Amount
	case fund.Adjusted:
		l := m.fundOf(x.FundID).line(x.BudgetID)
		l.appropriated = l.appropriated.Add(x.Delta)
		if m.budgets.fails(l.sound()) {
			m.budgets.wrong(e, "budget line %q of fund %q is overdrawn: %s", x.BudgetID, x.FundID, l.text())
		}
	case fund.Reserved:
		f := m.move(e, x.Movement, nil, func(b *budget) *domain.Money { return &b.reserved })
		m.counted(x.FundID, x.Counts)
		m.carried(e, &x)
		if x.Residuals != nil {
			f.residuals = x.Residuals
		}
		if x.FromWaitlist {
			m.leavesQueue(e, f, x.ClaimID, true)
		}
	case fund.Released:
		from := claim.Pot(x.From)
		m.move(e, x.Movement, func(b *budget) *domain.Money { return b.pot(from) }, nil)
	case fund.Obligated:
		m.move(e, x.Movement, func(b *budget) *domain.Money { return &b.reserved }, func(b *budget) *domain.Money { return &b.obligated })
	case fund.Unobligated:
		m.move(e, x.Movement, func(b *budget) *domain.Money { return &b.obligated }, func(b *budget) *domain.Money { return &b.reserved })
	case fund.Spent:
		m.move(e, x.Movement, func(b *budget) *domain.Money { return &b.obligated }, func(b *budget) *domain.Money { return &b.spent })
	case fund.Refunded:
		m.move(e, x.Movement, nil, func(b *budget) *domain.Money { return &b.refunded })
	case fund.Recounted:
		m.counted(x.FundID, x.Counts)
	default:
		m.queue(e)
	}
}

// queue folds the waitlists of funds.
func (m *money) queue(e *events.Event) {
	switch x := e.Fact.(type) {
	case fund.Queued:
		f := m.fundOf(x.FundID)
		m.counted(x.FundID, x.Counts)
		if m.grants.fails(x.Amount.Cmp(m.claimOf(x.ClaimID).total()) == 0) {
			m.grants.wrong(e, "it waits for %s, the claim comes to %s", x.Amount, m.claimOf(x.ClaimID).total())
		}
		f.waiting = append(f.waiting, x.ClaimID)
	case fund.QueueChanged:
		if m.grants.fails(x.Amount.Cmp(m.claimOf(x.ClaimID).total()) == 0) {
			m.grants.wrong(e, "it waits for %s, the claim comes to %s", x.Amount, m.claimOf(x.ClaimID).total())
		}
	case fund.Unqueued:
		m.leavesQueue(e, m.fundOf(x.FundID), x.ClaimID, x.WasHead)
	}
}

// leavesQueue takes a claim off a waitlist, where it is said to be the head or not.
func (m *money) leavesQueue(e *events.Event, f *fundFold, id domain.ID, head bool) {
	i := slices.Index(f.waiting, id)
	if m.grants.fails(i >= 0 && head == (i == 0)) {
		m.grants.wrong(e, "claim %q leaves the waitlist as its head: %v; it stands at place %d (0: not on it)", id, head, i+1)
	}
	if i >= 0 {
		f.waiting = slices.Delete(f.waiting, i, i+1)
	}
}

// count changes the running totals.
func (f *fundFold) count(c fund.Counts) {
	for _, t := range c.Tiers {
		f.tiers[t.TierKey] = f.tiers[t.TierKey].Add(t.Kg)
	}
	for _, l := range c.Limits {
		f.limits[l.LimitKey] = f.limits[l.LimitKey].Add(l.Amount)
	}
}

// move moves money on budget lines; nil is what is available.
func (m *money) move(e *events.Event, mv fund.Movement, from, to func(*budget) *domain.Money) *fundFold {
	f := m.fundOf(mv.FundID)
	for _, a := range mv.Lines {
		l := f.line(a.BudgetID)
		if from != nil {
			if p := from(l); p != nil {
				*p = p.Sub(a.Amount)
			}
		}
		if to != nil {
			p := to(l)
			*p = p.Add(a.Amount)
		}
		if m.budgets.fails(l.sound() && a.Amount.Sign() > 0 && l.funder == a.FunderID) {
			m.budgets.wrong(e, "%s of %s on budget line %q: reserved, obligated, spent, refunded are %s of %s", e.Name(), a.Amount, a.BudgetID, l.text(), l.appropriated)
		}
	}
	return f
}
