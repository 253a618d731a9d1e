package model

// sale is one entry of the book of sales: what an inspection, a return or a
// correction added to one line's month.
type sale struct {
	month, item, coop, buyer, channel       string
	acceptedKg, returnedKg, gross, returned num
	lines                                   int
}

// book enters a sale of the line in the command's month.
func (m *Model) book(c call, s *shipment, l *shipmentLine, acceptedKg, returnedKg, gross, returned num, lines int) {
	m.sales = append(m.sales, sale{month: c.month(), item: l.of.item, coop: s.coop, buyer: s.buyer, channel: s.channel,
		acceptedKg: acceptedKg, returnedKg: returnedKg, gross: gross, returned: returned, lines: lines})
}

type inspectedLine struct {
	LineNo   int    `json:"line_no"`
	Arrived  string `json:"arrived"`
	Accepted string `json:"accepted"`
	Kg       string `json:"kg"`
	Rejected []struct {
		Quantity    string `json:"quantity"`
		Reason      string `json:"reason"`
		Disposition string `json:"disposition"`
	} `json:"rejected"`
}

// finding is what an inspection says of one line.
type finding struct {
	line                                    *shipmentLine
	arrived, accepted, acceptedKg, rejected num
}

// short is lost + rejected − gain: what the order line gets back.
func (f finding) short() num {
	return add(sub(f.line.loaded, f.arrived), f.rejected)
}

func (f finding) gain() num { return most(zero(), sub(f.arrived, f.line.loaded)) }

// take writes the finding into the line.
func (f finding) take() {
	l := f.line
	l.of.departedAnyOfIt = l.of.departedAnyOfIt || positive(f.arrived)
	l.arrived, l.accepted, l.acceptedKg, l.rejected = f.arrived, f.accepted, f.acceptedKg, f.rejected
}

func (s *shipment) readFindings(in []inspectedLine) ([]finding, error) {
	var out []finding
	named := map[int]bool{}
	for _, d := range in {
		l := s.line(d.LineNo)
		if l == nil || named[d.LineNo] {
			return nil, refuse("line_no")
		}
		named[d.LineNo] = true
		arrived, err := parse(d.Arrived, 3)
		if err != nil {
			return nil, err
		}
		accepted, kg, err := l.of.weigh(d.Accepted, d.Kg)
		if err != nil {
			return nil, err
		}
		rejected := zero()
		for _, r := range d.Rejected {
			q, err := parse(r.Quantity, 3)
			if err != nil || !positive(q) {
				return nil, refuse("quantity")
			}
			if !oneOf(r.Reason, "quality", "damage", "spec", "excess", "other") || !oneOf(r.Disposition, "return", "scrap", "resell") {
				return nil, refuse("word")
			}
			rejected = add(rejected, q)
		}
		if !same(arrived, add(accepted, rejected)) {
			return nil, refuse("sum")
		}
		out = append(out, finding{l, arrived, accepted, kg, rejected})
	}
	return out, nil
}

func oneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}

// fits allocates all gains before it releases anything. Decision: a cancelled
// order takes no gain; an inspection that has one is refused.
func fits(gains map[*orderLine]num) error {
	for of, gain := range gains {
		if positive(gain) && less(of.ceiling(), add(of.allocated, gain)) {
			return refuse("ceiling")
		}
	}
	return nil
}

func (m *Model) shipmentInspect(c call) error {
	var d struct {
		ShipmentID string          `json:"shipment_id"`
		Ticket     string          `json:"ticket_no"`
		Lines      []inspectedLine `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s := m.shipments[d.ShipmentID]
	switch {
	case s == nil:
		return refuse("unknown")
	case c.Role == "buyer" && s.buyer != c.Actor:
		return refuse("not_yours")
	case s.status != "arrived":
		return refuse("status")
	}
	found, err := s.readFindings(d.Lines)
	if err != nil {
		return err
	}
	if len(found) != len(s.lines) {
		return refuse("every_line")
	}
	gains := map[*orderLine]num{}
	for _, f := range found {
		if f.line.order.cancelled && positive(f.gain()) {
			return refuse("order_cancelled")
		}
		if gains[f.line.of] == nil {
			gains[f.line.of] = zero()
		}
		gains[f.line.of] = add(gains[f.line.of], f.gain())
	}
	if err := fits(gains); err != nil {
		return err
	}
	s.status, s.channel, s.inspectedAt, s.inspectedDay = "inspected", m.parties[s.buyer].channel, c.Time, c.day()
	s.inspectTick, s.latestInspection = m.tick(), c.ID
	s.inspectors[c.Actor] = true
	s.categories = map[int]string{}
	for _, f := range found {
		f.take()
		l := f.line
		l.allocate(neg(f.short()))
		s.categories[l.no] = m.items[l.of.item].category
		lines := 0
		if positive(l.accepted) {
			lines = 1
			m.saleDays[c.day()] = true
		}
		m.book(c, s, l, l.acceptedKg, zero(), l.gross(), zero(), lines)
	}
	m.assessAll(s, c)
	return nil
}

func (m *Model) shipmentReturn(c call) error {
	var d struct {
		ShipmentID string `json:"shipment_id"`
		LineNo     int    `json:"line_no"`
		Quantity   string `json:"quantity"`
		Reason     string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s := m.shipments[d.ShipmentID]
	switch {
	case s == nil || s.line(d.LineNo) == nil:
		return refuse("unknown")
	case s.buyer != c.Actor:
		return refuse("not_yours")
	case s.status != "inspected":
		return refuse("status")
	}
	l := s.line(d.LineNo)
	quantity, err := parse(d.Quantity, 3)
	if err != nil || !positive(quantity) {
		return refuse("quantity")
	}
	if less(l.accepted, add(l.returned, quantity)) {
		return refuse("accepted")
	}
	l.returned = add(l.returned, quantity)
	sum := fen(mul(l.price, l.returned))
	kg := l.returnedKgNow()
	m.book(c, s, l, zero(), sub(kg, l.returnedKg), zero(), sub(sum, l.returnedSum), 0)
	l.returnedSum, l.returnedKg = sum, kg
	m.saleDays[c.day()] = true
	m.reassessAll(s, c, false, map[int]bool{l.no: true})
	return nil
}

// returnedKgNow reckons the kg of all that was returned from the accepted kg.
func (l *shipmentLine) returnedKgNow() num {
	if l.returned.Sign() == 0 {
		return zero()
	}
	return gram(quo(mul(l.acceptedKg, l.returned), l.accepted))
}

// shipmentCorrectInspection. Decision: of several lines of one order line all
// that is to be released is released before anything is allocated.
func (m *Model) shipmentCorrectInspection(c call) error {
	var d struct {
		ShipmentID string          `json:"shipment_id"`
		Corrects   string          `json:"corrects"`
		Lines      []inspectedLine `json:"lines"`
		Reason     string          `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	s := m.shipments[d.ShipmentID]
	switch {
	case s == nil:
		return refuse("unknown")
	case s.status != "inspected":
		return refuse("status")
	case d.Corrects != s.latestInspection:
		return refuse("corrects")
	case s.inspectors[c.Actor]:
		return refuse("two_persons")
	case len(d.Lines) == 0:
		return refuse("lines")
	}
	found, err := s.readFindings(d.Lines)
	if err != nil {
		return err
	}
	back := map[*shipmentLine]num{}
	gains := map[*orderLine]num{}
	for _, f := range found {
		if less(f.accepted, f.line.returned) {
			return refuse("returned")
		}
		l := f.line
		back[l] = sub(f.short(), finding{l, l.arrived, l.accepted, l.acceptedKg, l.rejected}.short())
		if l.order.cancelled && less(back[l], zero()) {
			return refuse("order_cancelled")
		}
		if gains[l.of] == nil {
			gains[l.of] = zero()
		}
		gains[l.of] = add(gains[l.of], neg(back[l]))
	}
	if err := fits(gains); err != nil {
		return err
	}
	changed := map[int]bool{}
	for _, f := range found {
		l := f.line
		gross, kg, returnedKg := l.gross(), l.acceptedKg, l.returnedKg
		f.take()
		l.allocate(neg(back[l]))
		l.returnedKg = l.returnedKgNow()
		m.book(c, s, l, sub(l.acceptedKg, kg), sub(l.returnedKg, returnedKg), sub(l.gross(), gross), zero(), 0)
		changed[l.no] = true
	}
	m.saleDays[c.day()] = true
	s.latestInspection = c.ID
	s.inspectors[c.Actor] = true
	m.reassessAll(s, c, true, changed)
	return nil
}
