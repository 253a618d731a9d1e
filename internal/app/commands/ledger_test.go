package commands_test

import (
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// ledger is a second reckoning of the trade, from the facts alone and in another
// way than the states: it knows only sums, and says what does not add up.
type ledger struct {
	orderLines map[orderLine]*lineBook
	lines      map[shipmentLine]*goodsBook
	trips      map[domain.ID]*tripBook
	shipments  map[domain.ID]*shipmentBook
}

type orderLine struct {
	order domain.ID
	no    int
}

type shipmentLine struct {
	shipment domain.ID
	no       int
}

// lineBook is an order line: what it may be and what is allocated of it.
type lineBook struct {
	ceiling, allocated domain.Quantity
	price              domain.Price
}

// goodsBook is a shipment line: what it holds and what became of it.
type goodsBook struct {
	of                                       orderLine
	logged, held, loaded                     domain.Quantity
	accepted, rejected, lost, gain, returned domain.Quantity
	acceptedKg, returnedKg                   domain.Kg
	sold, refunded                           domain.Money
	price                                    domain.Price // of the order line, at the departure
}

type shipmentBook struct {
	trip            domain.ID // "" while logged
	lines           []int
	road            bool // departed
	inspected, over bool
	latest          string // event id of the inspection or its latest correction
}

type tripBook struct {
	capacity, kg domain.Kg
	load         []domain.ID
	plate        domain.ID
	window       departure.Window
	status       departure.Status
}

func newLedger() *ledger {
	return &ledger{map[orderLine]*lineBook{}, map[shipmentLine]*goodsBook{}, map[domain.ID]*tripBook{}, map[domain.ID]*shipmentBook{}}
}

// book folds a commit and returns what is wrong after one of its events.
func (b *ledger) book(c *events.Commit) error {
	for i := range c.Events {
		e := &c.Events[i]
		b.event(e)
		if err := b.check(i == len(c.Events)-1); err != nil {
			return fmt.Errorf("after %s (event %d of %d): %w", e.Name(), i+1, len(c.Events), err)
		}
	}
	return nil
}

func (b *ledger) event(e *events.Event) {
	switch f := e.Fact.(type) {
	case order.Submitted:
		for _, l := range f.Lines {
			b.orderLines[orderLine{f.OrderID, l.LineNo}] = &lineBook{ceiling: l.Quantity.Ceiling(l.Tolerance), price: l.UnitPrice}
		}
	case order.PriceRevised:
		b.orderLines[orderLine{f.OrderID, f.LineNo}].price = f.UnitPrice
	case order.LineAllocated:
		b.move(f.Share, f.Quantity)
	case order.LineReleased:
		b.move(f.Share, domain.Quantity{}.Sub(f.Quantity))
	case shipment.Logged:
		b.shipments[f.ShipmentID] = &shipmentBook{}
		b.replace(f.ShipmentID, f.Lines, false)
	case shipment.Corrected:
		b.replace(f.ShipmentID, f.Lines, f.Loaded)
	case shipment.Cancelled:
		b.shipments[f.ShipmentID].over = true
	case shipment.Loaded:
		b.shipments[f.ShipmentID].trip = f.DepartureID
		for _, l := range f.Lines {
			b.lines[shipmentLine{f.ShipmentID, l.LineNo}].loaded = l.Quantity
		}
	case shipment.Inspected:
		b.shipments[f.ShipmentID].inspected, b.shipments[f.ShipmentID].latest = true, e.ID
		for _, l := range f.Lines {
			g := b.lines[shipmentLine{f.ShipmentID, l.LineNo}]
			g.result(l.Result)
			g.acceptedKg, g.sold = l.Kg, l.Amount
		}
	case shipment.Returned:
		g := b.lines[shipmentLine{f.ShipmentID, f.LineNo}]
		g.returned, g.returnedKg, g.refunded = g.returned.Add(f.Quantity), g.returnedKg.Add(f.Kg), g.refunded.Add(f.Amount)
	case shipment.InspectionCorrected:
		b.shipments[f.ShipmentID].latest = e.ID
		for _, l := range f.Lines {
			g := b.lines[shipmentLine{f.ShipmentID, l.LineNo}]
			g.result(l.New)
			g.acceptedKg, g.sold, g.returnedKg = g.acceptedKg.Add(l.AcceptedKg), g.sold.Add(l.Amount), g.returnedKg.Add(l.ReturnedKg)
		}
	default:
		b.trip(e)
	}
}

func (b *ledger) trip(e *events.Event) {
	switch f := e.Fact.(type) {
	case departure.Scheduled:
		b.trips[f.DepartureID] = &tripBook{capacity: f.CapacityKg, plate: f.VehiclePlate, status: departure.IsScheduled,
			window: departure.Window{From: f.Date, To: f.Date.Add(5)}} // 120 hours
	case departure.Loaded:
		t := b.trips[f.DepartureID]
		t.load, t.kg = append(t.load, f.ShipmentID), t.kg.Add(f.Kg)
	case departure.LoadCorrected:
		t := b.trips[f.DepartureID]
		t.kg = domain.Kg{}
		for _, id := range t.load {
			t.kg = t.kg.Add(b.loadedKg(id))
		}
	case departure.Unloaded:
		t := b.trips[f.DepartureID]
		t.load = slices.DeleteFunc(t.load, func(id domain.ID) bool { return id == f.ShipmentID })
		t.kg = t.kg.Sub(f.Kg)
		b.shipments[f.ShipmentID].trip = ""
	case departure.Departed:
		b.trips[f.DepartureID].status = departure.HasDeparted
		for _, c := range f.Shipments {
			b.shipments[c.ShipmentID].road = true
			for _, no := range b.shipments[c.ShipmentID].lines {
				g := b.lines[shipmentLine{c.ShipmentID, no}]
				g.price = b.orderLines[g.of].price
			}
		}
	case departure.Transshipped:
		t := b.trips[f.DepartureID]
		t.plate, t.capacity = f.VehiclePlate, f.CapacityKg
	case departure.Arrived:
		t := b.trips[f.DepartureID]
		t.status, t.window.To = departure.HasArrived, e.Time.Day()
	case departure.Cancelled:
		for _, id := range f.Shipments {
			b.shipments[id].trip = ""
		}
		t := b.trips[f.DepartureID]
		t.status, t.load, t.kg, t.window = departure.IsCancelled, nil, domain.Kg{}, departure.Window{}
	}
}

// loadedKg is the nominal kg loaded of a shipment: histories weigh nothing.
func (b *ledger) loadedKg(id domain.ID) domain.Kg {
	var sum domain.Kg
	for _, no := range b.shipments[id].lines {
		g := b.lines[shipmentLine{id, no}]
		sum = sum.Add(g.loaded.Nominal(unitKg))
	}
	return sum
}

var unitKg = domain.KgFromGrams(333) // of every unit in random histories

func (b *ledger) move(s order.Share, q domain.Quantity) {
	l := b.orderLines[orderLine{s.OrderID, s.LineNo}]
	l.allocated = l.allocated.Add(q)
	g := b.lines[shipmentLine{s.ShipmentID, s.ShipmentLine}]
	if g == nil || g.of != (orderLine{s.OrderID, s.LineNo}) {
		return // the shipment was corrected: this gives back what another order line held
	}
	g.held = g.held.Add(q)
}

func (b *ledger) replace(id domain.ID, lines []shipment.Line, loaded bool) {
	s := b.shipments[id]
	s.lines = nil
	for _, l := range lines {
		g := &goodsBook{of: orderLine{l.OrderID, l.OrderLine}, logged: l.Quantity}
		if was := b.lines[shipmentLine{id, l.LineNo}]; was != nil && was.of == g.of {
			g.held = was.held
		}
		if loaded {
			g.loaded = l.Quantity
		}
		b.lines[shipmentLine{id, l.LineNo}] = g
		s.lines = append(s.lines, l.LineNo)
	}
}

func (g *goodsBook) result(r shipment.Result) {
	g.accepted, g.rejected, g.lost, g.gain = r.Accepted, r.RejectedQ, r.Lost, r.Gain
}

// check says what does not hold: the first rules after every event, the rest at
// the end of a commit.
func (b *ledger) check(end bool) error {
	for at, l := range b.orderLines {
		if l.allocated.Cmp(l.ceiling) > 0 || l.allocated.Sign() < 0 {
			return fmt.Errorf("order line %v: %s allocated, the ceiling is %s", at, l.allocated, l.ceiling)
		}
	}
	for id, t := range b.trips {
		if t.kg.Cmp(t.capacity) > 0 || t.kg.Sign() < 0 {
			return fmt.Errorf("departure %s: %s kg of %s", id, t.kg, t.capacity)
		}
	}
	for id, s := range b.shipments {
		for _, no := range s.lines {
			if err := b.goods(s, b.lines[shipmentLine{id, no}], end); err != nil {
				return fmt.Errorf("shipment %s line %d: %w", id, no, err)
			}
		}
	}
	if !end {
		return nil
	}
	held := map[orderLine]domain.Quantity{}
	for id, s := range b.shipments {
		for _, no := range s.lines {
			g := b.lines[shipmentLine{id, no}]
			held[g.of] = held[g.of].Add(g.held)
		}
	}
	for at, l := range b.orderLines {
		if held[at].Cmp(l.allocated) != 0 {
			return fmt.Errorf("order line %v: shipments hold %s, allocated are %s", at, held[at], l.allocated)
		}
	}
	return b.vehicles()
}

// goods checks one shipment line.
func (b *ledger) goods(s *shipmentBook, g *goodsBook, end bool) error {
	if s.road {
		transit := g.loaded
		if s.inspected {
			transit = domain.Quantity{}
		}
		in, out := g.loaded.Add(g.gain), g.accepted.Add(g.rejected).Add(g.lost).Add(transit)
		if in.Cmp(out) != 0 {
			return fmt.Errorf("loaded %s + gain %s is not accepted %s + rejected %s + lost %s + in transit %s", g.loaded, g.gain, g.accepted, g.rejected, g.lost, transit)
		}
	}
	if g.returned.Cmp(g.accepted) > 0 {
		return fmt.Errorf("returned %s of %s accepted", g.returned, g.accepted)
	}
	if !end {
		return nil
	}
	switch {
	case s.inspected && g.held.Cmp(g.accepted) != 0:
		return fmt.Errorf("holds %s, accepted are %s", g.held, g.accepted)
	case !s.inspected && s.trip != "" && g.held.Cmp(g.loaded) != 0:
		return fmt.Errorf("holds %s, loaded are %s", g.held, g.loaded)
	case g.held.Cmp(g.logged) > 0 && !s.inspected, g.held.Sign() < 0:
		return fmt.Errorf("holds %s, logged are %s", g.held, g.logged)
	case s.over && g.held.Sign() != 0:
		return fmt.Errorf("is cancelled and holds %s", g.held)
	}
	if s.inspected {
		return g.sale(g.price)
	}
	return nil
}

// sale checks amounts: what is sold is the price of what is accepted, and a full
// return leaves nothing.
func (g *goodsBook) sale(price domain.Price) error {
	if want := price.Times(g.accepted); g.sold.Cmp(want) != 0 {
		return fmt.Errorf("sold for %s, %s at %s are %s", g.sold, g.accepted, price, want)
	}
	if want := price.Times(g.returned); g.refunded.Cmp(want) != 0 {
		return fmt.Errorf("refunded %s, %s at %s are %s", g.refunded, g.returned, price, want)
	}
	if want := g.acceptedKg.Part(g.returned, g.accepted); g.returnedKg.Cmp(want) != 0 {
		return fmt.Errorf("returned %s kg, want %s", g.returnedKg, want)
	}
	if g.returned.Cmp(g.accepted) == 0 && (g.sold.Cmp(g.refunded) != 0 || g.acceptedKg.Cmp(g.returnedKg) != 0) {
		return fmt.Errorf("all is returned, but %s of %s and %s of %s kg", g.refunded, g.sold, g.returnedKg, g.acceptedKg)
	}
	return nil
}

// vehicles checks that no vehicle is on two trips on one day. A trip that arrived
// later than planned may have run into the next one, which nobody could refuse.
func (b *ledger) vehicles() error {
	for id, t := range b.trips {
		for other, o := range b.trips {
			planned := t.status != departure.HasArrived && o.status != departure.HasArrived
			if id < other && planned && t.plate == o.plate && t.window.Overlaps(o.window) {
				return fmt.Errorf("vehicle %s is on %s and %s", t.plate, id, other)
			}
		}
	}
	return nil
}
