package departure

import (
	"zhitong/domain"
	"zhitong/domain/route"
)

// Schedule decides departure.schedule: terms are the route's on the date, busy is
// the vehicle's trip that shares a day with the new one, or nil. The route exists
// and the carrier may begin something new: that is asked of them.
func (s *State) Schedule(c *Schedule, terms route.Terms, busy *Trip) ([]domain.Fact, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "departure.exists", "departure_id", string(c.DepartureID), "there is a departure with this id")
	}
	if c.OffCalendarReason == "" && !terms.Calendar.Includes(c.Date) {
		return nil, domain.Refuse(domain.Conflict, "departure.off_calendar", "date", c.Date.String(),
			"route %q has no departure on this day; off_calendar_reason says why one leaves", c.RouteID)
	}
	if err := vehicleFree(c.VehiclePlate, busy); err != nil {
		return nil, err
	}
	capacity := c.CapacityKg
	if capacity.IsZero() {
		capacity = terms.VehicleCapacityKg
	}
	return []domain.Fact{Scheduled{
		DepartureID: c.DepartureID, RouteID: c.RouteID, Date: c.Date, VehiclePlate: c.VehiclePlate, CarrierID: c.CarrierID,
		CapacityKg: capacity, TransitHours: *terms.TransitHours, OffCalendarReason: c.OffCalendarReason,
	}}, nil
}

func vehicleFree(plate domain.ID, busy *Trip) error {
	if busy == nil {
		return nil
	}
	return domain.Refuse(domain.Conflict, "departure.vehicle_busy", "vehicle_plate", string(plate),
		"the vehicle is on departure %q from %s to before %s", busy.DepartureID, busy.From, busy.To)
}

// in refuses a trip that does not exist, that is not the carrier's own, or that has
// none of the statuses.
func (s *State) in(id domain.ID, by domain.By, statuses ...Status) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "departure.unknown", "departure_id", string(id), "no departure has this id")
	}
	if !by.MayActFor(domain.Carrier, s.CarrierID) {
		return domain.Refuse(domain.Denied, "departure.not_yours", "departure_id", string(id), "departure %q does not name carrier %q", id, by.Actor)
	}
	for _, status := range statuses {
		if s.Status == status {
			return nil
		}
	}
	return domain.Refuse(domain.Conflict, "departure.not_"+string(statuses[0]), "departure_id", string(id),
		"departure %q is %s, needs to be %s", id, s.Status, statuses[0])
}

// MayLoad refuses, in field departure_id, a trip that takes no load any more.
func (s *State) MayLoad(id domain.ID) error { return s.in(id, domain.By{}, IsScheduled) }

// LoadShipment decides the trip's part of shipment.load.
func (s *State) LoadShipment(shipment domain.ID, kg domain.Kg) ([]domain.Fact, error) {
	if n := len(s.Load); n >= ShipmentsMax {
		return nil, domain.Refuse(domain.Limit, "departure.too_many_shipments", "departure_id", string(s.ID), "at most %d shipments", ShipmentsMax)
	}
	if err := s.fits(kg, domain.Kg{}, s.CapacityKg); err != nil {
		return nil, err
	}
	return []domain.Fact{Loaded{s.ID, Consignment{shipment, kg}}}, nil
}

// CorrectLoad decides the trip's part of shipment.correct for a shipment that is
// on it.
func (s *State) CorrectLoad(shipment domain.ID, kg domain.Kg) ([]domain.Fact, error) {
	if err := s.fits(kg, s.Load[s.place(shipment)].Kg, s.CapacityKg); err != nil {
		return nil, err
	}
	return []domain.Fact{LoadCorrected{s.ID, Consignment{shipment, kg}}}, nil
}

// Unload decides the trip's part of shipment.cancel for a shipment that is on it.
func (s *State) Unload(shipment domain.ID) []domain.Fact {
	return []domain.Fact{Unloaded{s.ID, s.Load[s.place(shipment)]}}
}

// fits refuses kg more, and instead less, than the capacity allows.
func (s *State) fits(kg, instead, capacity domain.Kg) error {
	loaded := s.LoadedKg.Sub(instead)
	if loaded.Add(kg).Cmp(capacity) <= 0 {
		return nil
	}
	return domain.Refuse(domain.Limit, "departure.over_capacity", "departure_id", string(s.ID),
		"needs %s kg, departure %q may still load %s of %s kg", kg, s.ID, capacity.Sub(loaded), capacity)
}

// Depart decides departure.depart: with at least one shipment.
func (s *State) Depart(c *Depart, by domain.By) ([]domain.Fact, error) {
	if err := s.in(c.DepartureID, by, IsScheduled); err != nil {
		return nil, err
	}
	if len(s.Load) == 0 {
		return nil, domain.Refuse(domain.Conflict, "departure.empty", "departure_id", string(c.DepartureID), "nothing is loaded on departure %q", c.DepartureID)
	}
	shipments := append([]Consignment(nil), s.Load...)
	return []domain.Fact{Departed{DepartureID: s.ID, Shipments: shipments, GrossKg: c.GrossKg, TareKg: c.TareKg, SealNo: c.SealNo, Attributes: c.Attributes}}, nil
}

// Transship decides departure.transship; busy is the new vehicle's trip that shares
// a day with this one, or nil.
func (s *State) Transship(c *Transship, by domain.By, busy *Trip) ([]domain.Fact, error) {
	if err := s.in(c.DepartureID, by, HasDeparted); err != nil {
		return nil, err
	}
	if c.VehiclePlate == s.VehiclePlate {
		return nil, domain.Refuse(domain.Conflict, "departure.same_vehicle", "vehicle_plate", string(c.VehiclePlate), "the trip is in this vehicle")
	}
	if err := vehicleFree(c.VehiclePlate, busy); err != nil {
		return nil, err
	}
	capacity := c.CapacityKg
	if capacity.IsZero() {
		capacity = s.CapacityKg
	}
	if s.LoadedKg.Cmp(capacity) > 0 {
		return nil, domain.Refuse(domain.Limit, "departure.over_capacity", "capacity_kg", capacity.String(), "%s kg are loaded", s.LoadedKg)
	}
	return []domain.Fact{Transshipped{s.ID, c.VehiclePlate, capacity, c.Place, c.Reason}}, nil
}

// Arrive decides departure.arrive.
func (s *State) Arrive(c *Arrive, by domain.By) ([]domain.Fact, error) {
	if err := s.in(c.DepartureID, by, HasDeparted); err != nil {
		return nil, err
	}
	return []domain.Fact{Arrived{DepartureID: s.ID, Shipments: s.shipments(), GrossKg: c.GrossKg, TareKg: c.TareKg}}, nil
}

// Cancel decides departure.cancel.
func (s *State) Cancel(c *Cancel, by domain.By) ([]domain.Fact, error) {
	if err := s.in(c.DepartureID, by, IsScheduled); err != nil {
		return nil, err
	}
	return []domain.Fact{Cancelled{DepartureID: s.ID, Shipments: s.shipments(), Reason: c.Reason}}, nil
}

func (s *State) shipments() []domain.ID {
	ids := make([]domain.ID, len(s.Load))
	for i, c := range s.Load {
		ids[i] = c.ShipmentID
	}
	return ids
}

// RecordFreight decides departure.record_freight.
func (s *State) RecordFreight(c *RecordFreight, by domain.By) ([]domain.Fact, error) {
	if err := s.in(c.DepartureID, by, HasDeparted, HasArrived); err != nil {
		return nil, err
	}
	switch {
	case s.FreightFinal:
		return nil, domain.Refuse(domain.Conflict, "departure.freight_final", "invoice_no", string(c.InvoiceNo), "the final invoice is recorded, %s yuan in all", s.Freight)
	case s.Invoices[c.InvoiceNo]:
		return nil, domain.Refuse(domain.Conflict, "departure.invoice_used", "invoice_no", string(c.InvoiceNo), "departure %q has this invoice", s.ID)
	case !s.Freight.Add(c.Amount).Writable():
		return nil, domain.Refuse(domain.Limit, "departure.freight_too_large", "amount", c.Amount.String(), "all invoices together must stay below 10^15 yuan")
	}
	final := c.Final == nil || *c.Final
	return []domain.Fact{FreightRecorded{DepartureID: s.ID, Amount: c.Amount, InvoiceNo: c.InvoiceNo, Final: final}}, nil
}
