package disbursement

import (
	"strconv"

	"zhitong/domain"
)

// Batch makes a payment batch.
type Batch struct {
	BatchID  domain.ID   `json:"batch_id"`
	ClaimIDs []domain.ID `json:"claim_ids"`
}

// Confirm is the bank's answer to a batch.
type Confirm struct {
	BatchID domain.ID     `json:"batch_id"`
	Lines   []ConfirmLine `json:"lines"`
}

// ConfirmLine is the bank's answer to one claim.
type ConfirmLine struct {
	ClaimID   domain.ID   `json:"claim_id"`
	Status    string      `json:"status"`
	Reference domain.Text `json:"reference,omitzero"`
	Reason    domain.Text `json:"reason,omitzero"`
}

// linesMax is the number of lines of an answer.
const linesMax = 300

// Validate refuses data that can't be a command.
func (c *Confirm) Validate() error {
	if err := domain.First(domain.RequiredID("batch_id", c.BatchID), domain.CheckCount("lines", len(c.Lines), linesMax)); err != nil {
		return err
	}
	for i, l := range c.Lines {
		if err := domain.First(domain.RequiredID(domain.Path("lines", i, "claim_id"), l.ClaimID),
			domain.CheckWord(domain.Path("lines", i, "status"), l.Status, Paid, Failed)); err != nil {
			return err
		}
	}
	return nil
}

// New decides whether a batch of that id may be made.
func (s *State) New(id domain.ID) error {
	if s.Exists() {
		return domain.Refuse(domain.Conflict, "disbursement.exists", "batch_id", string(id), "the id is taken by another batch")
	}
	return nil
}

// Confirm decides disbursement.confirm: the outcome of each line, in the order of
// the batch.
func (s *State) Confirm(c *Confirm, by domain.By) (Confirmed, error) {
	switch {
	case !s.Exists():
		return Confirmed{}, domain.Refuse(domain.NotFound, "disbursement.unknown", "batch_id", string(c.BatchID), "no batch has this id")
	case s.Closed:
		return Confirmed{}, domain.Refuse(domain.Conflict, "disbursement.closed", "batch_id", string(c.BatchID), "the batch is confirmed already")
	case by.Actor == s.Maker:
		return Confirmed{}, domain.Refuse(domain.Denied, "two_persons.disbursement.confirm", "actor", string(by.Actor),
			"disbursement.confirm of %q by %q, who made the batch; another person is needed", s.ID, by.Actor)
	}
	answers := make(map[domain.ID]int, len(c.Lines))
	for i, l := range c.Lines {
		if _, twice := answers[l.ClaimID]; twice {
			return Confirmed{}, domain.Refuse(domain.Invalid, "disbursement.claim_twice", domain.Path("lines", i, "claim_id"), string(l.ClaimID), "each claim is answered once")
		}
		answers[l.ClaimID] = i
	}
	f := Confirmed{BatchID: s.ID}
	for _, l := range s.Lines {
		i, ok := answers[l.ClaimID]
		if !ok {
			return Confirmed{}, domain.Refuse(domain.Invalid, "disbursement.claim_missing", "lines", string(l.ClaimID),
				"the batch has %d claims, each is answered; claim %q is not", len(s.Lines), l.ClaimID)
		}
		delete(answers, l.ClaimID)
		f.Lines = append(f.Lines, Outcome{l, c.Lines[i].Status, c.Lines[i].Reference, c.Lines[i].Reason})
	}
	for i, l := range c.Lines {
		if _, left := answers[l.ClaimID]; left {
			return Confirmed{}, domain.Refuse(domain.Invalid, "disbursement.claim_not_in_batch", domain.Path("lines", i, "claim_id"), string(l.ClaimID), "batch %q has no line %s", s.ID, strconv.Quote(string(l.ClaimID)))
		}
	}
	return f, nil
}

// Owed is what can still be withheld for a debt.
type Owed struct {
	ClawbackID, FundID domain.ID
	Open               domain.Money
}

// Withhold decides what a line of an amount withholds: as much as there are debts,
// in their order. It changes owed.
func (l *Line) Withhold(amount domain.Money, owed []Owed) {
	zero := domain.MoneyFromFen(0)
	l.Amount, l.OffsetAmount = amount, zero
	for i := range owed {
		t := l.Amount.Min(owed[i].Open)
		if t.Sign() <= 0 {
			continue
		}
		owed[i].Open = owed[i].Open.Sub(t)
		l.Amount, l.OffsetAmount = l.Amount.Sub(t), l.OffsetAmount.Add(t)
		l.Offsets = append(l.Offsets, Taken{owed[i].ClawbackID, owed[i].FundID, t})
	}
}
