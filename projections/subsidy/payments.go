package subsidy

import (
	"fmt"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/events"
	"zhitong/projections"
)

// foldPayments folds batches, their confirmations and clawbacks.
func foldPayments(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case disbursement.Batched:
		for _, l := range f.Lines {
			d := disbursements.At(db, BatchKey{f.BatchID, l.LineNo})
			d.PayeeID, d.ClaimID, d.Amount, d.OffsetAmount, d.Status = l.PayeeID, l.ClaimID, l.Amount, l.OffsetAmount, "pending"
			owe(db, l.Offsets, domain.Money.Sub)
		}
	case disbursement.Confirmed:
		for _, l := range f.Lines {
			d := disbursements.At(db, BatchKey{f.BatchID, l.LineNo})
			d.Status = l.Status
			if l.Status == disbursement.Failed {
				d.Failure = text(string(l.Reason))
				owe(db, l.Offsets, domain.Money.Add) // given back
			}
		}
	case claim.ClawbackProposed:
		c := clawbacks.At(db, ClawbackKey{f.ClawbackID})
		c.ClaimID, c.CooperativeID, c.Amount, c.Status, c.ProposedAt = f.ClaimID, f.CooperativeID, f.Amount, "proposed", e.Time
	case claim.ClawbackApproved:
		clawbacks.At(db, ClawbackKey{f.ClawbackID}).Status = "approved"
	case claim.ClawbackSettled:
		c := clawbacks.At(db, ClawbackKey{f.ClawbackID})
		if c.ClaimID == "" {
			return fmt.Errorf("clawback %q was never proposed", f.ClawbackID)
		}
		c.Status, c.Method, c.SettledAt = "settled", text(f.Method), e.Time
		switch f.Method {
		case claim.Refund:
			clawedBack(db, e, f.Head, f.Lines)
		case claim.Offset:
			c.OpenDebt = f.Amount
		}
	case claim.ClawbackRecovered:
		clawedBack(db, e, f.Head, f.Lines)
	}
	return nil
}

// owe changes the open debts that a payment withholds for.
func owe(db *projections.DB, taken []disbursement.Taken, by func(domain.Money, domain.Money) domain.Money) {
	for _, t := range taken {
		c := clawbacks.At(db, ClawbackKey{t.ClawbackID})
		c.OpenDebt = by(c.OpenDebt, t.Amount)
	}
}

// text is a column's text; an empty one is null.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
