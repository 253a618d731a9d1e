package transport

import (
	"zhitong/domain"
	"zhitong/projections"
)

// ShipmentKey names a shipment.
type ShipmentKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"one cooperative's goods on one departure"`
}

// Shipment is a row of shipments.
type Shipment struct {
	ShipmentKey
	DepartureID   *domain.ID  `col:"departure_id" doc:"the trip that it is loaded on; null while it is on none"`
	CooperativeID domain.ID   `col:"cooperative_id" doc:"whose goods"`
	WaybillNo     domain.ID   `col:"waybill_no" doc:"as written on the waybill"`
	Status        string      `col:"status" doc:"logged, loaded, departed, arrived, inspected or cancelled"`
	LoggedKg      domain.Kg   `col:"logged_kg" doc:"logged, or corrected before departing"`
	LoadedKg      domain.Kg   `col:"loaded_kg" doc:"on the trip"`
	ArrivedKg     domain.Kg   `col:"arrived_kg" doc:"accepted_kg + rejected_kg"`
	AcceptedKg    domain.Kg   `col:"accepted_kg" doc:"accepted, after corrections, before returns"`
	RejectedKg    domain.Kg   `col:"rejected_kg" doc:"rejected, nominal, after corrections"`
	LostKg        domain.Kg   `col:"lost_kg" doc:"loaded and not arrived, nominal, after corrections"`
	BuyerID       domain.ID   `col:"buyer_id" doc:"for whom"`
	LoggedAt      domain.Time `col:"logged_at" doc:"claimed time of the logging"`
	InspectedAt   domain.Time `col:"inspected_at" doc:"claimed time of the inspection; null before"`
	TicketNo      *domain.ID  `col:"ticket_no" doc:"of the inspection; null before"`
}

// LineKey names a shipment line.
type LineKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the shipment"`
	LineNo     int       `col:"line_no" doc:"its line"`
}

// Line is a row of shipment_lines. Quantities are in the unit of the order line.
type Line struct {
	LineKey
	OrderID        domain.ID       `col:"order_id" doc:"the order that it is for"`
	OrderLine      int             `col:"order_line" doc:"the order's line"`
	ItemID         domain.ID       `col:"item_id" doc:"what"`
	Unit           string          `col:"unit" doc:"unit of the quantities"`
	Quantity       domain.Quantity `col:"quantity" doc:"logged, or corrected before departing"`
	LoggedKg       domain.Kg       `col:"logged_kg" doc:"its weight: measured, or else nominal"`
	Lot            domain.ID       `col:"lot" doc:"the grower's lot; empty where none was given"`
	Packages       int             `col:"packages" doc:"number of packages; 0 where none was given"`
	Loaded         domain.Quantity `col:"loaded" doc:"on the trip"`
	LoadedKg       domain.Kg       `col:"loaded_kg" doc:"its weight"`
	Arrived        domain.Quantity `col:"arrived" doc:"found at the inspection"`
	Accepted       domain.Quantity `col:"accepted" doc:"accepted, after corrections"`
	AcceptedKg     domain.Kg       `col:"accepted_kg" doc:"its weight"`
	Rejected       domain.Quantity `col:"rejected" doc:"rejected, after corrections"`
	RejectedKg     domain.Kg       `col:"rejected_kg" doc:"its nominal weight"`
	Lost           domain.Quantity `col:"lost" doc:"loaded and not arrived"`
	LostKg         domain.Kg       `col:"lost_kg" doc:"its nominal weight"`
	Returned       domain.Quantity `col:"returned" doc:"returned after acceptance"`
	ReturnedKg     domain.Kg       `col:"returned_kg" doc:"its part of the accepted weight"`
	UnitPrice      *domain.Price   `col:"unit_price" doc:"yuan per unit, frozen at departure; null before the inspection"`
	Amount         domain.Money    `col:"amount" doc:"yuan for what is accepted"`
	ReturnedAmount domain.Money    `col:"returned_amount" doc:"yuan for what was returned"`
}

// DepartureKey names a departure.
type DepartureKey struct {
	DepartureID domain.ID `col:"departure_id" doc:"a vehicle's trip"`
}

// Departure is a row of departures.
type Departure struct {
	DepartureKey
	RouteID           domain.ID     `col:"route_id" doc:"the route"`
	Date              domain.Day    `col:"date" doc:"planned day"`
	VehiclePlate      domain.ID     `col:"vehicle_plate" doc:"the vehicle; the last one after a transshipment"`
	Status            string        `col:"status" doc:"scheduled, departed, arrived or cancelled"`
	CapacityKg        domain.Kg     `col:"capacity_kg" doc:"of the vehicle"`
	LoadedKg          domain.Kg     `col:"loaded_kg" doc:"of the shipments on it"`
	FreightAmount     domain.Money  `col:"freight_amount" doc:"yuan of all invoices so far"`
	DepartedAt        domain.Time   `col:"departed_at" doc:"claimed time; null before"`
	ArrivedAt         domain.Time   `col:"arrived_at" doc:"claimed time; null before"`
	TransitHours      *domain.Hours `col:"transit_hours" doc:"hours between the two; null before arrival"`
	Consignments      int           `col:"consignments" doc:"shipments on it"`
	CarrierID         *domain.ID    `col:"carrier_id" doc:"who drives; null where none was named"`
	FreightFinal      bool          `col:"freight_final" doc:"the final invoice is recorded"`
	OffCalendarReason domain.Text   `col:"off_calendar_reason" doc:"why it leaves off the route's calendar; empty where it doesn't"`
}

// FreightKey names an item on a departure.
type FreightKey struct {
	DepartureID domain.ID `col:"departure_id" doc:"the trip"`
	ItemID      domain.ID `col:"item_id" doc:"what it carried"`
}

// Freight is a row of freight_cost.
type Freight struct {
	FreightKey
	Kg            domain.Kg    `col:"kg" doc:"loaded of the item"`
	FreightAmount domain.Money `col:"freight_amount" doc:"yuan: the item's part of the invoices so far, split by weight"`
}

// Manifest is the lines of a shipment.
type Manifest struct {
	ShipmentKey
	Lines []int `col:"lines" doc:"its line numbers, ascending"`
}

// Load is what is on a departure.
type Load struct {
	DepartureKey
	Shipments []OnBoard `col:"shipments" doc:"the shipments in loading order"`
	Lines     []Weight  `col:"lines" doc:"what departed, line by line: the weights of the freight's split"`
}

// OnBoard is a shipment on a departure.
type OnBoard struct {
	ShipmentID domain.ID `json:"shipment_id"`
	Kg         domain.Kg `json:"kg"`
}

// Weight is a shipment line in the freight's split.
type Weight struct {
	ItemID domain.ID `json:"item_id"`
	Kg     domain.Kg `json:"kg"`
}

var (
	shipments = projections.View[ShipmentKey, Shipment]("shipments",
		"Every shipment: where it is, and what of it was accepted, rejected and lost.")
	lines = projections.View[LineKey, Line]("shipment_lines",
		"Every line of every shipment, with quantities in the unit of its order line.")
	departures = projections.View[DepartureKey, Departure]("departures",
		"Every trip: vehicle, load, times, freight.")
	freight = projections.View[FreightKey, Freight]("freight_cost",
		"What the freight of a departure costs each item: split by weight, exact to the fen.")
	manifests = projections.State[ShipmentKey, Manifest]("transport_manifest",
		"The line numbers of each shipment.")
	loads = projections.State[DepartureKey, Load]("transport_load",
		"What is on each departure, in loading order.")
)
