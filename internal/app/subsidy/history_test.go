package subsidy_test

import (
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"zhitong/internal/app/apptest"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
)

// history is a random history that goes through the engine and the model at once.
type history struct {
	*testing.T
	r *rand.Rand
	w *apptest.World
	m *model

	n       int // commands sent
	ships   []string
	last    map[string]string // by shipment: the latest inspection's command
	final   map[string]bool   // by shipment
	batches []string
}

// histories is how many random histories are run, and firstSeed names the first.
var (
	histories = flag.Int("histories", 150, "number of random histories")
	firstSeed = flag.Uint64("first-seed", 1, "seed of the first random history")
)

// TestTheEngineAgreesWithTheModel runs random histories of one fund, whose policy,
// budget and events are random, through both. A failing one is run again by its
// name, which is its seed.
func TestTheEngineAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	for i := range *histories {
		seed := *firstSeed + uint64(i)
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			h := &history{T: t, r: rand.New(rand.NewPCG(369, seed)), w: newWorld(t), last: map[string]string{}, final: map[string]bool{}}
			h.lay()
			for range between(h.r, 5, 120) {
				h.step()
			}
			h.compare()
			recompute(t, h.w)
		})
	}
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

func between64(r *rand.Rand, low, high int64) int64 { return low + r.Int64N(high-low+1) }

// send sends a command and reports whether it was accepted.
func (h *history) send(command, actor, role, data string) bool {
	h.n++
	line := fmt.Sprintf(`{"id":"H-%d","command":%q,"actor":%q,"role":%q,"time":"2021-06-%02dT%02d:%02d:00+08:00","data":%s}`,
		h.n, command, actor, role, 1+h.n/1000, h.n/60%24, h.n%60, data)
	r := h.w.Do(line)
	if r.Problem != nil {
		h.Logf("%s → %v", line, r.Problem)
	} else {
		h.Logf("%s", line)
	}
	return r.OK
}

func (h *history) must(command, actor, role, data string) {
	if !h.send(command, actor, role, data) {
		h.Fatalf("%s was refused", command)
	}
}

// same fails when the engine and the model differ about what is allowed.
func (h *history) same(what string, model, engine bool) {
	if model != engine {
		h.Fatalf("%s: the model says %v, the engine %v", what, model, engine)
	}
}

var prices = []string{"9.5", "20", "23.333333"}

// lay makes the programme, the policy and the fund.
func (h *history) lay() {
	h.must("programme.open", "OP", "operator", `{"programme_id":"P369","name":{"zh":"直通"},"currency":"CNY","timezone":"Asia/Shanghai"}`)
	for _, p := range []string{`"C1","kind":"cooperative"`, `"C2","kind":"cooperative"`, `"B1","kind":"buyer","channel":"schools"`, `"B2","kind":"buyer","channel":"schools"`,
		`"F0","kind":"funder"`, `"F1","kind":"funder"`, `"F2","kind":"funder"`, `"F3","kind":"funder"`} {
		h.must("party.register", "OFF", "officer", `{"party_id":`+p+`,"name":{"zh":"n"}}`)
	}
	for _, i := range []string{"jujube", "walnut"} {
		h.must("item.register", "OFF", "officer", `{"item_id":"`+i+`","name":{"zh":"n"},"category":"c","units":{},"loss_allowance":"0"}`)
	}
	h.must("route.open", "DIS", "dispatcher", `{"route_id":"R","origin":"a","destination":"b","distance_km":"1","calendar":{"weekdays":[1,2,3,4,5,6,7]},"transit_hours":{"min":"1","max":"2"},"vehicle_capacity_kg":"9000000"}`)
	for _, b := range []string{"B1", "B2"} {
		var lines []string
		for k, c := range []string{"C1", "C2"} {
			for i, p := range prices {
				lines = append(lines, fmt.Sprintf(`{"line_no":%d,"item_id":%q,"quantity":"1000000","unit":"kg","unit_price":%q,"cooperative_id":%q}`, k*3+i+1, itemOf(i), p, c))
			}
		}
		h.must("order.submit", b, "buyer", fmt.Sprintf(`{"order_id":"PO-%s","buyer_id":%q,"lines":[%s]}`, b, b, strings.Join(lines, ",")))
		h.must("order.confirm", "DIS", "dispatcher", fmt.Sprintf(`{"order_id":"PO-%s"}`, b))
	}
	h.m = drawModel(h.r)
	h.must("policy.publish", "OFF", "officer", h.m.policyJSON())
	var lines []string
	for i, f := range h.m.funders {
		h.m.budget[f].given = between64(h.r, 0, pick(h.r, []int64{500, 5000, 30000}))
		lines = append(lines, fmt.Sprintf(`{"budget_id":"L%d","funder_id":%q,"amount":%q}`, i, f, yuan(h.m.budget[f].given)))
	}
	h.must("fund.open", "FIN", "finance", `{"fund_id":"FU","policy_id":"P","year":2021,"lines":[`+strings.Join(lines, ",")+`]}`)
}

func itemOf(line int) string { return []string{"jujube", "walnut", "jujube"}[line%3] }

func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

// drawModel draws a policy.
func drawModel(rng *rand.Rand) *model {
	m := &model{budget: map[string]*mBudget{}, tiers: map[string]*big.Rat{}, grants: map[string]int64{}, claims: map[string]*mClaim{},
		sales: map[string]*mSale{}, debts: map[string][]*mDebt{}, backs: map[string]*mBack{}, batch: map[string]*mBatch{}}
	m.mode = pick(rng, []string{"waitlist", "waitlist", "partial", "refuse"})
	rate := func() *big.Rat { return big.NewRat(between64(rng, 0, pick(rng, []int64{0, 300, 3000, 3000})), 1000) }
	pers := []string{"cooperative_year", "item_year", "buyer_year", "cooperative_item_year"}
	for i, kind := range []string{"per_kg", "price_gap", "tiered", "freight"} {
		if rng.IntN(2) == 0 {
			continue
		}
		r := mRule{id: fmt.Sprintf("r%d", i), group: "price", kind: kind, item: pick(rng, []string{"", "jujube", "walnut"})}
		switch kind {
		case "per_kg":
			r.rate = rate()
		case "price_gap":
			r.ref, r.share = big.NewRat(22, 1), big.NewRat(1, 2)
		case "tiered":
			r.per = pick(rng, pers)
			r.tiers = []mTier{{big.NewRat(20, 1), rate()}, {big.NewRat(50, 1), rate()}, {nil, rate()}}
		case "freight":
			r.group, r.share = "freight", big.NewRat(3, 5)
		}
		if (kind == "price_gap" || kind == "freight") && (rng.IntN(2) == 0) {
			r.cap = rate()
		}
		m.rules = append(m.rules, r)
	}
	if m.rules == nil {
		m.rules = []mRule{{id: "r", group: "price", kind: "per_kg", rate: rate()}}
	}
	for _, per := range []string{"line", "sales", "claim", "cooperative_year", "buyer_year", "item_year"} {
		switch {
		case between(rng, 0, 2) != 0:
		case per == "sales":
			m.limits = append(m.limits, mLimit{per: "line", share: big.NewRat(3, 100)})
		default:
			m.limits = append(m.limits, mLimit{per: per, max: between64(rng, 0, pick(rng, []int64{1000, 9000, 30000}))})
		}
	}
	n, left := between(rng, 1, 4), int64(1000)
	for i := range n {
		part := left
		if i < n-1 {
			part = between64(rng, 1, left-int64(n-1-i))
		}
		left -= part
		f := fmt.Sprintf("F%d", i)
		m.funders, m.shares, m.rest = append(m.funders, f), append(m.shares, big.NewRat(part, 1000)), append(m.rest, new(big.Rat))
		m.budget[f] = &mBudget{}
	}
	return m
}

func (m *model) policyJSON() string {
	var rules, limits, split []string
	for _, r := range m.rules {
		s := fmt.Sprintf(`"id":%q,"group":%q,"kind":%q`, r.id, r.group, r.kind)
		if r.item != "" {
			s += fmt.Sprintf(`,"match":{"items":[%q]}`, r.item)
		}
		for name, v := range map[string]*big.Rat{"rate": r.rate, "share": r.share, "reference_price": r.ref, "cap_per_kg": r.cap} {
			if v != nil {
				s += fmt.Sprintf(`,%q:%q`, name, v.FloatString(3))
			}
		}
		if r.tiers != nil {
			s += fmt.Sprintf(`,"per":%q,"tiers":[{"up_to_kg":"20","rate":%q},{"up_to_kg":"50","rate":%q},{"rate":%q}]`, r.per,
				r.tiers[0].rate.FloatString(3), r.tiers[1].rate.FloatString(3), r.tiers[2].rate.FloatString(3))
		}
		rules = append(rules, "{"+s+"}")
	}
	for _, l := range m.limits {
		if l.share != nil {
			limits = append(limits, fmt.Sprintf(`{"per":"line","sales_share":%q}`, l.share.FloatString(3)))
		} else {
			limits = append(limits, fmt.Sprintf(`{"per":%q,"max":%q}`, l.per, yuan(l.max)))
		}
	}
	for i, f := range m.funders {
		split = append(split, fmt.Sprintf(`{"funder_id":%q,"share":%q,"budget_id":"L%d"}`, f, m.shares[i].FloatString(3), i))
	}
	return fmt.Sprintf(`{"policy_id":"P","version":1,"name":{"zh":"n"},"effective":{"from":"2020-01-01","to":"2021-12-31"},"rules":[%s],"limits":[%s],"split":[%s],"on_exhausted":%q,"approval":{"publicity_days":0}}`,
		strings.Join(rules, ","), strings.Join(limits, ","), strings.Join(split, ","), m.mode)
}

// compare compares everything that stands in the model with the views.
func (h *history) compare() {
	db := foldWorld(h.T, h.w)
	h.diff("claims", h.m.claimRows(), rows(h.T, db, "claims", "claim_id", "status", "assessed", "paid", "withheld", "clawed_back"))
	h.diff("claim_lines", h.m.lineRows(), rows(h.T, db, "claim_lines", "claim_id", "line_no", "accepted_kg", "subsidy", "shares"))
	h.diff("budget_lines", h.m.budgetRows(), rows(h.T, db, "budget_lines", "funder_id", "appropriated", "reserved", "obligated", "spent", "refunded", "available"))
	h.diff("clawbacks", h.m.backRows(), rows(h.T, db, "clawbacks", "clawback_id", "status", "amount", "open_debt"))
	h.diff("waitlist", h.m.queueRows(), rows(h.T, db, "waitlist", "claim_id", "amount"))
}

func (h *history) diff(view string, model, engine []string) {
	slices.Sort(model)
	slices.Sort(engine)
	if d := cmp.Diff(model, engine); d != "" {
		h.Fatalf("%s (-model +engine):\n%s", view, d)
	}
}

func foldWorld(t *testing.T, w *apptest.World) *projections.Folded {
	folded, err := projections.Fold(t.Context(), readerOf(projectionstest.Lines(t, w)), catalogue.All(), projections.Until{})
	if err != nil {
		t.Fatal(err)
	}
	return folded
}

func rows(t *testing.T, f *projections.Folded, view string, columns ...string) []string {
	r, err := f.Select(view, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for i := range r.Values {
		var cells []string
		for _, c := range columns {
			j, ok := r.Schema.Column(c)
			if !ok {
				t.Fatalf("no column %s", c)
			}
			cells = append(cells, fmt.Sprint(r.Cell(i, j)))
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

func (m *model) claimRows() []string {
	out := []string{}
	for _, id := range sortedKeys(m.claims) {
		c := m.claims[id]
		assessed := c.total()
		if c.status == "waitlisted" || c.status == "refused" || c.status == "rejected" {
			assessed = 0
		}
		out = append(out, strings.Join([]string{id, c.status, yuan(assessed), yuan(c.paid), yuan(c.withheld), yuan(c.clawed)}, " "))
	}
	return out
}

func (m *model) lineRows() []string {
	out := []string{}
	for _, id := range sortedKeys(m.claims) {
		for _, l := range m.claims[id].lines {
			var shares []string
			for k := range l.shares {
				shares = append(shares, fmt.Sprintf("%q:%q", m.funders[k], yuan(l.shares[k])))
			}
			out = append(out, fmt.Sprintf("%s %d %s %s {%s}", id, l.no, l.kg.FloatString(3), yuan(l.subsidy), strings.Join(shares, ",")))
		}
	}
	return out
}

func (m *model) budgetRows() []string {
	out := []string{}
	for _, f := range m.funders {
		b := m.budget[f]
		out = append(out, strings.Join([]string{f, yuan(b.given), yuan(b.reserved), yuan(b.obligated), yuan(b.spent), yuan(b.refunded), yuan(b.available())}, " "))
	}
	return out
}

func (m *model) backRows() []string {
	out := []string{}
	for _, id := range sortedKeys(m.backs) {
		b, open := m.backs[id], int64(0)
		if b.method == "offset" {
			open = m.debt(id).open
		}
		out = append(out, strings.Join([]string{id, b.status, yuan(b.amount), yuan(open)}, " "))
	}
	return out
}

func (m *model) queueRows() []string {
	out := []string{}
	for _, id := range m.queue {
		out = append(out, id+" "+yuan(m.claims[id].total()))
	}
	return out
}
