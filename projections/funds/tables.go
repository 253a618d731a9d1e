package funds

import (
	"zhitong/domain"
	"zhitong/projections"
)

// BudgetKey names a budget line.
type BudgetKey struct {
	FundID   domain.ID `col:"fund_id" doc:"the fund: one policy in one year"`
	BudgetID domain.ID `col:"budget_id" doc:"its line"`
}

// Budget is a row of budget_lines.
type Budget struct {
	BudgetKey
	FunderID     domain.ID    `col:"funder_id" doc:"who bears it"`
	Year         int          `col:"year" doc:"calendar year of the inspections"`
	Appropriated domain.Money `col:"appropriated" doc:"yuan given, with adjustments"`
	Reserved     domain.Money `col:"reserved" doc:"for claims that are not approved"`
	Obligated    domain.Money `col:"obligated" doc:"for claims that are approved and not paid"`
	Spent        domain.Money `col:"spent" doc:"paid"`
	Refunded     domain.Money `col:"refunded" doc:"came back by clawbacks"`
	Available    domain.Money `col:"available" doc:"appropriated - reserved - obligated - spent + refunded"`
	PolicyID     domain.ID    `col:"policy_id" doc:"the policy"`
}

// FlowKey is what the flow of funds is summed up by.
type FlowKey struct {
	FunderID      domain.ID `col:"funder_id" doc:"who bears it"`
	CooperativeID domain.ID `col:"cooperative_id" doc:"who gets it"`
	ItemID        domain.ID `col:"item_id" doc:"what was sold"`
	Month         string    `col:"month" doc:"Shanghai month of what changed it, YYYY-MM"`
}

// Flow is a row of funds_flow.
type Flow struct {
	FlowKey
	Assessed   domain.Money `col:"assessed" doc:"assessed in the month, with differences; may be negative"`
	Paid       domain.Money `col:"paid" doc:"paid in the month"`
	ClawedBack domain.Money `col:"clawed_back" doc:"back on the budget line in the month"`
}

// PaymentKey names a line of a batch.
type PaymentKey struct {
	BatchID domain.ID `col:"batch_id" doc:"the payment batch"`
	LineNo  int       `col:"line_no" doc:"its line"`
}

// Payment is a row of disbursements.
type Payment struct {
	PaymentKey
	PayeeID      domain.ID    `col:"payee_id" doc:"the cooperative"`
	ClaimID      domain.ID    `col:"claim_id" doc:"what is paid"`
	Amount       domain.Money `col:"amount" doc:"transferred"`
	OffsetAmount domain.Money `col:"offset_amount" doc:"withheld for debts"`
	Status       string       `col:"status" doc:"pending, paid or failed"`
	Failure      *domain.Text `col:"failure" doc:"the reason given at the confirmation"`
	Reference    *domain.Text `col:"reference" doc:"the bank's reference"`
	FundID       domain.ID    `col:"fund_id" doc:"the fund"`
	PayeeEvent   *string      `col:"payee_event" doc:"the event with the account; null where the cooperative has none"`
}

// ClawbackKey names a clawback.
type ClawbackKey struct {
	ClawbackID domain.ID `col:"clawback_id" doc:"the clawback: its claim and .C<n>"`
}

// Clawback is a row of clawbacks.
type Clawback struct {
	ClawbackKey
	ClaimID       domain.ID    `col:"claim_id" doc:"the paid claim"`
	CooperativeID domain.ID    `col:"cooperative_id" doc:"who was paid"`
	Amount        domain.Money `col:"amount" doc:"yuan"`
	Status        string       `col:"status" doc:"proposed, approved or settled"`
	Method        *string      `col:"method" doc:"refund, offset or write_off; null until settled"`
	ProposedAt    domain.Time  `col:"proposed_at" doc:"time of the return or correction, or of the confirmation after which it was reckoned"`
	SettledAt     domain.Time  `col:"settled_at" doc:"claimed time of the settlement"`
	OpenDebt      domain.Money `col:"open_debt" doc:"of an offset: not yet withheld from any payment"`
	Recovered     domain.Money `col:"recovered" doc:"back on the budget lines"`
	FundID        domain.ID    `col:"fund_id" doc:"the fund"`
}

// WaitingKey names a waiting claim.
type WaitingKey struct {
	FundID  domain.ID `col:"fund_id" doc:"the fund"`
	ClaimID domain.ID `col:"claim_id" doc:"the claim"`
}

// Waiting is a row of waitlist.
type Waiting struct {
	WaitingKey
	Place  int          `col:"place" doc:"number of its joining in the fund: who has the smallest is the head"`
	Amount domain.Money `col:"amount" doc:"what it waits for"`
	Since  domain.Time  `col:"since" doc:"claimed time of its joining"`
}

// QueueKey names a fund.
type QueueKey struct {
	FundID domain.ID `col:"fund_id" doc:"the fund"`
}

// Queue counts who joined a fund's waitlist.
type Queue struct {
	QueueKey
	Joined int `col:"joined" doc:"how many ever joined"`
}

var (
	budgets   = projections.View[BudgetKey, Budget]("budget_lines", "The budget lines of the funds and what became of their money.")
	flows     = projections.View[FlowKey, Flow]("funds_flow", "Money by funder, cooperative, item and month.")
	payments  = projections.View[PaymentKey, Payment]("disbursements", "The lines of the payment batches.")
	clawbacks = projections.View[ClawbackKey, Clawback]("clawbacks", "What is asked back of paid claims.")
	waitlist  = projections.View[WaitingKey, Waiting]("waitlist", "Claims that wait for money, in each fund in the order of their places.")
	queues    = projections.State[QueueKey, Queue]("funds_queue", "How many claims ever joined each waitlist.")
)
