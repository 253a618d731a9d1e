package departure

import (
	"zhitong/domain"
	"zhitong/domain/route"
)

// Kind is the aggregate's kind in subjects.
const Kind = "departure"

// Ref names the departure id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Scheduled begins a vehicle's trip. Transit hours and capacity are frozen here:
// a later revision of the route does not touch it.
type Scheduled struct {
	DepartureID       domain.ID          `json:"departure_id"`
	RouteID           domain.ID          `json:"route_id"`
	Date              domain.Day         `json:"date"`
	VehiclePlate      domain.ID          `json:"vehicle_plate"`
	CarrierID         domain.ID          `json:"carrier_id,omitzero"`
	CapacityKg        domain.Kg          `json:"capacity_kg"`
	TransitHours      route.TransitHours `json:"transit_hours"`
	OffCalendarReason domain.Text        `json:"off_calendar_reason,omitzero"`
}

// Consignment is a shipment on the trip with its loaded kg.
type Consignment struct {
	ShipmentID domain.ID `json:"shipment_id"`
	Kg         domain.Kg `json:"kg"`
}

// Loaded puts a shipment on the trip, at the end of the loading order.
type Loaded struct {
	DepartureID domain.ID `json:"departure_id"`
	Consignment `json:",embed"`
}

// LoadCorrected changes the kg of a shipment on the trip; its place stays.
type LoadCorrected struct {
	DepartureID domain.ID `json:"departure_id"`
	Consignment `json:",embed"`
}

// Unloaded takes a shipment off the trip before it departs.
type Unloaded struct {
	DepartureID domain.ID `json:"departure_id"`
	Consignment `json:",embed"`
}

// Departed begins the trip with the shipments listed, in loading order.
type Departed struct {
	DepartureID domain.ID         `json:"departure_id"`
	Shipments   []Consignment     `json:"shipments"`
	GrossKg     domain.Kg         `json:"gross_kg,omitzero"`
	TareKg      domain.Kg         `json:"tare_kg,omitzero"`
	SealNo      domain.ID         `json:"seal_no,omitzero"`
	Attributes  domain.Attributes `json:"attributes,omitzero"`
}

// Transshipped says that the trip goes on in another vehicle.
type Transshipped struct {
	DepartureID  domain.ID   `json:"departure_id"`
	VehiclePlate domain.ID   `json:"vehicle_plate"`
	CapacityKg   domain.Kg   `json:"capacity_kg"`
	Place        domain.Text `json:"place"`
	Reason       domain.Text `json:"reason"`
}

// Arrived ends the trip; Shipments are the ones that departed, in loading order.
type Arrived struct {
	DepartureID domain.ID   `json:"departure_id"`
	Shipments   []domain.ID `json:"shipments"`
	GrossKg     domain.Kg   `json:"gross_kg,omitzero"`
	TareKg      domain.Kg   `json:"tare_kg,omitzero"`
}

// Cancelled ends a trip that did not depart; Shipments go back to logged.
type Cancelled struct {
	DepartureID domain.ID   `json:"departure_id"`
	Shipments   []domain.ID `json:"shipments,omitzero"`
	Reason      domain.Text `json:"reason"`
}

// FreightRecorded adds an invoice to the trip's freight.
type FreightRecorded struct {
	DepartureID domain.ID    `json:"departure_id"`
	Amount      domain.Money `json:"amount"`
	InvoiceNo   domain.ID    `json:"invoice_no"`
	Final       bool         `json:"final"`
}

// The names of the facts.
func (Scheduled) FactName() string       { return "departure.scheduled" }
func (Loaded) FactName() string          { return "departure.loaded" }
func (LoadCorrected) FactName() string   { return "departure.load_corrected" }
func (Unloaded) FactName() string        { return "departure.unloaded" }
func (Departed) FactName() string        { return "departure.departed" }
func (Transshipped) FactName() string    { return "departure.transshipped" }
func (Arrived) FactName() string         { return "departure.arrived" }
func (Cancelled) FactName() string       { return "departure.cancelled" }
func (FreightRecorded) FactName() string { return "departure.freight_recorded" }

// The subject of each is the departure.
func (f Scheduled) Subject() domain.Ref       { return Ref(f.DepartureID) }
func (f Loaded) Subject() domain.Ref          { return Ref(f.DepartureID) }
func (f LoadCorrected) Subject() domain.Ref   { return Ref(f.DepartureID) }
func (f Unloaded) Subject() domain.Ref        { return Ref(f.DepartureID) }
func (f Departed) Subject() domain.Ref        { return Ref(f.DepartureID) }
func (f Transshipped) Subject() domain.Ref    { return Ref(f.DepartureID) }
func (f Arrived) Subject() domain.Ref         { return Ref(f.DepartureID) }
func (f Cancelled) Subject() domain.Ref       { return Ref(f.DepartureID) }
func (f FreightRecorded) Subject() domain.Ref { return Ref(f.DepartureID) }
