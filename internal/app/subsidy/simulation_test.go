package subsidy_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/internal/simulation"
	"zhitong/projections/projectionstest"
)

// simulatedEvery takes one random history in so many.
const simulatedEvery = 3

// TestTheRecordedPolicyIsSimulatedWithoutADifference simulates the policy that a
// random history published, on the recorded budgets: every figure must be the one
// that was assessed, and the same claims must wait.
func TestTheRecordedPolicyIsSimulatedWithoutADifference(t *testing.T) {
	t.Parallel()
	for i := range *histories / simulatedEvery {
		seed := *firstSeed + uint64(i)*simulatedEvery
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			h := &history{T: t, r: rand.New(rand.NewPCG(369, seed)), w: newWorld(t), last: map[string]string{}, final: map[string]bool{}}
			h.lay()
			for range between(h.r, 5, 120) {
				h.step()
			}
			var published *policy.Policy
			for at := range h.w.Position() {
				for _, e := range h.w.Commit(at + 1).Events {
					if p, ok := e.Fact.(policy.Published); ok {
						published = &p.Policy
					}
				}
			}
			o := simulation.Options{Draft: published, Recorded: true}
			o.From, _ = domain.ParseDay("2021-01-01")
			o.To, _ = domain.ParseDay("2021-12-31")
			r, err := simulation.Run(t.Context(), projectionstest.NewLog(t, projectionstest.Lines(t, h.w), 16), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Compared {
				if c.Draft.Cmp(c.Recorded) != 0 {
					t.Errorf("%s %q: %s is simulated, %s was assessed", c.By, c.Key, c.Draft, c.Recorded)
				}
			}
			waiting := 0
			for range rows(t, foldWorld(t, h.w), "waitlist", "claim_id") {
				waiting++
			}
			if waiting != len(r.Waitlisted) {
				t.Errorf("%d claims wait in the simulation, %d in the record", len(r.Waitlisted), waiting)
			}
		})
	}
}
