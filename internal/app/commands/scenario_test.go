package commands_test

import (
	"os"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
)

// scenario is one whole history of the vectors.
type scenario struct {
	Name     string           `json:"name"`
	Commands []jsontext.Value `json:"commands"`
	Expected struct {
		Refused []string `json:"refused"`
	} `json:"expected"`
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/vectors.json")
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

func trade(t apptest.TB) *apptest.World {
	t.Helper()
	return apptest.New(t, apptest.Parts{Commands: commands.Trade()})
}

func TestTheTradeScenarioIsAcceptedAndRefusedAsGiven(t *testing.T) {
	t.Parallel()
	s := scenarios(t)[0]
	w := trade(t)
	for _, line := range s.Commands {
		before := w.Position()
		r := w.Do(string(line))
		if want := !slices.Contains(s.Expected.Refused, r.ID); r.OK != want {
			t.Fatalf("command %s: ok = %v, want %v: %v", r.ID, r.OK, want, r.Problem)
		}
		if !r.OK && w.Position() != before {
			t.Errorf("command %s: a refusal left something in the log", r.ID)
		}
		switch r.ID {
		case "T-09":
			if r.Problem.Code != "order.over_allocated" || r.Problem.Field != "lines[0].quantity" ||
				r.Problem.Detail != `needs 106, may still allocate 105 of 100 × 1.05 on order "PO-1" line 1` {
				t.Errorf("T-09 = %v", r.Problem)
			}
		case "T-11":
			if !r.Repeated || r.Events[0].Seq != before-0 || r.Events[0].Type == "" {
				t.Errorf("T-11 = %+v, want the events of T-10 again", r)
			}
		case "T-18":
			f := w.Facts(r)
			in := f[0].(shipment.Inspected)
			got := []string{in.Lines[0].Amount.String(), in.Lines[0].Kg.String(), in.Lines[0].Gain.String(), in.Lines[1].Lost.String(), in.Lines[1].Amount.String()}
			if d := cmp.Diff([]string{"3400.17", "256.200", "1", "10.0", "6898.10"}, got); d != "" {
				t.Errorf("T-18 (-want +got):\n%s", d)
			}
			if g, ok := f[1].(order.LineAllocated); !ok || g.Why != order.WhyGain {
				t.Errorf("T-18: the gain is allocated first, got %+v", f[1])
			}
		case "T-19":
			ret := w.Facts(r)[0].(shipment.Returned)
			if ret.Kg.String() != "17.582" || ret.Amount.String() != "233.35" {
				t.Errorf("T-19 = %+v", ret)
			}
		case "T-20":
			c := w.Facts(r)[0].(shipment.InspectionCorrected)
			if l := c.Lines[0]; l.AcceptedKg.String() != "-5.250" || l.Amount.String() != "-104.90" {
				t.Errorf("T-20 = %+v", l)
			}
		}
	}
}
