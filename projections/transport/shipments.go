package transport

import (
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// known returns the row of a shipment that was logged.
func known(db *projections.DB, id domain.ID) (*Shipment, error) {
	if !shipments.Has(db, ShipmentKey{id}) {
		return nil, fmt.Errorf("shipment %q was not logged", id)
	}
	return shipments.At(db, ShipmentKey{id}), nil
}

// knownLine returns the row of a shipment line that was logged.
func knownLine(db *projections.DB, id domain.ID, no int) (*Line, error) {
	if !lines.Has(db, LineKey{id, no}) {
		return nil, fmt.Errorf("shipment %q has no line %d", id, no)
	}
	return lines.At(db, LineKey{id, no}), nil
}

func logged(db *projections.DB, e *events.Event, f shipment.Logged) {
	s := shipments.At(db, ShipmentKey{f.ShipmentID})
	s.CooperativeID, s.BuyerID, s.WaybillNo = f.CooperativeID, f.BuyerID, f.WaybillNo
	s.Status, s.LoggedAt = "logged", e.Time
	s.LoggedKg = list(db, f.ShipmentID, f.Lines, false)
}

// list writes the lines of a shipment and returns their kg.
func list(db *projections.DB, id domain.ID, ls []shipment.Line, isLoaded bool) domain.Kg {
	var kg domain.Kg
	nos := make([]int, len(ls))
	for i, l := range ls {
		nos[i] = l.LineNo
		r := lines.At(db, LineKey{id, l.LineNo})
		r.OrderID, r.OrderLine, r.ItemID, r.Unit = l.OrderID, l.OrderLine, l.ItemID, l.Unit
		r.Quantity, r.LoggedKg, r.Lot, r.Packages = l.Quantity, l.Kg, l.Lot, l.Packages
		if isLoaded {
			r.Loaded, r.LoadedKg = l.Quantity, l.Kg
		}
		kg = kg.Add(l.Kg)
	}
	slices.Sort(nos)
	manifests.At(db, ShipmentKey{id}).Lines = nos
	return kg
}

// corrected replaces the lines.
func corrected(db *projections.DB, f shipment.Corrected) error {
	s, err := known(db, f.ShipmentID)
	if err != nil {
		return err
	}
	m, _ := manifests.Find(db, ShipmentKey{f.ShipmentID})
	for _, no := range m.Lines {
		lines.Delete(db, LineKey{f.ShipmentID, no})
	}
	s.LoggedKg = list(db, f.ShipmentID, f.Lines, f.Loaded)
	if f.Loaded {
		s.LoadedKg = s.LoggedKg
	}
	return nil
}

func cancelled(db *projections.DB, f shipment.Cancelled) error {
	if err := unload(db, f.ShipmentID); err != nil {
		return err
	}
	shipments.At(db, ShipmentKey{f.ShipmentID}).Status = "cancelled"
	return nil
}

// loaded puts the shipment on a departure; every line is named.
func loaded(db *projections.DB, f shipment.Loaded) error {
	s, err := known(db, f.ShipmentID)
	if err != nil {
		return err
	}
	var kg domain.Kg
	for _, l := range f.Lines {
		r, err := knownLine(db, f.ShipmentID, l.LineNo)
		if err != nil {
			return err
		}
		r.Loaded, r.LoadedKg = l.Quantity, l.Kg
		kg = kg.Add(l.Kg)
	}
	s.DepartureID, s.Status, s.LoadedKg = new(f.DepartureID), "loaded", kg
	return nil
}

// unload takes the shipment off its departure.
func unload(db *projections.DB, id domain.ID) error {
	s, err := known(db, id)
	if err != nil {
		return err
	}
	s.DepartureID, s.Status, s.LoadedKg = nil, "logged", domain.Kg{}
	m, _ := manifests.Find(db, ShipmentKey{id})
	for _, no := range m.Lines {
		r := lines.At(db, LineKey{id, no})
		r.Loaded, r.LoadedKg = domain.Quantity{}, domain.Kg{}
	}
	return nil
}

func inspected(db *projections.DB, e *events.Event, f shipment.Inspected) error {
	s, err := known(db, f.ShipmentID)
	if err != nil {
		return err
	}
	s.Status, s.InspectedAt, s.TicketNo = "inspected", e.Time, new(f.TicketNo)
	for i := range f.Lines {
		l := &f.Lines[i]
		r, err := knownLine(db, f.ShipmentID, l.LineNo)
		if err != nil {
			return err
		}
		r.UnitPrice = new(l.UnitPrice)
		book(s, r, shipment.Result{}, l.Result)
	}
	return nil
}

// book replaces the old result of a line by the new one.
func book(s *Shipment, r *Line, old, now shipment.Result) {
	r.Arrived, r.Accepted, r.AcceptedKg = now.Arrived, now.Accepted, now.Kg
	r.Rejected, r.RejectedKg = now.RejectedQ, now.RejectedKg
	r.Lost, r.LostKg, r.Amount = now.Lost, now.LostKg, now.Amount
	s.AcceptedKg = s.AcceptedKg.Add(now.Kg).Sub(old.Kg)
	s.RejectedKg = s.RejectedKg.Add(now.RejectedKg).Sub(old.RejectedKg)
	s.LostKg = s.LostKg.Add(now.LostKg).Sub(old.LostKg)
	s.ArrivedKg = s.AcceptedKg.Add(s.RejectedKg)
}

func returned(db *projections.DB, f shipment.Returned) error {
	r, err := knownLine(db, f.ShipmentID, f.LineNo)
	if err != nil {
		return err
	}
	r.Returned = f.ReturnedInAll
	r.ReturnedKg, r.ReturnedAmount = r.ReturnedKg.Add(f.Kg), r.ReturnedAmount.Add(f.Amount)
	return nil
}

func inspectionCorrected(db *projections.DB, f shipment.InspectionCorrected) error {
	s, err := known(db, f.ShipmentID)
	if err != nil {
		return err
	}
	for i := range f.Lines {
		l := &f.Lines[i]
		r, err := knownLine(db, f.ShipmentID, l.LineNo)
		if err != nil {
			return err
		}
		book(s, r, l.Old, l.New)
		r.ReturnedKg = r.ReturnedKg.Add(l.ReturnedKg)
	}
	return nil
}
