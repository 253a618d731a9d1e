package simulate

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// How many histories `go test` runs, and the variable that runs more or another:
// "n" or "from:n".
const (
	seedsOfATest  = 60 / slowdown
	seedsVariable = "ZHITONG_SIMULATE_SEEDS"
)

// TestHistoriesInAWorldThatFails runs random histories of commands in a world where
// everything fails, and holds them against the model.
func TestHistoriesInAWorldThatFails(t *testing.T) {
	t.Parallel()
	from, n := seeds(t)
	var next atomic.Uint64
	var workers sync.WaitGroup
	var mu sync.Mutex
	faults := map[string]int{}
	for range 2 {
		workers.Go(func() {
			for seed := from + next.Add(1) - 1; seed < from+n && !t.Failed(); seed = from + next.Add(1) - 1 {
				report, err := history1(t, Options{Seed: seed})
				if err != nil {
					t.Errorf("make simulate SEEDS=%d:1\n%v", seed, err)
				}
				mu.Lock()
				for word, times := range report.Faults {
					faults[word] += times
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	for word, times := range faults {
		t.Logf("%6d %s", times, word)
	}
}

// history1 runs one history in a bubble of its own.
func history1(t *testing.T, o Options) (report Report, err error) {
	o.Settle = synctest.Wait
	synctest.Test(t, func(*testing.T) { report, err = Run(o) })
	return report, err
}

func seeds(t *testing.T) (from, n uint64) {
	t.Helper()
	text := os.Getenv(seedsVariable)
	if text == "" {
		return 0, seedsOfATest
	}
	first, second, two := strings.Cut(text, ":")
	numbers := []string{"0", first}
	if two {
		numbers = []string{first, second}
	}
	var parsed [2]uint64
	for i, word := range numbers {
		number, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			t.Fatalf("%s=%q: want n or from:n", seedsVariable, text)
		}
		parsed[i] = number
	}
	return parsed[0], parsed[1]
}
