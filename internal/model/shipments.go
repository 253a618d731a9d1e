package model

import (
	"slices"
	"strings"
)

const shipmentLinesMax = 300

type shipmentLine struct {
	no          int
	order       *order
	of          *orderLine
	logged      num
	loggedKg    num
	allocated   num
	loaded      num
	loadedKg    num
	price       num // frozen at the departure
	arrived     num
	accepted    num
	acceptedKg  num
	rejected    num
	returned    num
	returnedKg  num
	returnedSum num
}

// allocate moves order quantity to this line (or back, when it is negative).
func (l *shipmentLine) allocate(quantity num) {
	l.allocated = add(l.allocated, quantity)
	l.of.allocated = add(l.of.allocated, quantity)
}

func (l *shipmentLine) lost() num { return most(zero(), sub(l.loaded, l.arrived)) }
func (l *shipmentLine) gain() num { return most(zero(), sub(l.arrived, l.loaded)) }

// gross is the sale as corrected, before returns.
func (l *shipmentLine) gross() num { return fen(mul(l.accepted, l.price)) }

func (l *shipmentLine) netSale() num { return sub(l.gross(), l.returnedSum) }
func (l *shipmentLine) netKg() num   { return sub(l.acceptedKg, l.returnedKg) }

type shipment struct {
	id, coop, waybill, buyer string
	status                   string
	departure                *departure
	loadTick                 int
	lines                    []*shipmentLine // by line_no
	channel                  string          // frozen at the inspection
	categories               map[int]string  // by line_no, frozen at the inspection
	inspectedAt              string
	inspectedDay             string
	inspectTick              int
	inspectors               map[string]bool // who inspected or corrected
	latestInspection         string          // command id
}

func (s *shipment) line(no int) *shipmentLine {
	for _, l := range s.lines {
		if l.no == no {
			return l
		}
	}
	return nil
}

func (s *shipment) loadedKg() num {
	total := zero()
	for _, l := range s.lines {
		total = add(total, l.loadedKg)
	}
	return total
}

// unload takes the goods off their vehicle; the allocation stays.
func (s *shipment) unload() {
	s.departure = nil
	for _, l := range s.lines {
		l.loaded, l.loadedKg = zero(), zero()
	}
}

// waybill is what a cooperative said under one number in one year.
type waybill struct{ content string }

type logLine struct {
	LineNo    int    `json:"line_no"`
	OrderID   string `json:"order_id"`
	OrderLine int    `json:"order_line"`
	Quantity  string `json:"quantity"`
	Kg        string `json:"kg"`
	Lot       string `json:"lot"`
	Packages  *int   `json:"packages"`
}

// sayings is the content of lines as numbers, whatever their order and zeros.
// Decision: a kg that is absent is other content than one that is given.
func sayings(lines []logLine) string {
	var out []string
	for _, l := range lines {
		quantity, err := parse(l.Quantity, 3)
		if err != nil {
			return "not a number"
		}
		kg := "-"
		if n, err := parse(l.Kg, 3); err == nil {
			kg = n.RatString()
		}
		packages := -1
		if l.Packages != nil {
			packages = *l.Packages
		}
		out = append(out, key(l.LineNo, l.OrderID, l.OrderLine, quantity.RatString(), kg, l.Lot, packages))
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

func (m *Model) shipmentLog(c call) error {
	var d struct {
		ShipmentID string    `json:"shipment_id"`
		Coop       string    `json:"cooperative_id"`
		Waybill    string    `json:"waybill_no"`
		Lines      []logLine `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	if d.Coop != c.Actor {
		return refuse("not_yours")
	}
	book := key(d.Coop, d.Waybill, c.at.In(shanghai).Year())
	if before := m.waybills[book]; before != nil {
		if before.content == sayings(d.Lines) {
			return errRepeat
		}
		return refuse("waybill")
	}
	switch {
	case !goodID(d.ShipmentID) || len(d.ShipmentID) > 32 || !goodID(d.Waybill):
		return refuse("id")
	case m.shipments[d.ShipmentID] != nil:
		return refuse("exists")
	}
	if err := m.freshCoop(d.Coop); err != nil {
		return err
	}
	s := &shipment{id: d.ShipmentID, coop: d.Coop, waybill: d.Waybill, status: "logged", inspectors: map[string]bool{}}
	if err := m.setLines(s, d.Lines); err != nil {
		return err
	}
	m.shipments[s.id] = s
	m.waybills[book] = &waybill{content: sayings(d.Lines)}
	return nil
}

// setLines replaces the list of a shipment; allocation follows. Nothing is
// changed when it is refused.
//
// Decision: a correction of several lines of one order line is judged by what
// the order line has in the end, and on a short-closed order line by its sum
// too, which may not grow. A correction keeps the buyer.
func (m *Model) setLines(s *shipment, in []logLine) error {
	lines, err := m.readLines(s.coop, in)
	if err != nil {
		return err
	}
	if s.buyer != "" && lines[0].order.buyer != s.buyer {
		return refuse("buyers")
	}
	change := map[*orderLine]num{}
	move := func(l *shipmentLine, quantity num) {
		if change[l.of] == nil {
			change[l.of] = zero()
		}
		change[l.of] = add(change[l.of], quantity)
	}
	for _, l := range s.lines {
		move(l, neg(l.allocated))
	}
	for _, l := range lines {
		move(l, l.logged)
	}
	for of, by := range change {
		if by.Sign() > 0 && of.shortClosed {
			return refuse("short_closed")
		}
		if by.Sign() > 0 && less(of.ceiling(), add(of.allocated, by)) {
			return refuse("ceiling")
		}
	}
	for _, l := range s.lines {
		l.allocate(neg(l.allocated))
	}
	for _, l := range lines {
		l.allocate(l.logged)
	}
	s.lines, s.buyer = lines, lines[0].order.buyer
	return nil
}

func (m *Model) readLines(coop string, in []logLine) ([]*shipmentLine, error) {
	if len(in) == 0 || len(in) > shipmentLinesMax {
		return nil, refuse("lines")
	}
	var lines []*shipmentLine
	for _, d := range in {
		o := m.orders[d.OrderID]
		if o == nil || o.line(d.OrderLine) == nil {
			return nil, refuse("unknown")
		}
		of := o.line(d.OrderLine)
		switch {
		case !o.confirmed || o.cancelled:
			return nil, refuse("order_status")
		case of.coop != coop:
			return nil, refuse("not_yours")
		case len(lines) > 0 && lines[0].order.buyer != o.buyer:
			return nil, refuse("buyers")
		case d.LineNo < 1 || slices.ContainsFunc(lines, func(l *shipmentLine) bool { return l.no == d.LineNo }):
			return nil, refuse("line_no")
		}
		quantity, kg, err := of.weigh(d.Quantity, d.Kg)
		if err != nil || !positive(quantity) {
			return nil, refuse("quantity")
		}
		lines = append(lines, &shipmentLine{no: d.LineNo, order: o, of: of, logged: quantity, loggedKg: kg, price: zero(),
			allocated: zero(), loaded: zero(), loadedKg: zero(), arrived: zero(), accepted: zero(), acceptedKg: zero(),
			rejected: zero(), returned: zero(), returnedKg: zero(), returnedSum: zero()})
	}
	slices.SortFunc(lines, func(a, b *shipmentLine) int { return a.no - b.no })
	return lines, nil
}

// weigh reads a quantity and its kg, nominal where none was measured.
func (l *orderLine) weigh(quantity, kg string) (num, num, error) {
	q, err := parse(quantity, 3)
	if err != nil {
		return nil, nil, err
	}
	if kg == "" {
		return q, l.nominal(q), nil
	}
	measured, err := parse(kg, 3)
	if err != nil {
		return nil, nil, err
	}
	if !l.measured() && !same(measured, l.nominal(q)) || positive(measured) != positive(l.nominal(q)) {
		return nil, nil, refuse("kg")
	}
	return q, measured, nil
}

// ownShipment finds a cooperative's shipment before its departure.
func (m *Model) ownShipment(c call, id string) (*shipment, error) {
	s := m.shipments[id]
	if s == nil {
		return nil, refuse("unknown")
	}
	if s.coop != c.Actor {
		return nil, refuse("not_yours")
	}
	if s.status != "logged" && s.status != "loaded" {
		return nil, refuse("status")
	}
	return s, nil
}

func (m *Model) shipmentCorrect(c call) error {
	var d struct {
		ShipmentID string    `json:"shipment_id"`
		Lines      []logLine `json:"lines"`
		Reason     string    `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s, err := m.ownShipment(c, d.ShipmentID)
	if err != nil {
		return err
	}
	if s.departure != nil {
		lines, err := m.readLines(s.coop, d.Lines)
		if err != nil {
			return err
		}
		kg := sub(m.kgOnBoard(s.departure), s.loadedKg())
		for _, l := range lines {
			kg = add(kg, l.loggedKg)
		}
		if less(s.departure.capacity, kg) {
			return refuse("capacity")
		}
	}
	if err := m.setLines(s, d.Lines); err != nil {
		return err
	}
	if s.departure != nil {
		for _, l := range s.lines {
			l.loaded, l.loadedKg = l.logged, l.loggedKg
		}
	}
	return nil
}

func (m *Model) shipmentCancel(c call) error {
	var d struct {
		ShipmentID string `json:"shipment_id"`
		Reason     string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s, err := m.ownShipment(c, d.ShipmentID)
	if err != nil {
		return err
	}
	for _, l := range s.lines {
		l.allocate(neg(l.allocated))
	}
	s.unload()
	s.status = "cancelled"
	return nil
}

// shipmentLoad. Decision: a line that is not named takes the logged quantity
// even where less is allocated since an earlier, cancelled loading, and is then
// refused like any other that takes more than is allocated.
func (m *Model) shipmentLoad(c call) error {
	var d struct {
		ShipmentID  string `json:"shipment_id"`
		DepartureID string `json:"departure_id"`
		Lines       []struct {
			LineNo   int    `json:"line_no"`
			Quantity string `json:"quantity"`
			Kg       string `json:"kg"`
		} `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s, trip := m.shipments[d.ShipmentID], m.departures[d.DepartureID]
	switch {
	case s == nil || trip == nil:
		return refuse("unknown")
	case c.Role == "cooperative" && s.coop != c.Actor:
		return refuse("not_yours")
	case s.status != "logged" || trip.status != "scheduled":
		return refuse("status")
	}
	type load struct{ quantity, kg num }
	loads := map[int]load{}
	for _, in := range d.Lines {
		l := s.line(in.LineNo)
		if l == nil || loads[in.LineNo].kg != nil {
			return refuse("line_no")
		}
		q, kg, err := l.of.weigh(in.Quantity, in.Kg)
		if err != nil {
			return err
		}
		loads[in.LineNo] = load{q, kg}
	}
	kg, any := m.kgOnBoard(trip), false
	for _, l := range s.lines {
		if l.order.cancelled {
			return refuse("order_cancelled")
		}
		if loads[l.no].kg == nil {
			loads[l.no] = load{l.logged, l.loggedKg}
		}
		if less(l.allocated, loads[l.no].quantity) {
			return refuse("allocated")
		}
		any = any || positive(loads[l.no].quantity)
		kg = add(kg, loads[l.no].kg)
	}
	if !any {
		return refuse("nothing")
	}
	if less(trip.capacity, kg) {
		return refuse("capacity")
	}
	for _, l := range s.lines {
		l.loaded, l.loadedKg = loads[l.no].quantity, loads[l.no].kg
		l.allocate(sub(l.loaded, l.allocated))
	}
	s.status, s.departure, s.loadTick = "loaded", trip, m.tick()
	return nil
}
