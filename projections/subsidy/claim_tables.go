package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/projections"
)

// ClaimKey names a claim.
type ClaimKey struct {
	ClaimID domain.ID `col:"claim_id" doc:"shipment, policy; a supplement ends in .S and its number"`
}

// Claim is a row of claims.
type Claim struct {
	ClaimKey
	ShipmentID    domain.ID    `col:"shipment_id" doc:"the inspected shipment"`
	CooperativeID domain.ID    `col:"cooperative_id" doc:"who is paid"`
	PolicyID      domain.ID    `col:"policy_id" doc:"the policy"`
	PolicyVersion int          `col:"policy_version" doc:"its version on the inspection's day"`
	Status        string       `col:"status" doc:"assessed, waitlisted, refused, submitted, approved, publicised, objected, authorised, batched, paid, payment_failed or rejected"`
	Assessed      domain.Money `col:"assessed" doc:"present subsidy; 0.00 while waitlisted, and when refused or rejected"`
	Paid          domain.Money `col:"paid" doc:"the full amount, once it is paid"`
	Withheld      domain.Money `col:"withheld" doc:"of it withheld for the cooperative's debts"`
	ClawedBack    domain.Money `col:"clawed_back" doc:"of what was paid, back on the budget lines"`
	SubmittedAt   domain.Time  `col:"submitted_at" doc:"claimed time of its submission"`
	PaidAt        domain.Time  `col:"paid_at" doc:"claimed time of the confirmation that paid it"`
	BuyerID       domain.ID    `col:"buyer_id" doc:"who bought"`
	FundID        domain.ID    `col:"fund_id" doc:"the fund that it is paid from"`
	Year          int          `col:"year" doc:"calendar year of the inspection"`
}

// LineKey names a line of a claim.
type LineKey struct {
	ClaimID domain.ID `col:"claim_id" doc:"the claim"`
	LineNo  int       `col:"line_no" doc:"the shipment's line"`
}

// Line is a row of claim_lines.
type Line struct {
	LineKey
	OrderID    domain.ID               `col:"order_id" doc:"the order delivered on"`
	ItemID     domain.ID               `col:"item_id" doc:"what was sold"`
	AcceptedKg domain.Kg               `col:"accepted_kg" doc:"net accepted kg; 0 on a supplement"`
	Subsidy    domain.Money            `col:"subsidy" doc:"granted; the calculated amount while waiting"`
	Shares     map[string]domain.Money `col:"shares" doc:"yuan by funder; {} while waiting or refused"`
	EventID    string                  `col:"event_id" doc:"event that holds the present inputs and steps"`
	OrderLine  int                     `col:"order_line" doc:"the order's line"`
}

// State is what the fold remembers of a claim.
type State struct {
	ClaimKey
	Pot   claim.Pot `col:"pot" doc:"where its money stands"`
	Lines []Portion `col:"lines" doc:"its lines with their present shares"`
}

// Portion is a line of a claim with its present shares, every funder of the policy
// version named.
type Portion struct {
	LineNo  int           `json:"line_no"`
	ItemID  domain.ID     `json:"item_id"`
	Kg      domain.Kg     `json:"kg"`
	Subsidy domain.Money  `json:"subsidy"`
	Shares  []claim.Share `json:"shares"`
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
	AcceptedKg domain.Kg    `col:"accepted_kg" doc:"net kg of the claim lines, the same in each funder's row"`
	Assessed   domain.Money `col:"assessed" doc:"present shares of claims that are not waitlisted, refused or rejected"`
	Reserved   domain.Money `col:"reserved" doc:"of it not yet approved"`
	Approved   domain.Money `col:"approved" doc:"of it obligated, not yet paid"`
	Paid       domain.Money `col:"paid" doc:"of it paid"`
	ClawedBack domain.Money `col:"clawed_back" doc:"of what was paid, back on the budget lines"`
	Net        domain.Money `col:"net" doc:"paid - clawed_back"`
	Lines      int          `col:"lines" doc:"claim lines counted"`
}

// PublicityKey names a posted claim.
type PublicityKey struct {
	ClaimID domain.ID `col:"claim_id" doc:"the claim"`
}

// Publicity is a row of publicity: what the public may see, no person and no
// account.
type Publicity struct {
	PublicityKey
	CooperativeID domain.ID    `col:"cooperative_id" doc:"who is paid"`
	ItemIDs       []domain.ID  `col:"item_ids" doc:"what was sold, sorted"`
	AcceptedKg    domain.Kg    `col:"accepted_kg" doc:"as posted"`
	AmountPosted  domain.Money `col:"amount_posted" doc:"as posted"`
	AmountNow     domain.Money `col:"amount_now" doc:"the claim's present amount"`
	PolicyID      domain.ID    `col:"policy_id" doc:"the policy"`
	PolicyVersion int          `col:"policy_version" doc:"its version"`
	From          domain.Day   `col:"from" doc:"first day posted"`
	To            domain.Day   `col:"to" doc:"last day posted"`
	Status        string       `col:"status" doc:"the claim's present status"`
	ListSHA256    string       `col:"list_sha256" doc:"of the list that it was posted in"`
	EventID       string       `col:"event_id" doc:"event of the posting"`
}

var (
	claims     = projections.View[ClaimKey, Claim]("claims", "Every claim: its status and its amounts.")
	claimLines = projections.View[LineKey, Line]("claim_lines", "The lines of every claim with the funders' shares. The calculation is in the event.")
	states     = projections.State[ClaimKey, State]("subsidy_claim", "What each claim contributes at present.")
	items      = projections.View[ItemKey, Item]("item_subsidy", "The subsidy of each item, by policy version and funder.")
	publicity  = projections.View[PublicityKey, Publicity]("publicity", "Claims as they were posted, the latest posting of each, and what they amount to now.")
)
