package subsidy

import (
	"zhitong/domain"
	"zhitong/projections"
)

// ClaimKey names a claim.
type ClaimKey struct {
	ClaimID domain.ID `col:"claim_id" doc:"the claim: shipment, policy, and .S<n> on a supplement"`
}

// Claim is a row of claims.
type Claim struct {
	ClaimKey
	ShipmentID    domain.ID    `col:"shipment_id" doc:"what it is for"`
	CooperativeID domain.ID    `col:"cooperative_id" doc:"who is paid"`
	PolicyID      domain.ID    `col:"policy_id" doc:"the policy"`
	PolicyVersion int          `col:"policy_version" doc:"its version, by the day of the inspection"`
	Status        string       `col:"status" doc:"assessed, waitlisted, refused, submitted, approved, publicised, objected, authorised, batched, paid, payment_failed or rejected"`
	Assessed      domain.Money `col:"assessed" doc:"yuan; 0.00 while waitlisted, and when refused or rejected"`
	Paid          domain.Money `col:"paid" doc:"the full amount, also where a part was withheld"`
	Withheld      domain.Money `col:"withheld" doc:"withheld from its payment for debts"`
	ClawedBack    domain.Money `col:"clawed_back" doc:"of what was paid, back on the budget lines"`
	SubmittedAt   domain.Time  `col:"submitted_at" doc:"claimed time of claim.submit"`
	PaidAt        domain.Time  `col:"paid_at" doc:"claimed time of the confirmation that paid"`
	FundID        domain.ID    `col:"fund_id" doc:"the fund that bears it"`
	Year          int          `col:"year" doc:"of the fund"`
	BuyerID       domain.ID    `col:"buyer_id" doc:"who bought"`
	InspectedOn   domain.Day   `col:"inspected_on" doc:"Shanghai day of the inspection"`
	Supplements   *domain.ID   `col:"supplements" doc:"the paid claim that this one supplements"`
	BatchID       *domain.ID   `col:"batch_id" doc:"the latest payment batch"`
	Objection     *domain.Text `col:"objection" doc:"the reason of an open objection"`
}

// LineKey names a line of a claim.
type LineKey struct {
	ClaimID domain.ID `col:"claim_id" doc:"the claim"`
	LineNo  int       `col:"line_no" doc:"the shipment's line"`
}

// Line is a row of claim_lines.
type Line struct {
	LineKey
	OrderID    domain.ID                  `col:"order_id" doc:"the order"`
	ItemID     domain.ID                  `col:"item_id" doc:"what was sold"`
	AcceptedKg domain.Kg                  `col:"accepted_kg" doc:"net of returns; 0 on a supplement"`
	Subsidy    domain.Money               `col:"subsidy" doc:"yuan; while waiting the calculated amount"`
	Shares     map[domain.ID]domain.Money `col:"shares" doc:"yuan by funder; empty while waiting or refused"`
	EventID    string                     `col:"event_id" doc:"the event with the calculation's steps"`
	OrderLine  int                        `col:"order_line" doc:"the order's line"`
}

// ItemKey is what subsidies are summed up by.
type ItemKey struct {
	ItemID        domain.ID `col:"item_id" doc:"what was sold"`
	PolicyID      domain.ID `col:"policy_id" doc:"the policy"`
	PolicyVersion int       `col:"policy_version" doc:"its version"`
	FunderID      domain.ID `col:"funder_id" doc:"who bears it"`
}

// Item is a row of item_subsidy.
type Item struct {
	ItemKey
	AcceptedKg domain.Kg    `col:"accepted_kg" doc:"net kg of the claim lines, the same for each funder"`
	Assessed   domain.Money `col:"assessed" doc:"present shares"`
	Reserved   domain.Money `col:"reserved" doc:"of it not yet approved"`
	Approved   domain.Money `col:"approved" doc:"of it obligated, not yet paid"`
	Paid       domain.Money `col:"paid" doc:"of it paid"`
	ClawedBack domain.Money `col:"clawed_back" doc:"of what was paid, back on the budget line"`
	Net        domain.Money `col:"net" doc:"paid - clawed_back"`
	Lines      int          `col:"lines" doc:"claim lines counted"`
}

// Posting is a row of publicity: what the public may see. No person, no account.
type Posting struct {
	ClaimKey
	CooperativeID domain.ID    `col:"cooperative_id" doc:"who is paid"`
	ItemIDs       []domain.ID  `col:"item_ids" doc:"what was sold, sorted"`
	AcceptedKg    domain.Kg    `col:"accepted_kg" doc:"as posted"`
	AmountPosted  domain.Money `col:"amount_posted" doc:"yuan as posted"`
	AmountNow     domain.Money `col:"amount_now" doc:"yuan as they stand now"`
	PolicyID      domain.ID    `col:"policy_id" doc:"the policy"`
	PolicyVersion int          `col:"policy_version" doc:"its version"`
	From          domain.Day   `col:"from" doc:"first day of the posting"`
	To            domain.Day   `col:"to" doc:"last day of the posting"`
	Status        string       `col:"status" doc:"the claim's"`
	ListSHA256    string       `col:"list_sha256" doc:"hash of the list as it was posted"`
	EventID       string       `col:"event_id" doc:"the event of the posting"`
}

var (
	claims   = projections.View[ClaimKey, Claim]("claims", "The claims, one for a shipment and a policy, and their supplements.")
	lines    = projections.View[LineKey, Line]("claim_lines", "The lines of the claims.")
	items    = projections.View[ItemKey, Item]("item_subsidy", "Subsidy by item, policy version and funder, of claims that are neither waitlisted, refused nor rejected.")
	postings = projections.View[ClaimKey, Posting]("publicity", "Claims as they were posted for the public, the latest posting of each.")
)
