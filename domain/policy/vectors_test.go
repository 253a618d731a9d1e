package policy_test

import (
	"encoding/json"
	"os"
	"testing"

	"zhitong/domain"
	"zhitong/domain/policy"
)

func vectors(t *testing.T, into any) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// calculate runs the calculation and checks that every step gives its result again.
func calculate(t *testing.T, p *policy.Policy, s policy.Subject, in policy.Inputs) domain.Money {
	t.Helper()
	r := p.Calculate(s, in)
	for i, step := range r.Steps {
		again, err := step.Again()
		if err != nil || again != step.Result {
			t.Errorf("step %d, %+v: done again gives %q, %v", i, step, again, err)
		}
	}
	return r.Amount
}

func expect(t *testing.T, got domain.Money, want string) {
	t.Helper()
	if got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRuleVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		Rules []struct {
			Name   string
			Inputs struct {
				Rule policy.Rule
				Line struct {
					Kg        domain.Kg
					UnitPrice domain.Price `json:"unit_price"`
					KgPerUnit domain.Kg    `json:"kg_per_unit"`
					Start     domain.Kg
					F         domain.Money
					K         domain.Kg
				}
			}
			Expected string
		}
	}
	vectors(t, &v)
	for _, c := range v.Rules {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			l := c.Inputs.Line
			c.Inputs.Rule.ID = "r"
			p := &policy.Policy{Rules: []policy.Rule{c.Inputs.Rule}}
			expect(t, calculate(t, p, policy.Subject{}, policy.Inputs{
				Kg: l.Kg, UnitPrice: l.UnitPrice, KgPerUnit: l.KgPerUnit,
				Freight: &policy.Freighted{Amount: l.F, LoadedKg: l.K},
				Tiers:   []policy.TierStart{{TierKey: policy.TierKey{RuleID: "r"}, StartKg: l.Start}},
			}), c.Expected)
		})
	}
}

func TestTiersOverLinesVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		Lines []struct {
			Name   string
			Inputs struct {
				Tiers   []policy.Tier
				LineMax domain.Money `json:"line_max"`
				Kgs     []domain.Kg
			}
			Expected []string
		} `json:"tiers_over_lines"`
	}
	vectors(t, &v)
	for _, c := range v.Lines {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p := &policy.Policy{Rules: []policy.Rule{{ID: "r", Kind: policy.Tiered, Tiers: c.Inputs.Tiers}}}
			var left []policy.LimitLeft
			if !c.Inputs.LineMax.IsZero() {
				p.Limits = []policy.Limit{{Per: policy.PerLine, Max: c.Inputs.LineMax}}
				left = []policy.LimitLeft{{Per: policy.PerLine, Left: c.Inputs.LineMax}}
			}
			start := domain.Kg{}
			for i, kg := range c.Inputs.Kgs {
				expect(t, calculate(t, p, policy.Subject{}, policy.Inputs{Kg: kg, Tiers: []policy.TierStart{{TierKey: policy.TierKey{RuleID: "r"}, StartKg: start}}, Limits: left}), c.Expected[i])
				start = start.Add(kg)
			}
		})
	}
}

func TestGroupVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		Groups []struct {
			Name   string
			Inputs struct {
				Rules []policy.Rule
				Line  struct {
					Item, Category, Channel domain.ID
					Kg                      domain.Kg
				}
			}
			Expected string
		}
	}
	vectors(t, &v)
	for _, c := range v.Groups {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			l := c.Inputs.Line
			expect(t, calculate(t, &policy.Policy{Rules: c.Inputs.Rules},
				policy.Subject{ItemID: l.Item, Category: l.Category, Channel: l.Channel}, policy.Inputs{Kg: l.Kg}), c.Expected)
		})
	}
}

func TestLimitVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		Limits []struct {
			Name   string
			Inputs struct {
				Amount domain.Price
				Limits []struct {
					Per           string
					Max           domain.Money
					SalesShare    domain.Share `json:"sales_share"`
					GrantedBefore domain.Money `json:"granted_before"`
				}
				NetSale domain.Money `json:"net_sale"`
			}
			Expected string
		}
	}
	vectors(t, &v)
	one, err := domain.ParseKg("1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Limits {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p := &policy.Policy{Rules: []policy.Rule{{ID: "r", Kind: policy.PerKg, Rate: c.Inputs.Amount}}}
			in := policy.Inputs{Kg: one, Sale: c.Inputs.NetSale}
			for _, l := range c.Inputs.Limits {
				p.Limits = append(p.Limits, policy.Limit{Per: l.Per, Max: l.Max, SalesShare: l.SalesShare})
				in.Limits = append(in.Limits, policy.LimitLeft{Per: l.Per, Left: l.Max.Sub(l.GrantedBefore)})
			}
			expect(t, calculate(t, p, policy.Subject{}, in), c.Expected)
		})
	}
}
