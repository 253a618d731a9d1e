package verify

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// shared are the tallies that several stages count in.
type shared struct {
	statuses *tally
	persons  *tally
}

// trade checks goods: allocation, conservation, capacity, and the ways of
// departures and shipments.
type trade struct {
	*shared
	allocation   *tally
	conservation *tally
	capacity     *tally

	lines map[lineKey]*orderLine
	ships map[domain.ID]*ship
	trips map[domain.ID]*trip
	ended []*ship // inspected or corrected in this commit
}

// lineKey names a line of an order or a shipment.
type lineKey struct {
	of domain.ID
	no int
}

type orderLine struct {
	ceiling   domain.Quantity
	price     domain.Price
	kgPerUnit domain.Kg
	net       domain.Quantity             // allocated less released
	shares    map[lineKey]domain.Quantity // of it, by shipment line
}

type ship struct {
	id        domain.ID
	status    string
	departure domain.ID
	lines     map[int]*shipLine
	deal      shipment.Deal
	on        domain.Day  // of the inspection
	changes   []change    // returns and corrections
	inspected []domain.ID // actors of the inspection and its corrections
	last      string      // event id of the latest of them
}

// change is a return or a correction.
type change struct {
	event     string
	actor     domain.ID
	corrected []int // the lines of a correction: only they may grow
}

type shipLine struct {
	order          lineKey
	loaded         domain.Quantity
	loadedKg       domain.Kg
	price          domain.Price // of its departure
	sold           shipment.Sold
	result         *shipment.Result
	returned       domain.Quantity
	returnedKg     domain.Kg
	returnedAmount domain.Money
}

type trip struct {
	status   string
	capacity domain.Kg
	load     map[domain.ID]domain.Kg
	freight  domain.Money
	final    bool
}

func newTrade(s *shared) *trade {
	return &trade{shared: s, allocation: newTally("allocation", "allocations and releases"),
		conservation: newTally("conservation", "results of lines"), capacity: newTally("capacity", "loadings"),
		lines: map[lineKey]*orderLine{}, ships: map[domain.ID]*ship{}, trips: map[domain.ID]*trip{}}
}

// The statuses of shipments and departures.
const (
	logged, loaded, departed, arrived, inspected, cancelled = "logged", "loaded", "departed", "arrived", "inspected", "cancelled"
	scheduled                                               = "scheduled"
)

// step checks that a status allows a fact, and moves it.
func (s *shared) step(e *events.Event, status *string, to string, from ...string) {
	if s.statuses.fails(slices.Contains(from, *status)) {
		s.statuses.wrong(e, "%s of %s, which is %q", e.Name(), e.Subject, *status)
	}
	*status = to
}

func (t *trade) commit(c *events.Commit) {
	t.ended = t.ended[:0]
	for i := range c.Events {
		e := &c.Events[i]
		switch f := e.Fact.(type) {
		case order.Submitted:
			for _, l := range f.Lines {
				t.lines[lineKey{f.OrderID, l.LineNo}] = &orderLine{ceiling: l.Quantity.Ceiling(l.Tolerance), price: l.UnitPrice,
					kgPerUnit: l.KgPerUnit, shares: map[lineKey]domain.Quantity{}}
			}
		case order.PriceRevised:
			t.line(f.OrderID, f.LineNo).price = f.UnitPrice
		case order.LineAllocated:
			t.allocate(e, f.Share, true)
		case order.LineReleased:
			t.allocate(e, f.Share, false)
		default:
			t.trip(e)
			t.shipment(e)
		}
	}
	for _, s := range t.ended {
		t.sharesAreAccepted(&c.Events[0], s)
	}
}

// line is an order line; one that was never submitted is empty, so that whatever
// refers to it fails.
func (t *trade) line(of domain.ID, no int) *orderLine {
	k := lineKey{of, no}
	if t.lines[k] == nil {
		t.lines[k] = &orderLine{shares: map[lineKey]domain.Quantity{}}
	}
	return t.lines[k]
}

func (t *trade) ship(id domain.ID) *ship {
	if t.ships[id] == nil {
		t.ships[id] = &ship{id: id, lines: map[int]*shipLine{}}
	}
	return t.ships[id]
}

func (s *ship) line(no int) *shipLine {
	if s.lines[no] == nil {
		s.lines[no] = &shipLine{}
	}
	return s.lines[no]
}

func (t *trade) of(id domain.ID) *trip {
	if t.trips[id] == nil {
		t.trips[id] = &trip{load: map[domain.ID]domain.Kg{}}
	}
	return t.trips[id]
}

func (t *trade) allocate(e *events.Event, s order.Share, more bool) {
	l, k := t.line(s.OrderID, s.LineNo), lineKey{s.ShipmentID, s.ShipmentLine}
	if more {
		l.net, l.shares[k] = l.net.Add(s.Quantity), l.shares[k].Add(s.Quantity)
	} else {
		l.net, l.shares[k] = l.net.Sub(s.Quantity), l.shares[k].Sub(s.Quantity)
	}
	if t.allocation.fails(l.net.Sign() >= 0 && l.shares[k].Sign() >= 0 && l.net.Cmp(l.ceiling) <= 0) {
		t.allocation.wrong(e, "order %q line %d carries %s, its ceiling is %s; shipment %q line %d holds %s of it", s.OrderID, s.LineNo, l.net, l.ceiling, s.ShipmentID, s.ShipmentLine, l.shares[k])
	}
}

// sharesAreAccepted checks that an inspected line keeps of its order exactly what
// was accepted.
func (t *trade) sharesAreAccepted(e *events.Event, s *ship) {
	for no, l := range s.lines {
		if l.result == nil {
			continue
		}
		held := t.line(l.order.of, l.order.no).shares[lineKey{s.id, no}]
		if t.allocation.fails(held.Cmp(l.result.Accepted) == 0) {
			t.allocation.wrong(e, "shipment %q line %d: %s accepted, %s allocated", s.id, no, l.result.Accepted, held)
		}
	}
}

func (t *trade) trip(e *events.Event) {
	switch f := e.Fact.(type) {
	case departure.Scheduled:
		d := t.of(f.DepartureID)
		t.step(e, &d.status, scheduled, "")
		d.capacity = f.CapacityKg
	case departure.Loaded:
		d := t.of(f.DepartureID)
		t.step(e, &d.status, scheduled, scheduled)
		d.load[f.ShipmentID] = f.Kg
		t.within(e, d)
	case departure.LoadCorrected:
		d := t.of(f.DepartureID)
		d.load[f.ShipmentID] = f.Kg
		t.within(e, d)
	case departure.Unloaded:
		delete(t.of(f.DepartureID).load, f.ShipmentID)
	case departure.Departed:
		t.depart(e, f)
	case departure.Transshipped:
		d := t.of(f.DepartureID)
		t.step(e, &d.status, departed, departed)
		d.capacity = f.CapacityKg
		t.within(e, d)
	case departure.Arrived:
		d := t.of(f.DepartureID)
		t.step(e, &d.status, arrived, departed)
		for _, id := range f.Shipments {
			t.step(e, &t.ship(id).status, arrived, departed)
		}
	case departure.Cancelled:
		d := t.of(f.DepartureID)
		t.step(e, &d.status, cancelled, scheduled)
		for _, id := range f.Shipments {
			t.step(e, &t.ship(id).status, logged, loaded)
		}
	case departure.FreightRecorded:
		d := t.of(f.DepartureID)
		if t.statuses.fails((d.status == departed || d.status == arrived) && !d.final) {
			t.statuses.wrong(e, "freight of a departure that is %q (final invoice: %v)", d.status, d.final)
		}
		d.freight, d.final = d.freight.Add(f.Amount), f.Final
	}
}

func (d *trip) loadedKg() domain.Kg {
	var sum domain.Kg
	for _, kg := range d.load {
		sum = sum.Add(kg)
	}
	return sum
}

func (t *trade) within(e *events.Event, d *trip) {
	kg := d.loadedKg()
	if t.capacity.fails(kg.Cmp(d.capacity) <= 0) {
		t.capacity.wrong(e, "%s kg loaded, capacity %s kg", kg, d.capacity)
	}
}

func (t *trade) depart(e *events.Event, f departure.Departed) {
	d := t.of(f.DepartureID)
	t.step(e, &d.status, departed, scheduled)
	if t.capacity.fails(len(f.Shipments) == len(d.load) && len(d.load) > 0) {
		t.capacity.wrong(e, "%d shipments depart, %d were loaded", len(f.Shipments), len(d.load))
	}
	for _, c := range f.Shipments {
		s := t.ship(c.ShipmentID)
		t.step(e, &s.status, departed, loaded)
		var kg domain.Kg
		for _, l := range s.lines {
			kg, l.price = kg.Add(l.loadedKg), t.line(l.order.of, l.order.no).price
		}
		if t.capacity.fails(c.Kg.Cmp(d.load[c.ShipmentID]) == 0 && c.Kg.Cmp(kg) == 0) {
			t.capacity.wrong(e, "shipment %q departs with %s kg; loaded %s, its lines have %s", c.ShipmentID, c.Kg, d.load[c.ShipmentID], kg)
		}
	}
}

func (t *trade) end() {}

func (t *trade) tallies() []*tally { return []*tally{t.allocation, t.conservation, t.capacity} }
