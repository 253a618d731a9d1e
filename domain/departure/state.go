package departure

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/route"
)

// Status is where a trip stands.
type Status string

// The statuses of a trip; the zero Status is that of no trip.
const (
	IsScheduled Status = "scheduled"
	HasDeparted Status = "departed"
	HasArrived  Status = "arrived"
	IsCancelled Status = "cancelled"
)

// ShipmentsMax is the number of shipments that a vehicle may carry.
const ShipmentsMax = 300

// State is a trip as its facts leave it.
type State struct {
	ID, RouteID  domain.ID
	Date         domain.Day
	VehiclePlate domain.ID // the present vehicle
	CarrierID    domain.ID // "" when none is named
	CapacityKg   domain.Kg
	TransitHours route.TransitHours
	Status       Status

	Load     []Consignment // in loading order
	LoadedKg domain.Kg     // Σ Load

	Freight      domain.Money       // of the invoices so far
	FreightFinal bool               // no invoice follows
	Invoices     map[domain.ID]bool // numbers recorded
}

// Exists reports whether the trip was scheduled.
func (s *State) Exists() bool { return s.ID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Scheduled:
		s.ID, s.RouteID, s.Date, s.VehiclePlate, s.CarrierID = f.DepartureID, f.RouteID, f.Date, f.VehiclePlate, f.CarrierID
		s.CapacityKg, s.TransitHours, s.Status = f.CapacityKg, f.TransitHours, IsScheduled
	case Loaded:
		s.Load = append(s.Load, f.Consignment)
		s.LoadedKg = s.LoadedKg.Add(f.Kg)
	case LoadCorrected:
		i := s.place(f.ShipmentID)
		s.LoadedKg = s.LoadedKg.Sub(s.Load[i].Kg).Add(f.Kg)
		s.Load[i] = f.Consignment
	case Unloaded:
		i := s.place(f.ShipmentID)
		s.LoadedKg = s.LoadedKg.Sub(s.Load[i].Kg)
		s.Load = slices.Delete(s.Load, i, i+1)
	case Departed:
		s.Status = HasDeparted
	case Transshipped:
		s.VehiclePlate, s.CapacityKg = f.VehiclePlate, f.CapacityKg
	case Arrived:
		s.Status = HasArrived
	case Cancelled:
		s.Status, s.Load, s.LoadedKg = IsCancelled, nil, domain.Kg{}
	case FreightRecorded:
		if s.Invoices == nil {
			s.Invoices = map[domain.ID]bool{}
		}
		s.Invoices[f.InvoiceNo] = true
		s.Freight, s.FreightFinal = s.Freight.Add(f.Amount), f.Final
	default:
		domain.Unknown(f)
	}
}

// place returns the index of the shipment in the load. It is on the trip: a fact
// says so.
func (s *State) place(shipment domain.ID) int {
	return slices.IndexFunc(s.Load, func(c Consignment) bool { return c.ShipmentID == shipment })
}

// Window is the days [From, To) in which a vehicle is on a trip.
type Window struct{ From, To domain.Day }

// WindowOf is the window that a trip is planned to have.
func WindowOf(date domain.Day, hours route.TransitHours) Window {
	return Window{date, date.Add(hours.Days())}
}

// Overlaps reports whether both windows hold a common day. An empty window has no
// day.
func (w Window) Overlaps(o Window) bool {
	from, to := w.From, w.To
	if o.From.Cmp(from) > 0 {
		from = o.From
	}
	if o.To.Cmp(to) < 0 {
		to = o.To
	}
	return from.Cmp(to) < 0
}

// Trip names a trip and its window.
type Trip struct {
	DepartureID domain.ID
	Window
}
