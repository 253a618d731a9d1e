package simulate

import (
	"fmt"
	"sync"
	"testing"
)

// TestEveryStepFailsInEveryWay is the failure table: one calm history is run again
// and again, and each time one step of it fails in one way. The checks after every
// step and at the end are those of every history.
func TestEveryStepFailsInEveryWay(t *testing.T) {
	t.Parallel()
	var steps []kind
	listing := func(o *Options) {
		o.At = func(m *move) verdict {
			steps = append(steps, m.kind)
			return verdict{word: "done"}
		}
	}
	if _, err := tableRun(t, listing); err != nil {
		t.Fatal(err)
	}
	due := make(chan row)
	var workers sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 2 {
		workers.Go(func() {
			for r := range due {
				word, err := r.run(t)
				if err != nil {
					t.Errorf("step %d of %d, %s: %v", r.step, len(steps), word, err)
				}
				mu.Lock()
				seen[word]++
				mu.Unlock()
			}
		})
	}
	for step := 0; step < len(steps); step += slowdown {
		for way := range ways(steps[step]) {
			due <- row{step + 1, way}
		}
	}
	close(due)
	workers.Wait()
	for _, k := range []kind{kindAppend, kindHead, kindFollow, kindRead, kindReply, kindBegin, kindCommit} {
		for _, v := range ways(k) {
			if word := fmt.Sprintf("%s: %s", k, v.word); seen[word] == 0 {
				t.Errorf("no step failed so: %s", word)
			}
		}
	}
	for word, n := range seen {
		t.Logf("%5d %s", n, word)
	}
}

// row is one run of the table.
type row struct{ step, way int }

// run has the step fail in its way, and says how that was.
func (r row) run(t *testing.T) (word string, err error) {
	n := 0
	word = "nothing"
	_, err = tableRun(t, func(o *Options) {
		o.At = func(m *move) verdict {
			if n++; n == r.step {
				if list := ways(m.kind); r.way < len(list) {
					word = fmt.Sprintf("%s: %s", m.kind, list[r.way].word)
					return list[r.way]
				}
			}
			return verdict{word: "done"}
		}
	})
	return word, err
}

// tableSeed is a history with orders, shipments, claims and refusals, of one
// application and both projectors.
const tableSeed = 3

func tableRun(t *testing.T, change func(*Options)) (report Report, err error) {
	o := Options{Seed: tableSeed, Commands: 45}
	change(&o)
	return history1(t, o)
}

// ways lists how a step of a kind can fail. A kill is one of them: before the step
// has any effect, and after it.
func ways(k kind) []verdict {
	killed := []verdict{{word: "killed before it", kill: killBefore}, {word: "killed after it", kill: killAfter}}
	switch k {
	case kindAppend:
		list := killed
		for _, f := range appendFaults {
			list = append(list, verdict{word: f.word, fault: f.fault})
		}
		return list
	case kindRead:
		return append(killed, verdict{word: "read cut", after: 1})
	case kindCommit:
		return append(killed, verdict{word: "views rolled back", err: errCut}, verdict{word: "views written, answer lost", late: true})
	default:
		return append(killed, verdict{word: "out of reach", err: errCut})
	}
}
