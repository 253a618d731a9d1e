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

	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
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
	for _, s := range v.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := apptest.New(t, apptest.Parts{Commands: slices.Concat(commands.Trade(), subsidy.Commands()), Reactions: subsidy.Reactions(), Kinds: app.SubsidyKinds()})
			for _, c := range s.Commands {
				w.Do(string(c))
			}
			lines := projectionstest.Lines(t, w)
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
