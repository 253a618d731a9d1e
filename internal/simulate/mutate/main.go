// Command mutate shows that the simulator sees bugs: it builds the simulator with one
// line of the application changed (by the go command's overlay, so that no file is
// touched), runs some seeds, and wants them to fail. `make mutants` runs it.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
)

// seedsOfAMutant is how many histories may pass before a changed line is seen.
const seedsOfAMutant = "400"

// mutant is one change.
type mutant struct{ name, file, old, new string }

func mutants() []mutant {
	return []mutant{
		{"what is undone is not undone", "internal/app/journal.go",
			"\t\tj.steps[i].undo()", "\t\t_ = j.steps[i]"},
		{"an unknown outcome counts as stored", "internal/app/committer.go",
			"\tcase w.err == nil:\n", "\tcase w.err == nil, errors.Is(w.err, log.ErrUnknown):\n\t\tw.head = log.Head{Seq: b.expected.Seq + 1, Position: b.expected.Position + uint64(len(b.commits))}\n"},
		{"a refusal rests on a head that nobody confirmed", "internal/app/appender.go",
			"err == nil && head != b.expected", "false"},
		{"the command index is not asked", "internal/app/decision.go",
			"known, seen := c.folds.commands.Get(commandKeyOf(s.env.ID))", "known, seen := commandEntry{}, false"},
		{"the recorded time follows the clock back", "internal/app/decision.go",
			"if recorded.Before(c.folds.recorded) {", "if false {"},
		{"after a failure nothing is undone", "internal/app/committer.go",
			"\tc.next, c.front = &block{}, nil\n\tc.folds.rollback()\n", "\tc.next, c.front = &block{}, nil\n"},
		{"a command that met a broken log is forgotten", "internal/app/committer.go",
			"\t\tc.front = append(c.front, s) // for giveUp, which answers it\n", ""},
		{"an aggregate is taken from a snapshot without what came since", "internal/app/aggregates.go",
			"\treturn state, a.foldPositions(ref, state, tail)\n}\n\n// foldPositions", "\treturn state, nil\n}\n\n// foldPositions"},
		{"a torn snapshot is trusted", "internal/app/snapshot/file.go",
			"if string(r.chain.next(length, frame)) != string(sum) {", "if string(r.chain.next(length, frame)) != string(sum) && false {"},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// run tries every mutant and says what became of it.
func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	missed := 0
	for i, m := range mutants() {
		seen, err := try(ctx, filepath.Join(dir, fmt.Sprint(i)), m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if seen == "" {
			missed++
			seen = "NOT SEEN"
		}
		fmt.Fprintf(out, "%s\n    %s\n", m.name, seen)
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d were not seen", missed, len(mutants()))
	}
	return nil
}

// try runs the simulator with the change and returns what it said, or "".
func try(ctx context.Context, dir string, m mutant) (string, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", fmt.Errorf("run this in the module's folder: %w", err)
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return "", fmt.Errorf("%s has the line to change %d times", m.file, n)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		return "", err
	}
	whole, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {whole: changed}})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", list, "-count=1", "-timeout=5m", "-run=HistoriesInAWorld", "./internal/simulate")
	cmd.Env = append(os.Environ(), "ZHITONG_SIMULATE_SEEDS="+seedsOfAMutant)
	said, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err == nil || !errors.As(err, &ended) {
		return "", err
	}
	if bytes.Contains(said, []byte("[build failed]")) {
		return "", fmt.Errorf("does not build: %s", said)
	}
	return finding(string(said)), nil
}

// finding is the line that says what was found.
func finding(said string) string {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "seed ") || strings.HasPrefix(line, "panic:") {
			return line
		}
	}
	return strings.TrimSpace(said)
}
