package model

import (
	"fmt"
	"slices"
)

// family is a claim and its S claims, the newest first: reductions are taken
// in this order.
func (c *claim) family() []*claim {
	out := slices.Clone(c.further)
	slices.Reverse(out)
	return append(out, c)
}

func (c *claim) head() *claim {
	if c.parent != nil {
		return c.parent
	}
	return c
}

// counts says whether a claim's kg and amounts stand in the totals.
func (c *claim) counts() bool { return c.status != "refused" && c.status != "rejected" }

// present is what one claim still grants on a line.
func (c *claim) present(no int) num {
	l := c.line(no)
	if l == nil || !c.counts() {
		return zero()
	}
	return sub(l.subsidy, l.clawedSum())
}

// granted is what the whole family grants on a line now.
func (c *claim) granted(no int) num {
	total := zero()
	for _, k := range c.family() {
		total = add(total, k.present(no))
	}
	return total
}

func (c *claim) batched() bool {
	return slices.ContainsFunc(c.family(), func(k *claim) bool { return k.status == "batched" })
}

// reassessAll is what happens by itself after a return or a correction.
func (m *Model) reassessAll(s *shipment, c call, correction bool, lines map[int]bool) {
	for _, p := range inOrder(m.policies) {
		k := m.claims[s.id+"."+p.id]
		if k == nil || !k.counts() {
			continue
		}
		k.changes = append(k.changes, change{c.Actor, correction, lines})
		if !k.batched() {
			m.recompute(k, c)
		}
	}
}

// recompute brings a claim in line with the trade, line by line, for all that
// has happened since it was last done. Only lines that a return or correction
// changed can move, and only a correction can make one grow.
//
// Decision: what happened while a batch was open is one recomputation.
func (m *Model) recompute(k *claim, c call) {
	changes := k.changes
	k.changes = nil
	run := &recomputation{m: m, call: c, claim: k, clawbacks: map[*claim]*clawback{}}
	for _, l := range k.lines {
		touched, corrected := false, false
		for _, ch := range changes {
			touched = touched || ch.lines[l.of.no]
			corrected = corrected || ch.lines[l.of.no] && ch.correction
		}
		if !touched || same(l.kg, l.of.netKg()) && same(l.sale, l.of.netSale()) {
			continue
		}
		before := k.granted(l.of.no)
		l.sale = l.of.netSale()
		k.count(l, sub(l.of.netKg(), l.kg), zero())
		l.kg = l.of.netKg()
		target := l.target(k.version, l.left)
		if less(target, before) {
			run.reduce(l.of.no, sub(before, target))
		}
		if less(before, target) && corrected {
			target = l.target(k.version, k.roomNow(l, before))
			run.grow(l, before, sub(target, before))
		}
	}
	for _, cb := range run.clawbacks {
		for _, ch := range changes {
			cb.causers = append(cb.causers, ch.actor)
		}
	}
	m.tryWaiting(k.fund, c.month())
}

// roomNow is, for each limit, the least of what was left then and what is left
// now with the line's own grant.
func (c *claim) roomNow(l *claimLine, own num) []num {
	claimSum := zero()
	for _, o := range c.lines {
		claimSum = add(claimSum, c.granted(o.of.no))
	}
	var out []num
	for i, lim := range c.version.Limits {
		now := left(lim, claimSum, func(per string) num { return c.fund.total(scope(per, c.shipment, l.of)) })
		if now != nil {
			now = least(l.left[i], add(now, own))
		}
		out = append(out, now)
	}
	return out
}

type recomputation struct {
	m         *Model
	call      call
	claim     *claim
	clawbacks map[*claim]*clawback
	further   *claim // the S claim of this recomputation, if one was needed
}

// reduce takes an amount from a line of the family, newest claim first.
func (r *recomputation) reduce(no int, amount num) {
	for _, k := range r.claim.family() {
		take := least(amount, k.present(no))
		if !positive(take) {
			continue
		}
		amount = sub(amount, take)
		l := k.line(no)
		k.count(&claimLine{of: l.of}, zero(), neg(take))
		switch k.status {
		case "paid":
			r.claw(k, l, take)
		case "waitlisted":
			l.subsidy = sub(l.subsidy, take)
		default:
			shares := reduction(k.version.Split, l.shares, nil, take)
			for _, p := range k.version.Split {
				b := k.fund.budgets[p.Budget]
				if k.approved() {
					b.obligated = sub(b.obligated, shares[p.Funder])
				} else {
					b.reserved = sub(b.reserved, shares[p.Funder])
				}
				l.shares[p.Funder] = sub(l.shares[p.Funder], shares[p.Funder])
				r.m.flow(k, l, p.Funder, r.call.month(), neg(shares[p.Funder]), zero(), zero())
			}
			l.subsidy = sub(l.subsidy, take)
		}
	}
}

// reduction splits a reduction of a line over what is left of its shares.
func reduction(split []part, shares, gone map[string]num, amount num) map[string]num {
	var weights []num
	for _, p := range split {
		w := shares[p.Funder]
		if gone[p.Funder] != nil {
			w = sub(w, gone[p.Funder])
		}
		weights = append(weights, w)
	}
	out := map[string]num{}
	for i, n := range reductionSplit(amount, weights) {
		out[split[i].Funder] = n
	}
	return out
}

// approved says whether a claim's unpaid money is obligated.
func (c *claim) approved() bool {
	return oneOf(c.status, "approved", "publicised", "objected", "authorised", "batched", "payment_failed")
}

// claw proposes to take a paid amount back; one clawback a claim.
func (r *recomputation) claw(k *claim, l *claimLine, amount num) {
	cb := r.clawbacks[k]
	if cb == nil {
		k.clawbackCount++
		cb = &clawback{id: fmt.Sprintf("%s.C%d", k.id, k.clawbackCount), claim: k, status: "proposed", amount: zero(),
			proposedAt: r.call.Time, debt: zero()}
		r.clawbacks[k], r.m.clawbacks[cb.id] = cb, cb
	}
	shares := reduction(k.version.Split, l.shares, l.clawed, amount)
	for f, n := range shares {
		if l.clawed[f] == nil {
			l.clawed[f] = zero()
		}
		l.clawed[f] = add(l.clawed[f], n)
	}
	cb.amount = add(cb.amount, amount)
	cb.entries = append(cb.entries, clawbackEntry{line: l, shares: shares, back: map[string]num{}})
}

// grow grants more on a line, as far as the budget goes.
//
// Decision: an increase that fits is granted even while other claims wait; a
// waiting claim grows without any budget.
func (r *recomputation) grow(l *claimLine, before, amount num) {
	k := r.claim
	if !positive(amount) {
		return
	}
	if k.status == "waitlisted" {
		l.subsidy = add(l.subsidy, amount)
		k.count(&claimLine{of: l.of}, zero(), amount)
		return
	}
	g, fits := k.fund.pay(k.version, []num{amount}, k.version.OnExhausted == "partial")
	if !fits {
		l.caps = append(l.caps, before)
		return
	}
	if less(g.amounts[0], amount) {
		l.caps = append(l.caps, add(before, g.amounts[0]))
	}
	if !positive(g.amounts[0]) {
		return
	}
	k.fund.residuals = g.residuals
	k.count(&claimLine{of: l.of}, zero(), g.amounts[0])
	into, line := k, l
	if k.status == "paid" {
		into, line = r.supplement(l, before)
	} else if k.approved() {
		r.m.moveMoney(k, "obligated", "reserved")
		k.status = "submitted"
	}
	line.subsidy = add(line.subsidy, g.amounts[0])
	for _, p := range k.version.Split {
		n := g.shares[0][p.Funder]
		line.shares[p.Funder] = add(line.shares[p.Funder], n)
		b := k.fund.budgets[p.Budget]
		b.reserved = add(b.reserved, n)
		r.m.flow(into, line, p.Funder, r.call.month(), n, zero(), zero())
	}
}

// supplement finds the S claim of this recomputation and a line in it.
func (r *recomputation) supplement(l *claimLine, before num) (*claim, *claimLine) {
	k := r.claim
	if r.further == nil {
		r.further = &claim{id: fmt.Sprintf("%s.S%d", k.id, len(k.further)+1), status: "assessed", tick: r.m.tick(), shipment: k.shipment,
			version: k.version, fund: k.fund, parent: k, paid: zero(), withheld: zero(), clawedBack: zero()}
		k.further = append(k.further, r.further)
		r.m.claims[r.further.id] = r.further
	}
	line := &claimLine{of: l.of, kg: zero(), subsidy: zero(), shares: map[string]num{}, clawed: map[string]num{}, before: before}
	for _, p := range k.version.Split {
		line.shares[p.Funder] = zero()
	}
	r.further.lines = append(r.further.lines, line)
	return r.further, line
}

// moveMoney moves all of a claim's shares from one column of the budget lines
// to another.
func (m *Model) moveMoney(k *claim, from, to string) {
	for _, l := range k.lines {
		for _, p := range k.version.Split {
			b := k.fund.budgets[p.Budget]
			for column, by := range map[string]num{from: neg(l.shares[p.Funder]), to: l.shares[p.Funder]} {
				switch column {
				case "reserved":
					b.reserved = add(b.reserved, by)
				case "obligated":
					b.obligated = add(b.obligated, by)
				case "spent":
					b.spent = add(b.spent, by)
				}
			}
		}
	}
}
