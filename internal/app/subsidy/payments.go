package subsidy

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/internal/app"
)

func payments() []app.Command {
	return []app.Command{
		define("disbursement.batch", batch),
		define("disbursement.confirm", confirm),
	}
}

// batchData is the data of disbursement.batch with the check of its claims.
type batchData struct {
	disbursement.Batch `json:",embed"`
}

// Validate refuses data that can't be a command.
func (c *batchData) Validate() error {
	return domain.First(domain.RequiredID("batch_id", c.BatchID), claim.CheckIDs(c.ClaimIDs))
}

func batch(u *app.Unit, c *batchData) error {
	b, err := u.Book().Batch(c.BatchID)
	if err != nil {
		return err
	}
	if err := b.New(c.BatchID); err != nil {
		return err
	}
	f := disbursement.Batched{BatchID: c.BatchID, By: u.By.Actor}
	owed := make(map[domain.ID][]disbursement.Owed)
	facts := []domain.Fact{nil}
	for i, id := range c.ClaimIDs {
		s, err := claimOf(u, id)
		if err == nil {
			err = s.MayBatch()
		}
		if err != nil {
			return named(err, i)
		}
		if owed[s.CooperativeID] == nil {
			owed[s.CooperativeID] = owedBy(u.Registries, s.CooperativeID)
		}
		payee := u.Registries.Payee(s.CooperativeID)
		l := disbursement.Line{LineNo: i + 1, ClaimID: id, FundID: s.FundID, PayeeID: s.CooperativeID, PayeeEvent: payee.Confirmed, AccountTag: payee.Tag}
		l.Withhold(s.Total(), owed[s.CooperativeID])
		f.Lines = append(f.Lines, l)
		facts = append(facts, claim.Batched{Head: s.Head, BatchID: c.BatchID, LineNo: l.LineNo, Total: s.Total()})
	}
	facts[0] = f
	u.Emit(facts...)
	return nil
}

func owedBy(r *app.Registries, cooperative domain.ID) []disbursement.Owed {
	debts := r.Debts(cooperative)
	owed := make([]disbursement.Owed, len(debts))
	for i, d := range debts {
		owed[i] = disbursement.Owed{ClawbackID: d.ClawbackID, FundID: d.FundID, Open: d.Open}
	}
	return owed
}

func confirm(u *app.Unit, c *disbursement.Confirm) error {
	book := u.Book()
	b, err := book.Batch(c.BatchID)
	if err != nil {
		return err
	}
	f, err := b.Confirm(c, u.By)
	if err != nil {
		return err
	}
	u.Emit(f)
	for _, l := range f.Lines {
		s, err := book.Claim(l.ClaimID)
		if err != nil {
			return err
		}
		if l.Status == disbursement.Failed {
			u.Emit(claim.PaymentFailed{Head: s.Head, BatchID: f.BatchID, Reason: l.Reason})
			continue
		}
		u.Emit(claim.Paid{Head: s.Head, Standing: s.Standing(), BatchID: f.BatchID, Withheld: l.OffsetAmount, Reference: l.Reference})
		if m := assessment.MovementOf(s); len(m.Lines) > 0 {
			u.Emit(fund.Spent{Movement: m, BatchID: f.BatchID})
		}
	}
	return recoverWithheld(u, book, f)
}

// recoverWithheld sends what was withheld back to the budget lines that its
// clawbacks came from, in line order.
func recoverWithheld(u *app.Unit, book app.Book, f disbursement.Confirmed) error {
	left := make(map[domain.ID][][]domain.Money) // of each clawback, as this confirmation goes on
	for _, l := range f.Lines {
		if l.Status != disbursement.Paid {
			continue
		}
		for _, t := range l.Offsets {
			s, err := book.Claim(claim.ClaimOf(t.ClawbackID))
			if err != nil {
				return err
			}
			c := s.Clawback(t.ClawbackID)
			if left[c.ID] == nil {
				for _, parts := range c.Left {
					left[c.ID] = append(left[c.ID], slices.Clone(parts))
				}
			}
			r := s.Recover(c, left[c.ID], t.Amount, f.BatchID, l.ClaimID)
			u.Emit(r, fund.Refunded{Movement: assessment.MovementOfLines(s, r.Lines), ClawbackID: c.ID, Batch: f.BatchID})
		}
	}
	return nil
}
