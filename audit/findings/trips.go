package findings

import (
	"fmt"
	"time"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/route"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// TripKey names a departure.
type TripKey struct {
	DepartureID domain.ID `col:"departure_id" doc:"a vehicle's trip"`
}

// trip is what is known of a trip.
type trip struct {
	TripKey
	Plate      domain.ID          `col:"plate" doc:"the vehicle, after a transshipment the second one"`
	CapacityKg domain.Kg          `col:"capacity_kg" doc:"of the vehicle"`
	Transit    route.TransitHours `col:"transit" doc:"planned range"`
	DepartedAt domain.Time        `col:"departed_at" doc:"claimed"`
	ArrivedAt  domain.Time        `col:"arrived_at" doc:"claimed"`
	Departed   string             `col:"departed" doc:"event id"`
}

var trips = projections.State[TripKey, trip]("finding_trips", "Trips as the rules of findings need them.")

// foldTrip keeps a trip. Rules that need it list the table; the first of them that
// sees an event folds it, and folding it again changes nothing.
func foldTrip(f *fold, e *events.Event) {
	switch x := e.Fact.(type) {
	case departure.Scheduled:
		t := trips.At(f.db, TripKey{x.DepartureID})
		t.Plate, t.CapacityKg, t.Transit = x.VehiclePlate, x.CapacityKg, x.TransitHours
	case departure.Transshipped:
		t := trips.At(f.db, TripKey{x.DepartureID})
		t.Plate, t.CapacityKg = x.VehiclePlate, x.CapacityKg
	case departure.Departed:
		t := trips.At(f.db, TripKey{x.DepartureID})
		t.DepartedAt, t.Departed = e.Time, e.ID
	case departure.Arrived:
		trips.At(f.db, TripKey{x.DepartureID}).ArrivedAt = e.Time
	}
}

var tripTables = []projections.AnyTable{trips}

// overload: load above capacity, by what was loaded or by what was weighed.
var overload = rule{"overload", High, tripTables, func(f *fold, e *events.Event) {
	foldTrip(f, e)
	switch x := e.Fact.(type) {
	case departure.Departed:
		var kg domain.Kg
		for _, c := range x.Shipments {
			kg = kg.Add(c.Kg)
		}
		f.weigh(e, x.DepartureID, kg, "loaded")
		if x.GrossKg.Sign() > 0 {
			f.weigh(e, x.DepartureID, x.GrossKg.Sub(x.TareKg), "weighed at departure")
		}
	case departure.Arrived:
		if x.GrossKg.Sign() > 0 {
			f.weigh(e, x.DepartureID, x.GrossKg.Sub(x.TareKg), "weighed at arrival")
		}
	}
}}

func (f *fold) weigh(e *events.Event, id domain.ID, kg domain.Kg, how string) {
	if t, ok := trips.Find(f.db, TripKey{id}); ok && t.CapacityKg.Sign() > 0 && kg.Cmp(t.CapacityKg) > 0 {
		f.raise(string(id), e, nil, "%s kg %s, capacity %s kg", kg, how, t.CapacityKg)
	}
}

// transit: a trip that was faster than can be, or outside its route's range.
var transit = rule{"transit", Medium, tripTables, func(f *fold, e *events.Event) {
	foldTrip(f, e)
	x, ok := e.Fact.(departure.Arrived)
	if !ok {
		return
	}
	t, ok := trips.Find(f.db, TripKey{x.DepartureID})
	if !ok || t.DepartedAt.IsZero() {
		return
	}
	took := t.DepartedAt.HoursUntil(e.Time)
	switch {
	case int64(took) < int64(f.TransitHoursMin)*100:
		f.raise(string(x.DepartureID), e, []string{t.Departed}, "%s hours under way, less than %d", took, f.TransitHoursMin)
	case !t.Transit.Max.IsZero() && (compareHours(took, t.Transit.Min) < 0 || compareHours(took, t.Transit.Max) > 0):
		f.raise(string(x.DepartureID), e, []string{t.Departed}, "%s hours under way, planned %s to %s", took, t.Transit.Min, t.Transit.Max)
	}
}}

// compareHours compares hundredths of an hour with a decimal.
func compareHours(h domain.Hours, q domain.Quantity) int {
	of, err := domain.ParseQuantity(max(h, 0).String())
	if err != nil {
		return 0
	}
	return of.Cmp(q)
}

// PlateKey names a vehicle.
type PlateKey struct {
	Plate domain.ID `col:"plate" doc:"a vehicle"`
}

// lastTrip is where a vehicle was last.
type lastTrip struct {
	PlateKey
	DepartureID domain.ID   `col:"departure_id" doc:"its latest trip"`
	From        domain.Time `col:"from_time" doc:"departure"`
	To          domain.Time `col:"to_time" doc:"arrival; null while under way"`
	EventID     string      `col:"event_id" doc:"of its departure"`
	TareKg      domain.Kg   `col:"tare_kg" doc:"latest tare"`
	TareEvent   string      `col:"tare_event" doc:"event that says so"`
}

var vehicles = projections.State[PlateKey, lastTrip]("finding_vehicles", "Where each vehicle was last, and its tare.")

// twoPlaces: a vehicle that departs before its trip before has arrived.
var twoPlaces = rule{"two_places", High, []projections.AnyTable{trips, vehicles}, func(f *fold, e *events.Event) {
	foldTrip(f, e)
	switch x := e.Fact.(type) {
	case departure.Departed:
		f.begins(e, x.DepartureID, e.Time)
	case departure.Transshipped:
		f.begins(e, x.DepartureID, e.Time)
	case departure.Arrived:
		t, _ := trips.Find(f.db, TripKey{x.DepartureID})
		if v, ok := vehicles.Find(f.db, PlateKey{t.Plate}); ok && v.DepartureID == x.DepartureID {
			vehicles.At(f.db, PlateKey{t.Plate}).To = e.Time
		}
	}
}}

// begins notes that a vehicle begins a trip, or takes over one.
func (f *fold) begins(e *events.Event, id domain.ID, at domain.Time) {
	t, _ := trips.Find(f.db, TripKey{id})
	k := PlateKey{t.Plate}
	v, had := vehicles.Find(f.db, k)
	if had && v.DepartureID != id && v.DepartureID != "" && (v.To.IsZero() && !at.Instant().Before(v.From.Instant()) || !v.To.IsZero() && at.Instant().Before(v.To.Instant())) {
		f.raise(string(id), e, []string{v.EventID}, "vehicle %s begins this trip at %s; its trip %s began at %s and ended at %s", t.Plate, at, v.DepartureID, v.From, orOpen(v.To))
	}
	row := vehicles.At(f.db, k)
	row.DepartureID, row.From, row.To, row.EventID = id, at, domain.Time{}, e.ID
}

func orOpen(t domain.Time) string {
	if t.IsZero() {
		return "no time yet"
	}
	return t.String()
}

// tare: tares of one vehicle that differ between trips.
var tare = rule{"tare", Medium, []projections.AnyTable{trips, vehicles}, func(f *fold, e *events.Event) {
	foldTrip(f, e)
	var id domain.ID
	var kg domain.Kg
	switch x := e.Fact.(type) {
	case departure.Departed:
		id, kg = x.DepartureID, x.TareKg
	case departure.Arrived:
		id, kg = x.DepartureID, x.TareKg
	}
	if id == "" || kg.Sign() <= 0 {
		return
	}
	t, _ := trips.Find(f.db, TripKey{id})
	v := vehicles.At(f.db, PlateKey{t.Plate})
	if before := v.TareKg.Grams(); before > 0 {
		if diff := kg.Grams() - before; max(diff, -diff)*1000 > before*f.TarePerMille {
			f.raise(string(id), e, []string{v.TareEvent}, "vehicle %s has a tare of %s kg, before %s kg", t.Plate, kg, v.TareKg)
		}
	}
	v.TareKg, v.TareEvent = kg, e.ID
}}

// NumberKey names a ticket or seal.
type NumberKey struct {
	Number string `col:"number" doc:"ticket or seal, with its number"`
}

type usedNumber struct {
	NumberKey
	EventID string `col:"event_id" doc:"that used it first"`
	Subject string `col:"subject" doc:"what it was used for"`
}

var numbers = projections.State[NumberKey, usedNumber]("finding_numbers", "Numbers of tickets and seals that were used.")

// numberTwice: a weighing ticket or a seal used twice.
var numberTwice = rule{"number_twice", High, []projections.AnyTable{numbers}, func(f *fold, e *events.Event) {
	var number string
	switch x := e.Fact.(type) {
	case shipment.Inspected:
		number = prefixed("ticket ", x.TicketNo)
	case departure.Departed:
		number = prefixed("seal ", x.SealNo)
	}
	if number == "" {
		return
	}
	if n, ok := numbers.Find(f.db, NumberKey{number}); ok {
		f.raise(number, e, []string{n.EventID}, "%s is used for %s and for %s", number, n.Subject, e.Subject)
		return
	}
	n := numbers.At(f.db, NumberKey{number})
	n.EventID, n.Subject = e.ID, e.Subject.String()
}}

func prefixed(what string, id domain.ID) string {
	if id == "" {
		return ""
	}
	return what + string(id)
}

// ArrivalKey names a shipment.
type ArrivalKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"a shipment"`
}

type arrival struct {
	ArrivalKey
	At      domain.Time `col:"at" doc:"claimed arrival"`
	EventID string      `col:"event_id" doc:"that says so"`
}

var arrivals = projections.State[ArrivalKey, arrival]("finding_arrivals", "When shipments arrived.")

// inspectionTime: an inspection before the arrival, or long after.
var inspectionTime = rule{"inspection_time", Medium, []projections.AnyTable{arrivals}, func(f *fold, e *events.Event) {
	switch x := e.Fact.(type) {
	case departure.Arrived:
		for _, id := range x.Shipments {
			a := arrivals.At(f.db, ArrivalKey{id})
			a.At, a.EventID = e.Time, e.ID
		}
	case shipment.Inspected:
		a, ok := arrivals.Find(f.db, ArrivalKey{x.ShipmentID})
		if !ok {
			return
		}
		gap := e.Time.Instant().Sub(a.At.Instant())
		if gap < 0 || gap > time.Duration(f.InspectionHoursMax)*time.Hour {
			f.raise(string(x.ShipmentID), e, []string{a.EventID}, "arrived at %s, inspected at %s (%s)", a.At, e.Time, hoursText(gap))
		}
	}
}}

func hoursText(d time.Duration) string {
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Abs().Minutes())%60)
}
