package model

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/projections"
	"zhitong/projections/catalogue"
)

// How many histories `go test` runs, how long they are, and how many runs may be
// spent on making a failing one smaller. The variable runs more, from a seed on.
const (
	diffSeeds       = 240 / slowdown
	historyCommands = 100
	shrinkRunsMax   = 2000
	seedsVariable   = "ZHITONG_MODEL_SEEDS" // "n", "from:n" or "from:n:commands"
)

// TestTheApplicationAgreesWithTheModel runs random histories through the real
// application, on a log in memory, and through the model, and compares what was
// accepted and every row of every view.
func TestTheApplicationAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	from, n, length := seeds(t)
	seedsDue := make(chan uint64)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for seed := range seedsDue {
				history := Generate(seed, length+int(seed%3)*25)
				if d := disagreement(t, history); d != "" && !t.Failed() {
					small := shrunk(t, history, d)
					t.Errorf("seed %d: %s\nshrunk to %d commands: %s\n%s", seed, d, len(small), disagreement(t, small), lines(small))
				}
			}
		})
	}
	for seed := from; seed < from+n && !t.Failed(); seed++ {
		seedsDue <- seed
	}
	close(seedsDue)
	workers.Wait()
}

// TestTheApplicationAgreesOnTheVectors does the same for the written scenarios.
func TestTheApplicationAgreesOnTheVectors(t *testing.T) {
	t.Parallel()
	for _, s := range vectors(t).Scenarios {
		if d := disagreement(t, s.Commands); d != "" {
			t.Errorf("%s: %s", s.Name, d)
		}
	}
}

// seeds reads which histories are asked for, and how long they are.
func seeds(t *testing.T) (from, n uint64, length int) {
	t.Helper()
	text := os.Getenv(seedsVariable)
	if text == "" {
		return 0, diffSeeds, historyCommands
	}
	var numbers []uint64
	for word := range strings.SplitSeq(text, ":") {
		number, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			t.Fatalf("%s=%q: want n, from:n or from:n:commands", seedsVariable, text)
		}
		numbers = append(numbers, number)
	}
	switch len(numbers) {
	case 1:
		return 0, numbers[0], historyCommands
	case 2:
		return numbers[0], numbers[1], historyCommands
	default:
		return numbers[0], numbers[1], int(numbers[2])
	}
}

// last makes sure that all reactions of a history are in the log.
var last = Command{ID: "last", Command: "party.register", Actor: "U-O1", Role: "officer", Time: "2021-12-31T00:00:00+08:00",
	Data: []byte(`{"party_id":"LAST","kind":"carrier","name":{"zh":"末"}}`)}

// disagreement is the first difference between the application and the model
// over a history, or empty.
func disagreement(t *testing.T, history []Command) string {
	t.Helper()
	l := log.NewMemory()
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), assembly.Options(l, ring))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	m := New(clock())
	found := ""
	for _, c := range append(history[:len(history):len(history)], last) {
		outcome, word := m.Apply(c)
		answer, detail := send(t, a, c)
		if answer != outcome {
			found = fmt.Sprintf("%s %s: the model says %s %s, the application %s %s", c.ID, c.Command, outcome, word, answer, detail)
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if found != "" {
		return found
	}
	return rowsDiffer(t, l, m)
}

// send submits a command as a line of `apply`.
func send(t *testing.T, a *app.App, c Command) (Outcome, string) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	env, p := app.ParseLine(text)
	if p != nil {
		return Refused, fmt.Sprint(p)
	}
	r, err := a.Submit(t.Context(), env).Wait(t.Context())
	switch {
	case err != nil:
		t.Fatalf("command %q: %v", c.ID, err)
	case !r.OK:
		return Refused, fmt.Sprint(r.Problem)
	case r.Repeated:
		return Repeat, ""
	}
	return Accepted, ""
}

// rowsDiffer folds the log into all views and compares them with the model's.
func rowsDiffer(t *testing.T, l log.Log, m *Model) string {
	t.Helper()
	read := func(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
		return l.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
	}
	folded, err := projections.Fold(t.Context(), read, catalogue.All(), projections.Until{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Differs(func(view string) ([]Row, error) {
		rows, err := folded.Select(view, nil, 0)
		if err != nil {
			return nil, err
		}
		got := make([]Row, len(rows.Values))
		for i := range rows.Values {
			if err := json.Unmarshal(rows.AppendLine(nil, i), &got[i]); err != nil {
				return nil, err
			}
		}
		return got, nil
	})
}

// shrunk drops commands as long as the histories still disagree in the same way.
func shrunk(t *testing.T, history []Command, first string) []Command {
	t.Helper()
	runs := 0
	kind := kindOf(first)
	for size := len(history) / 2; size > 0; {
		smaller := false
		for at := 0; at < len(history) && runs < shrinkRunsMax; {
			end := min(at+size, len(history))
			shorter := append(history[:at:at], history[end:]...)
			runs++
			if d := disagreement(t, shorter); kindOf(d) == kind {
				history, smaller = shorter, true
				continue
			}
			at = end
		}
		if !smaller || size > 1 {
			size /= 2
		}
	}
	return history
}

// kindOf keeps the words of a difference and drops the ids and numbers.
func kindOf(d string) string {
	var out []string
	for _, word := range strings.FieldsFunc(d, func(r rune) bool { return r == ' ' || r == ':' || r == ',' }) {
		if !strings.ContainsAny(word, "0123456789\"") {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func lines(history []Command) string {
	var b strings.Builder
	for _, c := range history {
		text, err := json.Marshal(c)
		if err != nil {
			return err.Error()
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}
