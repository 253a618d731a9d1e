package claim

import (
	"zhitong/domain"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// Kind is the aggregate's kind in subjects.
const Kind = "claim"

// Ref names the claim id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Head is what every fact of a claim says of it.
type Head struct {
	ClaimID       domain.ID `json:"claim_id"`
	ShipmentID    domain.ID `json:"shipment_id"`
	CooperativeID domain.ID `json:"cooperative_id"`
	BuyerID       domain.ID `json:"buyer_id"`
	PolicyID      domain.ID `json:"policy_id"`
	PolicyVersion int       `json:"policy_version"`
	FundID        domain.ID `json:"fund_id"`
	Year          int       `json:"year"`
}

// Share is what a funder bears of an amount. Lists of shares name every funder of
// the policy version, in its order, also with 0.00.
type Share struct {
	FunderID domain.ID    `json:"funder_id"`
	BudgetID domain.ID    `json:"budget_id"`
	Amount   domain.Money `json:"amount"`
}

// Line is a line of a claim as it was assessed: every input, every step, the
// result. Calculated is what rules and limits give, Subsidy what was granted.
type Line struct {
	LineNo     int           `json:"line_no"` // the shipment's
	OrderID    domain.ID     `json:"order_id"`
	OrderLine  int           `json:"order_line"`
	ItemID     domain.ID     `json:"item_id"`
	Category   domain.ID     `json:"category"`
	AcceptedKg domain.Kg     `json:"accepted_kg"` // net; 0 on a supplement
	Inputs     policy.Inputs `json:"inputs"`
	Steps      []policy.Step `json:"steps"`
	Calculated domain.Money  `json:"calculated"`
	Subsidy    domain.Money  `json:"subsidy"`
	Shares     []Share       `json:"shares,omitzero"` // absent while waiting or refused
	Before     domain.Money  `json:"before,omitzero"` // on a supplement: what the line had before it
}

// Assessment is a claim at its beginning, with everything frozen.
type Assessment struct {
	Head        `json:",embed"`
	Channel     domain.ID    `json:"channel"`
	DepartureID domain.ID    `json:"departure_id"`
	InspectedOn domain.Day   `json:"inspected_on"` // Shanghai day: it decides version and year
	Changes     int          `json:"changes"`      // how many returns and corrections are reckoned in
	Supplements domain.ID    `json:"supplements,omitzero"`
	Lines       []Line       `json:"lines"`
	Total       domain.Money `json:"total"`
}

// Assessed says that the amounts are reserved.
type Assessed struct {
	Assessment `json:",embed"`
}

// Waitlisted says that the claim waits for money. Its line subsidies are fixed;
// shares are made when it is taken up.
type Waitlisted struct {
	Assessment `json:",embed"`
	Shortage   *fund.Shortage `json:"shortage,omitzero"` // absent where others waited before it
}

// Refused says that the policy gives nothing where a budget line is too small.
type Refused struct {
	Assessment `json:",embed"`
	Shortage   fund.Shortage `json:"shortage"`
}

// Portion is a line's present amount and shares.
type Portion struct {
	LineNo     int          `json:"line_no"`
	ItemID     domain.ID    `json:"item_id"`
	AcceptedKg domain.Kg    `json:"accepted_kg"`
	Subsidy    domain.Money `json:"subsidy"`
	Shares     []Share      `json:"shares,omitzero"`
}

// Standing is what a claim amounts to when something happens to it.
type Standing struct {
	Lines []Portion    `json:"lines"`
	Total domain.Money `json:"total"`
}

// TakenUp ends the waiting: the amounts are split and reserved.
type TakenUp struct {
	Head     `json:",embed"`
	Standing `json:",embed"`
}

// Pot is where the money of a claim stands.
type Pot string

// The pots.
const (
	Waiting   Pot = "waiting"   // on the waitlist: nothing is reserved
	Reserved  Pot = "reserved"  // assessed, submitted
	Obligated Pot = "obligated" // approved and later
	PaidOut   Pot = "paid"
	Nowhere   Pot = "nowhere" // refused, rejected
)

// Reassessed says what returns and corrections changed. Of a paid claim subsidy and
// shares stay: a clawback or a supplement in the same commit has the difference.
type Reassessed struct {
	Head       `json:",embed"`
	Pot        Pot              `json:"pot"` // before
	Changes    int              `json:"changes"`
	Causes     []string         `json:"causes"`            // event ids
	Lines      []ReassessedLine `json:"lines"`             // only those that changed
	Total      domain.Money     `json:"total"`             // of the claim, now
	Resubmit   []Portion        `json:"resubmit,omitzero"` // it goes back to submitted: what turns from obligated into reserved
	Supplement domain.ID        `json:"supplement,omitzero"`
	Batch      domain.ID        `json:"batch_id,omitzero"` // recomputed when this batch was confirmed
}

// ReassessedLine is a line that changed.
type ReassessedLine struct {
	LineNo      int            `json:"line_no"`
	ItemID      domain.ID      `json:"item_id"`
	OldKg       domain.Kg      `json:"old_kg"`
	AcceptedKg  domain.Kg      `json:"accepted_kg"`
	OldSubsidy  domain.Money   `json:"old_subsidy"`
	Subsidy     domain.Money   `json:"subsidy"`
	Shares      []Share        `json:"shares,omitzero"`
	Differences []Share        `json:"differences,omitzero"` // may be negative
	Inputs      policy.Inputs  `json:"inputs"`
	Steps       []policy.Step  `json:"steps,omitzero"`
	Calculated  domain.Money   `json:"calculated"`
	Used        *policy.Inputs `json:"used,omitzero"` // of the steps, where they are not those that are frozen: the limits of now, or no cap yet
	Why         string         `json:"why,omitzero"`  // why less was given than calculated
	Shortage    *fund.Shortage `json:"shortage,omitzero"`
}

// The reasons why a line that could have grown did not, or not fully.
const (
	WhyReturn   = "return"   // a return gives no increase
	WhyLimitNow = "limit"    // a limit is used up by now
	WhyBudget   = "budget"   // a budget line is too small
	CapPartial  = "partial"  // the name of the cap that a partial grant leaves
	CapBudget   = "budget"   // the name of the cap that a refused increase leaves
	CapRejected = "rejected" // the name of the cap that a rejected supplement leaves
)

// The names of the facts.
func (Assessed) FactName() string   { return "claim.assessed" }
func (Waitlisted) FactName() string { return "claim.waitlisted" }
func (Refused) FactName() string    { return "claim.refused" }
func (TakenUp) FactName() string    { return "claim.taken_up" }
func (Reassessed) FactName() string { return "claim.reassessed" }

// Subject is the claim.
func (h Head) Subject() domain.Ref { return Ref(h.ClaimID) }
