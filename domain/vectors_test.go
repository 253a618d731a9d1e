package domain_test

import (
	"os"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"zhitong/domain"
)

// vector is one vector of testdata/vectors.json.
type vector[In, Want any] struct {
	Name     string `json:"name"`
	Inputs   In     `json:"inputs"`
	Expected Want   `json:"expected"`
	Why      string `json:"why"`
}

// section reads a section of the vectors.
func section[T any](t *testing.T, name string) T {
	t.Helper()
	b, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]jsontext.Value
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(all[name], &v); err != nil {
		t.Fatalf("section %q: %v", name, err)
	}
	return v
}

// each runs the vectors of a section as subtests.
func each[In, Want any](t *testing.T, name string, run func(t *testing.T, in In) Want) {
	t.Helper()
	vectors := section[[]vector[In, Want]](t, name)
	if len(vectors) == 0 {
		t.Fatalf("section %q is empty", name)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(v.Expected, run(t, v.Inputs)); d != "" {
				t.Errorf("%s (-want +got):\n%s", v.Why, d)
			}
		})
	}
}

func TestSaleAmounts(t *testing.T) {
	t.Parallel()
	type in struct {
		Accepted  domain.Quantity `json:"accepted"`
		KgPerUnit domain.Kg       `json:"kg_per_unit"`
		UnitPrice domain.Price    `json:"unit_price"`
		Measured  domain.Kg       `json:"measured_kg"`
	}
	each(t, "sale_amounts", func(t *testing.T, v in) map[string]string {
		kg := v.Accepted.Nominal(v.KgPerUnit)
		if !v.Measured.IsZero() {
			kg = v.Measured
		}
		return map[string]string{"kg": kg.String(), "amount": v.UnitPrice.Times(v.Accepted).String()}
	})
}

func TestRoundingIsHalfUpAndOnce(t *testing.T) {
	t.Parallel()
	type in struct {
		Value  string `json:"value"`
		Places int    `json:"places"`
	}
	each(t, "rounding", func(t *testing.T, v in) string {
		d := decimal.RequireFromString(v.Value)
		return domain.RoundHalfUp(d, int32(v.Places)).StringFixed(int32(v.Places))
	})
}

func TestPrefixSplit(t *testing.T) {
	t.Parallel()
	type in struct {
		Amount  domain.Money `json:"amount"`
		Weights []domain.Kg  `json:"weights"`
	}
	each(t, "prefix_split", func(t *testing.T, v in) []string { return texts(domain.PrefixSplit(v.Amount, v.Weights)) })
}

func TestReductionSplit(t *testing.T) {
	t.Parallel()
	type in struct {
		Amount domain.Money   `json:"amount"`
		Left   []domain.Money `json:"weights"`
	}
	each(t, "reduction_split", func(t *testing.T, v in) []string { return texts(domain.ReductionSplit(v.Amount, v.Left)) })
}

func texts(ms []domain.Money) []string {
	s := make([]string, len(ms))
	for i, m := range ms {
		s[i] = m.String()
	}
	return s
}

func TestFreightCost(t *testing.T) {
	t.Parallel()
	type in struct {
		Freight domain.Money `json:"freight"`
		Lines   []struct {
			Item string    `json:"item"`
			Kg   domain.Kg `json:"kg"`
		} `json:"lines_in_loading_order"`
	}
	each(t, "freight_cost", func(t *testing.T, v in) map[string]map[string]string {
		weights := make([]domain.Kg, len(v.Lines))
		for i, l := range v.Lines {
			weights[i] = l.Kg
		}
		kg, amount := map[string]domain.Kg{}, map[string]domain.Money{}
		for i, share := range domain.PrefixSplit(v.Freight, weights) {
			item := v.Lines[i].Item
			kg[item], amount[item] = kg[item].Add(weights[i]), amount[item].Add(share)
		}
		got := map[string]map[string]string{}
		for item := range kg {
			got[item] = map[string]string{"kg": kg[item].String(), "freight_amount": amount[item].String()}
		}
		return got
	})
}

func TestAllocationCeiling(t *testing.T) {
	t.Parallel()
	type in struct {
		Quantity  domain.Quantity `json:"quantity"`
		Tolerance domain.Share    `json:"tolerance"`
	}
	each(t, "allocation_ceiling", func(t *testing.T, v in) string { return v.Quantity.Ceiling(v.Tolerance).Plain() })
}

func TestTransitHours(t *testing.T) {
	t.Parallel()
	type in struct {
		From domain.Time `json:"departed_at"`
		To   domain.Time `json:"arrived_at"`
	}
	each(t, "transit_hours", func(t *testing.T, v in) string { return v.From.HoursUntil(v.To).String() })
}

func TestDaysAreThoseOfShanghai(t *testing.T) {
	t.Parallel()
	type in struct {
		Time domain.Time `json:"time"`
	}
	type want struct {
		Day   string `json:"day"`
		Month string `json:"month"`
		Year  int    `json:"year"`
	}
	each(t, "shanghai_days", func(t *testing.T, v in) want {
		d := v.Time.Day()
		return want{d.String(), d.Month(), d.Year()}
	})
}

func TestTimesAreAcceptedAndRefusedAsGiven(t *testing.T) {
	t.Parallel()
	v := section[struct {
		Accept []string `json:"accept"`
		Refuse []string `json:"refuse"`
	}](t, "times")
	for _, s := range v.Accept {
		if got, err := domain.ParseTime(s); err != nil || got.String() != s {
			t.Errorf("ParseTime(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range append(v.Refuse, "2021-03-03T10:00:00+24:00", "2021-03-03T10:00:00+08:60", "0000-06-01T00:00:00Z", "0001-01-01T00:00:00+14:00") {
		if got, err := domain.ParseTime(s); err == nil {
			t.Errorf("ParseTime(%q) = %q, want a refusal", s, got)
		}
	}
}

func TestDecimalsAreAcceptedAndRefusedAsGiven(t *testing.T) {
	t.Parallel()
	type forms struct {
		Accept []string `json:"accept"`
		Refuse []string `json:"refuse"`
	}
	v := section[struct {
		Money    forms `json:"money"`
		Quantity forms `json:"quantity"`
		Price    forms `json:"unit_price"`
		Share    forms `json:"share_or_tolerance"`
		Delta    forms `json:"delta"`
	}](t, "decimals")
	money := func(s string) error { // as a command does it
		var m domain.Money
		if err := m.UnmarshalText([]byte(s)); err != nil {
			return err
		}
		return m.NotNegative("amount")
	}
	kg := func(s string) error {
		var k domain.Kg
		if err := k.UnmarshalText([]byte(s)); err != nil {
			return err
		}
		return k.NotNegative("kg")
	}
	for _, c := range []struct {
		kind  string
		forms forms
		parse func(string) error
	}{
		{"money", v.Money, func(s string) error { _, err := domain.ParseMoney(s); return err }},
		{"money of a command", v.Money, money},
		{"quantity", v.Quantity, func(s string) error { _, err := domain.ParseQuantity(s); return err }},
		{"weight", v.Quantity, func(s string) error { _, err := domain.ParseKg(s); return err }},
		{"weight of a command", v.Quantity, kg},
		{"price", v.Price, func(s string) error { _, err := domain.ParsePrice(s); return err }},
		{"share", v.Share, func(s string) error { _, err := domain.ParseShare(s); return err }},
		{"delta", v.Delta, func(s string) error { var m domain.Money; return m.UnmarshalText([]byte(s)) }},
	} {
		for _, s := range c.forms.Accept {
			if err := c.parse(s); err != nil {
				t.Errorf("%s %q: %v", c.kind, s, err)
			}
		}
		for _, s := range c.forms.Refuse {
			p := domain.AsProblem(c.parse(s))
			if p == nil || p.Class != domain.Invalid {
				t.Errorf("%s %q: %v, want a refusal", c.kind, s, p)
			}
		}
	}
}

func TestUSCC(t *testing.T) {
	t.Parallel()
	v := section[struct {
		Valid     []string `json:"valid"`
		Generated []string `json:"valid_generated"`
		Invalid   []struct {
			Value string `json:"value"`
			Why   string `json:"why"`
		} `json:"invalid"`
	}](t, "uscc")
	for _, s := range append(v.Valid, v.Generated...) {
		if err := domain.CheckUSCC(s); err != nil {
			t.Errorf("CheckUSCC(%q) = %v", s, err)
		}
	}
	for _, c := range v.Invalid {
		if domain.CheckUSCC(c.Value) == nil {
			t.Errorf("CheckUSCC(%q) = nil: %s", c.Value, c.Why)
		}
	}
}

func TestReturnKg(t *testing.T) {
	t.Parallel()
	type in struct {
		Kg       domain.Kg         `json:"accepted_kg"`
		Accepted domain.Quantity   `json:"accepted"`
		Returns  []domain.Quantity `json:"returns"`
	}
	each(t, "return_kg", func(t *testing.T, v in) []string {
		var got []string
		var sum domain.Quantity
		var before domain.Kg
		for _, q := range v.Returns {
			sum = sum.Add(q)
			now := v.Kg.Part(sum, v.Accepted)
			got, before = append(got, now.Sub(before).String()), now
		}
		return got
	})
}
