package payment

import (
	"errors"
	"fmt"

	"zhitong/domain"
	"zhitong/domain/disbursement"
	"zhitong/domain/party"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/internal/history"
)

// ErrNoBatch says that no batch has the id.
var ErrNoBatch = errors.New("no batch has this id")

// Batch is a payment batch as the log has it.
type Batch struct {
	ID          domain.ID
	Lines       []disbursement.Line
	EventID     string // of disbursement.batched
	Confirmed   bool
	ConfirmedBy string // the command that confirmed it; "" while it is open

	payees map[string]party.Payee // by the event that holds it
	erased map[domain.ID]bool     // parties whose personal key is gone, or about to be
}

// Finder looks for a batch and its payees in the log's commits, in order.
type Finder struct{ batch Batch }

// NewFinder begins to look for a batch.
func NewFinder(id domain.ID) *Finder {
	return &Finder{Batch{ID: id, payees: map[string]party.Payee{}, erased: map[domain.ID]bool{}}}
}

// Keep says which commits the finder needs; it may be given all.
func (f *Finder) Keep() history.Keep {
	return history.Any(history.Naming(f.batch.ID), history.Of(party.Registered{}, party.PayeeChanged{}, party.ErasureRequested{}))
}

// Fold takes a commit.
func (f *Finder) Fold(c *events.Commit) {
	b := &f.batch
	for i := range c.Events {
		e := &c.Events[i]
		switch fact := e.Fact.(type) {
		case disbursement.Batched:
			if fact.BatchID == b.ID {
				b.Lines, b.EventID = fact.Lines, e.ID
			}
		case disbursement.Confirmed:
			if fact.BatchID == b.ID {
				b.Confirmed, b.ConfirmedBy = true, e.CommandID
			}
		case party.Registered:
			if fact.Payee != nil {
				b.payees[e.ID] = *fact.Payee
			}
		case party.PayeeChanged:
			b.payees[e.ID] = fact.Payee
		case party.ErasureRequested:
			b.erased[fact.PartyID] = true
		}
	}
}

// Batch returns the batch, or ErrNoBatch.
func (f *Finder) Batch() (*Batch, error) {
	if f.batch.EventID == "" {
		return nil, fmt.Errorf("batch %q: %w", f.batch.ID, ErrNoBatch)
	}
	return &f.batch, nil
}

// What a transfer can lack.
const (
	NoPayee     = "no_payee"     // the cooperative had no confirmed payee when the batch was made
	PayeeErased = "payee_erased" // it asked for its personal key to be destroyed since
)

// Transfer is one row of the payment file.
type Transfer struct {
	LineNo      int // of the batch
	ClaimID     domain.ID
	PayeeID     domain.ID
	AccountName domain.Personal
	Bank        domain.Personal
	AccountNo   domain.Personal
	Amount      domain.Money
	Missing     string // "", [NoPayee] or [PayeeErased]
}

// Transfers are what a batch asks the bank to do.
type Transfers struct {
	BatchID domain.ID
	Rows    []Transfer // amounts above 0, in the order of the batch
	Total   domain.Money
}

// Open makes the transfers of the batch and opens their payees: the ones that were
// confirmed when the batch was made, whatever was changed since. Lines that
// transfer nothing have no row.
func (b *Batch) Open(ring *keys.Ring) (*Transfers, error) {
	t := &Transfers{BatchID: b.ID, Total: domain.MoneyFromFen(0)}
	for _, l := range b.Lines {
		if l.Amount.Sign() == 0 {
			continue
		}
		row := Transfer{LineNo: l.LineNo, ClaimID: l.ClaimID, PayeeID: l.PayeeID, Amount: l.Amount}
		if err := b.openPayee(ring, &l, &row); err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
		t.Total = t.Total.Add(l.Amount)
	}
	return t, nil
}

func (b *Batch) openPayee(ring *keys.Ring, l *disbursement.Line, row *Transfer) error {
	payee, ok := b.payees[l.PayeeEvent]
	switch {
	case b.erased[l.PayeeID]:
		row.Missing = PayeeErased
		return nil
	case l.PayeeEvent == "":
		row.Missing = NoPayee
		return nil
	case !ok:
		return fmt.Errorf("batch %q, line %d: event %q, which holds the payee of %q, is not in the log", b.ID, l.LineNo, l.PayeeEvent, l.PayeeID)
	}
	for _, field := range []struct {
		path   string
		sealed domain.Sealed
		into   *domain.Personal
	}{
		{"payee.account_name", payee.AccountName, &row.AccountName},
		{"payee.bank", payee.Bank, &row.Bank},
		{"payee.account_no", payee.AccountNo, &row.AccountNo},
	} {
		clear, err := ring.Open(party.Ref(l.PayeeID), l.PayeeEvent, field.path, field.sealed)
		if err != nil {
			return fmt.Errorf("batch %q, line %d: %w", b.ID, l.LineNo, err)
		}
		*field.into = clear
	}
	return nil
}

// Incomplete lists the rows that lack a payee.
func (t *Transfers) Incomplete() []Transfer {
	var list []Transfer
	for _, r := range t.Rows {
		if r.Missing != "" {
			list = append(list, r)
		}
	}
	return list
}
