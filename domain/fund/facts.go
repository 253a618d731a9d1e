package fund

import (
	"zhitong/domain"
	"zhitong/domain/policy"
)

// Kind is the aggregate's kind in subjects.
const Kind = "fund"

// Ref names the fund id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Head says which fund a fact is of: views need nothing else of it.
type Head struct {
	FundID   domain.ID `json:"fund_id"`
	PolicyID domain.ID `json:"policy_id"`
	Year     int       `json:"year"`
}

// Amount is money of one budget line.
type Amount struct {
	BudgetID domain.ID    `json:"budget_id"`
	FunderID domain.ID    `json:"funder_id"`
	Amount   domain.Money `json:"amount"`
}

// Opened begins a fund.
type Opened struct {
	Head  `json:",embed"`
	Lines []Amount `json:"lines"`
}

// Adjusted changes what is appropriated on a line. Delta may be negative.
type Adjusted struct {
	Head       `json:",embed"`
	BudgetID   domain.ID    `json:"budget_id"`
	FunderID   domain.ID    `json:"funder_id"`
	Delta      domain.Money `json:"delta"`
	DocumentNo domain.ID    `json:"document_no"`
	Reason     domain.Text  `json:"reason"`
}

// LineAdded adds a budget line.
type LineAdded struct {
	Head       `json:",embed"`
	Amount     `json:",embed"`
	DocumentNo domain.ID `json:"document_no"`
}

// Counts are changes of the running totals; each may be negative.
type Counts struct {
	Tiers  []TierCount  `json:"tiers,omitzero"`
	Limits []LimitCount `json:"limits,omitzero"`
}

// TierCount changes a running total of kg.
type TierCount struct {
	policy.TierKey `json:",embed"`
	Kg             domain.Kg `json:"kg"`
}

// LimitKey names a running total of granted amounts: cooperative_year, buyer_year
// or item_year, and whose.
type LimitKey struct {
	Per string    `json:"per"`
	Of  domain.ID `json:"of"`
}

// LimitCount changes a running total of granted amounts.
type LimitCount struct {
	LimitKey `json:",embed"`
	Amount   domain.Money `json:"amount"`
}

// FunderResidual is a funder's residual after a split.
type FunderResidual struct {
	FunderID domain.ID       `json:"funder_id"`
	Residual domain.Residual `json:"residual"`
}

// Movement is money of a claim moving on the budget lines.
type Movement struct {
	Head    `json:",embed"`
	ClaimID domain.ID `json:"claim_id"`
	Lines   []Amount  `json:"lines,omitzero"` // amounts > 0, in the order of the split
}

// Reserved takes money from what is available. Residuals are those before and after
// the splits, so that the shares can be split again from this commit alone.
type Reserved struct {
	Movement     `json:",embed"`
	Counts       `json:",embed"`
	Before       []FunderResidual `json:"residuals_before,omitzero"`
	Residuals    []FunderResidual `json:"residuals,omitzero"`
	FromWaitlist bool             `json:"from_waitlist,omitzero"` // the claim was the head of the waitlist
}

// Released makes reserved or obligated money available again.
type Released struct {
	Movement `json:",embed"`
	From     Pot       `json:"from"`
	Batch    domain.ID `json:"batch_id,omitzero"` // recomputed when this batch was confirmed
}

// Pot is where money of a claim stands in a fund.
type Pot string

// The pots that money can be released from.
const (
	InReserve    Pot = "reserved"
	InObligation Pot = "obligated"
)

// Obligated turns reserved money into obligated.
type Obligated struct {
	Movement `json:",embed"`
}

// Unobligated turns obligated money back into reserved: the claim grew and is
// approved anew.
type Unobligated struct {
	Movement `json:",embed"`
}

// Spent turns obligated money into spent.
type Spent struct {
	Movement `json:",embed"`
	BatchID  domain.ID `json:"batch_id"`
}

// Refunded makes money that came back available again.
type Refunded struct {
	Movement   `json:",embed"`
	ClawbackID domain.ID `json:"clawback_id"`
	Batch      domain.ID `json:"batch_id,omitzero"` // withheld from a payment of this batch
}

// Recounted changes running totals: a claim changed or was rejected.
type Recounted struct {
	Head    `json:",embed"`
	ClaimID domain.ID `json:"claim_id"`
	Counts  `json:",embed"`
}

// Queued puts a claim at the end of the waitlist; its amounts count in the totals.
type Queued struct {
	Head    `json:",embed"`
	ClaimID domain.ID    `json:"claim_id"`
	Amount  domain.Money `json:"amount"`
	Counts  `json:",embed"`
}

// QueueChanged changes what a waiting claim waits for.
type QueueChanged struct {
	Head    `json:",embed"`
	ClaimID domain.ID    `json:"claim_id"`
	Was     domain.Money `json:"was"`
	Amount  domain.Money `json:"amount"` // now
	Batch   domain.ID    `json:"batch_id,omitzero"`
}

// Unqueued takes a rejected claim off the waitlist.
type Unqueued struct {
	Head    `json:",embed"`
	ClaimID domain.ID `json:"claim_id"`
	WasHead bool      `json:"was_head"` // it was the first of those who wait
}

// The names of the facts.
func (Opened) FactName() string       { return "fund.opened" }
func (Adjusted) FactName() string     { return "fund.adjusted" }
func (LineAdded) FactName() string    { return "fund.line_added" }
func (Reserved) FactName() string     { return "fund.reserved" }
func (Released) FactName() string     { return "fund.released" }
func (Obligated) FactName() string    { return "fund.obligated" }
func (Unobligated) FactName() string  { return "fund.unobligated" }
func (Spent) FactName() string        { return "fund.spent" }
func (Refunded) FactName() string     { return "fund.refunded" }
func (Recounted) FactName() string    { return "fund.recounted" }
func (Queued) FactName() string       { return "fund.claim_queued" }
func (QueueChanged) FactName() string { return "fund.queue_changed" }
func (Unqueued) FactName() string     { return "fund.claim_unqueued" }

// Subject is the fund.
func (h Head) Subject() domain.Ref { return Ref(h.FundID) }
