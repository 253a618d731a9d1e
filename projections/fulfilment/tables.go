package fulfilment

import (
	"zhitong/domain"
	"zhitong/projections"
)

// LineKey names an order line.
type LineKey struct {
	OrderID domain.ID `col:"order_id" doc:"the order"`
	LineNo  int       `col:"line_no" doc:"its line"`
}

// Line is a row of order_fulfilment. The columns in kg that are nominal say so;
// the others are measured where a weight was measured.
type Line struct {
	LineKey
	BuyerID       domain.ID       `col:"buyer_id" doc:"who ordered"`
	ItemID        domain.ID       `col:"item_id" doc:"what"`
	OrderedKg     domain.Kg       `col:"ordered_kg" doc:"ordered, nominal"`
	ShippedKg     domain.Kg       `col:"shipped_kg" doc:"loaded on departures that departed"`
	AcceptedKg    domain.Kg       `col:"accepted_kg" doc:"accepted, after corrections, before returns"`
	RejectedKg    domain.Kg       `col:"rejected_kg" doc:"rejected, nominal, after corrections"`
	ReturnedKg    domain.Kg       `col:"returned_kg" doc:"returned after acceptance"`
	ShortClosedKg domain.Kg       `col:"short_closed_kg" doc:"what would be open if the line were not short-closed, nominal"`
	OpenKg        domain.Kg       `col:"open_kg" doc:"ordered and not allocated to a shipment, nominal"`
	Status        string          `col:"status" doc:"cancelled, short_closed, fulfilled, part_accepted, shipped, part_shipped or open: the first that holds"`
	CooperativeID *domain.ID      `col:"cooperative_id" doc:"who delivers; null until it is known"`
	Unit          string          `col:"unit" doc:"unit of the line's quantities"`
	OpenQuantity  domain.Quantity `col:"open_quantity" doc:"ordered and not allocated to a shipment, in the unit"`
	WantedBy      domain.Day      `col:"wanted_by" doc:"day by which the buyer wants it"`
	UnitPrice     domain.Price    `col:"unit_price" doc:"yuan per unit"`
}

// Tally is what the fold remembers of an order line, in its unit.
type Tally struct {
	LineKey
	KgPerUnit domain.Kg       `col:"kg_per_unit" doc:"frozen when the order was submitted"`
	Ordered   domain.Quantity `col:"ordered" doc:"ordered"`
	Held      domain.Quantity `col:"held" doc:"allocated less released"`
	Accepted  domain.Quantity `col:"accepted" doc:"accepted, after corrections"`
	InTransit domain.Quantity `col:"in_transit" doc:"loaded, departed and not inspected"`
	Short     bool            `col:"short_closed" doc:"nothing more will come"`
	Cancelled bool            `col:"cancelled" doc:"the order was cancelled"`
}

// OrderKey names an order.
type OrderKey struct {
	OrderID domain.ID `col:"order_id" doc:"the order"`
}

// Order is the line numbers of an order.
type Order struct {
	OrderKey
	Lines []int `col:"lines" doc:"its line numbers"`
}

// ShipmentKey names a shipment.
type ShipmentKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the shipment"`
}

// Shipment is the lines of a shipment until it is inspected.
type Shipment struct {
	ShipmentKey
	Lines    []Part `col:"lines" doc:"its lines, with what is loaded of each"`
	Departed bool   `col:"departed" doc:"its departure has departed"`
}

// Part is a shipment line: a part of an order line.
type Part struct {
	LineNo    int             `json:"line_no"`
	OrderID   domain.ID       `json:"order_id"`
	OrderLine int             `json:"order_line"`
	Loaded    domain.Quantity `json:"loaded"`
	LoadedKg  domain.Kg       `json:"loaded_kg"`
}

func (p Part) key() LineKey { return LineKey{p.OrderID, p.OrderLine} }

var (
	lines = projections.View[LineKey, Line]("order_fulfilment",
		"What became of each order line: shipped, accepted, rejected, returned, still open.")
	tallies = projections.State[LineKey, Tally]("fulfilment_tally",
		"Quantities of each order line in its own unit.")
	orders = projections.State[OrderKey, Order]("fulfilment_order",
		"The lines of each order.")
	shipments = projections.State[ShipmentKey, Shipment]("fulfilment_shipment",
		"The lines of shipments that are not yet inspected.")
)
