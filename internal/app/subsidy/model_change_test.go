package subsidy_test

import (
	"fmt"
	"math/big"
	"slices"
)

// changed says that a sale was changed; its claim is reckoned anew unless a batch
// keeps it.
func (m *model) changed(s *mSale, correction bool) {
	s.changes++
	if correction {
		s.corrections = append(s.corrections, s.changes)
	}
	base := m.claims[s.id+".P"]
	if base == nil || base.status == "refused" || base.status == "rejected" || m.inBatch(base) {
		return
	}
	m.again(s, base)
	m.serve()
}

// again reckons a claim anew with what changed since it was last reckoned.
func (m *model) again(s *mSale, base *mClaim) {
	correction := slices.ContainsFunc(s.corrections, func(n int) bool { return n > base.seen })
	base.seen = s.changes
	var back = map[*mClaim]*mBack{}
	var extra *mClaim
	resubmit := false
	for i, l := range base.lines {
		sold := s.lines[i]
		if l.reckonedKg.Cmp(sold.net()) == 0 && l.sale == sold.sale && l.back == sold.back {
			continue
		}
		for k := 1; k <= base.supplements; k++ {
			c := m.claims[fmt.Sprintf("%s.S%d", base.id, k)]
			if x := c.line(l.no); x != nil && c.status == "rejected" {
				l.caps = append(l.caps, x.before)
			}
		}
		kg := sub(sold.net(), l.reckonedKg)
		l.kg, l.reckonedKg, l.sale, l.back = sold.net(), sold.net(), sold.sale, sold.back
		var now int64
		for _, c := range m.family(base) {
			if x := c.line(l.no); x != nil {
				now += x.remaining()
			}
		}
		amount := m.reckon(l, l.left)
		if amount > now && !correction {
			amount = now
		}
		switch {
		case amount < now:
			m.less(base, l, now-amount, back)
		case amount > now:
			var used int64
			for _, c := range m.family(base) {
				for _, x := range c.lines {
					used += x.remaining()
				}
			}
			if extra != nil {
				for _, x := range extra.lines {
					used += x.subsidy
				}
			}
			left := m.leftNow(base, l.item, used, now)
			for k := range left {
				left[k] = min(left[k], l.left[k])
			}
			more := m.reckon(l, left) - now
			var got int64
			if more > 0 {
				got = m.more(base, l, now, more, &extra)
			}
			if got > 0 && base.status != "waitlisted" && base.status != "assessed" && base.status != "submitted" && base.status != "paid" {
				resubmit = true
			}
			amount = now + got
		}
		m.count(base, l, kg, amount-now)
	}
	if resubmit {
		// What was obligated is reserved; the increase was booked as obligated below.
		base.status = "submitted"
		for _, l := range base.lines {
			for k, f := range m.funders {
				m.budget[f].obligated -= l.shares[k]
				m.budget[f].reserved += l.shares[k]
			}
		}
	}
	if extra != nil {
		base.supplements++
		extra.id = fmt.Sprintf("%s.S%d", base.id, base.supplements)
		m.claims[extra.id] = extra
	}
}

// less takes from the newest supplement first.
func (m *model) less(base *mClaim, l *mLine, r int64, back map[*mClaim]*mBack) {
	fam := m.family(base)
	slices.Reverse(fam)
	for _, c := range fam {
		x := c.line(l.no)
		if x == nil || r == 0 {
			continue
		}
		t := min(r, x.remaining())
		r -= t
		if t == 0 {
			continue
		}
		if c.status == "waitlisted" {
			x.subsidy -= t
			m.room = m.room || m.queue[0] == c.id
			continue
		}
		parts := reduce(t, x.keep)
		for k := range parts {
			x.keep[k] -= parts[k]
		}
		if c.status != "paid" {
			x.subsidy -= t
			x.shares = slices.Clone(x.keep)
			for k, f := range m.funders {
				*m.pot(c)(m.budget[f]) -= parts[k]
			}
			m.room = true
			continue
		}
		b := back[c]
		if b == nil {
			c.clawbacks++
			b = &mBack{id: fmt.Sprintf("%s.C%d", c.id, c.clawbacks), claim: c.id, status: "proposed"}
			back[c], m.backs[b.id] = b, b
		}
		b.amount += t
		b.parts, b.keep = append(b.parts, parts), append(b.keep, slices.Clone(parts))
	}
}

// more gives an increase as far as the budget goes, and returns what it gave.
func (m *model) more(base *mClaim, l *mLine, now, more int64, extra **mClaim) int64 {
	if base.status == "waitlisted" {
		l.subsidy += more
		return more
	}
	none := make([]int64, len(m.funders))
	x, next := m.split(more, m.rest)
	if !m.fits(x, none) {
		got := int64(0)
		if m.mode == "partial" {
			got, x, next = m.partly(more, none)
			m.rest = next
		}
		l.caps = append(l.caps, now+got)
		if got == 0 {
			return 0
		}
		more = got
	}
	m.rest = next
	if base.status == "paid" {
		m.reserve(x)
		if *extra == nil {
			*extra = &mClaim{shipment: base.shipment, coop: base.coop, buyer: base.buyer, status: "assessed", base: base.id}
		}
		(*extra).lines = append((*extra).lines, &mLine{no: l.no, item: l.item, kg: new(big.Rat), subsidy: more, shares: x, keep: slices.Clone(x), before: now})
		return more
	}
	l.subsidy += more
	for k, f := range m.funders {
		*m.pot(base)(m.budget[f]) += x[k]
		l.shares[k] += x[k]
		l.keep[k] += x[k]
	}
	return more
}

// The commands. Each reports whether it is allowed, and does it then.

func (c *mClaim) total() int64 {
	var n int64
	for _, l := range c.lines {
		n += l.subsidy
	}
	return n
}

func (m *model) submit(id string) bool {
	c := m.claims[id]
	if c.status != "assessed" || c.total() == 0 {
		return false
	}
	c.status, c.submitter = "submitted", c.coop
	return true
}

func (m *model) transfer(c *mClaim, from, to func(*mBudget) *int64) {
	for _, l := range c.lines {
		for k, f := range m.funders {
			*from(m.budget[f]) -= l.shares[k]
			*to(m.budget[f]) += l.shares[k]
		}
	}
}

func (m *model) approve(id, actor string) bool {
	c := m.claims[id]
	if c.status != "submitted" {
		return false
	}
	m.transfer(c, func(b *mBudget) *int64 { return &b.reserved }, func(b *mBudget) *int64 { return &b.obligated })
	c.status, c.approvers = "approved", append(c.approvers, actor)
	return true
}

func (m *model) authorise(id, actor string) bool {
	c := m.claims[id]
	if c.status != "approved" || slices.Contains(c.approvers, actor) {
		return false
	}
	c.status = "authorised"
	return true
}

func (m *model) reject(id string) bool {
	c := m.claims[id]
	switch c.status {
	case "waitlisted":
		m.room = m.room || m.queue[0] == id
		m.queue = slices.DeleteFunc(m.queue, func(q string) bool { return q == id })
	case "assessed", "submitted", "approved":
		for _, l := range c.lines {
			for k, f := range m.funders {
				*m.pot(c)(m.budget[f]) -= l.shares[k]
			}
		}
		m.room = m.room || c.total() > 0
	default:
		return false
	}
	for _, l := range c.lines {
		m.count(c, l, new(big.Rat).Neg(l.kg), -l.subsidy)
	}
	c.status = "rejected"
	m.serve()
	return true
}

func (m *model) makeBatch(id, maker string, ids []string) bool {
	for _, c := range ids {
		if s := m.claims[c].status; s != "authorised" && s != "payment_failed" {
			return false
		}
	}
	b := &mBatch{maker: maker, claims: ids}
	for _, x := range ids {
		c, left := m.claims[x], m.claims[x].total()
		var taken []mTaken
		for _, d := range m.debts[c.coop] {
			if t := min(left, d.open); t > 0 {
				d.open -= t
				left -= t
				taken = append(taken, mTaken{d.clawback, t})
			}
		}
		b.taken = append(b.taken, taken)
		c.status, c.batch = "batched", id
	}
	m.batch[id] = b
	return true
}

func (m *model) confirm(id, actor string, failed map[string]bool) bool {
	b := m.batch[id]
	if b.closed || b.maker == actor {
		return false
	}
	b.closed, m.quiet = true, true
	for i, x := range b.claims {
		c := m.claims[x]
		if failed[x] {
			c.status = "payment_failed"
			for _, t := range b.taken[i] {
				m.debt(t.clawback).open += t.amount
			}
			continue
		}
		m.transfer(c, func(b *mBudget) *int64 { return &b.obligated }, func(b *mBudget) *int64 { return &b.spent })
		c.status, c.paid = "paid", c.total()
		for _, t := range b.taken[i] {
			c.withheld += t.amount
		}
	}
	for i, x := range b.claims {
		if !failed[x] {
			for _, t := range b.taken[i] {
				m.recover(t)
			}
		}
	}
	for _, x := range b.claims {
		base := m.claims[x]
		if base.base != "" {
			base = m.claims[base.base]
		}
		if s := m.sales[base.shipment]; s.changes > base.seen && !m.inBatch(base) {
			m.again(s, base)
		}
	}
	m.quiet = false
	m.serve()
	return true
}

func (m *model) debt(clawback string) *mDebt {
	for _, coop := range sortedKeys(m.debts) {
		for _, d := range m.debts[coop] {
			if d.clawback == clawback {
				return d
			}
		}
	}
	panic(clawback)
}

// recover sends withheld money back to where its clawback came from.
func (m *model) recover(t mTaken) {
	b := m.backs[t.clawback]
	parts := reduce(t.amount, slices.Concat(b.keep...))
	for i := range b.keep {
		for k, f := range m.funders {
			x := parts[i*len(m.funders)+k]
			b.keep[i][k] -= x
			m.budget[f].refunded += x
		}
	}
	m.claims[b.claim].clawed += t.amount
	m.room = true
}

func (m *model) approveBack(id, actor string) bool {
	b := m.backs[id]
	if b.status != "proposed" {
		return false
	}
	b.status, b.approver = "approved", actor
	return true
}

func (m *model) settle(id, method string) bool {
	b := m.backs[id]
	if b.status != "approved" {
		return false
	}
	b.status, b.method = "settled", method
	c := m.claims[b.claim]
	switch method {
	case "refund":
		for _, p := range b.parts {
			for k, f := range m.funders {
				m.budget[f].refunded += p[k]
			}
		}
		c.clawed += b.amount
		m.room = true
	case "offset":
		m.debts[c.coop] = append(m.debts[c.coop], &mDebt{id, b.amount})
	}
	m.serve()
	return true
}

func (m *model) adjust(funder string, delta int64) bool {
	b := m.budget[funder]
	if b.available()+delta < 0 {
		return false
	}
	b.given += delta
	m.room = m.room || delta > 0
	m.serve()
	return true
}
