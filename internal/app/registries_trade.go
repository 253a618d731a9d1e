package app

import (
	"slices"
	"time"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/programme"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// applyTrade folds one event into the registries of the trade.
func (r *Registries) applyTrade(e *events.Event) {
	switch f := e.Fact.(type) {
	case programme.Opened:
		r.programme.Put(struct{}{}, f.ProgrammeID)
	case programme.ClockConfirmed:
		r.clock.Put(struct{}{}, f.RecordedTime.Instant().UTC().Format(time.RFC3339Nano))
	case shipment.Logged:
		r.waybills.Put(f.Waybill(e.Time), waybillUse{e.Position, f.Content()})
	case shipment.Inspected:
		r.inspected(f.ShipmentID, e)
	case shipment.InspectionCorrected:
		r.inspected(f.ShipmentID, e)
	}
	r.applyTrips(e)
	r.applyPrices(e)
	r.applyOpen(e)
}

// Programme is the programme that the log is of, or "" before it is opened.
func (r *Registries) Programme() domain.ID {
	id, _ := r.programme.Get(struct{}{})
	return id
}

// ClockConfirmed says whether an operator has confirmed that the clock is right though
// the log was last written at a time ahead of it.
func (r *Registries) ClockConfirmed(recorded time.Time) bool {
	confirmed, _ := r.clock.Get(struct{}{})
	return confirmed == recorded.UTC().Format(time.RFC3339Nano)
}

// waybillUse is where a waybill was logged, and with what content.
type waybillUse struct {
	position uint64
	content  shipment.Content
}

// Waybill looks whether a waybill was used before. It returns the position of the
// commit that did so with the same content, 0 when the waybill is free, and a
// problem when it was used with other content.
func (r *Registries) Waybill(w shipment.Waybill, content shipment.Content) (uint64, error) {
	use, used := r.waybills.Get(w)
	if !used {
		return 0, nil
	}
	if use.content != content {
		return 0, w.Used()
	}
	return use.position, nil
}

// inspected notes who said what was found of a shipment.
func (r *Registries) inspected(id domain.ID, e *events.Event) {
	trail, _ := r.inspections.Get(id)
	r.inspections.Put(id, shipment.Trail{
		EventID: e.ID, CommandID: e.CommandID,
		Actors: append(slices.Clip(trail.Actors), e.Actor),
	})
}

// Inspection returns the inspection of a shipment and its corrections; the zero
// Trail before the inspection.
func (r *Registries) Inspection(id domain.ID) shipment.Trail {
	trail, _ := r.inspections.Get(id)
	return trail
}

// trip is a trip that occupies a vehicle.
type trip struct {
	plate domain.ID
	departure.Window
}

// applyTrips folds when which vehicle is on a trip.
func (r *Registries) applyTrips(e *events.Event) {
	switch f := e.Fact.(type) {
	case departure.Scheduled:
		r.trips.Put(f.DepartureID, trip{f.VehiclePlate, departure.WindowOf(f.Date, f.TransitHours)})
		r.addTrip(f.VehiclePlate, f.DepartureID)
	case departure.Transshipped:
		t, _ := r.trips.Get(f.DepartureID)
		r.dropTrip(t.plate, f.DepartureID)
		t.plate = f.VehiclePlate
		r.trips.Put(f.DepartureID, t)
		r.addTrip(t.plate, f.DepartureID)
	case departure.Arrived:
		t, _ := r.trips.Get(f.DepartureID)
		t.To = e.Time.Day()
		r.trips.Put(f.DepartureID, t)
	case departure.Cancelled:
		t, _ := r.trips.Get(f.DepartureID)
		r.dropTrip(t.plate, f.DepartureID)
		r.trips.Delete(f.DepartureID)
	}
}

func (r *Registries) addTrip(plate, id domain.ID) {
	ids, _ := r.vehicles.Get(plate)
	r.vehicles.Put(plate, append(slices.Clip(ids), id))
}

func (r *Registries) dropTrip(plate, id domain.ID) {
	ids, _ := r.vehicles.Get(plate)
	r.vehicles.Put(plate, slices.DeleteFunc(slices.Clone(ids), func(other domain.ID) bool { return other == id }))
}

// TripOf returns the window of a departure; the zero Window when it has none.
func (r *Registries) TripOf(id domain.ID) departure.Window {
	t, _ := r.trips.Get(id)
	return t.Window
}

// Busy returns the trip of a vehicle that shares a day with the window, or nil. The
// departure's own trip does not count.
func (r *Registries) Busy(plate domain.ID, w departure.Window, own domain.ID) *departure.Trip {
	ids, _ := r.vehicles.Get(plate)
	for _, id := range ids {
		t, _ := r.trips.Get(id)
		if id != own && t.Overlaps(w) {
			return &departure.Trip{DepartureID: id, Window: t.Window}
		}
	}
	return nil
}
