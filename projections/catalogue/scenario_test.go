package catalogue_test

import (
	"os"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
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

func tradeScenario(t *testing.T) scenario {
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
	return v.Scenarios[0]
}

// compare compares the rows with the expected ones on the columns that are named.
func compare(t *testing.T, view string, want []map[string]jsontext.Value, rows *projections.Rows) {
	t.Helper()
	var got []map[string]jsontext.Value
	for i := range rows.Values {
		var all map[string]jsontext.Value
		if err := json.Unmarshal(rows.AppendLine(nil, i), &all); err != nil {
			t.Fatal(err)
		}
		named := map[string]jsontext.Value{}
		if i < len(want) {
			for name := range want[i] {
				named[name] = all[name]
			}
		}
		got = append(got, named)
	}
	asText := cmp.Transformer("text", func(v jsontext.Value) string { return string(v) })
	if diff := cmp.Diff(want, got, asText); diff != "" {
		t.Errorf("%s (-want +got):\n%s", view, diff)
	}
}

func TestTheTradeScenarioMakesTheRowsGiven(t *testing.T) {
	t.Parallel()
	s := tradeScenario(t)
	w := apptest.New(t, apptest.Parts{Commands: commands.Trade()})
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
		if _, _, err := projections.FindView(catalogue.All(), view); err != nil {
			continue // a view that is still to come
		}
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
