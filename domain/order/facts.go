package order

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "order"

// Ref names the order id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Line is a line of an order as it was submitted. KgPerUnit is frozen here.
type Line struct {
	LineNo        int               `json:"line_no"`
	ItemID        domain.ID         `json:"item_id"`
	Quantity      domain.Quantity   `json:"quantity"`
	Unit          string            `json:"unit"`
	KgPerUnit     domain.Kg         `json:"kg_per_unit"`
	UnitPrice     domain.Price      `json:"unit_price"` // yuan per unit
	CooperativeID domain.ID         `json:"cooperative_id,omitzero"`
	Tolerance     domain.Share      `json:"tolerance,omitzero"` // absent = 0
	Attributes    domain.Attributes `json:"attributes,omitzero"`
}

// Submitted begins an order.
type Submitted struct {
	OrderID    domain.ID         `json:"order_id"`
	BuyerID    domain.ID         `json:"buyer_id"`
	DeliverTo  domain.Text       `json:"deliver_to,omitzero"`
	WantedBy   domain.Day        `json:"wanted_by,omitzero"`
	Lines      []Line            `json:"lines"`
	Attributes domain.Attributes `json:"attributes,omitzero"`
}

// Assignment gives a line to a cooperative.
type Assignment struct {
	LineNo        int       `json:"line_no"`
	CooperativeID domain.ID `json:"cooperative_id"`
}

// Confirmed opens the order for shipments; Lines names the cooperative of every
// line.
type Confirmed struct {
	OrderID domain.ID    `json:"order_id"`
	Lines   []Assignment `json:"lines"`
}

// PriceRevised changes a line's price before anything of it has departed.
type PriceRevised struct {
	OrderID   domain.ID    `json:"order_id"`
	LineNo    int          `json:"line_no"`
	From      domain.Price `json:"from"`
	UnitPrice domain.Price `json:"unit_price"`
	Reason    domain.Text  `json:"reason"`
}

// LineShortClosed says that nothing more will come on the line.
type LineShortClosed struct {
	OrderID domain.ID   `json:"order_id"`
	LineNo  int         `json:"line_no"`
	Reason  domain.Text `json:"reason"`
}

// Cancelled ends an order of which nothing is loaded.
type Cancelled struct {
	OrderID domain.ID   `json:"order_id"`
	Reason  domain.Text `json:"reason"`
}

// Share names the shipment line that holds, or held, a part of an order line.
type Share struct {
	OrderID      domain.ID       `json:"order_id"`
	LineNo       int             `json:"line_no"`
	ShipmentID   domain.ID       `json:"shipment_id"`
	ShipmentLine int             `json:"shipment_line"`
	Quantity     domain.Quantity `json:"quantity"` // in the line's unit, > 0
}

// LineAllocated gives a quantity of the line to a shipment line.
type LineAllocated struct {
	Share `json:",embed"`
	Why   string `json:"why"` // logged, corrected, gain
}

// LineReleased takes a quantity back from a shipment line.
type LineReleased struct {
	Share `json:",embed"`
	Why   string `json:"why"` // order_cancelled, shipment_cancelled, corrected, not_loaded, lost_or_rejected
}

// The names of the facts.
func (Submitted) FactName() string       { return "order.submitted" }
func (Confirmed) FactName() string       { return "order.confirmed" }
func (PriceRevised) FactName() string    { return "order.price_revised" }
func (LineShortClosed) FactName() string { return "order.line_short_closed" }
func (Cancelled) FactName() string       { return "order.cancelled" }
func (LineAllocated) FactName() string   { return "order.line_allocated" }
func (LineReleased) FactName() string    { return "order.line_released" }

// The subject of each is the order.
func (f Submitted) Subject() domain.Ref       { return Ref(f.OrderID) }
func (f Confirmed) Subject() domain.Ref       { return Ref(f.OrderID) }
func (f PriceRevised) Subject() domain.Ref    { return Ref(f.OrderID) }
func (f LineShortClosed) Subject() domain.Ref { return Ref(f.OrderID) }
func (f Cancelled) Subject() domain.Ref       { return Ref(f.OrderID) }
func (f Share) Subject() domain.Ref           { return Ref(f.OrderID) }
