package demo

import "zhitong/domain"

// fate decides what becomes of a parcel: how much is loaded, lost, found,
// rejected, returned, and whether its inspection is corrected. A plain parcel is
// loaded as it was logged and comes without a gain.
func (p *planner) fate(pc *parcel, plain, shared bool) {
	l := pc.line
	weighed := pc.loggedKg > 0
	if !plain && !weighed && p.perMille(30) {
		pc.logged += l.whole(p.part(pc.loaded, 10, 50))
	}
	pc.arrived = pc.loaded
	switch {
	case p.perMille(300):
		pc.arrived -= l.whole(p.part(pc.loaded, 0, lossMax(l.item)))
	case !plain && !weighed && !shared && l.tolerance != "" && p.perMille(15):
		pc.arrived += l.whole(p.part(pc.loaded, 1, 4))
	}
	pc.accepted = pc.arrived
	if p.perMille(100) {
		p.reject(pc, l.whole(p.part(pc.arrived, 2, 25)))
	}
	if weighed {
		pc.takenKg = pc.loggedKg * pc.accepted / pc.loaded
	}
	day := domain.DayOf(pc.shipment.inspected)
	switch {
	case day.Add(20).Cmp(lastDay) > 0:
	case p.perMille(50):
		p.sendBack(pc)
	case !weighed && pc.shipment.reviewed() == nil && p.perMille(20):
		if more := l.whole(p.part(pc.accepted, 2, 10)); more > 0 {
			pc.review = &review{more, at(day.Add(p.between(2, 10)), p.between(10, 16), p.below(60), beijing)}
		}
	}
}

// lossMax is the most that is lost on the way, in thousandths: what the item's
// allowance says.
func lossMax(g *item) int {
	switch g.loss {
	case "0.03":
		return 30
	case "0.02":
		return 20
	default:
		return 10
	}
}

// why a part is rejected, with what becomes of it.
var why = [...]rejection{
	{reason: "quality", disposition: "return"},
	{reason: "damage", disposition: "scrap"},
	{reason: "spec", disposition: "resell"},
	{reason: "other", disposition: "return"},
}

// reject takes q off what is accepted, for one reason or two.
func (p *planner) reject(pc *parcel, q int64) {
	if q == 0 {
		return
	}
	pc.accepted -= q
	first := q
	if p.perMille(300) {
		first = pc.line.whole(q / 2)
	}
	for _, part := range []int64{first, q - first} {
		if part > 0 {
			r := why[p.below(len(why))]
			r.quantity = part
			pc.rejected = append(pc.rejected, r)
		}
	}
}

// why goods come back.
var complaints = [...]string{"受潮变质", "规格与订单不符", "包装破损", "口感不佳，食堂退回"}

// sendBack returns a part, once or twice.
func (p *planner) sendBack(pc *parcel) {
	day := domain.DayOf(pc.shipment.inspected).Add(1)
	for range p.between(1, 2) {
		day = day.Add(p.between(0, 8))
		q := pc.line.whole(p.part(pc.accepted, 3, 40))
		if q == 0 {
			continue
		}
		pc.back = append(pc.back, comeback{q, at(day, p.between(9, 16), p.below(60), beijing), complaints[p.below(len(complaints))]})
		day = day.Add(1)
	}
}

// reviewed is the parcel whose inspection is corrected, or nil: at most one of a
// shipment, so that its correction follows the inspection itself.
func (s *shipment) reviewed() *parcel {
	for _, p := range s.parcels {
		if p.review != nil {
			return p
		}
	}
	return nil
}
