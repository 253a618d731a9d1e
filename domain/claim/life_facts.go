package claim

import "zhitong/domain"

// Facts that a rule of two persons looks back at name their actor in By: a state
// sees facts, not envelopes.

// Submitted is the cooperative's request for what was assessed.
type Submitted struct {
	Head  `json:",embed"`
	Total domain.Money `json:"total"`
	By    domain.ID    `json:"by"`
}

// Approved obligates the money.
type Approved struct {
	Head     `json:",embed"`
	Standing `json:",embed"`
	By       domain.ID `json:"by"`
}

// Rejected ends a claim before it is authorised; the money is released.
type Rejected struct {
	Head     `json:",embed"`
	Standing `json:",embed"` // what it amounted to
	Pot      Pot             `json:"pot"`
	Reason   domain.Text     `json:"reason"`
}

// Posting is a claim's row of a list as it is posted: no person and no account.
type Posting struct {
	CooperativeID domain.ID    `json:"cooperative_id"`
	ItemIDs       []domain.ID  `json:"item_ids"` // sorted
	AcceptedKg    domain.Kg    `json:"accepted_kg"`
	Amount        domain.Money `json:"amount"`
	PolicyID      domain.ID    `json:"policy_id"`
	PolicyVersion int          `json:"policy_version"`
	From          domain.Day   `json:"from"`
	To            domain.Day   `json:"to"`
}

// Publicised posts the claim on a list. The list is the postings of the commit in
// their order; ListSHA256 is the hash of [ListText].
type Publicised struct {
	Head       `json:",embed"`
	Posting    Posting   `json:"posting"`
	ListPlace  int       `json:"list_place"` // 1-based
	ListSize   int       `json:"list_size"`
	ListSHA256 string    `json:"list_sha256"`
	By         domain.ID `json:"by"`
}

// Objected is an objection to a posted claim, by anyone.
type Objected struct {
	Head   `json:",embed"`
	Reason domain.Text `json:"reason"`
	By     domain.ID   `json:"by"`
}

// ObjectionResolved ends an objection; an upheld one rejects the claim.
type ObjectionResolved struct {
	Head   `json:",embed"`
	Upheld bool        `json:"upheld"`
	Note   domain.Text `json:"note"`
}

// Authorised lets the claim be paid.
type Authorised struct {
	Head  `json:",embed"`
	Total domain.Money `json:"total"`
}

// Batched puts the claim into a payment batch.
type Batched struct {
	Head    `json:",embed"`
	BatchID domain.ID    `json:"batch_id"`
	LineNo  int          `json:"line_no"` // of the batch
	Total   domain.Money `json:"total"`
}

// Paid says that the bank has paid; Withheld of it went to debts.
type Paid struct {
	Head      `json:",embed"`
	Standing  `json:",embed"`
	BatchID   domain.ID    `json:"batch_id"`
	Withheld  domain.Money `json:"withheld"`
	Reference domain.Text  `json:"reference,omitzero"`
}

// PaymentFailed lets the claim be batched again.
type PaymentFailed struct {
	Head    `json:",embed"`
	BatchID domain.ID   `json:"batch_id"`
	Reason  domain.Text `json:"reason,omitzero"`
}

// ClawbackLine is the part of a clawback that comes from one line of the claim.
type ClawbackLine struct {
	LineNo int          `json:"line_no"`
	ItemID domain.ID    `json:"item_id"`
	Amount domain.Money `json:"amount"`
	Shares []Share      `json:"shares"`
}

// ClawbackProposed asks for money back that was paid for goods that were returned
// or corrected away.
type ClawbackProposed struct {
	Head       `json:",embed"`
	ClawbackID domain.ID      `json:"clawback_id"`
	Amount     domain.Money   `json:"amount"`
	Lines      []ClawbackLine `json:"lines"`
	Causes     []string       `json:"causes"`    // event ids of the returns and corrections
	CausedBy   []domain.ID    `json:"caused_by"` // their actors
	Batch      domain.ID      `json:"batch_id,omitzero"`
}

// ClawbackApproved is the officer's consent.
type ClawbackApproved struct {
	Head       `json:",embed"`
	ClawbackID domain.ID    `json:"clawback_id"`
	Amount     domain.Money `json:"amount"`
	By         domain.ID    `json:"by"`
}

// The ways to settle a clawback.
const (
	Refund   = "refund"
	Offset   = "offset"
	WriteOff = "write_off"
)

// ClawbackSettled says how the money comes back: at once (refund), from later
// payments (offset), or not at all (write_off).
type ClawbackSettled struct {
	Head       `json:",embed"`
	ClawbackID domain.ID      `json:"clawback_id"`
	Method     string         `json:"method"`
	Reference  domain.Text    `json:"reference,omitzero"`
	Amount     domain.Money   `json:"amount"`
	Lines      []ClawbackLine `json:"lines"`
}

// ClawbackRecovered says that what was withheld from a payment went back to the
// budget lines that the clawback came from.
type ClawbackRecovered struct {
	Head        `json:",embed"`
	ClawbackID  domain.ID      `json:"clawback_id"`
	BatchID     domain.ID      `json:"batch_id"`
	FromClaimID domain.ID      `json:"from_claim_id"` // whose payment it was withheld from
	Amount      domain.Money   `json:"amount"`
	Lines       []ClawbackLine `json:"lines"`
}

// The names of the facts.
func (Submitted) FactName() string         { return "claim.submitted" }
func (Approved) FactName() string          { return "claim.approved" }
func (Rejected) FactName() string          { return "claim.rejected" }
func (Publicised) FactName() string        { return "claim.publicised" }
func (Objected) FactName() string          { return "claim.objected" }
func (ObjectionResolved) FactName() string { return "claim.objection_resolved" }
func (Authorised) FactName() string        { return "claim.authorised" }
func (Batched) FactName() string           { return "claim.batched" }
func (Paid) FactName() string              { return "claim.paid" }
func (PaymentFailed) FactName() string     { return "claim.payment_failed" }
func (ClawbackProposed) FactName() string  { return "clawback.proposed" }
func (ClawbackApproved) FactName() string  { return "clawback.approved" }
func (ClawbackSettled) FactName() string   { return "clawback.settled" }
func (ClawbackRecovered) FactName() string { return "clawback.recovered" }
