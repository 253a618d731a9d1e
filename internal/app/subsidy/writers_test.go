package subsidy_test

import (
	"fmt"
	"sync"
	"testing"

	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/internal/app"
)

// TestWritersOnTheLastYuan has 64 inspections of 1.00 each arrive at once on a fund
// of 20.55: exactly what is there is given, and nothing twice.
func TestWritersOnTheLastYuan(t *testing.T) {
	t.Parallel()
	const writers = 64
	b := newBench(t)
	b.policy(`"waitlist"`, `"partial"`)
	b.fund("13.36", "7.19")
	for i := range writers {
		b.travel(fmt.Sprintf("S%d", i), "C1", "1")
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			line := fmt.Sprintf(`{"id":"I-%[1]d","command":"shipment.inspect","actor":"U-DIS","role":"dispatcher","time":"2021-06-10T12:00:00+08:00","data":{"shipment_id":"S%[1]d","ticket_no":"%[1]d","lines":[{"line_no":1,"arrived":"1","accepted":"1"}]}}`, i)
			env, problem := app.ParseLine([]byte(line))
			if problem != nil {
				t.Error(problem)
				return
			}
			if r, err := b.w.App.Submit(t.Context(), env).Wait(t.Context()); err != nil || !r.OK {
				t.Errorf("inspection %d: %v, %v", i, r.Problem, err)
			}
		}()
	}
	wg.Wait()
	b.is("budget_lines", "budget_id reserved available", "A 13.36 0.00", "B 7.19 0.00")
	b.is("programme_totals", "subsidy_assessed", "20.55")
}

// laden is a fund that has seen n claims: its totals and budget are what n claims
// of 100 cooperatives leave.
func laden(n int, p *policy.Policy) *fund.State {
	f := fund.NewState()
	head := fund.Head{FundID: "FU", PolicyID: p.PolicyID, Year: 2021}
	f.Apply(fund.Opened{Head: head, Lines: []fund.Amount{{BudgetID: "A", FunderID: "F-A", Amount: domain.MoneyFromFen(1 << 50)}, {BudgetID: "B", FunderID: "F-B", Amount: domain.MoneyFromFen(1 << 50)}}})
	for i := range n {
		s := saleFor(i)
		facts, err := assessment.Assess(p, f, &s, nil)
		if err != nil {
			panic(err)
		}
		for _, fact := range facts {
			if fact.Subject().Kind == fund.Kind {
				f.Apply(fact)
			}
		}
	}
	return f
}

func saleFor(i int) assessment.Sale {
	kg := domain.KgFromGrams(12345)
	s := assessment.Sale{ShipmentID: domain.ID(fmt.Sprint("S", i)), CooperativeID: domain.ID(fmt.Sprint("C", i%100)), BuyerID: "B1", Channel: "schools"}
	l := assessment.SaleLine{LineNo: 1, NetKg: kg, Amount: domain.MoneyFromFen(24690)}
	l.OrderID, l.OrderLine, l.ItemID, l.Category, l.KgPerUnit = "PO", 1, "jujube", "dried", domain.KgFromGrams(1000)
	l.UnitPrice, _ = domain.ParsePrice("20")
	s.Lines = append(s.Lines, l)
	return s
}

// BenchmarkAssess assesses a shipment on a fund that has seen no claims, and on one
// that has seen 100,000.
func BenchmarkAssess(b *testing.B) {
	p := benchPolicy()
	for _, n := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("claims=%d", n), func(b *testing.B) {
			f := laden(n, p)
			s := saleFor(0)
			for b.Loop() {
				facts, err := assessment.Assess(p, f, &s, nil)
				if _, ok := facts[0].(claim.Assessed); err != nil || !ok {
					b.Fatal(facts, err)
				}
			}
		})
	}
}

func benchPolicy() *policy.Policy {
	one, _ := domain.ParsePrice("1")
	a, _ := domain.ParseShare("0.65")
	c, _ := domain.ParseShare("0.35")
	return &policy.Policy{PolicyID: "P", Version: 1, OnExhausted: policy.Waitlist,
		Rules: []policy.Rule{{ID: "steps", Group: "price", Kind: policy.Tiered, Per: policy.PerCooperativeYear,
			Tiers: []policy.Tier{{UpToKg: domain.KgFromGrams(10_000_000), Rate: one}, {Rate: one}}}},
		Limits: []policy.Limit{{Per: policy.PerCooperativeYear, Max: domain.MoneyFromFen(1 << 48)}},
		Split:  []policy.Funding{{FunderID: "F-A", Share: a, BudgetID: "A"}, {FunderID: "F-B", Share: c, BudgetID: "B"}}}
}
