package disbursement

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "disbursement"

// Ref names the batch id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Taken is what a line withholds for one debt.
type Taken struct {
	ClawbackID domain.ID    `json:"clawback_id"`
	FundID     domain.ID    `json:"fund_id"` // that the clawback's money goes back to
	Amount     domain.Money `json:"amount"`
}

// Line is a claim in a batch. Amount is transferred, OffsetAmount withheld; their
// sum is the claim's amount.
type Line struct {
	LineNo       int          `json:"line_no"`
	ClaimID      domain.ID    `json:"claim_id"`
	FundID       domain.ID    `json:"fund_id"`
	PayeeID      domain.ID    `json:"payee_id"`
	Amount       domain.Money `json:"amount"`
	OffsetAmount domain.Money `json:"offset_amount"`
	Offsets      []Taken      `json:"offsets,omitzero"`     // in the order in which they were taken
	PayeeEvent   string       `json:"payee_event,omitzero"` // the event that holds the confirmed payee; absent when there is none
	AccountTag   domain.Tag   `json:"account_tag,omitzero"` // of that payee's account
}

// Batched makes a batch.
type Batched struct {
	BatchID domain.ID `json:"batch_id"`
	Lines   []Line    `json:"lines"`
	By      domain.ID `json:"by"`
}

// The outcomes of a line.
const (
	Paid   = "paid"
	Failed = "failed"
)

// Outcome is what the bank said of a line.
type Outcome struct {
	Line      `json:",embed"`
	Status    string      `json:"status"` // paid, failed
	Reference domain.Text `json:"reference,omitzero"`
	Reason    domain.Text `json:"reason,omitzero"`
}

// Confirmed is the bank's answer to every line; it closes the batch.
type Confirmed struct {
	BatchID domain.ID `json:"batch_id"`
	Lines   []Outcome `json:"lines"` // in the order of the batch
}

// The names of the facts.
func (Batched) FactName() string   { return "disbursement.batched" }
func (Confirmed) FactName() string { return "disbursement.confirmed" }

// The subject of each is the batch.
func (f Batched) Subject() domain.Ref   { return Ref(f.BatchID) }
func (f Confirmed) Subject() domain.Ref { return Ref(f.BatchID) }
