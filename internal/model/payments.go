package model

import "slices"

// taken is what a payment withheld for one debt.
type taken struct {
	clawback *clawback
	amount   num
}

type batchLine struct {
	claim    *claim
	amount   num // transferred
	withheld num
	takes    []taken
	status   string
	failure  string
}

type batch struct {
	id, maker string
	open      bool
	lines     []*batchLine
}

type clawbackEntry struct {
	line   *claimLine
	shares map[string]num
	back   map[string]num // what has gone back to the budget lines
}

type clawback struct {
	id, status            string
	claim                 *claim
	amount                num
	entries               []clawbackEntry
	causers               []string
	approver, method      string
	proposedAt, settledAt string
	debt                  num
}

func (m *Model) disbursementBatch(c call) error {
	var d struct {
		BatchID  string   `json:"batch_id"`
		ClaimIDs []string `json:"claim_ids"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	if !goodID(d.BatchID) || m.batches[d.BatchID] != nil || len(d.ClaimIDs) == 0 || len(d.ClaimIDs) > claimIDsMax {
		return refuse("exists")
	}
	b := &batch{id: d.BatchID, maker: c.Actor, open: true}
	for _, id := range d.ClaimIDs {
		k, err := m.namedClaim(id, "authorised", "payment_failed")
		if err != nil {
			return err
		}
		if slices.ContainsFunc(b.lines, func(l *batchLine) bool { return l.claim == k }) {
			return refuse("twice")
		}
		b.lines = append(b.lines, &batchLine{claim: k, amount: k.amount(), withheld: zero(), status: "pending"})
	}
	for _, l := range b.lines {
		for _, debt := range m.debts {
			take := least(l.amount, debt.debt)
			if debt.claim.shipment.coop != l.claim.shipment.coop || !positive(take) {
				continue
			}
			debt.debt = sub(debt.debt, take)
			l.amount, l.withheld = sub(l.amount, take), add(l.withheld, take)
			l.takes = append(l.takes, taken{debt, take})
		}
		l.claim.status = "batched"
	}
	m.batches[b.id] = b
	return nil
}

func (m *Model) disbursementConfirm(c call) error {
	var d struct {
		BatchID string `json:"batch_id"`
		Lines   []struct {
			ClaimID   string `json:"claim_id"`
			Status    string `json:"status"`
			Reference string `json:"reference"`
			Reason    string `json:"reason"`
		} `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	b := m.batches[d.BatchID]
	switch {
	case b == nil:
		return refuse("unknown")
	case !b.open:
		return refuse("status")
	case b.maker == c.Actor:
		return refuse("two_persons")
	case len(d.Lines) != len(b.lines):
		return refuse("every_claim")
	}
	said := map[string]int{}
	for i, in := range d.Lines {
		if _, twice := said[in.ClaimID]; twice || !oneOf(in.Status, "paid", "failed") {
			return refuse("every_claim")
		}
		said[in.ClaimID] = i
	}
	for _, l := range b.lines {
		if _, ok := said[l.claim.id]; !ok {
			return refuse("every_claim")
		}
	}
	b.open = false
	for _, l := range b.lines {
		in := d.Lines[said[l.claim.id]]
		l.status, l.failure = in.Status, in.Reason
		m.bookPayment(l, c)
	}
	for _, l := range b.lines {
		if l.status == "paid" {
			for _, t := range l.takes {
				m.giveBack(t.clawback, t.amount, c.month())
			}
		}
	}
	for _, l := range b.lines {
		if k := l.claim.head(); len(k.changes) > 0 && !k.batched() {
			m.recompute(k, c)
		}
	}
	for _, f := range inOrder(m.funds) {
		m.tryWaiting(f, c.month())
	}
	return nil
}

// bookPayment books one line of a confirmed batch.
func (m *Model) bookPayment(l *batchLine, c call) {
	k := l.claim
	if l.status == "failed" {
		k.status = "payment_failed"
		for _, t := range l.takes {
			t.clawback.debt = add(t.clawback.debt, t.amount)
		}
		return
	}
	m.moveMoney(k, "obligated", "spent")
	k.status, k.paid, k.withheld, k.paidAt = "paid", k.amount(), l.withheld, c.Time
	for _, line := range k.lines {
		for _, p := range k.version.Split {
			m.flow(k, line, p.Funder, c.month(), zero(), line.shares[p.Funder], zero())
		}
	}
}

// giveBack returns an amount to the budget lines that a clawback came from,
// over what remains of its shares.
func (m *Model) giveBack(cb *clawback, amount num, month string) {
	k := cb.claim
	var weights []num
	for _, e := range cb.entries {
		for _, p := range k.version.Split {
			if e.back[p.Funder] == nil {
				e.back[p.Funder] = zero()
			}
			weights = append(weights, sub(e.shares[p.Funder], e.back[p.Funder]))
		}
	}
	shares := reductionSplit(amount, weights)
	for i, e := range cb.entries {
		for j, p := range k.version.Split {
			n := shares[i*len(k.version.Split)+j]
			e.back[p.Funder] = add(e.back[p.Funder], n)
			b := k.fund.budgets[p.Budget]
			b.refunded = add(b.refunded, n)
			m.flow(k, e.line, p.Funder, month, zero(), zero(), n)
		}
	}
	k.clawedBack = add(k.clawedBack, amount)
}

func (m *Model) clawbackApprove(c call) error {
	var d struct {
		ClawbackID string `json:"clawback_id"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	cb := m.clawbacks[d.ClawbackID]
	switch {
	case cb == nil:
		return refuse("unknown")
	case cb.status != "proposed":
		return refuse("status")
	case cb.claim.version.distinct() && slices.Contains(cb.causers, c.Actor):
		return refuse("two_persons")
	}
	cb.status, cb.approver = "approved", c.Actor
	return nil
}

func (m *Model) clawbackSettle(c call) error {
	var d struct {
		ClawbackID string `json:"clawback_id"`
		Method     string `json:"method"`
		Reference  string `json:"reference"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	cb := m.clawbacks[d.ClawbackID]
	switch {
	case cb == nil:
		return refuse("unknown")
	case cb.status != "approved":
		return refuse("status")
	case !oneOf(d.Method, "refund", "offset", "write_off"):
		return refuse("word")
	case cb.claim.version.distinct() && cb.approver == c.Actor:
		return refuse("two_persons")
	}
	cb.status, cb.method, cb.settledAt = "settled", d.Method, c.Time
	switch d.Method {
	case "refund":
		m.giveBack(cb, cb.amount, c.month())
		m.tryWaiting(cb.claim.fund, c.month())
	case "offset":
		cb.debt = cb.amount
		m.debts = append(m.debts, cb)
	}
	return nil
}
