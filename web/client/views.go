package client

// The rows of the views. Made from their declarations by
//
//	go test ./web/client -run Rows -update
//
// Numbers with places are strings, exact; what can be null is a pointer.

import "github.com/go-json-experiment/json/jsontext"

// BudgetLines is a row of budget_lines: the budget lines of the funds and what became of their money.
type BudgetLines struct {
	FundID       string `json:"fund_id"`      // the fund: one policy in one year
	BudgetID     string `json:"budget_id"`    // its line
	FunderID     string `json:"funder_id"`    // who bears it
	Year         int64  `json:"year"`         // calendar year of the inspections
	Appropriated string `json:"appropriated"` // yuan given, with adjustments
	Reserved     string `json:"reserved"`     // for claims that are not approved
	Obligated    string `json:"obligated"`    // for claims that are approved and not paid
	Spent        string `json:"spent"`        // paid
	Refunded     string `json:"refunded"`     // came back by clawbacks
	Available    string `json:"available"`    // appropriated - reserved - obligated - spent + refunded
	PolicyID     string `json:"policy_id"`    // the policy
}

// ClaimLines is a row of claim_lines: the lines of the claims.
type ClaimLines struct {
	ClaimID    string         `json:"claim_id"`    // the claim
	LineNo     int64          `json:"line_no"`     // the shipment's line
	OrderID    string         `json:"order_id"`    // the order
	ItemID     string         `json:"item_id"`     // what was sold
	AcceptedKg string         `json:"accepted_kg"` // net of returns; 0 on a supplement
	Subsidy    string         `json:"subsidy"`     // yuan; while waiting the calculated amount
	Shares     jsontext.Value `json:"shares"`      // yuan by funder; empty while waiting or refused
	EventID    string         `json:"event_id"`    // the event with the calculation's steps
	OrderLine  int64          `json:"order_line"`  // the order's line
}

// Claims is a row of claims: the claims, one for a shipment and a policy, and their supplements.
type Claims struct {
	ClaimID       string  `json:"claim_id"`       // the claim: shipment, policy, and .S<n> on a supplement
	ShipmentID    string  `json:"shipment_id"`    // what it is for
	CooperativeID string  `json:"cooperative_id"` // who is paid
	PolicyID      string  `json:"policy_id"`      // the policy
	PolicyVersion int64   `json:"policy_version"` // its version, by the day of the inspection
	Status        string  `json:"status"`         // assessed, waitlisted, refused, submitted, approved, publicised, objected, authorised, batched, paid, payment_failed or rejected
	Assessed      string  `json:"assessed"`       // yuan; 0.00 while waitlisted, and when refused or rejected
	Paid          string  `json:"paid"`           // the full amount, also where a part was withheld
	Withheld      string  `json:"withheld"`       // withheld from its payment for debts
	ClawedBack    string  `json:"clawed_back"`    // of what was paid, back on the budget lines
	SubmittedAt   *string `json:"submitted_at"`   // claimed time of claim.submit
	PaidAt        *string `json:"paid_at"`        // claimed time of the confirmation that paid
	FundID        string  `json:"fund_id"`        // the fund that bears it
	Year          int64   `json:"year"`           // of the fund
	BuyerID       string  `json:"buyer_id"`       // who bought
	InspectedOn   *string `json:"inspected_on"`   // Shanghai day of the inspection
	Supplements   *string `json:"supplements"`    // the paid claim that this one supplements
	BatchID       *string `json:"batch_id"`       // the latest payment batch
	Objection     *string `json:"objection"`      // the reason of an open objection
}

// Clawbacks is a row of clawbacks: what is asked back of paid claims.
type Clawbacks struct {
	ClawbackID    string  `json:"clawback_id"`    // the clawback: its claim and .C<n>
	ClaimID       string  `json:"claim_id"`       // the paid claim
	CooperativeID string  `json:"cooperative_id"` // who was paid
	Amount        string  `json:"amount"`         // yuan
	Status        string  `json:"status"`         // proposed, approved or settled
	Method        *string `json:"method"`         // refund, offset or write_off; null until settled
	ProposedAt    *string `json:"proposed_at"`    // time of the return or correction, or of the confirmation after which it was reckoned
	SettledAt     *string `json:"settled_at"`     // claimed time of the settlement
	OpenDebt      string  `json:"open_debt"`      // of an offset: not yet withheld from any payment
	Recovered     string  `json:"recovered"`      // back on the budget lines
	FundID        string  `json:"fund_id"`        // the fund
}

// Departures is a row of departures: every trip: vehicle, load, times, freight.
type Departures struct {
	DepartureID       string  `json:"departure_id"`        // a vehicle's trip
	RouteID           string  `json:"route_id"`            // the route
	Date              *string `json:"date"`                // planned day
	VehiclePlate      string  `json:"vehicle_plate"`       // the vehicle; the last one after a transshipment
	Status            string  `json:"status"`              // scheduled, departed, arrived or cancelled
	CapacityKg        string  `json:"capacity_kg"`         // of the vehicle
	LoadedKg          string  `json:"loaded_kg"`           // of the shipments on it
	FreightAmount     string  `json:"freight_amount"`      // yuan of all invoices so far
	DepartedAt        *string `json:"departed_at"`         // claimed time; null before
	ArrivedAt         *string `json:"arrived_at"`          // claimed time; null before
	TransitHours      *string `json:"transit_hours"`       // hours between the two; null before arrival
	Consignments      int64   `json:"consignments"`        // shipments on it
	CarrierID         *string `json:"carrier_id"`          // who drives; null where none was named
	FreightFinal      bool    `json:"freight_final"`       // the final invoice is recorded
	OffCalendarReason string  `json:"off_calendar_reason"` // why it leaves off the route's calendar; empty where it doesn't
}

// Disbursements is a row of disbursements: the lines of the payment batches.
type Disbursements struct {
	BatchID      string  `json:"batch_id"`      // the payment batch
	LineNo       int64   `json:"line_no"`       // its line
	PayeeID      string  `json:"payee_id"`      // the cooperative
	ClaimID      string  `json:"claim_id"`      // what is paid
	Amount       string  `json:"amount"`        // transferred
	OffsetAmount string  `json:"offset_amount"` // withheld for debts
	Status       string  `json:"status"`        // pending, paid or failed
	Failure      *string `json:"failure"`       // the reason given at the confirmation
	Reference    *string `json:"reference"`     // the bank's reference
	FundID       string  `json:"fund_id"`       // the fund
	PayeeEvent   *string `json:"payee_event"`   // the event with the account; null where the cooperative has none
}

// Findings is a row of findings: records that are implausible or contradictory, each with rule, evidence and events (疑点清单).
type Findings struct {
	FindingID string         `json:"finding_id"` // the rule and what it is about
	Rule      string         `json:"rule"`       // which rule asks
	Severity  string         `json:"severity"`   // high, medium or low
	Subject   string         `json:"subject"`    // what it is about, as in the events' subject
	Detail    string         `json:"detail"`     // the figures that it rests on
	Events    jsontext.Value `json:"events"`     // ids of the events that it rests on, the first 50
	Status    string         `json:"status"`     // open, explained or confirmed, as an auditor noted
	Count     int64          `json:"count"`      // how many events it rests on
	Position  int64          `json:"position"`   // position at which it was first seen
	Note      string         `json:"note"`       // what the auditor noted; empty before
}

// FreightCost is a row of freight_cost: what the freight of a departure costs each item: split by weight, exact to the fen.
type FreightCost struct {
	DepartureID   string `json:"departure_id"`   // the trip
	ItemID        string `json:"item_id"`        // what it carried
	Kg            string `json:"kg"`             // loaded of the item
	FreightAmount string `json:"freight_amount"` // yuan: the item's part of the invoices so far, split by weight
}

// FundsFlow is a row of funds_flow: money by funder, cooperative, item and month.
type FundsFlow struct {
	FunderID      string `json:"funder_id"`      // who bears it
	CooperativeID string `json:"cooperative_id"` // who gets it
	ItemID        string `json:"item_id"`        // what was sold
	Month         string `json:"month"`          // Shanghai month of what changed it, YYYY-MM
	Assessed      string `json:"assessed"`       // assessed in the month, with differences; may be negative
	Paid          string `json:"paid"`           // paid in the month
	ClawedBack    string `json:"clawed_back"`    // back on the budget line in the month
}

// ItemSubsidy is a row of item_subsidy: subsidy by item, policy version and funder, of claims that are neither waitlisted, refused nor rejected.
type ItemSubsidy struct {
	ItemID        string `json:"item_id"`        // what was sold
	PolicyID      string `json:"policy_id"`      // the policy
	PolicyVersion int64  `json:"policy_version"` // its version
	FunderID      string `json:"funder_id"`      // who bears it
	AcceptedKg    string `json:"accepted_kg"`    // net kg of the claim lines, the same for each funder
	Assessed      string `json:"assessed"`       // present shares
	Reserved      string `json:"reserved"`       // of it not yet approved
	Approved      string `json:"approved"`       // of it obligated, not yet paid
	Paid          string `json:"paid"`           // of it paid
	ClawedBack    string `json:"clawed_back"`    // of what was paid, back on the budget line
	Net           string `json:"net"`            // paid - clawed_back
	Lines         int64  `json:"lines"`          // claim lines counted
}

// Items is a row of items: what is sold.
type Items struct {
	ItemID        string         `json:"item_id"`        // what is sold
	NameZh        *string        `json:"name_zh"`        // name in Chinese
	NameUg        *string        `json:"name_ug"`        // name in Uyghur
	NameEn        *string        `json:"name_en"`        // name in English
	Category      string         `json:"category"`       // the category that policies name
	Units         jsontext.Value `json:"units"`          // kg of one of the item's own units
	LossAllowance string         `json:"loss_allowance"` // share that may be lost on the way
	HS            *string        `json:"hs"`             // code of the harmonised system
}

// OrderFulfilment is a row of order_fulfilment: what became of each order line: shipped, accepted, rejected, returned, still open.
type OrderFulfilment struct {
	OrderID       string  `json:"order_id"`        // the order
	LineNo        int64   `json:"line_no"`         // its line
	BuyerID       string  `json:"buyer_id"`        // who ordered
	ItemID        string  `json:"item_id"`         // what
	OrderedKg     string  `json:"ordered_kg"`      // ordered, nominal
	ShippedKg     string  `json:"shipped_kg"`      // loaded on departures that departed
	AcceptedKg    string  `json:"accepted_kg"`     // accepted, after corrections, before returns
	RejectedKg    string  `json:"rejected_kg"`     // rejected, nominal, after corrections
	ReturnedKg    string  `json:"returned_kg"`     // returned after acceptance
	ShortClosedKg string  `json:"short_closed_kg"` // what would be open if the line were not short-closed, nominal
	OpenKg        string  `json:"open_kg"`         // ordered and not allocated to a shipment, nominal
	Status        string  `json:"status"`          // cancelled, short_closed, fulfilled, part_accepted, shipped, part_shipped or open: the first that holds
	CooperativeID *string `json:"cooperative_id"`  // who delivers; null until it is known
	Unit          string  `json:"unit"`            // unit of the line's quantities
	OpenQuantity  string  `json:"open_quantity"`   // ordered and not allocated to a shipment, in the unit
	WantedBy      *string `json:"wanted_by"`       // day by which the buyer wants it
	UnitPrice     string  `json:"unit_price"`      // yuan per unit
}

// Pairings is a row of pairings: which division of Anhui supports which of Pishan (结对帮扶).
type Pairings struct {
	Division        string  `json:"division"`         // city or county of Anhui
	PartnerDivision string  `json:"partner_division"` // township or village of Pishan
	From            string  `json:"from"`             // first day
	To              *string `json:"to"`               // last day; null while none is set
}

// Parties is a row of parties: who takes part.
type Parties struct {
	PartyID  string  `json:"party_id"` // the party
	Kind     string  `json:"kind"`     // cooperative, buyer, carrier or funder
	NameZh   *string `json:"name_zh"`  // name in Chinese
	NameUg   *string `json:"name_ug"`  // name in Uyghur
	NameEn   *string `json:"name_en"`  // name in English
	USCC     *string `json:"uscc"`     // unified social credit code
	Division *string `json:"division"` // administrative division
	Channel  *string `json:"channel"`  // of a buyer: its channel
	Farmers  *int64  `json:"farmers"`  // of a cooperative: how many farmers
	Status   string  `json:"status"`   // active, suspended or closed
	Payee    string  `json:"payee"`    // none, confirmed, proposed (not yet confirmed), or erased
}

// PendingAssessments is a row of pending_assessments: inspected shipments for which a policy was in effect and no claim exists, with the reason.
type PendingAssessments struct {
	ShipmentID  string  `json:"shipment_id"`  // the inspected shipment
	PolicyID    string  `json:"policy_id"`    // a policy in effect on the inspection's day
	Reason      string  `json:"reason"`       // no_fund, awaiting_freight or refused:<code>
	InspectedAt *string `json:"inspected_at"` // claimed time of the inspection
}

// Policies is a row of policies: the published policies, every version.
type Policies struct {
	PolicyID       string  `json:"policy_id"`       // the policy
	Version        int64   `json:"version"`         // its version
	NameZh         *string `json:"name_zh"`         // name in Chinese
	NameUg         *string `json:"name_ug"`         // name in Uyghur
	NameEn         *string `json:"name_en"`         // name in English
	EffectiveFrom  *string `json:"effective_from"`  // first inspection day
	EffectiveTo    *string `json:"effective_to"`    // last inspection day, as it stands after a withdrawal; before effective_from where nothing is left
	PublishedTo    *string `json:"published_to"`    // last inspection day as published
	OnExhausted    string  `json:"on_exhausted"`    // waitlist, partial or refuse
	PublicityDays  int64   `json:"publicity_days"`  // days that a claim is posted
	DistinctActors bool    `json:"distinct_actors"` // whether claims and clawbacks need two persons
	Withdrawn      *string `json:"withdrawn"`       // the reason of a withdrawal
	Policy         string  `json:"policy"`          // the whole policy as JSON
	EventID        string  `json:"event_id"`        // the event of the publication
}

// ProgrammeTotals is a row of programme_totals: the programme in one row.
type ProgrammeTotals struct {
	NetKg           string  `json:"net_kg"`           // accepted less returned
	NetAmount       string  `json:"net_amount"`       // yuan for it
	SubsidyAssessed string  `json:"subsidy_assessed"` // present subsidies of the claims
	SubsidyPaid     string  `json:"subsidy_paid"`     // of it paid
	Cooperatives    int64   `json:"cooperatives"`     // cooperatives with at least one accepted line
	Buyers          int64   `json:"buyers"`           // buyers with at least one accepted line
	Departures      int64   `json:"departures"`       // departures that departed
	FirstDate       *string `json:"first_date"`       // first Shanghai day with a sale, return or correction
	LastDate        *string `json:"last_date"`        // last Shanghai day with a sale, return or correction
}

// ProjectionStatus is a row of projection_status: how far each view has come, and whether it is live.
type ProjectionStatus struct {
	Projection         string  `json:"projection"`           // name of the view
	Version            int64   `json:"version"`              // version of its meaning
	Position           int64   `json:"position"`             // position of the last commit that is in it
	Head               int64   `json:"head"`                 // position of the last commit of the log
	LagEvents          int64   `json:"lag_events"`           // commits of the log that are not in it yet
	LagSeconds         int64   `json:"lag_seconds"`          // seconds between the recording of its last commit and of the log's
	Status             string  `json:"status"`               // live, building or stopped
	Error              *string `json:"error"`                // why it stopped, and what to do
	Digest             string  `json:"digest"`               // sum modulo 2^256 of the SHA-256 of its rows as lines of JSON, in hexadecimal
	Serving            bool    `json:"serving"`              // whether this version is what the view shows
	ErrorEvent         *string `json:"error_event"`          // id of the event that it could not fold
	ErrorPosition      *int64  `json:"error_position"`       // position of that event
	EventsPerS         int64   `json:"events_per_s"`         // events a second that go into it at present; 0 when nothing does
	RebuildDone        *int64  `json:"rebuild_done"`         // of a rebuild under way: thousandths of it that are done
	RebuildSecondsLeft *int64  `json:"rebuild_seconds_left"` // of a rebuild under way: about how many seconds it will still take
}

// Publicity is a row of publicity: claims as they were posted for the public, the latest posting of each.
type Publicity struct {
	ClaimID       string         `json:"claim_id"`       // the claim: shipment, policy, and .S<n> on a supplement
	CooperativeID string         `json:"cooperative_id"` // who is paid
	ItemIDs       jsontext.Value `json:"item_ids"`       // what was sold, sorted
	AcceptedKg    string         `json:"accepted_kg"`    // as posted
	AmountPosted  string         `json:"amount_posted"`  // yuan as posted
	AmountNow     string         `json:"amount_now"`     // yuan as they stand now
	PolicyID      string         `json:"policy_id"`      // the policy
	PolicyVersion int64          `json:"policy_version"` // its version
	From          *string        `json:"from"`           // first day of the posting
	To            *string        `json:"to"`             // last day of the posting
	Status        string         `json:"status"`         // the claim's
	ListSHA256    string         `json:"list_sha256"`    // hash of the list as it was posted
	EventID       string         `json:"event_id"`       // the event of the posting
}

// Routes is a row of routes: the routes, with every revision.
type Routes struct {
	RouteID           string         `json:"route_id"`            // the route
	Revision          int64          `json:"revision"`            // 0 as it was opened, then 1, 2, … in the order of recording
	EffectiveFrom     *string        `json:"effective_from"`      // day from which it holds; null for the opening
	Origin            string         `json:"origin"`              // where it begins
	Destination       string         `json:"destination"`         // where it ends
	DistanceKm        string         `json:"distance_km"`         // its length
	Calendar          jsontext.Value `json:"calendar"`            // the days on which departures leave
	TransitHoursMin   string         `json:"transit_hours_min"`   // planned hours, at least
	TransitHoursMax   string         `json:"transit_hours_max"`   // planned hours, at most
	VehicleCapacityKg string         `json:"vehicle_capacity_kg"` // of a vehicle, where a departure names none
}

// SalesByItem is a row of sales_by_item: what was sold of each item in all, its average price, and its subsidy.
type SalesByItem struct {
	ItemID            string  `json:"item_id"`             // what was sold
	NetKg             string  `json:"net_kg"`              // accepted less returned
	NetAmount         string  `json:"net_amount"`          // yuan for it
	AvgPrice          *string `json:"avg_price"`           // net_amount / net_kg, yuan per kg, half up; null when net_kg is 0
	SubsidyAssessed   string  `json:"subsidy_assessed"`    // present subsidies of the claims
	SubsidyPaid       string  `json:"subsidy_paid"`        // of it paid
	SubsidyClawedBack string  `json:"subsidy_clawed_back"` // of what was paid, back on the budget lines
	SubsidyPerKg      *string `json:"subsidy_per_kg"`      // subsidy_assessed / net_kg, half up; null when net_kg is 0
}

// SalesByPairing is a row of sales_by_pairing: what buyers in a division of Anhui bought from cooperatives in the division of Pishan that it is paired with. A sale counts for every pairing that was set before its inspection was recorded, that holds on the day of the inspection, and in whose divisions, or in parts of them, buyer and cooperative are; without one it is in no row.
type SalesByPairing struct {
	Division        string `json:"division"`         // city or county of Anhui, as the pairing was set
	PartnerDivision string `json:"partner_division"` // township or village of Pishan, as the pairing was set
	Month           string `json:"month"`            // Shanghai month of the inspection, return, correction or assessment, YYYY-MM
	Kg              string `json:"kg"`               // accepted less returned, with the differences of corrections
	Amount          string `json:"amount"`           // yuan for it
	Subsidy         string `json:"subsidy"`          // assessed for it, with the differences of reassessments
}

// SalesVolume is a row of sales_volume: what was sold: by month, item, cooperative, buyer and channel. Returns and corrections count in their own month.
type SalesVolume struct {
	Month          string `json:"month"`           // Shanghai month of the inspection, return or correction, YYYY-MM
	ItemID         string `json:"item_id"`         // what was sold
	CooperativeID  string `json:"cooperative_id"`  // who sold it
	BuyerID        string `json:"buyer_id"`        // who bought it
	Channel        string `json:"channel"`         // the buyer's channel at the inspection
	AcceptedKg     string `json:"accepted_kg"`     // accepted at inspections, with the differences of corrections
	ReturnedKg     string `json:"returned_kg"`     // returned, with the differences of corrections
	NetKg          string `json:"net_kg"`          // accepted_kg - returned_kg
	GrossAmount    string `json:"gross_amount"`    // yuan for what was accepted, with the differences of corrections
	ReturnedAmount string `json:"returned_amount"` // yuan for what was returned
	NetAmount      string `json:"net_amount"`      // gross_amount - returned_amount
	Lines          int64  `json:"lines"`           // shipment lines inspected in the month of which something was accepted
}

// ShipmentLines is a row of shipment_lines: every line of every shipment, with quantities in the unit of its order line.
type ShipmentLines struct {
	ShipmentID     string  `json:"shipment_id"`     // the shipment
	LineNo         int64   `json:"line_no"`         // its line
	OrderID        string  `json:"order_id"`        // the order that it is for
	OrderLine      int64   `json:"order_line"`      // the order's line
	ItemID         string  `json:"item_id"`         // what
	Unit           string  `json:"unit"`            // unit of the quantities
	Quantity       string  `json:"quantity"`        // logged, or corrected before departing
	LoggedKg       string  `json:"logged_kg"`       // its weight: measured, or else nominal
	Lot            string  `json:"lot"`             // the grower's lot; empty where none was given
	Packages       int64   `json:"packages"`        // number of packages; 0 where none was given
	Loaded         string  `json:"loaded"`          // on the trip
	LoadedKg       string  `json:"loaded_kg"`       // its weight
	Arrived        string  `json:"arrived"`         // found at the inspection
	Accepted       string  `json:"accepted"`        // accepted, after corrections
	AcceptedKg     string  `json:"accepted_kg"`     // its weight
	Rejected       string  `json:"rejected"`        // rejected, after corrections
	RejectedKg     string  `json:"rejected_kg"`     // its nominal weight
	Lost           string  `json:"lost"`            // loaded and not arrived
	LostKg         string  `json:"lost_kg"`         // its nominal weight
	Returned       string  `json:"returned"`        // returned after acceptance
	ReturnedKg     string  `json:"returned_kg"`     // its part of the accepted weight
	UnitPrice      *string `json:"unit_price"`      // yuan per unit, frozen at departure; null before the inspection
	Amount         string  `json:"amount"`          // yuan for what is accepted
	ReturnedAmount string  `json:"returned_amount"` // yuan for what was returned
}

// Shipments is a row of shipments: every shipment: where it is, and what of it was accepted, rejected and lost.
type Shipments struct {
	ShipmentID    string  `json:"shipment_id"`    // one cooperative's goods on one departure
	DepartureID   *string `json:"departure_id"`   // the trip that it is loaded on; null while it is on none
	CooperativeID string  `json:"cooperative_id"` // whose goods
	WaybillNo     string  `json:"waybill_no"`     // as written on the waybill
	Status        string  `json:"status"`         // logged, loaded, departed, arrived, inspected or cancelled
	LoggedKg      string  `json:"logged_kg"`      // logged, or corrected before departing
	LoadedKg      string  `json:"loaded_kg"`      // on the trip
	ArrivedKg     string  `json:"arrived_kg"`     // accepted_kg + rejected_kg
	AcceptedKg    string  `json:"accepted_kg"`    // accepted, after corrections, before returns
	RejectedKg    string  `json:"rejected_kg"`    // rejected, nominal, after corrections
	LostKg        string  `json:"lost_kg"`        // loaded and not arrived, nominal, after corrections
	BuyerID       string  `json:"buyer_id"`       // for whom
	LoggedAt      *string `json:"logged_at"`      // claimed time of the logging
	InspectedAt   *string `json:"inspected_at"`   // claimed time of the inspection; null before
	TicketNo      *string `json:"ticket_no"`      // of the inspection; null before
}

// Waitlist is a row of waitlist: claims that wait for money, in each fund in the order of their places.
type Waitlist struct {
	FundID  string  `json:"fund_id"`  // the fund
	ClaimID string  `json:"claim_id"` // the claim
	Place   int64   `json:"place"`    // number of its joining in the fund: who has the smallest is the head
	Amount  string  `json:"amount"`   // what it waits for
	Since   *string `json:"since"`    // claimed time of its joining
}
