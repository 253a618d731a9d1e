package model

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

type scenario struct {
	Name     string    `json:"name"`
	Commands []Command `json:"commands"`
	Expected struct {
		Refused []string         `json:"refused"`
		Views   map[string][]Row `json:"views"`
	} `json:"expected"`
}

func clock() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func vectors(t *testing.T) (v struct {
	ResidualSplit []struct {
		Name   string `json:"name"`
		Inputs struct {
			Split []part   `json:"split"`
			Start []string `json:"start"`
			Lines []string `json:"lines"`
		} `json:"inputs"`
		Expected []struct {
			Shares    []string `json:"shares"`
			Residuals []string `json:"residuals"`
		} `json:"expected"`
	} `json:"residual_split"`
	PartialGrants []struct {
		Name   string `json:"name"`
		Inputs struct {
			Split     []part   `json:"split"`
			Available []string `json:"available"`
			Lines     []string `json:"lines"`
		} `json:"inputs"`
		Expected struct {
			Granted []string   `json:"granted"`
			Shares  [][]string `json:"shares"`
		} `json:"expected"`
	} `json:"partial_grants"`
	Scenarios []scenario `json:"scenarios"`
}) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestScenariosOfTheVectors(t *testing.T) {
	t.Parallel()
	for _, s := range vectors(t).Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			m := New(clock())
			for _, c := range s.Commands {
				outcome, word := m.Apply(c)
				if wantRefused := slices.Contains(s.Expected.Refused, c.ID); wantRefused != (outcome == Refused) {
					t.Errorf("%s %s: %s %s", c.ID, c.Command, outcome, word)
				}
			}
			got := m.Views()
			for name, want := range s.Expected.Views {
				if d := difference(name, want, got[name], "subsidy", "shares"); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestResidualSplitOfTheVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t).ResidualSplit {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			var residuals map[string]num
			if len(v.Inputs.Start) > 0 {
				residuals = map[string]num{}
				for i, s := range v.Inputs.Start {
					residuals[v.Inputs.Split[i].Funder] = signed(s)
				}
			}
			for i, line := range v.Inputs.Lines {
				shares, after := splitLine(signed(line), v.Inputs.Split, residuals)
				residuals = after
				for j, p := range v.Inputs.Split {
					if want := signed(v.Expected[i].Shares[j]); !same(shares[p.Funder], want) {
						t.Errorf("line %d %s: share %s, want %s", i+1, p.Funder, shares[p.Funder], want)
					}
					if want := signed(v.Expected[i].Residuals[j]); !same(after[p.Funder], want) {
						t.Errorf("line %d %s: residual %s, want %s", i+1, p.Funder, after[p.Funder], want)
					}
				}
			}
		})
	}
}

func TestPartialGrantsOfTheVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t).PartialGrants {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			f := &fund{budgets: map[string]*budget{}}
			for i := range v.Inputs.Split {
				v.Inputs.Split[i].Budget = v.Inputs.Split[i].Funder
				f.budgets[v.Inputs.Split[i].Funder] = &budget{appropriated: signed(v.Inputs.Available[i]),
					reserved: zero(), obligated: zero(), spent: zero(), refunded: zero()}
			}
			var lines []num
			for _, l := range v.Inputs.Lines {
				lines = append(lines, signed(l))
			}
			g, _ := f.pay(&version{Split: v.Inputs.Split}, lines, true)
			for i := range lines {
				if want := v.Expected.Granted[i]; yuan(g.amounts[i]) != want {
					t.Errorf("line %d: granted %s, want %s", i+1, yuan(g.amounts[i]), want)
				}
				for j, p := range v.Inputs.Split {
					if want := v.Expected.Shares[i][j]; yuan(g.shares[i][p.Funder]) != want {
						t.Errorf("line %d %s: %s, want %s", i+1, p.Funder, yuan(g.shares[i][p.Funder]), want)
					}
				}
			}
		})
	}
}

func signed(s string) num {
	if s[0] == '-' {
		n, _ := parse(s[1:], 20)
		return neg(n)
	}
	n, _ := parse(s, 20)
	return n
}
