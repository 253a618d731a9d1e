package verify

import (
	"fmt"
	"io"
	"strings"
	"time"

	"zhitong/events"
)

// failuresMax is how many failures of one check are kept; all are counted.
const failuresMax = 20

// Report says what was checked, how many of it, and what was found.
type Report struct {
	Commits  uint64    `json:"commits"`
	Events   uint64    `json:"events"`
	Recorded time.Time `json:"recorded,omitzero"` // of the last commit
	Signed   uint64    `json:"signed"`            // size of the last checkpoint; 0 without one
	Checks   []Check   `json:"checks"`
	Views    []View    `json:"views,omitzero"`
}

// Check is one kind of check.
type Check struct {
	Name   string    `json:"name"`
	Of     string    `json:"of"`             // what was counted
	Count  uint64    `json:"count"`          // how many were checked
	Failed uint64    `json:"failed"`         // how many of them failed
	First  []Failure `json:"first,omitzero"` // the first failures
	Not    string    `json:"not,omitzero"`   // why it was not done
}

// Failure is one place where a check failed.
type Failure struct {
	Position uint64 `json:"position,omitzero"`
	Event    string `json:"event,omitzero"`
	Detail   string `json:"detail"`
}

// View says whether a view equals the fold of the log.
type View struct {
	Name     string `json:"name"`
	Position uint64 `json:"position"`
	Rows     int64  `json:"rows"`
	Digest   string `json:"digest"`
	Key      string `json:"key,omitzero"`    // of the first differing row
	Column   string `json:"column,omitzero"` // of it; "" where a row is missing or too much
	Log      string `json:"log,omitzero"`    // what the log makes
	Table    string `json:"table,omitzero"`  // what the table has
	Differs  bool   `json:"differs"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool {
	for _, c := range r.Checks {
		if c.Failed > 0 {
			return false
		}
	}
	for _, v := range r.Views {
		if v.Differs {
			return false
		}
	}
	return true
}

// FailedNames names the checks that failed and the views that differ.
func (r *Report) FailedNames() []string {
	var names []string
	for _, c := range r.Checks {
		if c.Failed > 0 {
			names = append(names, c.Name)
		}
	}
	for _, v := range r.Views {
		if v.Differs {
			names = append(names, "view "+v.Name)
		}
	}
	return names
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s", counted(r.Commits, "commits"), counted(r.Events, "events"))
	if r.Signed > 0 {
		fmt.Fprintf(&b, "; signed up to position %d", r.Signed)
	}
	b.WriteByte('\n')
	for _, c := range r.Checks {
		switch {
		case c.Not != "":
			fmt.Fprintf(&b, "  --   %-13s %s\n", c.Name, c.Not)
		case c.Failed > 0:
			fmt.Fprintf(&b, "  FAIL %-13s %d of %s\n", c.Name, c.Failed, counted(c.Count, c.Of))
		default:
			fmt.Fprintf(&b, "  ok   %-13s %s\n", c.Name, counted(c.Count, c.Of))
		}
		for _, f := range c.First {
			fmt.Fprintf(&b, "         %s\n", f)
		}
	}
	for _, v := range r.Views {
		if !v.Differs {
			fmt.Fprintf(&b, "  ok   view %-20s %s at position %d\n", v.Name, counted(uint64(v.Rows), "rows"), v.Position)
			continue
		}
		fmt.Fprintf(&b, "  FAIL view %-20s at position %d: row %s", v.Name, v.Position, v.Key)
		if v.Column != "" {
			fmt.Fprintf(&b, ", column %s", v.Column)
		}
		fmt.Fprintf(&b, ": the log makes %s, the table has %s\n", orNone(v.Log), orNone(v.Table))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// singular are the words of what is counted, where there is one of it.
var singular = strings.NewReplacer("commits", "commit", "events", "event", "tiles", "tile", "bundles", "bundle", "checkpoints", "checkpoint",
	"effects", "effect", "allocations", "allocation", "releases", "release", "results of lines", "result of a line", "loadings", "loading",
	"steps", "step", "pairs", "pair", "movements", "movement", "sums", "sum", "lines", "line", "inputs", "input", "splits", "split",
	"totals", "total", "residuals", "residual", "claims on budget lines", "claim on budget lines", "digests", "digest", "withholdings for debts", "withholding for debts", "rows", "row", "proofs", "proof")

// counted is so many of something, which is named in the plural.
func counted(n uint64, of string) string {
	if n == 1 {
		of = singular.Replace(of)
	}
	return fmt.Sprintf("%d %s", n, of)
}

func orNone(s string) string {
	if s == "" {
		return "no such row"
	}
	return s
}

// String is the failure in one line.
func (f Failure) String() string {
	switch {
	case f.Event != "":
		return fmt.Sprintf("position %d, event %s: %s", f.Position, f.Event, f.Detail)
	case f.Position > 0:
		return fmt.Sprintf("position %d: %s", f.Position, f.Detail)
	}
	return f.Detail
}

// tally counts one check.
type tally struct{ Check }

func newTally(name, of string) *tally { return &tally{Check{Name: name, Of: of}} }

// fails counts one thing that must hold, and reports whether it does not: then what
// is wrong is to be told with wrong or wrongAt.
func (t *tally) fails(ok bool) bool {
	t.Count++
	return !ok
}

// wrong tells what is wrong with an event.
func (t *tally) wrong(e *events.Event, detail string, args ...any) {
	t.fail(Failure{e.Position, e.ID, fmt.Sprintf(detail, args...)})
}

// wrongAt tells what is wrong at a position.
func (t *tally) wrongAt(position uint64, detail string, args ...any) {
	t.fail(Failure{Position: position, Detail: fmt.Sprintf(detail, args...)})
}

func (t *tally) fail(f Failure) {
	if t.Failed++; len(t.First) < failuresMax {
		t.First = append(t.First, f)
	}
}
