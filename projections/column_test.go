package projections

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhitong/domain"
)

// TestNumbersHaveAllTheirPlaces: a column has the digits of the number and zeros up
// to its places; a number with more places is refused.
func TestNumbersHaveAllTheirPlaces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, err := domain.ParseQuantity(rapid.StringMatching(`[0-9]{1,15}(\.[0-9]{1,3})?`).Draw(t, "number"))
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "negative") {
			q = q.Sub(q).Sub(q)
		}
		whole, frac, _ := strings.Cut(q.Plain(), ".")
		for places := range 7 {
			b, err := number(places).put(nil, reflect.ValueOf(&q).Elem())
			got, want := string(b), whole
			if places > 0 {
				want += "." + frac + strings.Repeat("0", max(0, places-len(frac)))
			}
			if refused := len(frac) > places; (err != nil) != refused || !refused && got != want {
				t.Fatalf("%s with %d places: got %q, %v, want %q", q, places, got, err, want)
			}
		}
	})
}
