package model

import (
	"maps"
	"slices"
)

// Row is one row of a view, its values as they stand in JSON: strings with
// fixed places, int for counts, nil, and maps or lists for json columns.
type Row = map[string]any

// Views reckons every view that the model knows from its state.
func (m *Model) Views() map[string][]Row {
	return map[string][]Row{
		"sales_volume":        m.salesVolume(),
		"sales_by_item":       m.salesByItem(),
		"item_subsidy":        m.itemSubsidy(),
		"claims":              m.claimRows(),
		"claim_lines":         m.claimLineRows(),
		"pending_assessments": m.pendingAssessments(),
		"publicity":           m.publicity(),
		"budget_lines":        m.budgetLines(),
		"funds_flow":          m.fundsFlow(),
		"order_fulfilment":    m.orderFulfilment(),
		"shipments":           m.shipmentRows(),
		"departures":          m.departureRows(),
		"freight_cost":        m.freightCost(),
		"disbursements":       m.disbursementRows(),
		"clawbacks":           m.clawbackRows(),
		"programme_totals":    m.programmeTotals(),
	}
}

// Keys are the columns that tell the rows of each view apart.
func Keys() map[string][]string {
	return map[string][]string{
		"sales_volume":        {"month", "item_id", "cooperative_id", "buyer_id", "channel"},
		"sales_by_item":       {"item_id"},
		"item_subsidy":        {"item_id", "policy_id", "policy_version", "funder_id"},
		"claims":              {"claim_id"},
		"claim_lines":         {"claim_id", "line_no"},
		"pending_assessments": {"shipment_id", "policy_id"},
		"publicity":           {"claim_id"},
		"budget_lines":        {"fund_id", "budget_id"},
		"funds_flow":          {"funder_id", "cooperative_id", "item_id", "month"},
		"order_fulfilment":    {"order_id", "line_no"},
		"shipments":           {"shipment_id"},
		"departures":          {"departure_id"},
		"freight_cost":        {"departure_id", "item_id"},
		"disbursements":       {"batch_id", "line_no"},
		"clawbacks":           {"clawback_id"},
		"programme_totals":    {},
	}
}

// sums adds numbers up under keys, in the order in which keys first came.
type sums struct {
	order []string
	heads map[string]Row
	cells map[string]map[string]num
}

func newSums() *sums {
	return &sums{heads: map[string]Row{}, cells: map[string]map[string]num{}}
}

func (s *sums) add(head Row, cells map[string]num) {
	k := key(slices.Sorted(maps.Keys(head)), head)
	if s.heads[k] == nil {
		s.order = append(s.order, k)
		s.heads[k], s.cells[k] = head, map[string]num{}
	}
	for name, n := range cells {
		if s.cells[k][name] == nil {
			s.cells[k][name] = zero()
		}
		s.cells[k][name] = add(s.cells[k][name], n)
	}
}

// rows makes one row a key: the head's columns and what fill makes of the sums.
func (s *sums) rows(fill func(row Row, cells map[string]num)) []Row {
	out := []Row{}
	for _, k := range s.order {
		row := maps.Clone(s.heads[k])
		fill(row, s.cells[k])
		out = append(out, row)
	}
	return out
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (m *Model) salesVolume() []Row {
	s := newSums()
	for _, e := range m.sales {
		s.add(Row{"month": e.month, "item_id": e.item, "cooperative_id": e.coop, "buyer_id": e.buyer, "channel": e.channel},
			map[string]num{"accepted": e.acceptedKg, "back": e.returnedKg, "gross": e.gross, "returned": e.returned, "lines": whole(int64(e.lines))})
	}
	return s.rows(func(row Row, n map[string]num) {
		row["accepted_kg"], row["returned_kg"], row["net_kg"] = kilo(n["accepted"]), kilo(n["back"]), kilo(sub(n["accepted"], n["back"]))
		row["gross_amount"], row["returned_amount"] = yuan(n["gross"]), yuan(n["returned"])
		row["net_amount"], row["lines"] = yuan(sub(n["gross"], n["returned"])), int(n["lines"].Num().Int64())
	})
}

// subsidyOf sums the three subsidy columns over what keep says.
func (m *Model) subsidyOf(keep func(flow) bool) (assessed, paid, clawedBack num) {
	assessed, paid, clawedBack = zero(), zero(), zero()
	for _, f := range m.flows {
		if keep(f) {
			assessed, paid, clawedBack = add(assessed, f.assessed), add(paid, f.paid), add(clawedBack, f.clawedBack)
		}
	}
	return assessed, paid, clawedBack
}

func (m *Model) salesByItem() []Row {
	s := newSums()
	for _, e := range m.sales {
		s.add(Row{"item_id": e.item}, map[string]num{"kg": sub(e.acceptedKg, e.returnedKg), "amount": sub(e.gross, e.returned)})
	}
	return s.rows(func(row Row, n map[string]num) {
		assessed, paid, back := m.subsidyOf(func(f flow) bool { return f.item == row["item_id"] })
		row["net_kg"], row["net_amount"] = kilo(n["kg"]), yuan(n["amount"])
		row["avg_price"], row["subsidy_per_kg"] = nil, nil
		if positive(n["kg"]) {
			row["avg_price"] = text(roundAt(quo(n["amount"], n["kg"]), 6), 6)
			row["subsidy_per_kg"] = text(roundAt(quo(assessed, n["kg"]), 6), 6)
		}
		row["subsidy_assessed"], row["subsidy_paid"], row["subsidy_clawed_back"] = yuan(assessed), yuan(paid), yuan(back)
	})
}

func (m *Model) fundsFlow() []Row {
	s := newSums()
	for _, f := range m.flows {
		s.add(Row{"funder_id": f.funder, "cooperative_id": f.coop, "item_id": f.item, "month": f.month},
			map[string]num{"assessed": f.assessed, "paid": f.paid, "clawed_back": f.clawedBack})
	}
	return s.rows(func(row Row, n map[string]num) {
		row["assessed"], row["paid"], row["clawed_back"] = yuan(n["assessed"]), yuan(n["paid"]), yuan(n["clawed_back"])
	})
}

// programmeTotals. Decision: a line is accepted when its accepted quantity, as
// corrected, is above 0.
func (m *Model) programmeTotals() []Row {
	kg, amount := zero(), zero()
	for _, e := range m.sales {
		kg, amount = add(kg, sub(e.acceptedKg, e.returnedKg)), add(amount, sub(e.gross, e.returned))
	}
	assessed, paid, _ := m.subsidyOf(func(flow) bool { return true })
	coops, buyers, departed := map[string]bool{}, map[string]bool{}, 0
	for _, s := range m.shipments {
		for _, l := range s.lines {
			if positive(l.accepted) {
				coops[s.coop], buyers[s.buyer] = true, true
			}
		}
	}
	for _, d := range m.departures {
		if d.departedAt != "" {
			departed++
		}
	}
	row := Row{"net_kg": kilo(kg), "net_amount": yuan(amount), "subsidy_assessed": yuan(assessed), "subsidy_paid": yuan(paid),
		"cooperatives": len(coops), "buyers": len(buyers), "departures": departed, "first_date": nil, "last_date": nil}
	if days := slices.Sorted(maps.Keys(m.saleDays)); len(days) > 0 {
		row["first_date"], row["last_date"] = days[0], days[len(days)-1]
	}
	return []Row{row}
}
