package subsidy_test

import (
	"os"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"

	"zhitong/internal/app"
)

// scenario is a scenario of testdata/vectors.json.
type scenario struct {
	Name     string           `json:"name"`
	Commands []jsontext.Value `json:"commands"`
	Expected struct {
		Refused []string                    `json:"refused"`
		Views   map[string][]map[string]any `json:"views"`
	} `json:"expected"`
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []struct {
			Name   string `json:"name"`
			Inputs struct {
				Commands []jsontext.Value `json:"commands"`
			} `json:"inputs"`
			Commands []jsontext.Value `json:"commands"`
			Expected jsontext.Value   `json:"expected"`
		} `json:"scenarios"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var out []scenario
	for _, s := range v.Scenarios {
		sc := scenario{Name: s.Name, Commands: append(s.Commands, s.Inputs.Commands...)}
		if err := json.Unmarshal(s.Expected, &sc.Expected); err != nil {
			t.Fatal(err)
		}
		out = append(out, sc)
	}
	return out
}

func newWorld(t apptest.TB) *apptest.World {
	t.Helper()
	return apptest.New(t, apptest.Parts{Commands: slices.Concat(commands.Trade(), subsidy.Commands()), Reactions: subsidy.Reactions(), Kinds: app.SubsidyKinds()})
}

func TestScenariosRefuseWhatTheyMust(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			refused := []string{}
			for _, line := range s.Commands {
				if r := w.Do(string(line)); !r.OK {
					t.Log(r.ID, r.Problem)
					refused = append(refused, r.ID)
				}
			}
			if diff := cmp.Diff(s.Expected.Refused, refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}
