package catalogue_test

import (
	"os"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// scenario is one whole history of the vectors with the rows that it makes.
type scenario struct {
	Name     string           `json:"name"`
	Commands []jsontext.Value `json:"commands"`
	Expected struct {
		Views map[string][]map[string]jsontext.Value `json:"views"`
	} `json:"expected"`
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	b, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []scenario `json:"scenarios"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v.Scenarios
}

// compare compares the rows with the expected ones, whatever their order, on the
// columns that are named; a null subsidy or null shares are not compared.
func compare(t *testing.T, view string, want []map[string]jsontext.Value, rows *projections.Rows) {
	t.Helper()
	var lines, expected []string
	for i := range rows.Values {
		var all map[string]jsontext.Value
		if err := json.Unmarshal(rows.AppendLine(nil, i), &all); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, named(t, all, want))
	}
	for _, w := range want {
		expected = append(expected, named(t, w, want))
	}
	slices.Sort(lines)
	slices.Sort(expected)
	if diff := cmp.Diff(expected, lines); diff != "" {
		t.Errorf("%s (-want +got):\n%s", view, diff)
	}
}

// named writes the columns of a row that the expected rows name, in one form.
func named(t *testing.T, row map[string]jsontext.Value, want []map[string]jsontext.Value) string {
	t.Helper()
	kept := map[string]jsontext.Value{}
	for _, w := range want {
		for name := range w {
			if name == "subsidy" || name == "shares" {
				if slices.ContainsFunc(want, func(w map[string]jsontext.Value) bool { return string(w[name]) == "null" }) {
					continue
				}
			}
			kept[name] = row[name]
		}
	}
	b, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	v := jsontext.Value(b)
	if err := v.Canonicalize(); err != nil {
		t.Fatal(err)
	}
	return string(v)
}

func TestTheScenariosMakeTheRowsGiven(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			makesTheRowsGiven(t, s)
		})
	}
}

func makesTheRowsGiven(t *testing.T, s scenario) {
	w := apptest.New(t, apptest.Parts{Commands: slices.Concat(commands.Trade(), subsidy.Commands()), Reactions: subsidy.Reactions(), Kinds: app.SubsidyKinds()})
	for _, line := range s.Commands {
		w.Do(string(line))
	}
	l := projectionstest.NewLog(t, projectionstest.Lines(t, w), 3)
	p, err := projector.New(projector.Config{Postgres: embeddedtest.Postgres(t), Log: l, Projections: catalogue.All()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	folded, err := p.AsOf(t.Context(), projections.Until{})
	if err != nil {
		t.Fatal(err)
	}
	for view, want := range s.Expected.Views {
		t.Run(view, func(t *testing.T) {
			rows, err := p.Query(t.Context(), view, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, view, want, rows)
			if rows, err = folded.Select(view, nil, 0); err != nil {
				t.Fatal(err)
			}
			compare(t, view+" in memory", want, rows)
		})
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
}
