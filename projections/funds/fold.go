package funds

import (
	"fmt"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of money.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "funds",
		Version: 1,
		Tables:  []projections.AnyTable{budgets, flows, payments, clawbacks, waitlist, queues},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	claim.EachMove(e.Fact, func(m *claim.Move) { flow(db, e, m) })
	switch e.Subject.Kind {
	case fund.Kind:
		if err := money(db, e); err != nil {
			return err
		}
		queue(db, e)
	case claim.Kind:
		clawed(db, e)
	case disbursement.Kind:
		paid(db, e)
	}
	return nil
}

// flow adds a move to its month; one that moves nothing makes no row.
func flow(db *projections.DB, e *events.Event, m *claim.Move) {
	if m.Assessed.Sign() == 0 && m.Paid.Sign() == 0 && m.ClawedBack.Sign() == 0 {
		return
	}
	f := flows.At(db, FlowKey{m.FunderID, m.CooperativeID, m.ItemID, e.Month()})
	f.Assessed = f.Assessed.Add(m.Assessed)
	f.Paid = f.Paid.Add(m.Paid)
	f.ClawedBack = f.ClawedBack.Add(m.ClawedBack)
}

// money folds what a fund says of its budget lines.
func money(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case fund.Opened:
		for _, a := range f.Lines {
			opened(db, f.Head, a)
		}
	case fund.LineAdded:
		opened(db, f.Head, f.Amount)
	case fund.Adjusted:
		return move(db, f.Head, []fund.Amount{{BudgetID: f.BudgetID, Amount: f.Delta}}, func(b *Budget, m domain.Money) { b.Appropriated = b.Appropriated.Add(m) })
	case fund.Reserved:
		return move(db, f.Head, f.Lines, func(b *Budget, m domain.Money) { b.Reserved = b.Reserved.Add(m) })
	case fund.Released:
		return move(db, f.Head, f.Lines, func(b *Budget, m domain.Money) {
			if f.From == fund.InObligation {
				b.Obligated = b.Obligated.Sub(m)
			} else {
				b.Reserved = b.Reserved.Sub(m)
			}
		})
	case fund.Obligated:
		return move(db, f.Head, f.Lines, func(b *Budget, m domain.Money) { b.Reserved, b.Obligated = b.Reserved.Sub(m), b.Obligated.Add(m) })
	case fund.Unobligated:
		return move(db, f.Head, f.Lines, func(b *Budget, m domain.Money) { b.Reserved, b.Obligated = b.Reserved.Add(m), b.Obligated.Sub(m) })
	case fund.Spent:
		return move(db, f.Head, f.Lines, func(b *Budget, m domain.Money) { b.Obligated, b.Spent = b.Obligated.Sub(m), b.Spent.Add(m) })
	case fund.Refunded:
		return move(db, f.Head, f.Lines, func(b *Budget, m domain.Money) { b.Refunded = b.Refunded.Add(m) })
	}
	return nil
}

func opened(db *projections.DB, h fund.Head, a fund.Amount) {
	k := BudgetKey{h.FundID, a.BudgetID}
	*budgets.At(db, k) = Budget{BudgetKey: k, FunderID: a.FunderID, Year: h.Year, PolicyID: h.PolicyID, Appropriated: a.Amount, Available: a.Amount}
}

func move(db *projections.DB, h fund.Head, amounts []fund.Amount, change func(*Budget, domain.Money)) error {
	for _, a := range amounts {
		k := BudgetKey{h.FundID, a.BudgetID}
		if !budgets.Has(db, k) {
			return fmt.Errorf("fund %q has no budget line %q", h.FundID, a.BudgetID)
		}
		b := budgets.At(db, k)
		change(b, a.Amount)
		b.Available = b.Appropriated.Sub(b.Reserved).Sub(b.Obligated).Sub(b.Spent).Add(b.Refunded)
		if b.Available.Sign() < 0 {
			return fmt.Errorf("budget line %q of fund %q is overdrawn: available %s", a.BudgetID, h.FundID, b.Available)
		}
	}
	return nil
}

// queue folds who waits.
func queue(db *projections.DB, e *events.Event) {
	switch f := e.Fact.(type) {
	case fund.Queued:
		q := queues.At(db, QueueKey{f.FundID})
		q.Joined++
		k := WaitingKey{f.FundID, f.ClaimID}
		*waitlist.At(db, k) = Waiting{k, q.Joined, f.Amount, e.Time}
	case fund.QueueChanged:
		waitlist.At(db, WaitingKey{f.FundID, f.ClaimID}).Amount = f.Amount
	case fund.Unqueued:
		waitlist.Delete(db, WaitingKey{f.FundID, f.ClaimID})
	case fund.Reserved:
		if f.FromWaitlist {
			waitlist.Delete(db, WaitingKey{f.FundID, f.ClaimID})
		}
	}
}

// clawed folds the clawbacks of claims.
func clawed(db *projections.DB, e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.ClawbackProposed:
		k := ClawbackKey{f.ClawbackID}
		*clawbacks.At(db, k) = Clawback{ClawbackKey: k, ClaimID: f.ClaimID, CooperativeID: f.CooperativeID, Amount: f.Amount,
			Status: string(claim.ClawbackIsProposed), ProposedAt: e.Time, FundID: f.FundID}
	case claim.ClawbackApproved:
		clawbacks.At(db, ClawbackKey{f.ClawbackID}).Status = string(claim.ClawbackIsApproved)
	case claim.ClawbackSettled:
		c := clawbacks.At(db, ClawbackKey{f.ClawbackID})
		method := f.Method
		c.Status, c.Method, c.SettledAt = string(claim.ClawbackIsSettled), &method, e.Time
		switch method {
		case claim.Refund:
			c.Recovered = f.Amount
		case claim.Offset:
			c.OpenDebt = f.Amount
		}
	case claim.ClawbackRecovered:
		c := clawbacks.At(db, ClawbackKey{f.ClawbackID})
		c.Recovered = c.Recovered.Add(f.Amount)
	}
}

// paid folds batches and the bank's answers, with what they take from debts.
func paid(db *projections.DB, e *events.Event) {
	switch f := e.Fact.(type) {
	case disbursement.Batched:
		for _, l := range f.Lines {
			k := PaymentKey{f.BatchID, l.LineNo}
			p := Payment{PaymentKey: k, PayeeID: l.PayeeID, ClaimID: l.ClaimID, Amount: l.Amount, OffsetAmount: l.OffsetAmount, Status: "pending", FundID: l.FundID}
			if l.PayeeEvent != "" {
				p.PayeeEvent = new(l.PayeeEvent)
			}
			*payments.At(db, k) = p
			owe(db, l.Offsets, domain.Money.Sub)
		}
	case disbursement.Confirmed:
		for _, l := range f.Lines {
			p := payments.At(db, PaymentKey{f.BatchID, l.LineNo})
			p.Status = l.Status
			if l.Reference != "" {
				p.Reference = new(l.Reference)
			}
			if l.Status == disbursement.Failed {
				if l.Reason != "" {
					p.Failure = new(l.Reason)
				}
				owe(db, l.Offsets, domain.Money.Add)
			}
		}
	}
}

func owe(db *projections.DB, taken []disbursement.Taken, change func(domain.Money, domain.Money) domain.Money) {
	for _, t := range taken {
		c := clawbacks.At(db, ClawbackKey{t.ClawbackID})
		c.OpenDebt = change(c.OpenDebt, t.Amount)
	}
}
