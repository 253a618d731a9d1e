package demo

import (
	"fmt"
	"time"

	"zhitong/domain"
)

// trip writes a departure from its planning to its freight.
func (s *script) trip(t *trip) {
	planned := at(t.day.Add(-2), s.between(15, 17), s.below(60), beijing)
	s.say(planned, "departure.schedule", t.id, dispatcher, domain.Dispatcher, func() object {
		d := object{
			"departure_id": t.id, "route_id": "369", "date": t.day.String(), "vehicle_plate": t.plate, "carrier_id": t.carrier,
		}
		if t.day == offCalendarDay {
			d["off_calendar_reason"] = offCalendarReason
		}
		return d
	})
	tare := int64(s.between(14_800, 15_600)) * 1000
	s.say(t.departed, "departure.depart", t.id, t.carrier, domain.Carrier, func() object {
		return object{
			"departure_id": t.id, "gross_kg": kilograms(tare + t.grams), "tare_kg": kilograms(tare), "seal_no": "F" + t.id[1:],
		}
	})
	s.say(t.arrived, "departure.arrive", t.id, t.carrier, domain.Carrier, func() object {
		return object{"departure_id": t.id}
	})
	s.freight(t)
}

// freightBase is what a trip costs whatever is on it, freightPerTonne what it
// costs for its load, in fen.
const (
	freightBase     = 20_000
	freightPerTonne = 58_000
)

// freight writes one invoice, or an advance and the final one.
func (s *script) freight(t *trip) {
	amount := s.part(freightBase+mulDiv(t.grams, freightPerTonne, 1_000_000), 950, 1050)
	day := domain.DayOf(t.arrived)
	when := at(day.Add(s.between(1, 4)), s.between(10, 17), s.below(60), beijing)
	if day.Add(5).Cmp(lastDay) > 0 {
		when = at(lastDay, 21, s.below(60), beijing)
	}
	invoice := func(when time.Time, n int, amount int64, final bool) {
		s.say(when, "departure.record_freight", fmt.Sprintf("%s/%d", t.id, n), dispatcher, domain.Dispatcher, func() object {
			d := object{"departure_id": t.id, "amount": yuan(amount), "invoice_no": fmt.Sprintf("YF%s-%d", t.id[1:], n)}
			if !final {
				d["final"] = false
			}
			return d
		})
	}
	if s.perMille(100) {
		advance := amount * 3 / 10
		invoice(when.Add(-30*time.Minute), 1, advance, false)
		invoice(when, 2, amount-advance, true)
		return
	}
	invoice(when, 1, amount, true)
}

// shipment writes a shipment from its waybill to its returns.
func (s *script) shipment(t *trip, sh *shipment) {
	logged := at(t.day.Add(-1), s.between(17, 20), s.below(60), local)
	s.say(logged, "shipment.log", sh.id, sh.coop.id, domain.Cooperative, func() object {
		var lines []object
		for _, p := range sh.parcels {
			line := object{"line_no": p.no, "order_id": p.line.order.id, "order_line": p.line.no, "quantity": thousandths(p.logged)}
			if p.loggedKg > 0 {
				line["kg"] = kilograms(p.loggedKg)
			}
			lines = append(lines, line)
		}
		return object{"shipment_id": sh.id, "cooperative_id": sh.coop.id, "waybill_no": sh.waybill, "lines": lines}
	})
	loaded := t.departed.Add(-time.Duration(s.between(30, 150)) * time.Minute).In(local)
	s.say(loaded, "shipment.load", sh.id, sh.coop.id, domain.Cooperative, func() object {
		d := object{"shipment_id": sh.id, "departure_id": t.id}
		var lines []object
		for _, p := range sh.parcels {
			if p.loaded != p.logged {
				lines = append(lines, object{"line_no": p.no, "quantity": thousandths(p.loaded)})
			}
		}
		if lines != nil {
			d["lines"] = lines
		}
		return d
	})
	s.inspection(sh)
	for _, p := range sh.parcels {
		s.aftermath(p)
	}
}

func (s *script) inspection(sh *shipment) {
	actor, role := receiver, domain.Dispatcher
	if sh.byBuyer {
		actor, role = sh.buyer.id, domain.Buyer
	}
	s.say(sh.inspected, "shipment.inspect", sh.id, actor, role, func() object {
		var lines []object
		for _, p := range sh.parcels {
			lines = append(lines, p.result(p.accepted, p.rejected))
		}
		return object{"shipment_id": sh.id, "ticket_no": "YS" + sh.id[1:], "lines": lines}
	})
}

// result is a line of an inspection.
func (p *parcel) result(accepted int64, rejected []rejection) object {
	line := object{"line_no": p.no, "arrived": thousandths(p.arrived), "accepted": thousandths(accepted)}
	if p.takenKg > 0 {
		line["kg"] = kilograms(p.takenKg)
	}
	if len(rejected) > 0 {
		var parts []object
		for _, r := range rejected {
			parts = append(parts, object{"quantity": thousandths(r.quantity), "reason": r.reason, "disposition": r.disposition})
		}
		line["rejected"] = parts
	}
	return line
}

// aftermath writes returns and the correction of the inspection.
func (s *script) aftermath(p *parcel) {
	sh := p.shipment
	for i, c := range p.back {
		about := fmt.Sprintf("%s/%d/%d", sh.id, p.no, i+1)
		s.say(c.when, "shipment.return", about, sh.buyer.id, domain.Buyer, func() object {
			return object{"shipment_id": sh.id, "line_no": p.no, "quantity": thousandths(c.quantity), "reason": c.reason}
		})
	}
	if p.review == nil {
		return
	}
	s.say(p.review.when, "shipment.correct_inspection", sh.id, reviewer, domain.Dispatcher, func() object {
		more := append(p.rejected[:len(p.rejected):len(p.rejected)], rejection{p.review.more, "quality", "return"})
		return object{
			"shipment_id": sh.id, "corrects": "demo:shipment.inspect:" + sh.id, "reason": "复检发现霉变",
			"lines": []object{p.result(p.finalAccepted(), more)},
		}
	})
}

// claim writes what the cooperative and the officers do with the claim that the
// inspection made.
func (s *script) claim(sh *shipment) {
	grams := int64(0)
	for _, p := range sh.parcels {
		grams += p.netGrams()
	}
	if grams < claimedGramsMin || !s.perMille(850) {
		return
	}
	claim := sh.id + "." + policyID
	day := domain.DayOf(sh.inspected)
	submitted := at(day.Add(s.between(1, 3)), s.between(10, 18), s.below(60), local)
	s.say(submitted, "claim.submit", claim, sh.coop.id, domain.Cooperative, func() object { return object{"claim_id": claim} })
}
