package transport

import (
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/events"
	"zhitong/projections"
)

// trip returns the rows of a departure that was scheduled.
func trip(db *projections.DB, id domain.ID) (*Departure, *Load, error) {
	if !departures.Has(db, DepartureKey{id}) {
		return nil, nil, fmt.Errorf("departure %q was not scheduled", id)
	}
	return departures.At(db, DepartureKey{id}), loads.At(db, DepartureKey{id}), nil
}

func scheduled(db *projections.DB, f departure.Scheduled) {
	d := departures.At(db, DepartureKey{f.DepartureID})
	d.RouteID, d.Date, d.VehiclePlate, d.CapacityKg = f.RouteID, f.Date, f.VehiclePlate, f.CapacityKg
	d.Status, d.OffCalendarReason = "scheduled", f.OffCalendarReason
	if f.CarrierID != "" {
		d.CarrierID = new(f.CarrierID)
	}
}

// weigh brings what follows from the load up to date.
func weigh(d *Departure, l *Load) {
	d.Consignments, d.LoadedKg = len(l.Shipments), domain.Kg{}
	for _, c := range l.Shipments {
		d.LoadedKg = d.LoadedKg.Add(c.Kg)
	}
}

// without is the load less a shipment; the slice is a new one.
func without(on []OnBoard, id domain.ID) []OnBoard {
	return slices.DeleteFunc(slices.Clone(on), func(c OnBoard) bool { return c.ShipmentID == id })
}

// put adds a shipment at the end of the loading order: its last loading counts.
func put(db *projections.DB, id domain.ID, c departure.Consignment) error {
	d, l, err := trip(db, id)
	if err != nil {
		return err
	}
	l.Shipments = append(without(l.Shipments, c.ShipmentID), OnBoard(c))
	weigh(d, l)
	return nil
}

// reweigh changes the kg of a shipment; its place stays.
func reweigh(db *projections.DB, f departure.LoadCorrected) error {
	d, l, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	l.Shipments = slices.Clone(l.Shipments)
	for i := range l.Shipments {
		if l.Shipments[i].ShipmentID == f.ShipmentID {
			l.Shipments[i].Kg = f.Kg
		}
	}
	weigh(d, l)
	return nil
}

func take(db *projections.DB, f departure.Unloaded) error {
	d, l, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	l.Shipments = without(l.Shipments, f.ShipmentID)
	weigh(d, l)
	return nil
}

func departed(db *projections.DB, e *events.Event, f departure.Departed) error {
	d, l, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	d.Status, d.DepartedAt = "departed", e.Time
	l.Shipments = nil
	for _, c := range f.Shipments {
		s, err := known(db, c.ShipmentID)
		if err != nil {
			return err
		}
		s.Status = "departed"
		l.Shipments = append(l.Shipments, OnBoard(c))
		m, _ := manifests.Find(db, ShipmentKey{c.ShipmentID})
		for _, no := range m.Lines {
			r, _ := lines.Find(db, LineKey{c.ShipmentID, no})
			l.Lines = append(l.Lines, Weight{r.ItemID, r.LoadedKg})
		}
	}
	weigh(d, l)
	split(db, d, l)
	return nil
}

func transshipped(db *projections.DB, f departure.Transshipped) error {
	d, _, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	d.VehiclePlate, d.CapacityKg = f.VehiclePlate, f.CapacityKg
	return nil
}

func arrived(db *projections.DB, e *events.Event, f departure.Arrived) error {
	d, _, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	d.Status, d.ArrivedAt = "arrived", e.Time
	d.TransitHours = new(d.DepartedAt.HoursUntil(e.Time))
	for _, id := range f.Shipments {
		s, err := known(db, id)
		if err != nil {
			return err
		}
		s.Status = "arrived"
	}
	return nil
}

// departureCancelled sends the shipments back to be loaded again.
func departureCancelled(db *projections.DB, f departure.Cancelled) error {
	d, l, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	d.Status, l.Shipments = "cancelled", nil
	weigh(d, l)
	for _, id := range f.Shipments {
		if err := unload(db, id); err != nil {
			return err
		}
	}
	return nil
}
