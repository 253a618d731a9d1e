package simulation_test

import (
	"slices"
	"strings"
	"testing"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events/log"
	"zhitong/internal/app/apptest"
	"zhitong/internal/history/historytest"
	"zhitong/internal/simulation"
)

// scenario runs a scenario of testdata/vectors.json and returns its log, and the
// policy that it publishes.
func scenario(t *testing.T, name string) (log.Log, *policy.Policy) {
	t.Helper()
	for _, s := range historytest.Scenarios(t, "../..") {
		if strings.HasPrefix(s.Name, name) {
			w := historytest.Run(t, s.Lines)
			return historytest.Log(t, w), published(t, w)[0]
		}
	}
	t.Fatalf("there is no scenario %q", name)
	return nil, nil
}

// published lists the versions that a history published.
func published(t *testing.T, w *apptest.World) []*policy.Policy {
	t.Helper()
	var list []*policy.Policy
	for _, c := range historytest.Commits(t, w) {
		if f, ok := c.Events[0].Fact.(policy.Published); ok {
			list = append(list, &f.Policy)
		}
	}
	return list
}

func day(t *testing.T, s string) domain.Day {
	t.Helper()
	d, err := domain.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func run(t *testing.T, l log.Log, o simulation.Options) *simulation.Report {
	t.Helper()
	r, err := simulation.Run(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func simulate(t *testing.T, l log.Log, draft *policy.Policy, budget string) *simulation.Report {
	t.Helper()
	o := simulation.Options{Draft: draft, From: day(t, "2021-01-01"), To: day(t, "2021-12-31")}
	if budget != "" {
		b, err := simulation.ParseBudget([]byte(budget))
		if err != nil {
			t.Fatal(err)
		}
		o.Budget = b
	}
	return run(t, l, o)
}

func noDifference(t *testing.T, r *simulation.Report) {
	t.Helper()
	for _, c := range r.Compared {
		if c.Draft.Cmp(c.Recorded) != 0 {
			t.Errorf("%s %q: draft %s, recorded %s", c.By, c.Key, c.Draft, c.Recorded)
		}
	}
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
	l, draft := scenario(t, "subsidy")
	r := simulate(t, l, draft, "")
	noDifference(t, r)
	compared(t, r, "total", "", "107.70", "107.70")
	compared(t, r, "month", "2021-08", "-12.30", "-12.30")
	if b := r.Bounds[1]; b.Lines != 1 || b.Cut.String() == "0.00" {
		t.Errorf("the limit a year of 120.00 binds one line: got %+v", b)
	}
}

func TestEveryScenarioOnItsOwnBudgetsHasNoDifference(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"subsidy", "payment", "waitlist"} {
		l, draft := scenario(t, name)
		noDifference(t, run(t, l, simulation.Options{Draft: draft, From: day(t, "2021-01-01"), To: day(t, "2021-12-31"), Recorded: true}))
	}
}

// The demo's second version, on budgets that are given as a file: the same as its
// fund of 2021 has.
func TestTheDemoHasNoDifference(t *testing.T) {
	t.Parallel()
	w := historytest.Demo(t, "0.0005")
	l, versions := historytest.Log(t, w), published(t, w)
	var budget []simulation.Budget
	assessed := 0
	for _, c := range historytest.Commits(t, w) {
		for i := range c.Events {
			switch f := c.Events[i].Fact.(type) {
			case fund.Opened:
				for _, b := range f.Lines {
					budget = append(budget, simulation.Budget{Year: f.Year, BudgetID: b.BudgetID, Amount: b.Amount})
				}
			case claim.Assessed:
				assessed++
			}
		}
	}
	if len(versions) < 2 || assessed == 0 {
		t.Fatalf("%d versions, %d claims", len(versions), assessed)
	}
	for _, o := range []simulation.Options{
		{Draft: versions[1], From: day(t, "2021-01-01"), To: day(t, "2021-12-31"), Budget: budget},
		{Draft: versions[1], From: day(t, "2021-01-01"), To: day(t, "2021-12-31"), Recorded: true},
		{Draft: versions[1], From: day(t, "2021-04-10"), To: day(t, "2021-08-20"), Recorded: true},
		{Draft: versions[0], From: day(t, "2020-05-01"), To: day(t, "2020-12-31"), Budget: budget},
	} {
		r := run(t, l, o)
		noDifference(t, r)
		if last := r.Compared[len(r.Compared)-1]; last.By != "total" || last.Recorded.Sign() == 0 {
			t.Errorf("nothing was compared: %+v", last)
		}
	}
}

func TestAnotherDraftIsComparedWithIt(t *testing.T) {
	t.Parallel()
	l, draft := scenario(t, "payment")
	other := *draft
	other.Version = 2
	other.Rules = slices.Clone(draft.Rules)
	other.Rules[0].Rate, _ = domain.ParsePrice("0.666")
	budget := `[{"budget_id": "A", "amount": "24.05"}, {"budget_id": "B", "amount": "100.00", "year": 2021}]`
	// 50 kg are left at 0.666; of the recorded 18.50 the clawback takes 1.85.
	r := simulate(t, l, &other, budget)
	compared(t, r, "total", "", "33.30", "16.65")
	if d := r.Budgets[0]; d.DryOn.String() != "2021-06-06" || d.Committed.String() != "21.65" {
		t.Errorf("55.555 kg take all 24.05 of A, the return gives a part back: got %+v", d)
	}
	// A policy of another name stands for the recorded one: the same, and its claim is
	// paid and clawed back like that.
	other.PolicyID = "NEW"
	r = simulate(t, l, &other, budget)
	compared(t, r, "total", "", "33.30", "16.65")
	if d := r.Budgets[0]; d.Committed.String() != "21.65" {
		t.Errorf("got %+v", d)
	}
}

func TestWhoWouldWait(t *testing.T) {
	t.Parallel()
	l, draft := scenario(t, "waitlist")
	const budget = `- {budget_id: A, amount: "70.00"}`
	r := simulate(t, l, draft, budget)
	if len(r.Waitlisted) != 2 || r.Waitlisted[0].ClaimID != "S-2.SGYD" || r.Waitlisted[0].Amount.String() != "30.00" {
		t.Errorf("got %+v", r.Waitlisted)
	}
	if d := r.Budgets[0]; d.DryOn.String() != "2021-06-06" || d.Committed.String() != "60.00" {
		t.Errorf("got %+v", d)
	}
	draft.OnExhausted = policy.RefuseIt
	r = simulate(t, l, draft, budget)
	if len(r.Refused) != 1 || r.Refused[0].Amount.String() != "30.00" {
		t.Errorf("got %+v", r.Refused)
	}
	draft.OnExhausted = policy.Partial
	r = simulate(t, l, draft, budget)
	if len(r.Partial) == 0 || r.Partial[0].ClaimID != "S-2.SGYD" || r.Partial[0].Amount.String() != "20.00" {
		t.Errorf("10.00 of 30.00 are left for the second claim: got %+v", r.Partial)
	}
}

func TestWritesNothing(t *testing.T) {
	t.Parallel()
	l, draft := scenario(t, "waitlist")
	before, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	simulate(t, l, draft, "")
	if after, err := l.Head(t.Context()); err != nil || after != before {
		t.Errorf("the head went from %+v to %+v, %v", before, after, err)
	}
}
