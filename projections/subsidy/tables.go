package subsidy

import (
	"zhitong/domain"
	"zhitong/projections"
)

// BudgetKey names a budget line.
type BudgetKey struct {
	FundID   domain.ID `col:"fund_id" doc:"the fund: one policy in one year"`
	BudgetID domain.ID `col:"budget_id" doc:"its budget line"`
}

// Budget is a row of budget_lines.
type Budget struct {
	BudgetKey
	FunderID     domain.ID    `col:"funder_id" doc:"whose money it is"`
	Year         int          `col:"year" doc:"calendar year"`
	Appropriated domain.Money `col:"appropriated" doc:"given, with adjustments"`
	Reserved     domain.Money `col:"reserved" doc:"for claims not yet approved"`
	Obligated    domain.Money `col:"obligated" doc:"for approved claims not yet paid"`
	Spent        domain.Money `col:"spent" doc:"paid"`
	Refunded     domain.Money `col:"refunded" doc:"came back"`
	Available    domain.Money `col:"available" doc:"appropriated - reserved - obligated - spent + refunded"`
	PolicyID     domain.ID    `col:"policy_id" doc:"the fund's policy"`
}

// FlowKey is what the flow of funds is summed up by.
type FlowKey struct {
	FunderID      domain.ID `col:"funder_id" doc:"whose money it is"`
	CooperativeID domain.ID `col:"cooperative_id" doc:"who is paid"`
	ItemID        domain.ID `col:"item_id" doc:"what was sold"`
	Month         string    `col:"month" doc:"Shanghai month of what moved it, YYYY-MM"`
}

// Flow is a row of funds_flow.
type Flow struct {
	FlowKey
	Assessed   domain.Money `col:"assessed" doc:"assessed in the month, with the differences of reassessments and rejections"`
	Paid       domain.Money `col:"paid" doc:"paid in the month"`
	ClawedBack domain.Money `col:"clawed_back" doc:"came back in the month"`
}

// BatchKey names a line of a batch.
type BatchKey struct {
	BatchID domain.ID `col:"batch_id" doc:"the batch"`
	LineNo  int       `col:"line_no" doc:"its line"`
}

// Disbursement is a row of disbursements.
type Disbursement struct {
	BatchKey
	PayeeID      domain.ID    `col:"payee_id" doc:"the party that is paid"`
	ClaimID      domain.ID    `col:"claim_id" doc:"for this claim"`
	Amount       domain.Money `col:"amount" doc:"transferred"`
	OffsetAmount domain.Money `col:"offset_amount" doc:"withheld for debts; with amount it is the claim's amount"`
	Status       string       `col:"status" doc:"pending, paid or failed"`
	Failure      *string      `col:"failure" doc:"the reason given when it failed"`
}

// ClawbackKey names a clawback.
type ClawbackKey struct {
	ClawbackID domain.ID `col:"clawback_id" doc:"its claim, .C and a number"`
}

// Clawback is a row of clawbacks.
type Clawback struct {
	ClawbackKey
	ClaimID       domain.ID    `col:"claim_id" doc:"the paid claim"`
	CooperativeID domain.ID    `col:"cooperative_id" doc:"who owes"`
	Amount        domain.Money `col:"amount" doc:"what is claimed back"`
	Status        string       `col:"status" doc:"proposed, approved or settled"`
	Method        *string      `col:"method" doc:"refund, offset or write_off; null until settled"`
	ProposedAt    domain.Time  `col:"proposed_at" doc:"claimed time of the return or correction"`
	SettledAt     domain.Time  `col:"settled_at" doc:"claimed time of the settlement"`
	OpenDebt      domain.Money `col:"open_debt" doc:"settled by offset and not yet withheld from a payment"`
}

// WaitKey names a waiting claim.
type WaitKey struct {
	FundID  domain.ID `col:"fund_id" doc:"the fund that it waits for"`
	ClaimID domain.ID `col:"claim_id" doc:"the claim"`
}

// Wait is a row of waitlist.
type Wait struct {
	WaitKey
	Place    uint64       `col:"place" doc:"position of the commit that queued it: lower is earlier"`
	Amount   domain.Money `col:"amount" doc:"what it waits for"`
	QueuedAt domain.Time  `col:"queued_at" doc:"claimed time of its cause"`
}

var (
	budgets       = projections.View[BudgetKey, Budget]("budget_lines", "What each funder has given, and where it stands.")
	flows         = projections.View[FlowKey, Flow]("funds_flow", "From which funder to which cooperative, for which item, in which month.")
	disbursements = projections.View[BatchKey, Disbursement]("disbursements", "Payments, line by line.")
	clawbacks     = projections.View[ClawbackKey, Clawback]("clawbacks", "What is claimed back of paid subsidies.")
	waitlist      = projections.View[WaitKey, Wait]("waitlist", "Claims that wait for money, by fund.")
)
