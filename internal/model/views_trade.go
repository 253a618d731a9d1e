package model

import "slices"

func (m *Model) orderFulfilment() []Row {
	out := []Row{}
	for _, o := range inOrder(m.orders) {
		for _, l := range o.lines {
			out = append(out, m.fulfilment(o, l))
		}
	}
	return out
}

// fulfilment. Decision: the nominal kg of rejections is rounded once a shipment
// line, over all its rejections.
func (m *Model) fulfilment(o *order, l *orderLine) Row {
	shippedKg, acceptedKg, rejectedKg, returnedKg := zero(), zero(), zero(), zero()
	accepted, transit := zero(), zero()
	for _, s := range m.shipments {
		for _, sl := range s.lines {
			if sl.of != l || !oneOf(s.status, "departed", "arrived", "inspected") {
				continue
			}
			shippedKg = add(shippedKg, sl.loadedKg)
			if s.status != "inspected" {
				transit = add(transit, sl.loaded)
				continue
			}
			accepted, acceptedKg = add(accepted, sl.accepted), add(acceptedKg, sl.acceptedKg)
			rejectedKg, returnedKg = add(rejectedKg, l.nominal(sl.rejected)), add(returnedKg, sl.returnedKg)
		}
	}
	open := most(zero(), sub(l.quantity, l.allocated))
	if o.cancelled {
		open = zero()
	}
	shortClosed := zero()
	if l.shortClosed {
		open, shortClosed = zero(), open
	}
	status := "open"
	switch {
	case o.cancelled:
		status = "cancelled"
	case l.shortClosed:
		status = "short_closed"
	case !less(accepted, l.quantity):
		status = "fulfilled"
	case positive(accepted):
		status = "part_accepted"
	case !less(add(accepted, transit), l.quantity):
		status = "shipped"
	case positive(add(accepted, transit)):
		status = "part_shipped"
	}
	return Row{"order_id": o.id, "line_no": l.no, "buyer_id": o.buyer, "item_id": l.item, "ordered_kg": kilo(l.nominal(l.quantity)),
		"shipped_kg": kilo(shippedKg), "accepted_kg": kilo(acceptedKg), "rejected_kg": kilo(rejectedKg), "returned_kg": kilo(returnedKg),
		"short_closed_kg": kilo(l.nominal(shortClosed)), "open_kg": kilo(l.nominal(open)), "status": status,
		"cooperative_id": orNull(l.coop), "unit": l.unit, "open_quantity": kilo(open)}
}

func (m *Model) shipmentRows() []Row {
	out := []Row{}
	for _, s := range inOrder(m.shipments) {
		logged, accepted, rejected, lost := zero(), zero(), zero(), zero()
		for _, l := range s.lines {
			logged = add(logged, l.loggedKg)
			if s.status == "inspected" {
				accepted = add(accepted, l.acceptedKg)
				rejected = add(rejected, l.of.nominal(l.rejected))
				lost = add(lost, l.of.nominal(l.lost()))
			}
		}
		row := Row{"shipment_id": s.id, "departure_id": nil, "cooperative_id": s.coop, "waybill_no": s.waybill, "status": s.status,
			"logged_kg": kilo(logged), "loaded_kg": kilo(s.loadedKg()), "arrived_kg": kilo(add(accepted, rejected)),
			"accepted_kg": kilo(accepted), "rejected_kg": kilo(rejected), "lost_kg": kilo(lost), "buyer_id": s.buyer}
		if s.departure != nil {
			row["departure_id"] = s.departure.id
		}
		out = append(out, row)
	}
	return out
}

// departureRows. Decision: the hours of an arrival that is claimed to be before
// the departure are negative, rounded like the positive ones.
func (m *Model) departureRows() []Row {
	out := []Row{}
	for _, d := range inOrder(m.departures) {
		row := Row{"departure_id": d.id, "route_id": d.route, "date": d.date, "vehicle_plate": d.plate, "status": d.status,
			"capacity_kg": kilo(d.capacity), "loaded_kg": kilo(m.kgOnBoard(d)), "freight_amount": yuan(d.freight),
			"departed_at": orNull(d.departedAt), "arrived_at": orNull(d.arrivedAt), "transit_hours": nil, "consignments": len(m.onBoard(d))}
		if d.status == "arrived" {
			hours := quo(whole(int64(d.arrived.Sub(d.departed))), whole(3600e9))
			if hours.Sign() < 0 {
				row["transit_hours"] = text(neg(roundAt(neg(hours), 2)), 2)
			} else {
				row["transit_hours"] = text(roundAt(hours, 2), 2)
			}
		}
		out = append(out, row)
	}
	return out
}

// freightCost. Decision: only what has departed has a freight.
func (m *Model) freightCost() []Row {
	s := newSums()
	for _, d := range inOrder(m.departures) {
		if d.departedAt == "" {
			continue
		}
		var lines []*shipmentLine
		var kgs []num
		for _, sh := range m.onBoard(d) {
			lines = append(lines, sh.lines...)
		}
		for _, l := range lines {
			kgs = append(kgs, l.loadedKg)
		}
		for i, amount := range prefixSplit(d.freight, kgs) {
			s.add(Row{"departure_id": d.id, "item_id": lines[i].of.item}, map[string]num{"kg": kgs[i], "amount": amount})
		}
	}
	return s.rows(func(row Row, n map[string]num) {
		row["kg"], row["freight_amount"] = kilo(n["kg"]), yuan(n["amount"])
	})
}

// pendingAssessments. Decision: the freight is said before the fund, because the
// funds of the final invoice's day count; a policy counts that is in effect by what is known now; where a fund came later and
// nobody has assessed by hand, the reason stays that there was none. What was
// inspected before the version was published is not assessed by itself.
func (m *Model) pendingAssessments() []Row {
	out := []Row{}
	for _, s := range inOrder(m.shipments) {
		if s.status != "inspected" {
			continue
		}
		for _, p := range inOrder(m.policies) {
			v := p.on(s.inspectedDay)
			if v == nil || m.claims[s.id+"."+p.id] != nil {
				continue
			}
			f := m.fundOf(p.id, yearOf(s.inspectedDay))
			reason := "no_fund"
			switch {
			case v.waits(s) && !s.departure.final:
				reason = "awaiting_freight"
			case f == nil:
			case !f.covered(v), s.inspectTick < v.published && f.opened < v.published:
				reason = "refused:"
			}
			out = append(out, Row{"shipment_id": s.id, "policy_id": p.id, "reason": reason, "inspected_at": s.inspectedAt})
		}
	}
	return out
}

// sortedLines are a claim's lines by line_no.
func sortedLines(k *claim) []*claimLine {
	lines := slices.Clone(k.lines)
	slices.SortFunc(lines, func(a, b *claimLine) int { return a.of.no - b.of.no })
	return lines
}
