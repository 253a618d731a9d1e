package demo

import (
	"fmt"
	"time"

	"zhitong/domain"
)

// newLine adds a line to the order that the buyer placed for this lorry.
func (p *planner) newLine(t *trip, buyer, coop *person, g *item, unit string, unitGrams int64) *orderLine {
	o := p.orderFor(t, buyer)
	l := &orderLine{
		order: o, no: len(o.lines) + 1, item: g, coop: coop, named: p.perMille(500),
		unit: unit, unitGrams: unitGrams,
	}
	perKg := p.part(g.price[monthOf(t.day)], 940, 1060)
	l.basePrice = max(1, (perKg*unitGrams+500)/1000)
	if p.perMille(600) {
		l.tolerance = "0.05"
	}
	o.lines = append(o.lines, l)
	return l
}

func (p *planner) orderFor(t *trip, buyer *person) *order {
	for _, s := range t.shipments {
		for _, pc := range s.parcels {
			if o := pc.line.order; o.buyer == buyer && o.wantedBy == t.day.Add(6) {
				return o
			}
		}
	}
	o := &order{id: fmt.Sprintf("PO-%06d", len(p.orders)+1), buyer: buyer, wantedBy: t.day.Add(6)}
	o.submitted = at(t.day.Add(-p.between(3, 5)), p.between(9, 12), p.below(60), beijing)
	o.confirmed = o.submitted.Add(time.Duration(p.between(30, 360)) * time.Minute)
	p.orders = append(p.orders, o)
	return o
}

// withdrawn is an order that its buyer cancels before anything is shipped.
func (p *planner) withdrawn(d domain.Day) {
	buyer, coop := p.buyers[p.below(len(p.buyers))], p.coops[p.below(len(p.coops))]
	t := &trip{day: d}
	l := p.newLine(t, buyer, coop, &goods[p.pick(sharesOf(monthOf(d)))], "kg", 1000)
	l.ordered = 1000 * int64(p.between(1, 50))
	l.order.cancelled = l.order.confirmed.Add(20 * time.Hour)
}

// newParcel puts count of the line on the lorry, in the shipment of the line's
// cooperative to its buyer.
func (p *planner) newParcel(t *trip, l *orderLine, count int64) *parcel {
	s := p.shipmentFor(t, l.coop, l.order.buyer)
	pc := &parcel{line: l, shipment: s, no: len(s.parcels) + 1, logged: count, loaded: count}
	s.parcels = append(s.parcels, pc)
	l.parcels = append(l.parcels, pc)
	l.last = s.inspected
	return pc
}

func (p *planner) shipmentFor(t *trip, coop, buyer *person) *shipment {
	for _, s := range t.shipments {
		if s.coop == coop && s.buyer == buyer {
			return s
		}
	}
	year := t.day.Year()
	coop.waybills[year]++
	s := &shipment{
		id:   fmt.Sprintf("S%s-%d", t.id[1:], len(t.shipments)+1),
		trip: t, coop: coop, buyer: buyer,
		waybill: fmt.Sprintf("%04d", coop.waybills[year]),
		byBuyer: p.perMille(700),
	}
	wait := p.between(60, 1500)
	if t.day.Add(2) == lastDay {
		wait = p.between(20, 120)
	}
	s.inspected = t.arrived.Add(time.Duration(wait) * time.Minute)
	t.shipments = append(t.shipments, s)
	return s
}

// leaveSome decides whether a part of the order line comes with a later lorry.
func (p *planner) leaveSome(t *trip, l *orderLine, count int64) int64 {
	if !p.perMille(120) || t.day.Add(30).Cmp(lastDay) > 0 {
		return 0
	}
	later := l.whole(p.part(count, 300, 1000))
	if later > 0 {
		p.carry[t.city] = append(p.carry[t.city], leftover{l, later})
	}
	return later
}

// bringLeftovers loads what earlier lorries to the city left, up to room grams.
func (p *planner) bringLeftovers(t *trip, room int64) {
	keep := p.carry[t.city][:0]
	for _, rest := range p.carry[t.city] {
		before := rest.line.parcels[len(rest.line.parcels)-1].shipment.trip.day
		if rest.line.nominal(rest.quantity) > room || before.Cmp(t.day) >= 0 {
			keep = append(keep, rest)
			continue
		}
		pc := p.newParcel(t, rest.line, rest.quantity)
		p.fate(pc, true, true)
		t.grams += pc.loadedGrams()
		room -= pc.loadedGrams()
		p.net += pc.netGrams()
	}
	p.carry[t.city] = keep
}

// orderedQuantity is what the buyer asked for: what was shipped, often rounded up
// to a round number.
func (p *planner) orderedQuantity(l *orderLine, shipped int64) int64 {
	const ten = 10_000
	if shipped < 10*ten || p.perMille(500) {
		return shipped
	}
	return (shipped + ten - 1) / ten * ten
}

// whole cuts a quantity to what can be taken out of a lot: whole units, or grams
// of a lot that is only a few kg.
func (l *orderLine) whole(q int64) int64 {
	if l.unit == "kg" && (len(l.parcels) == 0 || l.parcels[0].loaded < 50_000) {
		return q
	}
	return q / 1000 * 1000
}
