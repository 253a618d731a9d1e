package model

import (
	"slices"
)

type budget struct {
	id, funder                                         string
	appropriated, reserved, obligated, spent, refunded num
}

func (b *budget) available() num {
	return add(sub(sub(sub(b.appropriated, b.reserved), b.obligated), b.spent), b.refunded)
}

type fund struct {
	id, policy string
	year       int
	budgets    map[string]*budget
	tierKg     map[string]num // rule id and scope → net accepted kg
	granted    map[string]num // limit scope → granted amounts
	residuals  map[string]num // by funder; nil before the first line
	waiting    []*claim
	opened     int // tick
}

func (f *fund) tier(k string) num {
	if n := f.tierKg[k]; n != nil {
		return n
	}
	return zero()
}

func (f *fund) total(k string) num {
	if n := f.granted[k]; n != nil {
		return n
	}
	return zero()
}

// fundOf finds the fund of a policy in a year, or nil.
func (m *Model) fundOf(policyID string, year int) *fund {
	for _, f := range m.funds {
		if f.policy == policyID && f.year == year {
			return f
		}
	}
	return nil
}

// newBudget checks one budget line.
func (m *Model) newBudget(id, funder, amount string) (*budget, error) {
	if !goodID(id) {
		return nil, refuse("id")
	}
	if p := m.parties[funder]; p == nil || p.kind != "funder" {
		return nil, refuse("funder")
	}
	n, err := parse(amount, 2)
	if err != nil {
		return nil, err
	}
	return &budget{id: id, funder: funder, appropriated: n, reserved: zero(), obligated: zero(), spent: zero(), refunded: zero()}, nil
}

func (m *Model) fundOpen(c call) error {
	var d struct {
		FundID   string `json:"fund_id"`
		PolicyID string `json:"policy_id"`
		Year     int    `json:"year"`
		Lines    []struct {
			BudgetID string `json:"budget_id"`
			FunderID string `json:"funder_id"`
			Amount   string `json:"amount"`
		} `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	switch {
	case !goodID(d.FundID) || m.funds[d.FundID] != nil:
		return refuse("exists")
	case m.policies[d.PolicyID] == nil:
		return refuse("unknown")
	case m.fundOf(d.PolicyID, d.Year) != nil:
		return refuse("second")
	case len(d.Lines) == 0:
		return refuse("lines")
	}
	f := &fund{id: d.FundID, policy: d.PolicyID, year: d.Year, budgets: map[string]*budget{}, tierKg: map[string]num{}, granted: map[string]num{}, opened: m.tick()}
	for _, in := range d.Lines {
		b, err := m.newBudget(in.BudgetID, in.FunderID, in.Amount)
		if err != nil {
			return err
		}
		if f.budgets[b.id] != nil {
			return refuse("budget")
		}
		f.budgets[b.id] = b
	}
	m.funds[f.id] = f
	return nil
}

func (m *Model) fundAdjust(c call) error {
	var d struct {
		FundID   string `json:"fund_id"`
		BudgetID string `json:"budget_id"`
		Delta    string `json:"delta"`
		Document string `json:"document_no"`
		Reason   string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	f := m.funds[d.FundID]
	if f == nil || f.budgets[d.BudgetID] == nil {
		return refuse("unknown")
	}
	text, down := d.Delta, false
	if len(text) > 0 && text[0] == '-' {
		text, down = text[1:], true
	}
	delta, err := parse(text, 2)
	if err != nil {
		return err
	}
	if down {
		delta = neg(delta)
	}
	b := f.budgets[d.BudgetID]
	if add(b.available(), delta).Sign() < 0 {
		return refuse("committed")
	}
	b.appropriated = add(b.appropriated, delta)
	if delta.Sign() > 0 {
		m.tryWaiting(f, c.month())
	}
	return nil
}

func (m *Model) fundAddLine(c call) error {
	var d struct {
		FundID   string `json:"fund_id"`
		BudgetID string `json:"budget_id"`
		FunderID string `json:"funder_id"`
		Amount   string `json:"amount"`
		Document string `json:"document_no"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	f := m.funds[d.FundID]
	if f == nil {
		return refuse("unknown")
	}
	if f.budgets[d.BudgetID] != nil {
		return refuse("exists")
	}
	b, err := m.newBudget(d.BudgetID, d.FunderID, d.Amount)
	if err != nil {
		return err
	}
	f.budgets[b.id] = b
	m.tryWaiting(f, c.month())
	return nil
}

// sameFunders says whether residuals of these funders go on under a split.
func sameFunders(residuals map[string]num, split []part) bool {
	if len(residuals) != len(split) {
		return false
	}
	for _, p := range split {
		if residuals[p.Funder] == nil {
			return false
		}
	}
	return true
}

// splitLine splits an amount by the shares with the residuals carried into it,
// and says what the residuals are afterwards. Both are by funder.
func splitLine(amount num, split []part, before map[string]num) (shares, after map[string]num) {
	n := len(split)
	want, x := make([]num, n), make([]num, n)
	sum := zero()
	for i, p := range split {
		share, _ := parsePart(p.Share)
		want[i] = mul(amount, share)
		if sameFunders(before, split) {
			want[i] = add(want[i], before[p.Funder])
		}
		x[i] = most(zero(), floorAt(want[i], 2))
		sum = add(sum, x[i])
	}
	for less(sum, amount) {
		best := 0
		for i := range n {
			if less(sub(want[best], x[best]), sub(want[i], x[i])) {
				best = i
			}
		}
		x[best], sum = add(x[best], fenStep()), add(sum, fenStep())
	}
	for less(amount, sum) {
		worst := -1
		for i := range n {
			if positive(x[i]) && (worst < 0 || less(sub(want[i], x[i]), sub(want[worst], x[worst]))) {
				worst = i
			}
		}
		x[worst], sum = sub(x[worst], fenStep()), sub(sum, fenStep())
	}
	shares, after = map[string]num{}, map[string]num{}
	for i, p := range split {
		shares[p.Funder], after[p.Funder] = x[i], sub(want[i], x[i])
	}
	return shares, after
}

// grant is the result of paying a list of line amounts from a fund.
type grant struct {
	amounts   []num
	shares    []map[string]num
	residuals map[string]num
}

// pay tries to pay line amounts, one after the other, out of what the budget
// lines have left. It changes nothing. With partly, each line gets the largest
// amount not above its own that can be paid; else all must fit.
func (f *fund) pay(v *version, amounts []num, partly bool) (grant, bool) {
	left := map[string]num{}
	for _, p := range v.Split {
		left[p.Budget] = f.budgets[p.Budget].available()
	}
	g := grant{residuals: f.residuals}
	for _, amount := range amounts {
		paid := false
		for try := amount; try.Sign() >= 0; try = sub(try, fenStep()) {
			shares, after := splitLine(try, v.Split, g.residuals)
			fit := !slices.ContainsFunc(v.Split, func(p part) bool { return less(left[p.Budget], shares[p.Funder]) })
			if fit {
				for _, p := range v.Split {
					left[p.Budget] = sub(left[p.Budget], shares[p.Funder])
				}
				g.amounts, g.shares, g.residuals, paid = append(g.amounts, try), append(g.shares, shares), after, true
				break
			}
			if !partly {
				return grant{}, false
			}
		}
		if !paid {
			return grant{}, false
		}
	}
	return g, true
}

// covered says whether the fund has every budget line of the split.
func (f *fund) covered(v *version) bool {
	return !slices.ContainsFunc(v.Split, func(p part) bool { return f.budgets[p.Budget] == nil })
}
