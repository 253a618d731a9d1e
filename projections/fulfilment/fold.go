package fulfilment

import (
	"fmt"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the view of fulfilment.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "fulfilment",
		Version: 1,
		Tables:  []projections.AnyTable{lines, tallies, orders, shipments},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case order.Submitted:
		submitted(db, f)
	case order.Confirmed:
		for _, a := range f.Lines {
			err := change(db, LineKey{f.OrderID, a.LineNo}, func(l *Line, _ *Tally) { l.CooperativeID = new(a.CooperativeID) })
			if err != nil {
				return err
			}
		}
	case order.PriceRevised:
		return change(db, LineKey{f.OrderID, f.LineNo}, func(l *Line, _ *Tally) { l.UnitPrice = f.UnitPrice })
	case order.LineShortClosed:
		return change(db, LineKey{f.OrderID, f.LineNo}, func(_ *Line, t *Tally) { t.Short = true })
	case order.Cancelled:
		return cancelled(db, f)
	case order.LineAllocated:
		return change(db, LineKey{f.OrderID, f.LineNo}, func(_ *Line, t *Tally) { t.Held = t.Held.Add(f.Quantity) })
	case order.LineReleased:
		return change(db, LineKey{f.OrderID, f.LineNo}, func(_ *Line, t *Tally) { t.Held = t.Held.Sub(f.Quantity) })
	case shipment.Logged:
		shipments.At(db, ShipmentKey{f.ShipmentID}).Lines = partsOf(f.Lines, false)
	case shipment.Corrected:
		shipments.At(db, ShipmentKey{f.ShipmentID}).Lines = partsOf(f.Lines, f.Loaded)
	case shipment.Loaded:
		return loaded(db, f)
	case shipment.Cancelled:
		shipments.Delete(db, ShipmentKey{f.ShipmentID})
	case departure.Departed:
		for _, c := range f.Shipments {
			if err := departed(db, c.ShipmentID); err != nil {
				return err
			}
		}
	case shipment.Inspected:
		return inspected(db, f)
	case shipment.Returned:
		return change(db, LineKey{f.OrderID, f.OrderLine}, func(l *Line, _ *Tally) { l.ReturnedKg = l.ReturnedKg.Add(f.Kg) })
	case shipment.InspectionCorrected:
		for i := range f.Lines {
			if err := corrected(db, &f.Lines[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// change changes an order line and brings what follows from it up to date.
func change(db *projections.DB, k LineKey, by func(*Line, *Tally)) error {
	if !tallies.Has(db, k) {
		return fmt.Errorf("order %q has no line %d", k.OrderID, k.LineNo)
	}
	l, t := lines.At(db, k), tallies.At(db, k)
	by(l, t)
	open := t.Ordered.Excess(t.Held)
	none := t.Ordered.Sub(t.Ordered)
	l.OpenQuantity, l.ShortClosedKg = open, none.Nominal(t.KgPerUnit)
	switch {
	case t.Cancelled:
		l.OpenQuantity = none
	case t.Short:
		l.OpenQuantity, l.ShortClosedKg = none, open.Nominal(t.KgPerUnit)
	}
	l.OpenKg = l.OpenQuantity.Nominal(t.KgPerUnit)
	l.Status = status(t)
	return nil
}

// status is the first that holds.
func status(t *Tally) string {
	sent := t.Accepted.Add(t.InTransit)
	switch {
	case t.Cancelled:
		return "cancelled"
	case t.Short:
		return "short_closed"
	case t.Accepted.Cmp(t.Ordered) >= 0:
		return "fulfilled"
	case t.Accepted.Sign() > 0:
		return "part_accepted"
	case sent.Cmp(t.Ordered) >= 0:
		return "shipped"
	case sent.Sign() > 0:
		return "part_shipped"
	default:
		return "open"
	}
}

func submitted(db *projections.DB, f order.Submitted) {
	o := orders.At(db, OrderKey{f.OrderID})
	for _, ol := range f.Lines {
		k := LineKey{f.OrderID, ol.LineNo}
		o.Lines = append(o.Lines, ol.LineNo)
		t := tallies.At(db, k)
		t.KgPerUnit, t.Ordered = ol.KgPerUnit, ol.Quantity
		l := lines.At(db, k)
		l.BuyerID, l.ItemID, l.Unit, l.WantedBy, l.UnitPrice = f.BuyerID, ol.ItemID, ol.Unit, f.WantedBy, ol.UnitPrice
		l.OrderedKg = ol.Quantity.Nominal(ol.KgPerUnit)
		if ol.CooperativeID != "" {
			l.CooperativeID = new(ol.CooperativeID)
		}
		_ = change(db, k, func(*Line, *Tally) {}) // the line is there
	}
}

func cancelled(db *projections.DB, f order.Cancelled) error {
	o, ok := orders.Find(db, OrderKey{f.OrderID})
	if !ok {
		return fmt.Errorf("order %q is not known", f.OrderID)
	}
	for _, no := range o.Lines {
		if err := change(db, LineKey{f.OrderID, no}, func(_ *Line, t *Tally) { t.Cancelled = true }); err != nil {
			return err
		}
	}
	return nil
}

// partsOf are the lines as logged or corrected; what is corrected after loading is
// loaded too.
func partsOf(ls []shipment.Line, loaded bool) []Part {
	parts := make([]Part, len(ls))
	for i, l := range ls {
		parts[i] = Part{LineNo: l.LineNo, OrderID: l.OrderID, OrderLine: l.OrderLine}
		if loaded {
			parts[i].Loaded, parts[i].LoadedKg = l.Quantity, l.Kg
		}
	}
	return parts
}

func loaded(db *projections.DB, f shipment.Loaded) error {
	s := shipments.At(db, ShipmentKey{f.ShipmentID})
	byNo := make(map[int]shipment.LoadedLine, len(f.Lines))
	for _, l := range f.Lines {
		byNo[l.LineNo] = l
	}
	parts := make([]Part, len(s.Lines))
	for i, p := range s.Lines {
		l, ok := byNo[p.LineNo]
		if !ok {
			return fmt.Errorf("shipment %q: the loading does not name line %d", f.ShipmentID, p.LineNo)
		}
		p.Loaded, p.LoadedKg = l.Quantity, l.Kg
		parts[i] = p
	}
	s.Lines = parts
	return nil
}

// departed moves what a shipment has loaded onto the road.
func departed(db *projections.DB, id domain.ID) error {
	if !shipments.Has(db, ShipmentKey{id}) {
		return fmt.Errorf("shipment %q departs and is not known", id)
	}
	s := shipments.At(db, ShipmentKey{id})
	s.Departed = true
	for _, p := range s.Lines {
		err := change(db, p.key(), func(l *Line, t *Tally) {
			l.ShippedKg = l.ShippedKg.Add(p.LoadedKg)
			t.InTransit = t.InTransit.Add(p.Loaded)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inspected ends the transit of a shipment's lines.
func inspected(db *projections.DB, f shipment.Inspected) error {
	for i := range f.Lines {
		il := &f.Lines[i]
		err := change(db, LineKey{il.OrderID, il.OrderLine}, func(l *Line, t *Tally) {
			t.InTransit = t.InTransit.Sub(il.Loaded)
			t.Accepted = t.Accepted.Add(il.Accepted)
			l.AcceptedKg = l.AcceptedKg.Add(il.Kg)
			l.RejectedKg = l.RejectedKg.Add(il.RejectedKg)
		})
		if err != nil {
			return err
		}
	}
	shipments.Delete(db, ShipmentKey{f.ShipmentID})
	return nil
}

func corrected(db *projections.DB, c *shipment.CorrectedLine) error {
	return change(db, LineKey{c.OrderID, c.OrderLine}, func(l *Line, t *Tally) {
		t.Accepted = t.Accepted.Add(c.New.Accepted).Sub(c.Old.Accepted)
		l.AcceptedKg = l.AcceptedKg.Add(c.AcceptedKg)
		l.ReturnedKg = l.ReturnedKg.Add(c.ReturnedKg)
		l.RejectedKg = l.RejectedKg.Add(c.New.RejectedKg).Sub(c.Old.RejectedKg)
	})
}
