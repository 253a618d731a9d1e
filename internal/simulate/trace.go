package simulate

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strings"
)

// traceLinesKept is how many steps a failure shows.
const traceLinesKept = 60

// trace is what the scheduler did, step by step.
type trace struct {
	out  io.Writer // nil: nobody
	all  hash.Hash
	last []string
}

func (t *trace) add(line string) {
	if t.all == nil {
		t.all = sha256.New()
	}
	fmt.Fprintln(t.all, line)
	if t.out != nil {
		fmt.Fprintln(t.out, line)
	}
	if t.last = append(t.last, line); len(t.last) > 2*traceLinesKept {
		t.last = append(t.last[:0], t.last[len(t.last)-traceLinesKept:]...)
	}
}

func (t *trace) tail() string {
	from := max(0, len(t.last)-traceLinesKept)
	return strings.Join(t.last[from:], "\n")
}

func (t *trace) sum() (sum [32]byte) {
	if t.all != nil {
		copy(sum[:], t.all.Sum(nil))
	}
	return sum
}
