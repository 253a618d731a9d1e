package simulation_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
	"zhitong/internal/simulation"
	"zhitong/projections/projectionstest"
)

// scenario runs a scenario of testdata/vectors.json and returns how its log is read,
// and the policy that it publishes.
func scenario(t *testing.T, name string) (simulation.Reader, *policy.Policy) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []struct {
			Name     string           `json:"name"`
			Commands []jsontext.Value `json:"commands"`
		} `json:"scenarios"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	w := apptest.New(t, apptest.Parts{Commands: slices.Concat(commands.Trade(), subsidy.Commands()), Reactions: subsidy.Reactions(), Kinds: app.SubsidyKinds()})
	var draft *policy.Policy
	for _, s := range v.Scenarios {
		if !strings.HasPrefix(s.Name, name) {
			continue
		}
		for _, c := range s.Commands {
			for _, f := range w.Facts(w.Do(string(c))) {
				if p, ok := f.(policy.Published); ok {
					draft = &p.Policy
				}
			}
		}
	}
	l := projectionstest.NewLog(t, projectionstest.Lines(t, w), 5)
	read := func(ctx context.Context, from uint64, fn func([]byte) error) error {
		return l.Read(ctx, from, func(b log.Block) error {
			for _, c := range b.Commits {
				if err := fn(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return read, draft
}

func simulate(t *testing.T, read simulation.Reader, draft *policy.Policy, budget string) *simulation.Report {
	t.Helper()
	o := simulation.Options{Draft: draft}
	o.From, _ = domain.ParseDay("2021-01-01")
	o.To, _ = domain.ParseDay("2021-12-31")
	if budget != "" {
		b, err := simulation.ParseBudget([]byte(budget))
		if err != nil {
			t.Fatal(err)
		}
		o.Budget = b
	}
	r, err := simulation.Run(t.Context(), read, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compared(t *testing.T, r *simulation.Report, by, key, draft, recorded string) {
	t.Helper()
	for _, c := range r.Compared {
		if c.By == by && c.Key == key {
			if c.Draft.String() != draft || c.Recorded.String() != recorded {
				t.Errorf("%s %q: draft %s, recorded %s; want %s, %s", by, key, c.Draft, c.Recorded, draft, recorded)
			}
			return
		}
	}
	t.Errorf("%s %q is not compared: %+v", by, key, r.Compared)
}

func TestTheSamePolicyGivesWhatWasAssessed(t *testing.T) {
	t.Parallel()
	read, draft := scenario(t, "subsidy")
	r := simulate(t, read, draft, "")
	for _, c := range r.Compared {
		if c.Draft.Cmp(c.Recorded) != 0 {
			t.Errorf("%s %q: draft %s, recorded %s", c.By, c.Key, c.Draft, c.Recorded)
		}
	}
	compared(t, r, "total", "", "107.70", "107.70")
	compared(t, r, "month", "2021-08", "-12.30", "-12.30")
	if b := r.Bounds[1]; b.Lines != 1 || b.Cut.String() == "0.00" {
		t.Errorf("the limit a year of 120.00 binds one line: got %+v", b)
	}
}

func TestAnotherDraftIsComparedWithIt(t *testing.T) {
	t.Parallel()
	read, draft := scenario(t, "payment")
	other := *draft
	other.Version = 2
	other.Rules = slices.Clone(draft.Rules)
	other.Rules[0].Rate, _ = domain.ParsePrice("0.666")
	// 50 kg are left at 0.666; of the recorded 18.50 the clawback takes 1.85.
	r := simulate(t, read, &other, `[{"budget_id": "A", "amount": "24.05"}, {"budget_id": "B", "amount": "100.00", "year": 2021}]`)
	compared(t, r, "total", "", "33.30", "16.65")
	if d := r.Budgets[0]; d.DryOn.String() != "2021-06-06" || d.Reserved.String() != "21.65" {
		t.Errorf("55.555 kg take all 24.05 of A, the return gives a part back: got %+v", d)
	}
}

func TestWhoWouldWait(t *testing.T) {
	t.Parallel()
	read, draft := scenario(t, "waitlist")
	r := simulate(t, read, draft, `- {budget_id: A, amount: "70.00"}`)
	if len(r.Waitlisted) != 2 || r.Waitlisted[0].ClaimID != "S-2.SGYD" || r.Waitlisted[0].Amount.String() != "30.00" {
		t.Errorf("got %+v", r.Waitlisted)
	}
	if d := r.Budgets[0]; d.DryOn.String() != "2021-06-06" || d.Reserved.String() != "60.00" {
		t.Errorf("got %+v", d)
	}
	draft.OnExhausted = policy.RefuseIt
	r = simulate(t, read, draft, `- {budget_id: A, amount: "70.00"}`)
	if len(r.Refused) != 1 || r.Refused[0].Amount.String() != "30.00" {
		t.Errorf("got %+v", r.Refused)
	}
}
