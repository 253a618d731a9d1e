package model

import (
	"fmt"
	"slices"
	"time"
)

// fundersMax is how many funders there are; each has a budget line in each fund.
const fundersMax = 5

// setUp writes the master data, a policy or two and their funds.
func (g *generator) setUp() {
	g.send("programme.open", "U-OP", "operator", data{"programme_id": "P369", "name": data{"zh": "直通三六九"}, "currency": "CNY", "timezone": "Asia/Shanghai"})
	for i := range 2 {
		g.party(fmt.Sprintf("C%d", i+1), "cooperative", "")
		g.party(fmt.Sprintf("B%d", i+1), "buyer", pick(g, []string{"agencies", "schools"}))
	}
	g.party("K1", "carrier", "")
	for i := range fundersMax {
		g.party(fmt.Sprintf("FU%d", i+1), "funder", "")
	}
	g.send("item.register", "U-O1", "officer", g.itemData("jujube", "dried", "2.5"))
	g.send("item.register", "U-O1", "officer", g.itemData("walnut", "nuts", "1.333"))
	g.send("route.open", "U-D1", "dispatcher", g.routeData())
	g.publishPolicy()
	g.openFund()
	if g.chance(30) {
		g.publishPolicy()
		g.openFund()
	}
}

func (g *generator) party(id, kind, channel string) {
	d := data{"party_id": id, "kind": kind, "name": data{"zh": id}}
	if channel != "" {
		d["channel"] = channel
	}
	g.send("party.register", "U-O1", "officer", d)
}

func (g *generator) itemData(id, category, box string) data {
	return data{"item_id": id, "name": data{"zh": id}, "category": category, "units": data{"box": box}, "loss_allowance": "0.02"}
}

func (g *generator) routeData() data {
	return data{"route_id": "R369", "origin": "皮山", "destination": "合肥", "distance_km": "4050",
		"calendar":      pick(g, []data{{"days_ending_in": []int{3, 6, 9}}, {"weekdays": []int{1, 2, 3, 4, 5, 6, 7}}}),
		"transit_hours": data{"min": "60", "max": pick(g, []string{"72", "120", "96.5"})}, "vehicle_capacity_kg": pick(g, []string{"300", "1000"})}
}

// masterData changes a party, an item or the route.
func (g *generator) masterData() {
	someone := pick(g, []string{"C1", "C2", "B1", "B2", "K1"})
	switch g.r.IntN(7) {
	case 0:
		g.send("party.update", g.officer(), "officer", data{"party_id": pick(g, []string{"B1", "B2"}),
			"channel": pick(g, []string{"agencies", "schools", "enterprises"}), "reason": "改"})
	case 1:
		if g.send("party.suspend", g.officer(), "officer", data{"party_id": someone, "reason": "查"}) && g.chance(60) {
			g.pokeSuspended(someone)
			g.send("party.reinstate", g.officer(), "officer", data{"party_id": someone, "reason": "清"})
		}
	case 2:
		for _, p := range where(g.m.parties, func(p *party) bool { return p.suspended }) {
			g.send("party.reinstate", g.officer(), "officer", data{"party_id": p.id, "reason": "清"})
		}
	case 3:
		g.send("party.change_payee", g.officer(), "officer", data{"party_id": someone,
			"payee": data{"account_name": "某", "bank": "农行", "account_no": fmt.Sprint(g.r.IntN(1000000))}})
	case 4:
		changed := where(g.m.parties, func(p *party) bool { return p.payeeChangedBy != "" || g.wrong() })
		if len(changed) > 0 {
			g.send("party.confirm_payee", g.officer(), "officer", data{"party_id": pick(g, changed).id})
		}
	case 5:
		g.send("item.update", g.officer(), "officer", g.itemData("walnut", pick(g, []string{"nuts", "dried"}), pick(g, []string{"1.333", "1.5", "0.777"})))
	case 6:
		d := g.routeData()
		d["effective_from"] = g.at.AddDate(0, 0, g.r.IntN(6)).Format(time.DateOnly)
		g.send("route.revise", g.dispatcher(), "dispatcher", d)
	}
}

// pokeSuspended tries what a suspended party may not start, or may go on with.
func (g *generator) pokeSuspended(id string) {
	switch id[0] {
	case 'C':
		g.logShipment()
	case 'B':
		g.submitOrder()
	case 'K':
		g.scheduleDeparture()
	}
}

func (g *generator) day(in int) string {
	return g.at.In(shanghai).AddDate(0, 0, in).Format(time.DateOnly)
}

// publishPolicy publishes a first version, or one that follows the last.
func (g *generator) publishPolicy() {
	id := pick(g, []string{"SGYD", "SGYD", "TWO"})
	from, number := "2020-05-01", 1
	if p := g.m.policies[id]; p != nil {
		if len(g.m.claims) == 0 && !g.chance(20) {
			return
		}
		last := p.versions[len(p.versions)-1]
		number = last.Version + 1
		from = g.day(1 + g.r.IntN(5))
		if g.chance(70) && last.Effective.To >= from {
			g.send("policy.withdraw", g.officer(), "officer", data{"policy_id": id, "version": last.Version, "from": from, "reason": "新"})
		}
	}
	to := pick(g, []string{"2021-12-31", "2022-12-31", g.day(20)})
	if to < from {
		to = from
	}
	g.send("policy.publish", g.officer(), "officer", data{"policy_id": id, "version": number, "name": data{"zh": "补贴"},
		"effective": data{"from": from, "to": to}, "rules": g.rules(), "limits": g.limits(), "split": g.split(id),
		"on_exhausted": pick(g, []string{"waitlist", "waitlist", "partial", "refuse"}),
		"approval":     data{"publicity_days": pick(g, []int{0, 0, 0, 3}), "distinct_actors": !g.chance(15)}})
}

func (g *generator) rate() string {
	return pick(g, []string{"0.333", "1", "0.8", "0.123456", "0.55", "2.5"})
}

func (g *generator) rules() []data {
	var out []data
	for range 1 + g.r.IntN(2) {
		out = append(out, g.priceRule(fmt.Sprintf("r%d", len(out)+1)))
	}
	if g.chance(30) {
		out = append(out, data{"id": "extra", "group": "extra", "kind": "per_kg", "rate": "0.005"})
	}
	if g.chance(30) {
		r := data{"id": "freight", "group": "freight", "kind": "freight", "share": pick(g, []string{"0.6", "0.333333", "1"})}
		if g.chance(60) {
			r["cap_per_kg"] = "0.35"
		}
		if g.chance(40) {
			r["match"] = data{"items": []string{"jujube"}}
		}
		out = append(out, r)
	}
	return out
}

func (g *generator) priceRule(id string) data {
	r := data{"id": id, "group": "price"}
	switch g.r.IntN(3) {
	case 0:
		r["kind"], r["rate"] = "per_kg", g.rate()
	case 1:
		r["kind"], r["reference_price"], r["share"] = "price_gap", pick(g, []string{"22.00", "9.5", "40"}), pick(g, []string{"0.5", "0.25"})
		if g.chance(70) {
			r["cap_per_kg"] = "1.20"
		}
	case 2:
		r["kind"] = "tiered"
		r["per"] = pick(g, []string{"cooperative_year", "item_year", "buyer_year", "cooperative_item_year"})
		r["tiers"] = []data{{"up_to_kg": pick(g, []string{"40", "100"}), "rate": "1.00"}, {"up_to_kg": "150.5", "rate": "0.60"}, {"rate": "0.20"}}
		r["id"] = "steps-" + r["per"].(string)
		if id != "r1" {
			r["id"] = "more-" + r["per"].(string)
		}
	}
	if g.chance(35) {
		r["match"] = pick(g, []data{{"items": []string{"jujube"}}, {"categories": []string{"nuts"}}, {"channels": []string{"schools"}},
			{"cooperatives": []string{"C1"}}, {"buyers": []string{"B1", "B2"}, "items": []string{"walnut"}}})
	}
	return r
}

func (g *generator) limits() []data {
	out := []data{}
	for _, l := range []data{{"per": "line", "max": "35.00"}, {"per": "line", "sales_share": "0.15"}, {"per": "claim", "max": "55.00"},
		{"per": "cooperative_year", "max": "90.00"}, {"per": "buyer_year", "max": "80.00"}, {"per": "item_year", "max": "75.55"}} {
		if g.chance(22) {
			out = append(out, l)
		}
	}
	g.r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// split divides over one to five funders; their budget lines bear their names.
func (g *generator) split(policyID string) []data {
	shares := pick(g, [][]string{{"1"}, {"0.65", "0.35"}, {"0.333333", "0.333333", "0.333334"}, {"0.40", "0.30", "0.20", "0.10"}, {"0.9", "0.1"},
		{"0.05", "0.05", "0.45", "0.40", "0.05"}, {"0.488841", "0.001073", "0.495294", "0.014792"}})
	if p := g.m.policies[policyID]; p != nil && g.chance(60) {
		shares = nil
		for _, old := range p.versions[0].Split {
			shares = append(shares, old.Share)
		}
		slices.Reverse(shares)
	}
	if g.chance(3) {
		shares = append(slices.Clone(shares), "0.000001")
	}
	first := 0
	if g.chance(25) && len(shares) < fundersMax {
		first = 1
	}
	out := []data{}
	for i, s := range shares {
		f := fmt.Sprintf("FU%d", first+i+1)
		out = append(out, data{"funder_id": f, "share": s, "budget_id": "B-" + f})
	}
	return out
}

// openFund opens a year of a policy with a budget line for every funder.
func (g *generator) openFund() {
	if len(g.m.policies) == 0 {
		return
	}
	p := pick(g, inOrder(g.m.policies))
	year := 2021
	if g.chance(15) {
		year = 2020
	}
	lines := []data{}
	for i := range fundersMax {
		f := fmt.Sprintf("FU%d", i+1)
		lines = append(lines, data{"budget_id": "B-" + f, "funder_id": f, "amount": g.spoil(pick(g, []string{"12.50", "30", "60.05", "200.00", "500"}))})
	}
	g.send("fund.open", g.finance(), "finance", data{"fund_id": fmt.Sprintf("%s-%d", p.id, year), "policy_id": p.id, "year": year, "lines": lines})
}

func (g *generator) adjustFund() {
	if len(g.m.funds) == 0 {
		return
	}
	f := pick(g, inOrder(g.m.funds))
	b := pick(g, inOrder(f.budgets))
	var delta string
	switch {
	case len(f.waiting) > 0 && !g.wrong():
		delta = pick(g, []string{"10", "25.55", "60"})
	case g.chance(50):
		delta = "-" + g.upTo(b.available(), 2)
	case g.wrong():
		delta = "-" + trimmed(add(b.available(), fenStep()), 2)
	default:
		delta = pick(g, []string{"5.05", "0.01", "30"})
	}
	if delta == "-0" {
		return
	}
	g.send("fund.adjust", g.finance(), "finance", data{"fund_id": f.id, "budget_id": b.id, "delta": delta, "document_no": g.id("N"), "reason": "调"})
}

func (g *generator) addBudget() {
	if len(g.m.funds) == 0 {
		return
	}
	budget := "B-X"
	if g.wrong() {
		budget = "B-FU1"
	}
	g.send("fund.add_line", g.finance(), "finance", data{"fund_id": pick(g, inOrder(g.m.funds)).id, "budget_id": budget,
		"funder_id": "FU1", "amount": "15.00", "document_no": g.id("N")})
}

func (g *generator) withdrawPolicy() {
	if len(g.m.policies) == 0 || g.chance(50) {
		return
	}
	p := pick(g, inOrder(g.m.policies))
	v := pick(g, p.versions)
	from := g.day(g.r.IntN(10) - 3)
	if from < v.Effective.From || from > v.Effective.To {
		return
	}
	g.send("policy.withdraw", g.officer(), "officer", data{"policy_id": p.id, "version": v.Version, "from": from, "reason": "止"})
}
