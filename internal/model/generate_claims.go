package model

import (
	"slices"
	"time"
)

func (g *generator) claims(status ...string) []*claim {
	if g.chance(3) {
		return inOrder(g.m.claims)
	}
	return where(g.m.claims, func(k *claim) bool { return slices.Contains(status, k.status) })
}

func (g *generator) submitClaim() {
	list := g.claims("assessed")
	if len(list) == 0 {
		return
	}
	k := pick(g, list)
	actor := k.shipment.coop
	if g.chance(3) {
		actor = g.someone("C", 2)
	}
	g.send("claim.submit", actor, "cooperative", data{"claim_id": k.id})
}

func (g *generator) approveClaim() {
	list := g.claims("submitted")
	if len(list) == 0 {
		return
	}
	k, actor := pick(g, list), g.officer()
	if g.chance(3) {
		actor = k.shipment.coop
	}
	g.send("claim.approve", actor, "officer", data{"claim_id": k.id})
}

func ids(list []*claim) []string {
	out := []string{}
	for _, k := range list {
		out = append(out, k.id)
	}
	return out
}

// some takes a few of a list in some order.
func some[T any](g *generator, list []T) []T {
	out := slices.Clone(list)
	g.r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:1+g.r.IntN(len(out))]
}

func (g *generator) publicise() {
	list := where(g.m.claims, func(k *claim) bool {
		return k.status == "approved" && (k.version.Approval.PublicityDays > 0 || g.chance(5)) || g.chance(1)
	})
	if len(list) == 0 {
		return
	}
	days := pick(g, []int{2, 2, 2, 4, 1})
	late := 0
	if g.chance(3) {
		late = -1
	}
	g.send("claim.publicise", g.officer(), "officer", data{"claim_ids": ids(some(g, list)), "from": g.day(1 + late), "to": g.day(1 + days)})
}

func (g *generator) object() {
	if list := g.claims("publicised"); len(list) > 0 {
		g.send("claim.object", pick(g, []string{"C1", "U-O1", "U-A1"}), pick(g, []string{"auditor", "officer", "cooperative"}),
			data{"claim_id": pick(g, list).id, "reason": "不实"})
	}
}

func (g *generator) resolve() {
	if list := g.claims("objected"); len(list) > 0 {
		g.send("claim.resolve_objection", g.officer(), "officer", data{"claim_id": pick(g, list).id, "upheld": g.chance(35), "note": "查"})
	}
}

func (g *generator) authorise() {
	list := where(g.m.claims, func(k *claim) bool {
		return k.status == "publicised" || k.status == "approved" && (k.version.Approval.PublicityDays == 0 || g.chance(5)) || g.chance(1)
	})
	if len(list) == 0 {
		return
	}
	k := pick(g, list)
	if k.to != "" && !g.chance(10) {
		end, _ := time.ParseInLocation(time.DateOnly, k.to, shanghai)
		if next := end.AddDate(0, 0, 1); g.at.Before(next) {
			g.at = next.Add(time.Duration(g.r.IntN(300)) * time.Minute)
		}
	}
	g.send("claim.authorise", g.officer(), "officer", data{"claim_id": k.id})
}

func (g *generator) reject() {
	if list := g.claims("assessed", "waitlisted", "submitted", "approved", "publicised", "objected"); len(list) > 0 {
		g.send("claim.reject", g.officer(), "officer", data{"claim_id": pick(g, list).id, "reason": "不符"})
	}
}

func (g *generator) assessByHand() {
	list := g.shipments("inspected")
	if len(list) > 0 && len(g.m.policies) > 0 {
		g.send("claim.assess", g.officer(), "officer", data{"shipment_id": pick(g, list).id, "policy_id": pick(g, inOrder(g.m.policies)).id})
	}
}

func (g *generator) batch() {
	if list := g.claims("authorised", "payment_failed"); len(list) > 0 {
		g.send("disbursement.batch", g.finance(), "finance", data{"batch_id": g.id("BT"), "claim_ids": ids(some(g, list))})
	}
}

func (g *generator) confirmBatch() {
	list := where(g.m.batches, func(b *batch) bool { return b.open || g.chance(2) })
	if len(list) == 0 {
		return
	}
	b := pick(g, list)
	lines := []data{}
	for _, l := range some(g, b.lines) {
		lines = append(lines, g.paid(l))
	}
	if !g.chance(5) {
		lines = lines[:0]
		for _, l := range b.lines {
			lines = append(lines, g.paid(l))
		}
	}
	g.send("disbursement.confirm", g.finance(), "finance", data{"batch_id": b.id, "lines": lines})
}

func (g *generator) paid(l *batchLine) data {
	if g.chance(15) {
		return data{"claim_id": l.claim.id, "status": "failed", "reason": "账号有误"}
	}
	return data{"claim_id": l.claim.id, "status": "paid", "reference": g.id("TX")}
}

func (g *generator) approveClawback() {
	list := where(g.m.clawbacks, func(cb *clawback) bool { return cb.status == "proposed" || g.chance(2) })
	if len(list) == 0 {
		return
	}
	cb, actor := pick(g, list), g.officer()
	if g.chance(5) {
		actor = cb.causers[0]
	}
	g.send("clawback.approve", actor, "officer", data{"clawback_id": cb.id})
}

func (g *generator) settleClawback() {
	list := where(g.m.clawbacks, func(cb *clawback) bool { return cb.status == "approved" || g.chance(2) })
	if len(list) == 0 {
		return
	}
	cb, actor := pick(g, list), g.finance()
	if g.chance(5) && cb.approver != "" {
		actor = cb.approver
	}
	g.send("clawback.settle", actor, "finance", data{"clawback_id": cb.id,
		"method": pick(g, []string{"offset", "offset", "refund", "write_off"}), "reference": g.id("R")})
}

// advance takes one claim some steps on, each by another person.
func (g *generator) advance() {
	open := where(g.m.claims, func(k *claim) bool { return !oneOf(k.status, "paid", "rejected", "refused", "waitlisted") })
	if len(open) == 0 {
		return
	}
	k := pick(g, open)
	for range 1 + g.r.IntN(6) {
		switch k.status {
		case "assessed":
			g.send("claim.submit", k.shipment.coop, "cooperative", data{"claim_id": k.id})
		case "submitted":
			g.send("claim.approve", "U-O1", "officer", data{"claim_id": k.id})
		case "approved":
			if k.version.Approval.PublicityDays == 0 {
				g.send("claim.authorise", "U-O5", "officer", data{"claim_id": k.id})
				continue
			}
			g.send("claim.publicise", "U-O2", "officer", data{"claim_ids": []string{k.id}, "from": g.day(2), "to": g.day(5)})
		case "publicised":
			g.at = g.at.AddDate(0, 0, 6)
			g.send("claim.authorise", "U-O4", "officer", data{"claim_id": k.id})
		case "authorised", "payment_failed":
			g.send("disbursement.batch", "U-F1", "finance", data{"batch_id": g.id("BT"), "claim_ids": []string{k.id}})
		case "batched":
			g.confirmOwn(k)
		default:
			return
		}
		if g.chance(12) {
			g.correctInspection()
		}
	}
}

// confirmOwn confirms the batch that a claim is in.
func (g *generator) confirmOwn(k *claim) {
	for _, b := range where(g.m.batches, func(b *batch) bool { return b.open }) {
		lines, mine := []data{}, false
		for _, l := range b.lines {
			lines, mine = append(lines, g.paid(l)), mine || l.claim == k
		}
		if mine {
			g.send("disbursement.confirm", "U-F2", "finance", data{"batch_id": b.id, "lines": lines})
		}
	}
}

// takeBack has goods of a paid claim returned, and settles what follows.
func (g *generator) takeBack() {
	paid := where(g.m.claims, func(k *claim) bool { return k.status == "paid" && k.parent == nil })
	if len(paid) == 0 {
		return
	}
	k := pick(g, paid)
	l := pick(g, k.shipment.lines)
	quantity := floorAt(mul(sub(l.accepted, l.returned), quo(whole(int64(1+g.r.IntN(60))), whole(100))), 3)
	if positive(quantity) {
		g.send("shipment.return", k.shipment.buyer, "buyer", data{"shipment_id": k.shipment.id, "line_no": l.no, "quantity": trimmed(quantity, 3), "reason": "变质"})
	}
	for _, cb := range where(g.m.clawbacks, func(cb *clawback) bool { return cb.claim.head() == k }) {
		if cb.status == "proposed" && g.chance(70) {
			g.send("clawback.approve", g.officer(), "officer", data{"clawback_id": cb.id})
		}
		if cb.status == "approved" && g.chance(70) {
			g.send("clawback.settle", g.finance(), "finance", data{"clawback_id": cb.id,
				"method": pick(g, []string{"offset", "offset", "refund"}), "reference": g.id("R")})
		}
	}
}
