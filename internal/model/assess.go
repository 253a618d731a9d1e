package model

import (
	"slices"
	"strconv"
)

// counted is one rule that counts for a claim line, with its frozen inputs.
type counted struct {
	rule  rule
	start num    // tiered: where the running total stood
	scope string // tiered: which running total
	perKg num    // freight and price_gap: the amount per kg
}

type claimLine struct {
	of      *shipmentLine
	kg      num // net accepted kg, as it counts in the running totals
	sale    num // net sale amount when it was last reckoned
	rules   []counted
	left    []num // of each limit of the version with a running total: what was left then
	caps    []num // further frozen limits: a partial grant, an increase that did not fit
	subsidy num   // granted; of a waiting claim calculated; of a paid claim as paid
	shares  map[string]num
	clawed  map[string]num // taken back by clawbacks, of a paid claim
	before  num            // of an S claim: what the family granted before it
}

func (l *claimLine) clawedSum() num { return sumOf(l.clawed) }

func sumOf(m map[string]num) num {
	total := zero()
	for _, n := range m {
		total = add(total, n)
	}
	return total
}

type claim struct {
	id, status          string
	tick                int
	shipment            *shipment
	version             *version
	fund                *fund
	lines               []*claimLine
	submitter           string
	approvers           []string // also of earlier rounds, as the publicisers
	publicisers         []string
	objectors           []string
	submittedAt, paidAt string
	to                  string // the last day of the latest publicity, or empty
	paid, withheld      num
	clawedBack          num
	clawbackCount       int
	parent              *claim   // of an S claim: the paid one
	further             []*claim // its S claims, oldest first
	changes             []change // what happened while it was in an open batch
}

// change is a return or correction that a claim has to be recomputed for.
type change struct {
	actor      string
	correction bool
	lines      map[int]bool
}

func (c *claim) amount() num {
	total := zero()
	for _, l := range c.lines {
		total = add(total, l.subsidy)
	}
	return total
}

func (c *claim) line(no int) *claimLine {
	for _, l := range c.lines {
		if l.of.no == no {
			return l
		}
	}
	return nil
}

func yearOf(day string) int {
	y, _ := strconv.Atoi(day[:4])
	return y
}

// scope names the running total of a `per` for a line.
func scope(per string, s *shipment, l *shipmentLine) string {
	switch per {
	case "cooperative_year":
		return key(per, s.coop)
	case "item_year":
		return key(per, l.of.item)
	case "buyer_year":
		return key(per, s.buyer)
	default:
		return key(per, s.coop, l.of.item)
	}
}

var runningLimits = []string{"cooperative_year", "buyer_year", "item_year"}

// assessAll is what happens by itself after an inspection.
func (m *Model) assessAll(s *shipment, c call) {
	for _, p := range inOrder(m.policies) {
		v := p.on(s.inspectedDay)
		if v == nil || v.waits(s) && !s.departure.final {
			continue
		}
		m.assess(s, p, v, c)
	}
}

// assessAwaiting is what happens by itself after a final invoice.
func (m *Model) assessAwaiting(d *departure, c call) {
	on := m.onBoard(d)
	slices.SortFunc(on, func(a, b *shipment) int { return a.inspectTick - b.inspectTick })
	for _, s := range on {
		if s.status != "inspected" {
			continue
		}
		for _, p := range inOrder(m.policies) {
			if v := p.on(s.inspectedDay); v != nil && v.waits(s) && m.claims[s.id+"."+p.id] == nil {
				m.assess(s, p, v, c)
			}
		}
	}
}

func (m *Model) claimAssess(c call) error {
	var d struct {
		ShipmentID string `json:"shipment_id"`
		PolicyID   string `json:"policy_id"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s, p := m.shipments[d.ShipmentID], m.policies[d.PolicyID]
	switch {
	case s == nil || p == nil:
		return refuse("unknown")
	case s.status != "inspected":
		return refuse("status")
	case m.claims[s.id+"."+p.id] != nil:
		return refuse("exists")
	}
	v := p.on(s.inspectedDay)
	if v == nil {
		return refuse("not_in_effect")
	}
	if v.waits(s) && !s.departure.final {
		return refuse("awaiting_freight")
	}
	if !m.assess(s, p, v, c) {
		return refuse("no_fund")
	}
	return nil
}

// assess makes the claim of a shipment under a version, if there is a fund.
//
// Decision: while any claim of the fund waits, a new claim joins the end
// whatever its version does on exhaustion.
func (m *Model) assess(s *shipment, p *policy, v *version, c call) bool {
	f := m.fundOf(p.id, yearOf(s.inspectedDay))
	if f == nil || !f.covered(v) {
		return false
	}
	k := &claim{id: s.id + "." + p.id, tick: m.tick(), shipment: s, version: v, fund: f, paid: zero(), withheld: zero(), clawedBack: zero()}
	k.lines = m.calculate(s, v, f)
	m.claims[k.id] = k
	p.latestAssessed, v.latestAssessed = max(p.latestAssessed, s.inspectedDay), max(v.latestAssessed, s.inspectedDay)
	amounts := k.amounts()
	g, fits := f.pay(v, amounts, false)
	switch {
	case k.amount().Sign() > 0 && len(f.waiting) > 0, !fits && v.OnExhausted == "waitlist":
		k.status = "waitlisted"
		f.waiting = append(f.waiting, k)
	case !fits && v.OnExhausted == "refuse":
		k.status = "refused"
		for _, l := range k.lines {
			l.subsidy = zero()
		}
		return true
	default:
		if !fits {
			g, _ = f.pay(v, amounts, true)
			for i, l := range k.lines {
				if less(g.amounts[i], l.subsidy) {
					l.caps = append(l.caps, g.amounts[i])
					l.subsidy = g.amounts[i]
				}
			}
		}
		m.reserve(k, g, c.month())
	}
	for _, l := range k.lines {
		k.count(l, l.kg, l.subsidy)
	}
	return true
}

func (c *claim) amounts() []num {
	var out []num
	for _, l := range c.lines {
		out = append(out, l.subsidy)
	}
	return out
}

// count moves a line's running totals.
func (c *claim) count(l *claimLine, kg, amount num) {
	for _, r := range l.rules {
		if r.scope != "" {
			c.fund.tierKg[r.scope] = add(c.fund.tier(r.scope), kg)
		}
	}
	for _, per := range runningLimits {
		k := scope(per, c.shipment, l.of)
		c.fund.granted[k] = add(c.fund.total(k), amount)
	}
}

// reserve books a grant for every line of a claim, which becomes assessed.
func (m *Model) reserve(k *claim, g grant, month string) {
	k.status = "assessed"
	k.fund.residuals = g.residuals
	for i, l := range k.lines {
		l.shares = g.shares[i]
		for _, p := range k.version.Split {
			b := k.fund.budgets[p.Budget]
			b.reserved = add(b.reserved, l.shares[p.Funder])
			m.flow(k, l, p.Funder, month, l.shares[p.Funder], zero(), zero())
		}
	}
}

// tryWaiting takes up waiting claims in order until one does not fit.
func (m *Model) tryWaiting(f *fund, month string) {
	for len(f.waiting) > 0 {
		k := f.waiting[0]
		g, fits := f.pay(k.version, k.amounts(), false)
		if !fits {
			return
		}
		f.waiting = f.waiting[1:]
		m.reserve(k, g, month)
	}
}

// calculate makes the lines of a claim: amounts, and what is frozen for later.
func (m *Model) calculate(s *shipment, v *version, f *fund) []*claimLine {
	var out []*claimLine
	tiers, totals, claimSum := map[string]num{}, map[string]num{}, zero()
	at := func(over map[string]num, k string, base num) num {
		if over[k] != nil {
			return add(base, over[k])
		}
		return base
	}
	for _, l := range s.lines {
		line := &claimLine{of: l, kg: l.netKg(), sale: l.netSale(), clawed: map[string]num{}}
		for _, r := range v.matched(s, l) {
			n := counted{rule: r}
			switch r.Kind {
			case "tiered":
				n.scope = key(r.ID, scope(r.Per, s, l))
				n.start = at(tiers, n.scope, f.tier(n.scope))
				tiers[n.scope] = at(tiers, n.scope, line.kg)
			case "price_gap":
				n.perKg = r.gapPerKg(l)
			case "freight":
				n.perKg = r.freightPerKg(s.departure)
			}
			line.rules = append(line.rules, n)
		}
		for _, lim := range v.Limits {
			line.left = append(line.left, left(lim, claimSum, func(per string) num {
				k := scope(per, s, l)
				return at(totals, k, f.total(k))
			}))
		}
		line.subsidy = line.target(v, line.left)
		claimSum = add(claimSum, line.subsidy)
		for _, per := range runningLimits {
			k := scope(per, s, l)
			totals[k] = at(totals, k, line.subsidy)
		}
		out = append(out, line)
	}
	return out
}

// left is what a limit leaves; nil for one of a line, which has no total.
func left(lim limit, claimSum num, total func(per string) num) num {
	if lim.Per == "line" {
		return nil
	}
	most0, _ := parse(*lim.Max, 2)
	if lim.Per == "claim" {
		return most(zero(), sub(most0, claimSum))
	}
	return most(zero(), sub(most0, total(lim.Per)))
}

// target is the subsidy of a line for its present net kg and net sale under
// what was left of each limit.
func (l *claimLine) target(v *version, lefts []num) num {
	kg := l.of.netKg()
	sum := zero()
	for _, r := range l.rules {
		sum = add(sum, r.amount(kg))
	}
	amount := fen(sum)
	for i, lim := range v.Limits {
		switch {
		case lim.SalesShare != nil:
			share, _ := parsePart(*lim.SalesShare)
			amount = least(amount, fen(mul(share, l.of.netSale())))
		case lim.Per == "line":
			top, _ := parse(*lim.Max, 2)
			amount = least(amount, top)
		default:
			amount = least(amount, lefts[i])
		}
	}
	for _, top := range l.caps {
		amount = least(amount, top)
	}
	return amount
}

// amount is what one rule gives for that many kg, not rounded.
func (n counted) amount(kg num) num {
	switch n.rule.Kind {
	case "per_kg":
		rate, _ := parse(*n.rule.Rate, 6)
		return mul(rate, kg)
	case "tiered":
		return n.rule.tiered(n.start, kg)
	default:
		return mul(n.perKg, kg)
	}
}

// tiered gives each kg from start on the rate of the band that it falls in.
func (r rule) tiered(start, kg num) num {
	sum, from, end := zero(), start, add(start, kg)
	for _, t := range r.Tiers {
		rate, _ := parse(t.Rate, 6)
		to := end
		if t.UpTo != nil {
			top, _ := parse(*t.UpTo, 3)
			to = least(end, top)
		}
		if less(from, to) {
			sum = add(sum, mul(rate, sub(to, from)))
			from = to
		}
	}
	return sum
}

func (r rule) capped(perKg num) num {
	if r.Cap == nil {
		return perKg
	}
	top, _ := parse(*r.Cap, 6)
	return least(top, perKg)
}

func (r rule) gapPerKg(l *shipmentLine) num {
	reference, _ := parse(*r.Reference, 6)
	share, _ := parsePart(*r.Share)
	price := roundAt(quo(l.price, l.of.perUnit), 12)
	return r.capped(mul(share, most(zero(), sub(reference, price))))
}

func (r rule) freightPerKg(d *departure) num {
	share, _ := parsePart(*r.Share)
	return r.capped(roundAt(quo(mul(share, d.freight), d.loadedKg), 12))
}
