package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/fund"
	"zhitong/events"
	"zhitong/projections"
)

// foldFunds folds the budget lines and the waitlist.
func foldFunds(db *projections.DB, e *events.Event) {
	switch f := e.Fact.(type) {
	case fund.Opened:
		for _, l := range f.Lines {
			appropriate(db, f.Head, l)
		}
	case fund.LineAdded:
		appropriate(db, f.Head, f.Amount)
	case fund.Adjusted:
		budget(db, f.FundID, f.BudgetID, func(b *Budget) { b.Appropriated = b.Appropriated.Add(f.Delta) })
	case fund.Reserved:
		move(db, f.Movement, func(b *Budget, m domain.Money) { b.Reserved = b.Reserved.Add(m) })
		if f.FromWaitlist {
			waitlist.Delete(db, WaitKey{f.FundID, f.ClaimID})
		}
	case fund.Released:
		move(db, f.Movement, func(b *Budget, m domain.Money) {
			if f.From == fund.InObligation {
				b.Obligated = b.Obligated.Sub(m)
			} else {
				b.Reserved = b.Reserved.Sub(m)
			}
		})
	case fund.Obligated:
		move(db, f.Movement, func(b *Budget, m domain.Money) { b.Reserved, b.Obligated = b.Reserved.Sub(m), b.Obligated.Add(m) })
	case fund.Unobligated:
		move(db, f.Movement, func(b *Budget, m domain.Money) { b.Obligated, b.Reserved = b.Obligated.Sub(m), b.Reserved.Add(m) })
	case fund.Spent:
		move(db, f.Movement, func(b *Budget, m domain.Money) { b.Obligated, b.Spent = b.Obligated.Sub(m), b.Spent.Add(m) })
	case fund.Refunded:
		move(db, f.Movement, func(b *Budget, m domain.Money) { b.Refunded = b.Refunded.Add(m) })
	case fund.Queued:
		w := waitlist.At(db, WaitKey{f.FundID, f.ClaimID})
		w.Place, w.Amount, w.QueuedAt = e.Position, f.Amount, e.Time
	case fund.QueueChanged:
		waitlist.At(db, WaitKey{f.FundID, f.ClaimID}).Amount = f.Amount
	case fund.Unqueued:
		waitlist.Delete(db, WaitKey{f.FundID, f.ClaimID})
	}
}

func appropriate(db *projections.DB, h fund.Head, a fund.Amount) {
	budget(db, h.FundID, a.BudgetID, func(b *Budget) {
		b.FunderID, b.Year, b.PolicyID, b.Appropriated = a.FunderID, h.Year, h.PolicyID, a.Amount
	})
}

func move(db *projections.DB, m fund.Movement, fn func(*Budget, domain.Money)) {
	for _, l := range m.Lines {
		budget(db, m.FundID, l.BudgetID, func(b *Budget) { fn(b, l.Amount) })
	}
}

// budget changes a budget line and reckons what is available.
func budget(db *projections.DB, fundID, budgetID domain.ID, fn func(*Budget)) {
	b := budgets.At(db, BudgetKey{fundID, budgetID})
	fn(b)
	b.Available = b.Appropriated.Sub(b.Reserved).Sub(b.Obligated).Sub(b.Spent).Add(b.Refunded)
}
