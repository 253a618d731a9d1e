package model

import (
	"testing"
)

// historySeeds is how many histories the invariants are held over.
const historySeeds = 80 / slowdown

// TestInvariantsOverRandomHistories holds, after every command: allocation at
// or below its ceiling, conservation of goods, no budget line overdrawn, and
// every fen of a claim line in its funders' shares.
func TestInvariantsOverRandomHistories(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range uint64(historySeeds) {
		m := New(clock())
		for _, c := range Generate(seed, 110) {
			outcome, word := m.Apply(c)
			seen[c.Command+" "+string(outcome)]++
			if broken := m.broken(); broken != "" {
				t.Fatalf("seed %d: after %s %s (%s %s): %s", seed, c.ID, c.Command, outcome, word, broken)
			}
		}
		for _, k := range m.claims {
			seen["claim "+k.status]++
			if k.parent != nil {
				seen["S claim"]++
			}
		}
		for _, cb := range m.clawbacks {
			seen["clawback "+cb.status+" "+cb.method]++
		}
		m.Views()
	}
	for _, deep := range []string{"S claim", "clawback settled offset", "clawback settled refund", "claim waitlisted", "claim paid"} {
		if seen[deep] == 0 {
			t.Errorf("no history reached: %s", deep)
		}
	}
	for what, n := range seen {
		t.Logf("%6d %s", n, what)
	}
}

func (m *Model) broken() string {
	for _, o := range m.orders {
		for _, l := range o.lines {
			if less(l.ceiling(), l.allocated) {
				return "over the ceiling: " + o.id
			}
			if l.allocated.Sign() < 0 {
				return "negative allocation: " + o.id
			}
		}
	}
	for _, s := range m.shipments {
		for _, l := range s.lines {
			if s.status == "inspected" && !same(add(l.loaded, l.gain()), add(add(l.accepted, l.rejected), l.lost())) {
				return "goods not conserved: " + s.id
			}
			if less(l.accepted, l.returned) {
				return "more returned than accepted: " + s.id
			}
		}
	}
	reserved := map[*budget]num{}
	for _, k := range m.claims {
		if !k.stands() {
			continue
		}
		for _, l := range k.lines {
			if !same(sumOf(l.shares), l.subsidy) {
				return "shares do not sum: " + k.id
			}
			for _, p := range k.version.Split {
				b := k.fund.budgets[p.Budget]
				if reserved[b] == nil {
					reserved[b] = zero()
				}
				reserved[b] = add(reserved[b], l.shares[p.Funder])
			}
		}
	}
	for _, f := range m.funds {
		for _, b := range f.budgets {
			sum := reserved[b]
			if sum == nil {
				sum = zero()
			}
			if b.available().Sign() < 0 || !same(sum, add(add(b.reserved, b.obligated), b.spent)) {
				return "budget: " + f.id + " " + b.id
			}
		}
	}
	return ""
}
