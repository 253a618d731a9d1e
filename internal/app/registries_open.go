package app

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// orderProgress is how far an order is, for the question what is open of a party.
// Its lines are never changed in place.
type orderProgress struct {
	buyer domain.ID
	lines []lineProgress
}

type lineProgress struct {
	no                 int
	cooperative        domain.ID // "" before one is named
	quantity, accepted domain.Quantity
	ended              bool // short-closed or cancelled
}

func (l *lineProgress) open() bool { return !l.ended && l.accepted.Cmp(l.quantity) < 0 }

// Open counts what of a party is unfinished.
func (r *Registries) Open(id domain.ID) party.Unfinished {
	n, _ := r.open.Get(id)
	return n
}

// count changes what of a party is unfinished.
func (r *Registries) count(id domain.ID, change func(n *party.Unfinished)) {
	if id == "" {
		return
	}
	n := r.Open(id)
	change(&n)
	if n == (party.Unfinished{}) {
		r.open.Delete(id)
		return
	}
	r.open.Put(id, n)
}

// applyOpen folds what is unfinished of whom.
func (r *Registries) applyOpen(e *events.Event) {
	switch f := e.Fact.(type) {
	case order.Submitted:
		lines := make([]lineProgress, len(f.Lines))
		for i, l := range f.Lines {
			lines[i] = lineProgress{no: l.LineNo, cooperative: l.CooperativeID, quantity: l.Quantity}
		}
		r.setOrder(f.OrderID, orderProgress{f.BuyerID, lines})
	case order.Confirmed:
		r.changeOrder(f.OrderID, func(lines []lineProgress) {
			for i := range f.Lines {
				lineOf(lines, f.Lines[i].LineNo).cooperative = f.Lines[i].CooperativeID
			}
		})
	case order.LineShortClosed:
		r.changeOrder(f.OrderID, func(lines []lineProgress) { lineOf(lines, f.LineNo).ended = true })
	case order.Cancelled:
		r.changeOrder(f.OrderID, func(lines []lineProgress) {
			for i := range lines {
				lines[i].ended = true
			}
		})
	case shipment.Inspected:
		for i := range f.Lines {
			r.accept(&f.Lines[i].Sold, f.Lines[i].Accepted, domain.Quantity{})
		}
		r.endShipment(f.ShipmentID)
	case shipment.InspectionCorrected:
		for i := range f.Lines {
			r.accept(&f.Lines[i].Sold, f.Lines[i].New.Accepted, f.Lines[i].Old.Accepted)
		}
	case shipment.Logged:
		of := [2]domain.ID{f.CooperativeID, f.BuyerID}
		r.underWay.Put(shipment.Ref(f.ShipmentID), of)
		r.countShipment(of, 1)
	case shipment.Cancelled:
		r.endShipment(f.ShipmentID)
	case departure.Scheduled:
		if f.CarrierID != "" {
			r.underWay.Put(departure.Ref(f.DepartureID), [2]domain.ID{f.CarrierID})
			r.count(f.CarrierID, func(n *party.Unfinished) { n.Departures++ })
		}
	case departure.Arrived:
		r.endDeparture(f.DepartureID)
	case departure.Cancelled:
		r.endDeparture(f.DepartureID)
	}
}

func lineOf(lines []lineProgress, no int) *lineProgress {
	return &lines[slices.IndexFunc(lines, func(l lineProgress) bool { return l.no == no })]
}

// accept books accepted quantities on an order line.
func (r *Registries) accept(sold *shipment.Sold, more, less domain.Quantity) {
	r.changeOrder(sold.OrderID, func(lines []lineProgress) {
		l := lineOf(lines, sold.OrderLine)
		l.accepted = l.accepted.Add(more).Sub(less)
	})
}

// changeOrder changes a copy of an order's lines.
func (r *Registries) changeOrder(id domain.ID, change func(lines []lineProgress)) {
	o, _ := r.orders.Get(id)
	o.lines = slices.Clone(o.lines)
	change(o.lines)
	r.setOrder(id, o)
}

// setOrder puts an order's progress in the place of what was there.
func (r *Registries) setOrder(id domain.ID, o orderProgress) {
	before, _ := r.orders.Get(id)
	r.orders.Put(id, o)
	for i := range o.lines {
		var was lineProgress
		if i < len(before.lines) {
			was = before.lines[i]
		}
		now := o.lines[i]
		if was.no != 0 && was.open() == now.open() && was.cooperative == now.cooperative {
			continue
		}
		if was.no != 0 && was.open() {
			r.countLine(o.buyer, was.cooperative, -1)
		}
		if now.open() {
			r.countLine(o.buyer, now.cooperative, 1)
		}
	}
}

func (r *Registries) countLine(buyer, cooperative domain.ID, n int) {
	for _, id := range []domain.ID{buyer, cooperative} {
		r.count(id, func(open *party.Unfinished) { open.OrderLines += n })
	}
}

func (r *Registries) countShipment(of [2]domain.ID, n int) {
	for _, id := range of {
		r.count(id, func(open *party.Unfinished) { open.Shipments += n })
	}
}

func (r *Registries) endShipment(id domain.ID) {
	if of, ok := r.underWay.Get(shipment.Ref(id)); ok {
		r.underWay.Delete(shipment.Ref(id))
		r.countShipment(of, -1)
	}
}

func (r *Registries) endDeparture(id domain.ID) {
	if of, ok := r.underWay.Get(departure.Ref(id)); ok {
		r.underWay.Delete(departure.Ref(id))
		r.count(of[0], func(n *party.Unfinished) { n.Departures-- })
	}
}
