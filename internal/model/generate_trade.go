package model

import (
	"slices"
	"time"
)

func (g *generator) submitOrder() {
	if open := where(g.m.orders, func(o *order) bool { return !o.cancelled }); len(open) > 4 && !g.chance(20) {
		return
	}
	buyer := g.someone("B", 2)
	actor := buyer
	if g.wrong() {
		actor = g.someone("B", 3)
	}
	lines := []data{}
	for i := range 1 + g.r.IntN(3) {
		l := data{"line_no": i + 1, "item_id": pick(g, []string{"jujube", "jujube", "walnut"}), "unit": pick(g, []string{"kg", "kg", "jin", "box", "box", "t"}),
			"unit_price": g.spoil(pick(g, []string{"18.5", "3.333333", "9.99", "33.335", "0.335", "0", "20"}))}
		l["quantity"] = g.spoil(pick(g, []string{"20", "55.555", "100", "80.5", "10.001"}))
		if l["unit"] == "t" {
			l["quantity"] = pick(g, []string{"0.05", "0.123"})
		}
		if g.chance(75) {
			l["cooperative_id"] = pick(g, []string{"C1", "C1", "C2"})
		}
		if g.chance(60) {
			l["tolerance"] = pick(g, []string{"0.05", "0.1", "0", "0.123456"})
		}
		if g.chance(1) {
			l["item_id"] = "unknown"
		}
		lines = append(lines, l)
	}
	g.send("order.submit", actor, "buyer", data{"order_id": g.id("PO-"), "buyer_id": buyer, "lines": lines})
}

func (g *generator) confirmOrder() {
	open := where(g.m.orders, func(o *order) bool { return !o.confirmed && !o.cancelled })
	if g.wrong() {
		open = inOrder(g.m.orders)
	}
	if len(open) == 0 {
		return
	}
	o := pick(g, open)
	d := data{"order_id": o.id}
	named := []data{}
	for _, l := range o.lines {
		if l.coop == "" && !g.wrong() {
			named = append(named, data{"line_no": l.no, "cooperative_id": pick(g, []string{"C1", "C1", "C2"})})
		}
	}
	if len(named) > 0 {
		d["lines"] = named
	}
	g.send("order.confirm", g.dispatcher(), "dispatcher", d)
}

// someLine picks an order and one of its lines.
func (g *generator) someLine() (*order, *orderLine) {
	if len(g.m.orders) == 0 {
		return nil, nil
	}
	o := pick(g, inOrder(g.m.orders))
	return o, pick(g, o.lines)
}

func (g *generator) buyerOf(o *order) string {
	if g.chance(4) {
		return g.someone("B", 2)
	}
	return o.buyer
}

func (g *generator) revisePrice() {
	if o, l := g.someLine(); o != nil {
		g.send("order.revise_price", g.buyerOf(o), "buyer", data{"order_id": o.id, "line_no": l.no, "unit_price": g.spoil(pick(g, []string{"12.345", "17"})), "reason": "议"})
	}
}

func (g *generator) shortClose() {
	if o, l := g.someLine(); o != nil && (positive(l.allocated) || g.chance(20)) {
		g.send("order.short_close", g.buyerOf(o), "buyer", data{"order_id": o.id, "line_no": l.no, "reason": "够了"})
	}
}

func (g *generator) cancelOrder() {
	if o, _ := g.someLine(); o != nil {
		g.send("order.cancel", g.buyerOf(o), "buyer", data{"order_id": o.id, "reason": "不要"})
	}
}

// logLines writes the lines of a logging of one cooperative and one buyer. free
// is what the shipment itself has allocated already, and may use again.
func (g *generator) logLines(coop string, free map[*orderLine]num) []data {
	type place struct {
		o *order
		l *orderLine
	}
	var places []place
	buyer := g.someone("B", 2)
	for _, o := range inOrder(g.m.orders) {
		for _, l := range o.lines {
			usable := o.confirmed && !o.cancelled && l.coop == coop && o.buyer == buyer && !l.shortClosed
			if usable || g.chance(1) {
				places = append(places, place{o, l})
			}
		}
	}
	g.r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	lines, used := []data{}, map[*orderLine]num{}
	for _, p := range places[:min(len(places), 1+g.r.IntN(3))] {
		room := sub(p.l.ceiling(), p.l.allocated)
		if free[p.l] != nil {
			room = add(room, free[p.l])
		}
		room = most(zero(), floorAt(room, 3))
		quantity := g.upTo(room, 3)
		if g.chance(3) {
			quantity = trimmed(add(room, quo(whole(1), whole(1000))), 3)
		}
		n, _ := parse(quantity, 3)
		if !positive(n) || used[p.l] != nil {
			continue
		}
		used[p.l] = n
		if half := floorAt(quo(n, whole(2)), 3); g.chance(8) && positive(half) {
			lines = append(lines, g.line(p.o, p.l, len(lines)+1, half))
			n = sub(n, half)
		}
		lines = append(lines, g.line(p.o, p.l, len(lines)+1, n))
	}
	g.r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return lines
}

func (g *generator) line(o *order, l *orderLine, no int, quantity num) data {
	d := data{"line_no": no, "order_id": o.id, "order_line": l.no, "quantity": g.spoil(trimmed(quantity, 3))}
	g.weight(d, l, quantity, 30)
	if g.chance(20) {
		d["lot"] = "A"
	}
	return d
}

// weight adds a measured kg, now and then where none can be measured.
func (g *generator) weight(d data, l *orderLine, quantity num, percent int) {
	if !g.chance(percent) || !positive(quantity) {
		return
	}
	switch {
	case l.measured():
		d["kg"] = trimmed(g.around(l.nominal(quantity), 4), 3)
	case g.chance(20):
		d["kg"] = trimmed(l.nominal(quantity), 3)
	case g.wrong():
		d["kg"] = trimmed(add(l.nominal(quantity), quo(whole(1), whole(1000))), 3)
	}
}

func (g *generator) logShipment() {
	coop := pick(g, []string{"C1", "C1", "C2"})
	lines := g.logLines(coop, nil)
	if len(lines) == 0 {
		return
	}
	actor := coop
	if g.chance(2) {
		actor = "C2"
	}
	waybill := g.id("W")
	if g.chance(4) && len(g.m.shipments) > 0 {
		waybill = pick(g, inOrder(g.m.shipments)).waybill
	}
	g.send("shipment.log", actor, "cooperative", data{"shipment_id": g.id("S"), "cooperative_id": coop, "waybill_no": waybill, "lines": lines})
}

func (g *generator) shipments(status ...string) []*shipment {
	if g.wrong() {
		return inOrder(g.m.shipments)
	}
	return where(g.m.shipments, func(s *shipment) bool { return slices.Contains(status, s.status) })
}

func (g *generator) departures(status ...string) []*departure {
	if g.wrong() {
		return inOrder(g.m.departures)
	}
	return where(g.m.departures, func(d *departure) bool { return slices.Contains(status, d.status) })
}

func (g *generator) correctShipment() {
	list := g.shipments("logged", "loaded")
	if len(list) == 0 {
		return
	}
	s := pick(g, list)
	free := map[*orderLine]num{}
	for _, l := range s.lines {
		free[l.of] = l.allocated
	}
	if lines := g.logLines(s.coop, free); len(lines) > 0 {
		g.send("shipment.correct", s.coop, "cooperative", data{"shipment_id": s.id, "lines": lines, "reason": "改"})
	}
}

func (g *generator) cancelShipment() {
	if list := g.shipments("logged", "loaded"); len(list) > 0 {
		s := pick(g, list)
		g.send("shipment.cancel", s.coop, "cooperative", data{"shipment_id": s.id, "reason": "停"})
	}
}

func (g *generator) scheduleDeparture() {
	if len(g.departures("scheduled")) > 2 {
		return
	}
	day := g.at.AddDate(0, 0, g.r.IntN(4))
	d := data{"departure_id": g.id("D"), "route_id": "R369", "date": day.In(shanghai).Format(time.DateOnly),
		"vehicle_plate": pick(g, []string{"新R1", "新R2", "新R3", g.id("新R")})}
	if !g.wrong() {
		d["off_calendar_reason"] = "加班"
	}
	if g.chance(40) {
		d["carrier_id"] = "K1"
	}
	if g.chance(30) {
		d["capacity_kg"] = pick(g, []string{"80", "150.5", "2000"})
	}
	g.send("departure.schedule", g.dispatcher(), "dispatcher", d)
}

func (g *generator) loadShipment() {
	list, trips := g.shipments("logged"), g.departures("scheduled")
	if len(list) == 0 || len(trips) == 0 {
		return
	}
	s := pick(g, list)
	d := data{"shipment_id": s.id, "departure_id": pick(g, trips).id}
	lines := []data{}
	for _, l := range s.lines {
		if !g.chance(40) && !less(l.allocated, l.logged) {
			continue
		}
		quantity, _ := parse(g.upTo(l.allocated, 3), 3)
		switch {
		case g.chance(10):
			quantity = zero()
		case g.chance(4):
			quantity = add(l.allocated, quo(whole(1), whole(1000)))
		}
		line := data{"line_no": l.no, "quantity": g.spoil(trimmed(quantity, 3))}
		g.weight(line, l.of, quantity, 40)
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		d["lines"] = lines
	}
	if g.chance(30) {
		g.send("shipment.load", g.dispatcher(), "dispatcher", d)
		return
	}
	g.send("shipment.load", s.coop, "cooperative", d)
}

// mover is who moves a trip.
func (g *generator) mover(d *departure) (actor, role string) {
	if (d.carrier != "" && g.chance(50)) || g.chance(3) {
		return "K1", "carrier"
	}
	return g.dispatcher(), "dispatcher"
}

func (g *generator) depart() {
	list := where(g.m.departures, func(d *departure) bool {
		return d.status == "scheduled" && (len(g.m.onBoard(d)) > 0 || g.chance(5)) || g.chance(1)
	})
	if len(list) == 0 {
		return
	}
	d := pick(g, list)
	actor, role := g.mover(d)
	g.send("departure.depart", actor, role, data{"departure_id": d.id})
}

func (g *generator) transship() {
	list := g.departures("departed")
	if len(list) == 0 {
		return
	}
	d := pick(g, list)
	actor, role := g.mover(d)
	in := data{"departure_id": d.id, "vehicle_plate": pick(g, []string{"新R1", g.id("新Q")}), "place": "哈密", "reason": "坏"}
	if g.chance(60) {
		in["capacity_kg"] = trimmed(g.around(d.loadedKg, 10), 3)
	}
	g.send("departure.transship", actor, role, in)
}

func (g *generator) arrive() {
	list := g.departures("departed")
	if len(list) == 0 {
		return
	}
	d := pick(g, list)
	if g.chance(70) {
		g.at = g.at.Add(time.Duration(g.r.IntN(96)) * time.Hour)
	}
	actor, role := g.mover(d)
	g.send("departure.arrive", actor, role, data{"departure_id": d.id})
}

func (g *generator) cancelDeparture() {
	list := where(g.m.departures, func(d *departure) bool { return d.status == "scheduled" && len(g.m.onBoard(d)) > 0 || g.chance(2) })
	if len(list) > 0 {
		g.send("departure.cancel", g.dispatcher(), "dispatcher", data{"departure_id": pick(g, list).id, "reason": "雪"})
	}
}

func (g *generator) freight() {
	list := where(g.m.departures, func(d *departure) bool { return d.departedAt != "" && !d.final || g.chance(1) })
	if len(list) == 0 {
		return
	}
	d := data{"departure_id": pick(g, list).id, "amount": g.spoil(pick(g, []string{"50.00", "123.45", "0", "20"})), "invoice_no": g.id("I")}
	if g.chance(30) {
		d["final"] = g.chance(20)
	}
	if g.chance(3) {
		d["invoice_no"] = "I"
	}
	g.send("departure.record_freight", g.dispatcher(), "dispatcher", d)
}

// inspected says what came of one line: as loaded, less, or more as far as the
// order's ceiling goes; at least must stay accepted.
func (g *generator) inspected(l *shipmentLine, least0 num) data {
	arrived := l.loaded
	switch n := g.r.IntN(10); {
	case n < 3:
		arrived = floorAt(mul(l.loaded, quo(whole(int64(90+g.r.IntN(11))), whole(100))), 3)
	case n < 5:
		room := most(zero(), sub(l.of.ceiling(), l.of.allocated))
		more, _ := parse(g.upTo(floorAt(room, 3), 3), 3)
		arrived = add(l.loaded, more)
	case n == 5 && g.chance(30):
		arrived = add(l.loaded, floorAt(mul(l.of.quantity, quo(whole(1), whole(20))), 3))
	}
	arrived = most(arrived, least0)
	accepted, rejected := arrived, []data{}
	for range g.r.IntN(3) {
		q, _ := parse(g.upTo(quo(sub(accepted, least0), whole(int64(1+g.r.IntN(8)))), 3), 3)
		if g.chance(60) || !positive(q) {
			continue
		}
		accepted = sub(accepted, q)
		rejected = append(rejected, data{"quantity": trimmed(q, 3), "reason": pick(g, []string{"quality", "damage", "spec", "excess", "other"}),
			"disposition": pick(g, []string{"return", "scrap", "resell"})})
	}
	if g.chance(1) {
		accepted = add(accepted, quo(whole(1), whole(1000)))
	}
	d := data{"line_no": l.no, "arrived": g.spoil(trimmed(arrived, 3)), "accepted": trimmed(accepted, 3)}
	if len(rejected) > 0 {
		d["rejected"] = rejected
	}
	g.weight(d, l.of, accepted, 40)
	return d
}

func (g *generator) inspect() {
	list := g.shipments("arrived")
	if len(list) == 0 {
		return
	}
	s := pick(g, list)
	lines := []data{}
	for _, l := range s.lines {
		if !g.chance(1) {
			lines = append(lines, g.inspected(l, zero()))
		}
	}
	d := data{"shipment_id": s.id, "ticket_no": g.id("K"), "lines": lines}
	if g.chance(30) {
		g.send("shipment.inspect", g.dispatcher(), "dispatcher", d)
		return
	}
	buyer := s.buyer
	if g.chance(3) {
		buyer = g.someone("B", 2)
	}
	g.send("shipment.inspect", buyer, "buyer", d)
}

func (g *generator) returnGoods() {
	list := g.shipments("inspected")
	if len(list) == 0 {
		return
	}
	s := pick(g, list)
	l := pick(g, s.lines)
	quantity, _ := parse(g.upTo(sub(l.accepted, l.returned), 3), 3)
	if g.chance(50) {
		quantity = floorAt(quo(quantity, whole(3)), 3)
	}
	if g.chance(5) {
		quantity = add(sub(l.accepted, l.returned), quo(whole(1), whole(1000)))
	}
	if positive(quantity) {
		g.send("shipment.return", s.buyer, "buyer", data{"shipment_id": s.id, "line_no": l.no, "quantity": g.spoil(trimmed(quantity, 3)), "reason": "变质"})
	}
}

func (g *generator) correctInspection() {
	list := g.shipments("inspected")
	if len(list) == 0 {
		return
	}
	s := pick(g, list)
	if s.latestInspection == "" {
		return
	}
	lines := []data{}
	for _, l := range s.lines {
		if g.chance(70) {
			floor := l.returned
			if g.chance(4) {
				floor = zero()
			}
			lines = append(lines, g.inspected(l, floor))
		}
	}
	if len(lines) == 0 {
		return
	}
	corrects := s.latestInspection
	if g.chance(2) {
		corrects = pick(g, g.out).ID
	}
	g.send("shipment.correct_inspection", g.dispatcher(), "dispatcher", data{"shipment_id": s.id, "corrects": corrects, "lines": lines, "reason": "复核"})
}

// deliver brings what a cooperative has logged, or logs now, to its buyer.
func (g *generator) deliver() {
	for i, do := range []func(*generator){(*generator).logShipment, (*generator).scheduleDeparture, (*generator).loadShipment,
		(*generator).loadShipment, (*generator).depart, (*generator).arrive, (*generator).inspect, (*generator).inspect} {
		if i == 0 || g.chance(92) {
			do(g)
		}
	}
}
