package model

// stands says whether a claim's amounts stand in the views.
func (c *claim) stands() bool { return c.counts() && c.status != "waitlisted" }

// stood is the claim's assessed amount as the views show it.
func (c *claim) stood() num {
	if !c.stands() {
		return zero()
	}
	return c.amount()
}

func (m *Model) itemSubsidy() []Row {
	s := newSums()
	head := func(k *claim, l *claimLine, funder string) Row {
		return Row{"item_id": l.of.of.item, "policy_id": k.version.PolicyID, "policy_version": k.version.Version, "funder_id": funder}
	}
	for _, k := range inOrder(m.claims) {
		if !k.stands() {
			continue
		}
		for _, l := range k.lines {
			for _, p := range k.version.Split {
				share := l.shares[p.Funder]
				cells := map[string]num{"kg": l.kg, "assessed": share}
				switch {
				case k.status == "paid":
					cells["paid"] = share
				case k.approved():
					cells["approved"] = share
				default:
					cells["reserved"] = share
				}
				s.add(head(k, l, p.Funder), cells)
			}
		}
	}
	for _, cb := range m.clawbacks {
		for _, e := range cb.entries {
			for _, p := range cb.claim.version.Split {
				if n := e.back[p.Funder]; n != nil {
					s.add(head(cb.claim, e.line, p.Funder), map[string]num{"clawed": n})
				}
			}
		}
	}
	return s.rows(func(row Row, n map[string]num) {
		for column, from := range map[string]string{"assessed": "assessed", "reserved": "reserved", "approved": "approved", "paid": "paid", "clawed_back": "clawed"} {
			if n[from] == nil {
				n[from] = zero()
			}
			row[column] = yuan(n[from])
		}
		row["accepted_kg"], row["net"] = kilo(n["kg"]), yuan(sub(n["paid"], n["clawed"]))
	})
}

func (m *Model) claimRows() []Row {
	out := []Row{}
	for _, k := range inOrder(m.claims) {
		out = append(out, Row{"claim_id": k.id, "shipment_id": k.shipment.id, "cooperative_id": k.shipment.coop,
			"policy_id": k.version.PolicyID, "policy_version": k.version.Version, "status": k.status, "assessed": yuan(k.stood()),
			"paid": yuan(k.paid), "withheld": yuan(k.withheld), "clawed_back": yuan(k.clawedBack),
			"submitted_at": orNull(k.submittedAt), "paid_at": orNull(k.paidAt)})
	}
	return out
}

// claimLineRows. Decision: a rejected claim's lines stay as they were.
func (m *Model) claimLineRows() []Row {
	out := []Row{}
	for _, k := range inOrder(m.claims) {
		for _, l := range sortedLines(k) {
			shares := map[string]any{}
			for _, p := range k.version.Split {
				if n := l.shares[p.Funder]; n != nil {
					shares[p.Funder] = yuan(n)
				}
			}
			out = append(out, Row{"claim_id": k.id, "line_no": l.of.no, "order_id": l.of.order.id, "item_id": l.of.of.item,
				"accepted_kg": kilo(l.kg), "subsidy": yuan(l.subsidy), "shares": shares})
		}
	}
	return out
}

func (m *Model) budgetLines() []Row {
	out := []Row{}
	for _, f := range inOrder(m.funds) {
		for _, b := range inOrder(f.budgets) {
			out = append(out, Row{"fund_id": f.id, "budget_id": b.id, "funder_id": b.funder, "year": f.year,
				"appropriated": yuan(b.appropriated), "reserved": yuan(b.reserved), "obligated": yuan(b.obligated),
				"spent": yuan(b.spent), "refunded": yuan(b.refunded), "available": yuan(b.available())})
		}
	}
	return out
}

func (m *Model) publicity() []Row {
	out := []Row{}
	for _, p := range inOrder(m.posted) {
		items := []any{}
		for _, i := range p.items {
			items = append(items, i)
		}
		k := p.claim
		out = append(out, Row{"claim_id": k.id, "cooperative_id": k.shipment.coop, "item_ids": items, "accepted_kg": kilo(p.kg),
			"amount_posted": yuan(p.amount), "amount_now": yuan(k.stood()), "policy_id": k.version.PolicyID,
			"policy_version": k.version.Version, "from": p.from, "to": p.to, "status": k.status})
	}
	return out
}

func (m *Model) disbursementRows() []Row {
	out := []Row{}
	for _, b := range inOrder(m.batches) {
		for i, l := range b.lines {
			row := Row{"batch_id": b.id, "line_no": i + 1, "payee_id": l.claim.shipment.coop, "claim_id": l.claim.id,
				"amount": yuan(l.amount), "offset_amount": yuan(l.withheld), "status": l.status, "failure": nil}
			if l.status == "failed" {
				row["failure"] = orNull(l.failure)
			}
			out = append(out, row)
		}
	}
	return out
}

func (m *Model) clawbackRows() []Row {
	out := []Row{}
	for _, cb := range inOrder(m.clawbacks) {
		out = append(out, Row{"clawback_id": cb.id, "claim_id": cb.claim.id, "cooperative_id": cb.claim.shipment.coop,
			"amount": yuan(cb.amount), "status": cb.status, "method": orNull(cb.method), "proposed_at": cb.proposedAt,
			"settled_at": orNull(cb.settledAt), "open_debt": yuan(cb.debt)})
	}
	return out
}
