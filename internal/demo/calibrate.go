package demo

import (
	"fmt"

	"zhitong/domain"
)

// smallPart is which part of the last shipment its second line is.
const smallPart = 50

// fillExactly makes the last shipment of the programme: two lines of red dates
// that are accepted as they were loaded and weigh exactly what is missing.
func (p *planner) fillExactly(t *trip, grams int64) {
	buyer := p.buyers[t.city*len(channels)]
	coop := p.coops[0]
	small := max(1, grams/smallPart)
	for _, g := range []int64{grams - small, small} {
		l := p.newLine(t, buyer, coop, &goods[0], "kg", 1000)
		pc := p.newParcel(t, l, g)
		l.ordered, pc.arrived, pc.accepted = g, g, g
		p.final = pc.shipment
		t.grams += g
		p.net += g
	}
	p.final.inspected = at(lastDay, 20, 0, beijing)
}

// calibrate multiplies all prices by one factor, rounds them to the fen, and lets
// the last shipment take up the rest: its big line at a price in fen, its small
// line at a price of six places which gives the missing amount to the fen.
func (p *planner) calibrate(want domain.Money) error {
	base := int64(0) // fen, at the prices before
	for line := range p.lines() {
		for _, pc := range line.parcels {
			base += mulDiv(pc.finalAccepted()-pc.returned(), line.basePrice, 1000)
		}
	}
	if base <= 0 {
		return fmt.Errorf("calibrate: nothing is sold")
	}
	sum := domain.MoneyFromFen(0)
	for line := range p.lines() {
		if len(line.parcels) > 0 && line.parcels[0].shipment == p.final {
			continue
		}
		line.price = price(max(1, (line.basePrice*want.Fen()+base/2)/base))
		for _, pc := range line.parcels {
			sum = sum.Add(pc.netAmount())
		}
		p.hesitate(line)
	}
	return p.settle(want.Sub(sum))
}

// settle prices the two lines of the last shipment so that they cost rest.
func (p *planner) settle(rest domain.Money) error {
	big, small := p.final.parcels[0], p.final.parcels[1]
	grams := big.accepted + small.accepted
	if rest.Sign() <= 0 {
		return fmt.Errorf("calibrate: the last shipment would cost %s", rest)
	}
	// fen per kg, rounded; both factors are small enough for int64.
	big.line.price = price((rest.Fen()*1000 + grams/2) / grams)
	last := rest.Sub(big.netAmount())
	each, ok := domain.PerKg(last, domain.KgFromGrams(small.accepted))
	if !ok || last.Sign() <= 0 {
		return fmt.Errorf("calibrate: the last line would cost %s", last)
	}
	small.line.price = each
	if got := small.netAmount(); got.Cmp(last) != 0 {
		return fmt.Errorf("calibrate: the last line costs %s instead of %s", got, last)
	}
	return nil
}

// hesitate lets a few buyers ask for another price at first.
func (p *planner) hesitate(l *orderLine) {
	if p.perMille(15) {
		fen := l.price.Decimal().Shift(2).IntPart()
		l.firstAsk = price(fen + max(1, fen/20))
	}
}

// lines are all order lines, in the order of the orders.
func (p *planner) lines() func(func(*orderLine) bool) {
	return func(yield func(*orderLine) bool) {
		for _, o := range p.orders {
			for _, l := range o.lines {
				if !yield(l) {
					return
				}
			}
		}
	}
}
