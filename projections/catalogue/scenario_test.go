package catalogue_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/events/log"
	"zhitong/internal/app/apptest"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// scenario is a scenario of testdata/vectors.json.
type scenario struct {
	Name     string           `json:"name"`
	Commands []jsontext.Value `json:"commands"`
	Expected struct {
		Views map[string][]map[string]any `json:"views"`
	} `json:"expected"`
}

// TestScenarioViews runs the scenarios through the whole application and compares
// every view that they name, column by column: columns that they do not name are
// not compared, neither are a null subsidy and null shares.
func TestScenarioViews(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			lines := history(t, s)
			folded, err := projections.Fold(t.Context(), projectionstest.Reader(projectionstest.NewLog(t, lines, 7)), catalogue.All(), projections.Until{})
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range s.Expected.Views {
				compare(t, folded, name, want)
			}
		})
	}
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []scenario `json:"scenarios"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v.Scenarios
}

// history returns the commits that the scenario makes.
func history(t *testing.T, s scenario) [][]byte {
	t.Helper()
	w := apptest.New(t, projectionstest.Everything())
	for _, c := range s.Commands {
		w.Do(string(c))
	}
	return projectionstest.Lines(t, w)
}

// TestScenariosLive follows each scenario in Postgres, a few commits at a time with
// hardly any cache, and compares every table, also the folds' state, with the fold
// in memory that TestScenarioViews looks at.
func TestScenariosLive(t *testing.T) {
	t.Parallel()
	for i, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			l := log.NewMemory()
			p, err := projector.New(projector.Config{
				Postgres: embeddedtest.Postgres(t), Log: l, Projections: catalogue.All(), CacheRowsMax: 2, WholeRowsMax: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Close)
			for rest := history(t, s); len(rest) > 0; {
				n := min(5+i, len(rest))
				projectionstest.Append(t, l, rest[:n], 1)
				rest = rest[n:]
				if err := p.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			verified, err := p.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verified {
				if v.Different != nil {
					t.Errorf("%s: %v", v.Table, v.Different)
				}
			}
		})
	}
}

func compare(t *testing.T, folded *projections.Folded, name string, want []map[string]any) {
	t.Helper()
	rows, err := folded.Select(name, nil, 0)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	got := make([]string, len(rows.Values))
	for i := range rows.Values {
		var row map[string]any
		if err := json.Unmarshal(rows.AppendLine(nil, i), &row); err != nil {
			t.Fatal(err)
		}
		got[i] = text(row, want)
	}
	expected := make([]string, len(want))
	for i, row := range want {
		expected[i] = text(row, want)
	}
	slices.Sort(got)
	slices.Sort(expected)
	if d := cmp.Diff(expected, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// text writes the columns of a row that are compared, in order.
func text(row map[string]any, want []map[string]any) string {
	if len(want) == 0 {
		return fmt.Sprint(row)
	}
	var b strings.Builder
	for _, c := range slices.Sorted(keys(want[0])) {
		if slices.ContainsFunc(want, func(r map[string]any) bool { return r[c] == nil && (c == "subsidy" || c == "shares") }) {
			continue
		}
		fmt.Fprintf(&b, "%s=%v ", c, row[c])
	}
	return b.String()
}

func keys(row map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range row {
			if !yield(k) {
				return
			}
		}
	}
}
