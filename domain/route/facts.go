package route

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "route"

// Ref names the route id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Calendar says on which days a route's departures leave: exactly one of its
// fields is given.
type Calendar struct {
	DaysEndingIn []int        `json:"days_ending_in,omitzero"` // last digit of the day of the month, 0–9
	Weekdays     []int        `json:"weekdays,omitzero"`       // ISO: 1 Monday … 7 Sunday
	Dates        []domain.Day `json:"dates,omitzero"`
}

// TransitHours is the range that a trip is planned to take, in hours.
type TransitHours struct {
	Min domain.Quantity `json:"min"`
	Max domain.Quantity `json:"max"`
}

// Terms are a route's particulars. In [Revised] only the ones given change.
type Terms struct {
	Origin            domain.Text     `json:"origin,omitzero"`
	Destination       domain.Text     `json:"destination,omitzero"`
	DistanceKm        domain.Quantity `json:"distance_km,omitzero"`
	Calendar          *Calendar       `json:"calendar,omitzero"`
	TransitHours      *TransitHours   `json:"transit_hours,omitzero"`
	VehicleCapacityKg domain.Kg       `json:"vehicle_capacity_kg,omitzero"`
}

// Opened begins a route.
type Opened struct {
	RouteID domain.ID `json:"route_id"`
	Terms   `json:",embed"`
}

// Revised changes a route for departures dated from EffectiveFrom on.
type Revised struct {
	RouteID       domain.ID  `json:"route_id"`
	EffectiveFrom domain.Day `json:"effective_from"`
	Terms         `json:",embed"`
}

// The names of the facts.
func (Opened) FactName() string  { return "route.opened" }
func (Revised) FactName() string { return "route.revised" }

// The subject of each is the route.
func (f Opened) Subject() domain.Ref  { return Ref(f.RouteID) }
func (f Revised) Subject() domain.Ref { return Ref(f.RouteID) }
