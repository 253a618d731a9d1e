package simulate

import (
	"strings"
	"testing"
)

// plantedSeedsMax is how many histories may pass before a planted bug is seen.
const plantedSeedsMax = 40

// TestPlantedBugsAreSeen puts bugs into the world and wants them found, by what they
// break.
func TestPlantedBugsAreSeen(t *testing.T) {
	t.Parallel()
	for plant, sign := range map[Plant]string{
		PlantFalseAnswer:   "acknowledged at position",
		PlantNoExpectation: "the commit there says that it is at",
		PlantNoCompare:     "view",
	} {
		t.Run(strings.ReplaceAll(string(plant), " ", "_"), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(plantedSeedsMax) {
				_, err := history1(t, Options{Seed: seed, Plant: plant})
				if err == nil {
					continue
				}
				if !strings.Contains(err.Error(), sign) {
					t.Errorf("seed %d found something else: %v", seed, err)
				}
				return
			}
			t.Errorf("%d histories did not show it", plantedSeedsMax)
		})
	}
}

// TestASeedIsAHistory runs histories twice: every step must be the same.
func TestASeedIsAHistory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40 / slowdown) {
		first, err := history1(t, Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		again, err := history1(t, Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if first.Trace != again.Trace || first.Steps != again.Steps {
			t.Errorf("seed %d: %d steps, then %d others", seed, first.Steps, again.Steps)
		}
	}
}
