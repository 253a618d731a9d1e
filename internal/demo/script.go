package demo

import (
	"fmt"
	"time"

	"zhitong/domain"
)

// script writes the plan as commands.
type script struct {
	*planner
	scale int64 // millionths
	seed  uint64
	steps []step
}

// say adds a command. Its id is its name and what it is about, so that it is the
// same in every run.
func (s *script) say(when time.Time, command, about, actor string, role domain.Role, data func() object) {
	s.steps = append(s.steps, step{when: when, id: "demo:" + command + ":" + about, command: command, actor: actor, role: role, data: data})
}

func (s *script) write() {
	s.opening()
	s.policies()
	for _, o := range s.orders {
		s.order(o)
	}
	for _, t := range s.trips {
		s.trip(t)
		for _, sh := range t.shipments {
			s.shipment(t, sh)
			s.claim(sh)
		}
	}
}

// opening is everything that must be known before the first order.
func (s *script) opening() {
	clock := at(domain.NewDay(2020, time.April, 20), 9, 0, beijing)
	tick := func() time.Time { clock = clock.Add(2 * time.Minute); return clock }

	// The first id names the choices, so that another programme in the same folder is
	// refused at its first command.
	s.say(tick(), "programme.open", fmt.Sprintf("%d/%s", s.seed, fixed(s.scale, 6)), operator, domain.Operator, func() object {
		return object{
			"programme_id": "P369",
			"name": domain.Name{
				Zh: "直通369：皮山农产品销售与补贴（演示，按公布的两项总数生成）",
				Ug: "بىۋاسىتە 369 (ئۈلگە)",
				En: "Direct 369 (demo: generated, and calibrated to the two published totals)",
			},
			"currency": "CNY", "timezone": "Asia/Shanghai",
		}
	})
	for _, f := range funders {
		s.register(tick(), f.id, object{"kind": "funder", "name": domain.Name{Zh: domain.Text(f.zh), Ug: domain.Text(f.ug), En: domain.Text(f.en)}})
	}
	for _, c := range s.coops {
		s.register(tick(), c.id, object{
			"kind": "cooperative", "name": c.name, "division": c.division, "uscc": c.uscc, "farmers": c.farmers, "payee": c.payee,
		})
	}
	for _, b := range s.buyers {
		s.register(tick(), b.id, object{
			"kind": "buyer", "name": b.name, "division": b.division, "uscc": b.uscc, "channel": b.channel,
		})
	}
	for _, k := range carriers {
		s.register(tick(), k.id, object{"kind": "carrier", "name": domain.Name{Zh: domain.Text(k.zh), Ug: domain.Text(k.ug), En: domain.Text(k.en)}})
	}
	for i, t := range townships {
		city := cities[i%len(cities)].code
		s.say(tick(), "pairing.set", t.code, officer, domain.Officer, func() object {
			return object{"division": city, "partner_division": t.code, "from": firstDay.String()}
		})
	}
	for i := range goods {
		g := &goods[i]
		s.say(tick(), "item.register", g.id, officer, domain.Officer, func() object {
			return object{
				"item_id": g.id, "name": g.name, "category": g.category, "units": g.units(), "loss_allowance": g.loss, "hs": g.hs,
			}
		})
	}
	s.say(tick(), "route.open", "369", dispatcher, domain.Dispatcher, func() object {
		return object{
			"route_id": "369", "origin": "新疆和田皮山", "destination": "安徽", "distance_km": "4200",
			"calendar":      object{"days_ending_in": []int{3, 6, 9}},
			"transit_hours": object{"min": "48", "max": "96"}, "vehicle_capacity_kg": capacityKg,
		}
	})
}

func (s *script) register(when time.Time, id string, data object) {
	data["party_id"] = id
	s.say(when, "party.register", id, officer, domain.Officer, func() object { return data })
}

// order writes an order from its submission to its end.
func (s *script) order(o *order) {
	s.say(o.submitted, "order.submit", o.id, o.buyer.id, domain.Buyer, func() object {
		var lines []object
		for _, l := range o.lines {
			ask := l.price
			if !l.firstAsk.IsZero() {
				ask = l.firstAsk
			}
			line := object{
				"line_no": l.no, "item_id": l.item.id, "quantity": thousandths(l.ordered), "unit": l.unit, "unit_price": ask.String(),
			}
			if l.named {
				line["cooperative_id"] = l.coop.id
			}
			if l.tolerance != "" {
				line["tolerance"] = l.tolerance
			}
			lines = append(lines, line)
		}
		return object{
			"order_id": o.id, "buyer_id": o.buyer.id, "deliver_to": string(o.buyer.name.Zh), "wanted_by": o.wantedBy.String(), "lines": lines,
		}
	})
	s.say(o.confirmed, "order.confirm", o.id, dispatcher, domain.Dispatcher, func() object {
		var lines []object
		for _, l := range o.lines {
			if !l.named {
				lines = append(lines, object{"line_no": l.no, "cooperative_id": l.coop.id})
			}
		}
		if lines == nil {
			return object{"order_id": o.id}
		}
		return object{"order_id": o.id, "lines": lines}
	})
	for _, l := range o.lines {
		s.orderLine(l)
	}
	if !o.cancelled.IsZero() {
		s.say(o.cancelled, "order.cancel", o.id, o.buyer.id, domain.Buyer, func() object {
			return object{"order_id": o.id, "reason": "计划调整，另行采购"}
		})
	}
}

func (s *script) orderLine(l *orderLine) {
	about := l.order.id + "/" + thousandths(int64(l.no)*1000)
	if !l.firstAsk.IsZero() {
		s.say(l.order.confirmed.Add(45*time.Minute), "order.revise_price", about, l.order.buyer.id, domain.Buyer, func() object {
			return object{"order_id": l.order.id, "line_no": l.no, "unit_price": l.price.String(), "reason": "随行就市，双方议定"}
		})
	}
	taken := int64(0)
	for _, p := range l.parcels {
		taken += p.finalAccepted()
	}
	closing := l.last.Add(15 * 24 * time.Hour)
	if len(l.parcels) > 0 && taken < l.ordered && s.perMille(500) && domain.DayOf(closing).Cmp(lastDay) < 0 {
		s.say(closing, "order.short_close", about, l.order.buyer.id, domain.Buyer, func() object {
			return object{"order_id": l.order.id, "line_no": l.no, "reason": "已够用，余量不再发运"}
		})
	}
}
