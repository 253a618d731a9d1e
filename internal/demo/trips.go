package demo

import (
	"fmt"
	"time"

	"zhitong/domain"
)

// Weights that trips are planned with, in grams.
const (
	convoyLorries = 8
	convoyGrams   = 240_000_000 // 240 t at scale 1
	convoyLorry   = convoyGrams / convoyLorries
	lorryGrams    = 30_000_000 // what a full lorry is loaded with
	lastLorry     = 29_000_000 // on the last day, whose last lorry takes what is left
	capacityKg    = "33000"
	smallLorry    = 5_000_000 // below this a lorry carries fewer shipments
	parcelMin     = 400       // smaller parcels are not made
)

// lorryRestDays is how long a lorry is away: there, unloaded, and back.
const lorryRestDays = 10

type lorry struct {
	plate string
	free  domain.Day
}

// planner makes the plan. net is the net weight of everything planned so far, so
// that each day aims at its part of what is still missing.
type planner struct {
	random
	target int64 // net grams in the end
	net    int64
	coops  []*person
	buyers []*person
	trips  []*trip
	orders []*order
	carry  [][]leftover // by city: what a later lorry brings
	fleet  []lorry
	final  *shipment // the last one, whose two lines make the totals exact
}

// leftover is the rest of an order line that comes with a later lorry.
type leftover struct {
	line     *orderLine
	quantity int64
}

// plan plans every departure day.
func (p *planner) plan(scaleMicro int64) {
	days := departureDays()
	weights := int64(0)
	for _, d := range days[1:] {
		weights += dayWeight(d)
	}
	convoy := convoyGrams / million * scaleMicro
	p.day(days[0], max(convoyLorries, int((convoy+convoyLorry-1)/convoyLorry)), convoy)
	for _, d := range days[1 : len(days)-1] {
		w := dayWeight(d)
		// A little more is loaded than is sold in the end.
		grams := mulDiv(p.target-p.net, w*1014, weights*1000)
		weights -= w
		p.day(d, int((grams+lorryGrams-1)/lorryGrams), grams)
	}
	p.lastDay(days[len(days)-1])
}

// mulDiv is a × b ÷ c for weights and their small factors.
func mulDiv(a, b, c int64) int64 {
	whole, rest := a/c, a%c
	return whole*b + rest*b/c
}

func (p *planner) day(d domain.Day, lorries int, grams int64) {
	if p.perMille(25) {
		p.withdrawn(d)
	}
	lorries = max(1, lorries)
	for i := range lorries {
		load := grams / int64(lorries-i)
		grams -= load
		p.fill(p.newTrip(d, i+1), load)
	}
}

// lastDay loads what is missing and leaves an exact rest for the last lorry.
func (p *planner) lastDay(d domain.Day) {
	lorries := max(1, int((p.target-p.net+lastLorry-1)/lastLorry))
	for i := range lorries - 1 {
		p.fill(p.newTrip(d, i+1), mulDiv(p.target-p.net, 1007, int64(lorries-i)*1000))
	}
	p.fillExactly(p.newTrip(d, lorries), p.target-p.net)
}

func (p *planner) newTrip(d domain.Day, n int) *trip {
	t := &trip{
		id:      fmt.Sprintf("D%s-%02d", compact(d), n),
		day:     d,
		city:    p.below(len(cities)),
		plate:   p.lorry(d),
		carrier: carriers[p.below(len(carriers))].id,
	}
	t.departed = at(d, p.between(5, 8), p.below(30), beijing)
	transit := p.between(50*60, 84*60)
	if d.Add(2) == lastDay {
		transit = p.between(50*60, 56*60)
	}
	t.arrived = t.departed.Add(time.Duration(transit) * time.Minute)
	p.trips = append(p.trips, t)
	return t
}

// compact writes a day as YYYYMMDD.
func compact(d domain.Day) string {
	s := d.String()
	return s[:4] + s[5:7] + s[8:]
}

// lorry takes the lorry that has rested longest, or a new one.
func (p *planner) lorry(d domain.Day) string {
	l := lorry{plate: fmt.Sprintf("新R%05d", 36900+len(p.fleet)+1)}
	if len(p.fleet) > 0 && p.fleet[0].free.Cmp(d) <= 0 {
		l = p.fleet[0]
		p.fleet = p.fleet[1:]
		l.free = d.Add(lorryRestDays)
		p.fleet = append(p.fleet, l)
		return l.plate
	}
	l.free = d.Add(lorryRestDays)
	p.fleet = append(p.fleet, l)
	return l.plate
}

// fill loads a lorry with exactly grams.
func (p *planner) fill(t *trip, grams int64) {
	want := grams
	p.bringLeftovers(t, want/2)
	shipments := p.between(2, 4)
	if want < smallLorry {
		shipments = p.between(1, 3)
	}
	for i := range shipments {
		room := want - t.grams
		share := room
		if i < shipments-1 {
			share = p.part(room/int64(shipments-i), 700, 1300)
		}
		p.ship(t, share, i == shipments-1)
	}
}

// ship puts one cooperative's goods of about grams on the lorry; the last one
// fills it to the gram.
func (p *planner) ship(t *trip, grams int64, fillUp bool) {
	buyer := p.buyers[t.city*len(channels)+p.below(len(channels))]
	coop := p.coops[p.below(len(p.coops))]
	lines := p.between(1, 3)
	left := grams
	for i := range lines {
		last := i == lines-1
		share := left
		if !last {
			share = p.part(left/int64(lines-i), 600, 1400)
		}
		if share < parcelMin && !(last && fillUp && share > 0) {
			continue
		}
		left -= p.pack(t, buyer, coop, share, last && fillUp)
	}
}

// pack makes a line of an order and the parcel that fulfils it, and returns the
// grams loaded: about grams in whole units, or exactly grams in kg.
func (p *planner) pack(t *trip, buyer, coop *person, grams int64, exact bool) int64 {
	item := &goods[p.pick(sharesOf(monthOf(t.day)))]
	unit, unitGrams := "kg", int64(1000)
	if !exact && grams >= 40*item.unitGrams && (item.weighed || p.perMille(600)) {
		unit, unitGrams = item.unit, item.unitGrams
	}
	count := grams * 1000 / unitGrams
	if unit != "kg" {
		count = count / 1000 * 1000
	}
	line := p.newLine(t, buyer, coop, item, unit, unitGrams)
	parcel := p.newParcel(t, line, count)
	if unit != "kg" && item.weighed {
		parcel.loggedKg = p.part(line.nominal(count), 980, 1020)
	}
	later := p.leaveSome(t, line, count)
	p.fate(parcel, t.day == firstDay.Add(2), later > 0)
	line.ordered = p.orderedQuantity(line, parcel.logged+later)
	loaded := parcel.loadedGrams()
	t.grams += loaded
	p.net += parcel.netGrams()
	return loaded
}

// sharesOf says how often each item is picked in a month.
func sharesOf(month int) []int {
	out := make([]int, len(goods))
	for i := range goods {
		out[i] = goods[i].share[month]
	}
	return out
}
