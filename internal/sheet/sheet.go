package sheet

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// Sheet is a claim with everything that its amount came from. Figures stand beside
// the id of the event that holds them.
type Sheet struct {
	claim.Head  `json:",embed"`
	Supplements domain.ID    `json:"supplements,omitzero"` // the claim that this one supplements
	Channel     domain.ID    `json:"channel"`
	DepartureID domain.ID    `json:"departure_id"`
	InspectedOn domain.Day   `json:"inspected_on"`
	Policy      *Source      `json:"policy,omitzero"`
	Status      claim.Status `json:"status"`

	// As in the view claims: what it amounts to now, what was paid, what of that was
	// withheld for debts, what came back.
	Assessed   domain.Money `json:"assessed"`
	Paid       domain.Money `json:"paid"`
	Withheld   domain.Money `json:"withheld"`
	ClawedBack domain.Money `json:"clawed_back"`

	Lines         []Line         `json:"lines"`
	Reassessments []Reassessment `json:"reassessments"`
	Clawbacks     []Clawback     `json:"clawbacks"`
	Life          []Happening    `json:"life"`
	Check         Check          `json:"check"`

	Names map[string]domain.Name `json:"names"` // of parties, items and the policy, by "party/C001"
}

// Source is the policy version that the claim was reckoned under.
type Source struct {
	Effective   policy.Effective `json:"effective"`
	Limits      []policy.Limit   `json:"limits"`
	Split       []policy.Funding `json:"split"`
	OnExhausted string           `json:"on_exhausted"`
	EventID     string           `json:"event_id"`
}

// Line is a line as it was assessed. Shares are those of the assessment, or, for a
// claim that waited, those that were made when it was taken up.
type Line struct {
	claim.Line  `json:",embed"`
	EventID     string         `json:"event_id"`
	TakenUp     []claim.Share  `json:"shares_taken_up,omitzero"`
	SharesEvent string         `json:"shares_event_id,omitzero"` // that holds the shares
	Shortage    *fund.Shortage `json:"shortage,omitzero"`        // which budget line was too small
}

// Reassessment is what returns and corrections changed of the claim.
type Reassessment struct {
	claim.Reassessed `json:",embed"`
	EventID          string      `json:"event_id"`
	Time             domain.Time `json:"time"`
}

// Clawback is money that is asked back, and what became of it.
type Clawback struct {
	ClawbackID domain.ID            `json:"clawback_id"`
	Amount     domain.Money         `json:"amount"`
	Lines      []claim.ClawbackLine `json:"lines"`
	Causes     []string             `json:"causes"`
	Status     claim.ClawbackStatus `json:"status"`
	Method     string               `json:"method,omitzero"`
	CameBack   domain.Money         `json:"came_back"`
	EventID    string               `json:"event_id"`
}

// Happening is a step of the claim's life.
type Happening struct {
	Fact      string       `json:"fact"` // e.g. "claim.submitted"
	Time      domain.Time  `json:"time"`
	Actor     domain.ID    `json:"actor"`
	Role      domain.Role  `json:"role"`
	Amount    domain.Money `json:"amount,omitzero"`
	Of        domain.ID    `json:"of,omitzero"`   // the clawback or batch that it is about
	Note      domain.Text  `json:"note,omitzero"` // reason, note or reference, as given
	Withheld  domain.Money `json:"withheld,omitzero"`
	Method    string       `json:"method,omitzero"`
	From      domain.Day   `json:"from,omitzero"`
	To        domain.Day   `json:"to,omitzero"`
	LineNo    int          `json:"line_no,omitzero"`
	Upheld    bool         `json:"upheld,omitzero"`
	EventID   string       `json:"event_id"`
	CausedBy  string       `json:"caused_by,omitzero"` // the event that it reacts to
	Position  uint64       `json:"position"`
	FundEvent []string     `json:"fund_events,omitzero"` // of the same commit: the money on the budget lines
}

// Check says that every recorded step was done once more, and each calculation as a
// whole from its frozen inputs.
type Check struct {
	Steps    int      `json:"steps"`
	Amounts  int      `json:"amounts"`
	Differs  []string `json:"differs"` // what came out otherwise; empty is right
	Unknown  bool     `json:"policy_unknown,omitzero"`
	Complete bool     `json:"complete"`
}
