package shipment

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "shipment"

// Ref names the shipment id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Line is a line of a shipment as logged or corrected. Kg is the measured weight
// if one was given, else the nominal one; Measured says which.
type Line struct {
	LineNo    int             `json:"line_no"`
	OrderID   domain.ID       `json:"order_id"`
	OrderLine int             `json:"order_line"`
	ItemID    domain.ID       `json:"item_id"`
	Unit      string          `json:"unit"`
	KgPerUnit domain.Kg       `json:"kg_per_unit"`
	Quantity  domain.Quantity `json:"quantity"` // in the order line's unit
	Kg        domain.Kg       `json:"kg"`
	Measured  bool            `json:"measured,omitzero"`
	Lot       domain.ID       `json:"lot,omitzero"`
	Packages  int             `json:"packages,omitzero"`
}

// Logged begins a shipment.
type Logged struct {
	ShipmentID    domain.ID         `json:"shipment_id"`
	CooperativeID domain.ID         `json:"cooperative_id"`
	BuyerID       domain.ID         `json:"buyer_id"`
	WaybillNo     domain.ID         `json:"waybill_no"`
	Lines         []Line            `json:"lines"`
	Attributes    domain.Attributes `json:"attributes,omitzero"`
}

// Corrected replaces the lines. Loaded says that the shipment was loaded, so that
// the loaded quantities are the new ones too.
type Corrected struct {
	ShipmentID domain.ID   `json:"shipment_id"`
	Lines      []Line      `json:"lines"`
	Loaded     bool        `json:"loaded,omitzero"`
	Reason     domain.Text `json:"reason"`
}

// Cancelled ends a shipment that did not depart.
type Cancelled struct {
	ShipmentID domain.ID   `json:"shipment_id"`
	Reason     domain.Text `json:"reason"`
}

// LoadedLine is what of a line was loaded; every line is named, also with 0.
type LoadedLine struct {
	LineNo   int             `json:"line_no"`
	Quantity domain.Quantity `json:"quantity"`
	Kg       domain.Kg       `json:"kg"`
}

// Loaded puts the shipment on a departure.
type Loaded struct {
	ShipmentID  domain.ID    `json:"shipment_id"`
	DepartureID domain.ID    `json:"departure_id"`
	Lines       []LoadedLine `json:"lines"`
}

// Rejection is a part of what arrived that the buyer did not take.
type Rejection struct {
	Quantity    domain.Quantity `json:"quantity"`
	Reason      string          `json:"reason"`      // quality, damage, spec, excess, other
	Disposition string          `json:"disposition"` // return, scrap, resell
}

// Result is what an inspection found of one line. Arrived = accepted + Σ rejected;
// Kg is the weight of the accepted goods, RejectedKg the nominal one of the
// rejected; Amount is accepted × the price frozen at departure, to the fen.
type Result struct {
	Arrived    domain.Quantity `json:"arrived"`
	Accepted   domain.Quantity `json:"accepted"`
	Kg         domain.Kg       `json:"kg"`
	Rejected   []Rejection     `json:"rejected,omitzero"`
	RejectedQ  domain.Quantity `json:"rejected_quantity"`
	RejectedKg domain.Kg       `json:"rejected_kg"`
	Lost       domain.Quantity `json:"lost"` // max(0, loaded − arrived)
	LostKg     domain.Kg       `json:"lost_kg"`
	Gain       domain.Quantity `json:"gain"` // max(0, arrived − loaded)
	Amount     domain.Money    `json:"amount"`
}

// Sold is what a line was sold as; it is frozen at the inspection.
type Sold struct {
	OrderID   domain.ID    `json:"order_id"`
	OrderLine int          `json:"order_line"`
	ItemID    domain.ID    `json:"item_id"`
	Category  domain.ID    `json:"category"`
	Unit      string       `json:"unit"`
	KgPerUnit domain.Kg    `json:"kg_per_unit"`
	UnitPrice domain.Price `json:"unit_price"`
}

// Deal names the parties of a sale and the buyer's channel at the inspection.
type Deal struct {
	CooperativeID domain.ID `json:"cooperative_id"`
	BuyerID       domain.ID `json:"buyer_id"`
	Channel       domain.ID `json:"channel"`
}

// InspectedLine is one line of an inspection.
type InspectedLine struct {
	LineNo int `json:"line_no"`
	Sold   `json:",embed"`
	Loaded domain.Quantity `json:"loaded"`
	Result `json:",embed"`
}

// Inspected recognises the sale of what was accepted, on every line.
type Inspected struct {
	ShipmentID  domain.ID `json:"shipment_id"`
	DepartureID domain.ID `json:"departure_id"`
	TicketNo    domain.ID `json:"ticket_no"`
	Deal        `json:",embed"`
	Lines       []InspectedLine   `json:"lines"`
	Attributes  domain.Attributes `json:"attributes,omitzero"`
}

// Returned takes back a part of an accepted line. Kg and Amount are this return's
// part of what is returned in all, so that a full return gives back exactly what
// was accepted; ReturnedInAll includes it.
type Returned struct {
	ShipmentID    domain.ID `json:"shipment_id"`
	Deal          `json:",embed"`
	LineNo        int `json:"line_no"`
	Sold          `json:",embed"`
	Quantity      domain.Quantity `json:"quantity"`
	Reason        domain.Text     `json:"reason"`
	ReturnedInAll domain.Quantity `json:"returned_in_all"`
	Kg            domain.Kg       `json:"kg"`
	Amount        domain.Money    `json:"amount"`
}

// CorrectedLine is one line of a corrected inspection, with its old and new
// result and what changed (differences may be negative).
type CorrectedLine struct {
	LineNo     int `json:"line_no"`
	Sold       `json:",embed"`
	Old        Result       `json:"old"`
	New        Result       `json:"new"`
	AcceptedKg domain.Kg    `json:"accepted_kg_difference"`
	ReturnedKg domain.Kg    `json:"returned_kg_difference"` // of what was returned before, re-reckoned
	Amount     domain.Money `json:"amount_difference"`
}

// InspectionCorrected changes the result of the lines named.
type InspectionCorrected struct {
	ShipmentID domain.ID `json:"shipment_id"`
	Corrects   string    `json:"corrects"` // event id of the inspection or correction that it follows
	Deal       `json:",embed"`
	Lines      []CorrectedLine `json:"lines"`
	Reason     domain.Text     `json:"reason"`
}

// The names of the facts.
func (Logged) FactName() string              { return "shipment.logged" }
func (Corrected) FactName() string           { return "shipment.corrected" }
func (Cancelled) FactName() string           { return "shipment.cancelled" }
func (Loaded) FactName() string              { return "shipment.loaded" }
func (Inspected) FactName() string           { return "shipment.inspected" }
func (Returned) FactName() string            { return "shipment.returned" }
func (InspectionCorrected) FactName() string { return "shipment.inspection_corrected" }

// The subject of each is the shipment.
func (f Logged) Subject() domain.Ref              { return Ref(f.ShipmentID) }
func (f Corrected) Subject() domain.Ref           { return Ref(f.ShipmentID) }
func (f Cancelled) Subject() domain.Ref           { return Ref(f.ShipmentID) }
func (f Loaded) Subject() domain.Ref              { return Ref(f.ShipmentID) }
func (f Inspected) Subject() domain.Ref           { return Ref(f.ShipmentID) }
func (f Returned) Subject() domain.Ref            { return Ref(f.ShipmentID) }
func (f InspectionCorrected) Subject() domain.Ref { return Ref(f.ShipmentID) }
