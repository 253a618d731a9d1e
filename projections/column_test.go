package projections

import (
	"testing"

	"pgregory.net/rapid"

	"zhitong/domain"
)

// TestNumbersHaveAllTheirPlaces: the quick way writes what the slow one does.
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
		for places := range 7 {
			fast, err := withPlaces(nil, q.Decimal(), places)
			slow, slowErr := withPlacesSlowly(nil, q.Decimal(), places)
			if string(fast) != string(slow) || (err == nil) != (slowErr == nil) {
				t.Fatalf("%s with %d places: got %q, %v, want %q, %v", q, places, fast, err, slow, slowErr)
			}
		}
	})
}
