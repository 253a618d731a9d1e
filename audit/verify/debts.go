package verify

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/events"
)

// debt is what a cooperative still owes for a clawback that is settled by offset.
type debt struct {
	clawback domain.ID
	fund     domain.ID
	open     domain.Money
}

// withheld names what a payment withheld for a clawback.
type withheld struct{ batch, claim, clawback domain.ID }

// debtsOf folds and checks debts: what payments withhold for them, in the order of
// their settlements, what a failed payment gives back, and what comes back of a paid
// one.
func (m *money) debtsOf(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.ClawbackSettled:
		if f.Method == claim.Offset {
			m.debts[f.CooperativeID] = append(m.debts[f.CooperativeID], &debt{f.ClawbackID, f.FundID, f.Amount})
		}
	case disbursement.Batched:
		for i := range f.Lines {
			m.withhold(e, &f.Lines[i])
		}
	case disbursement.Confirmed:
		for i := range f.Lines {
			m.booked(f.BatchID, &f.Lines[i])
		}
	case claim.ClawbackRecovered:
		k := withheld{f.BatchID, f.FromClaimID, f.ClawbackID}
		if want := m.due.recovered[k]; m.withholdings.fails(want.Sign() > 0 && f.Amount.Cmp(want) == 0) {
			m.withholdings.wrong(e, "%s comes back for clawback %q, %s was withheld for it from claim %q in batch %q", f.Amount, f.ClawbackID, want, f.FromClaimID, f.BatchID)
		}
		delete(m.due.recovered, k)
	}
}

// withhold checks a line of a new batch.
func (m *money) withhold(e *events.Event, l *disbursement.Line) {
	c := m.claimOf(l.ClaimID)
	pays := c.total()
	var taken []disbursement.Taken
	for _, d := range m.debts[c.CooperativeID] {
		if t := pays.Min(d.open); t.Sign() > 0 {
			taken = append(taken, disbursement.Taken{ClawbackID: d.clawback, FundID: d.fund, Amount: t})
			d.open, pays = d.open.Sub(t), pays.Sub(t)
		}
	}
	m.equal(m.withholdings, e, "what is withheld from claim "+string(l.ClaimID), l.Offsets, taken)
	if off := c.total().Sub(pays); m.withholdings.fails(l.Amount.Cmp(pays) == 0 && l.OffsetAmount.Cmp(off) == 0) {
		m.withholdings.wrong(e, "line %d transfers %s and withholds %s; of %s and the debts it is %s and %s", l.LineNo, l.Amount, l.OffsetAmount, c.total(), pays, off)
	}
}

// booked books the bank's answer about a line.
func (m *money) booked(batch domain.ID, l *disbursement.Outcome) {
	coop := m.claimOf(l.ClaimID).CooperativeID
	for _, t := range l.Offsets {
		if l.Status == disbursement.Paid {
			m.due.recovered[withheld{batch, l.ClaimID, t.ClawbackID}] = t.Amount
			continue
		}
		for _, d := range m.debts[coop] {
			if d.clawback == t.ClawbackID {
				d.open = d.open.Add(t.Amount)
			}
		}
	}
}
