// Package historytest makes whole recorded histories, with the subsidy, for tests of
// what reads the log: the scenarios of the design and the demo programme, run
// through the real application.
//
// It owns no expectation. It never enters the binary.
package historytest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
	"zhitong/internal/demo"
	"zhitong/projections/projectionstest"
)

// Scenario is a whole history in commands.
type Scenario struct {
	Name  string
	Lines []string
}

// Scenarios reads the scenarios of testdata/vectors.json, which lies root folders up.
func Scenarios(t testing.TB, root string) []Scenario {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []struct {
			Name   string `json:"name"`
			Inputs struct {
				Commands []jsontext.Value `json:"commands"`
			} `json:"inputs"`
			Commands []jsontext.Value `json:"commands"`
		} `json:"scenarios"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var out []Scenario
	for _, s := range v.Scenarios {
		sc := Scenario{Name: s.Name}
		for _, c := range append(s.Commands, s.Inputs.Commands...) {
			sc.Lines = append(sc.Lines, string(c))
		}
		out = append(out, sc)
	}
	return out
}

// NewWorld starts the whole application on an empty log.
func NewWorld(t apptest.TB) *apptest.World {
	t.Helper()
	return apptest.New(t, apptest.Parts{Commands: slices.Concat(commands.Trade(), subsidy.Commands()), Reactions: subsidy.Reactions(), Kinds: app.SubsidyKinds()})
}

// Run sends the lines to a new application.
func Run(t apptest.TB, lines []string) *apptest.World {
	t.Helper()
	w := NewWorld(t)
	for _, l := range lines {
		w.Do(l)
	}
	return w
}

// Demo runs the demo programme with its subsidies.
func Demo(t testing.TB, scale string) *apptest.World {
	t.Helper()
	p, err := demo.New(demo.Options{Scale: scale, Seed: demo.DefaultSeed})
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorld(t)
	for env := range p.Commands() {
		if r, err := w.App.Submit(context.Background(), env).Wait(context.Background()); err != nil || !r.OK {
			t.Fatalf("demo: command %q: %+v, %v", env.ID, r, err)
		}
	}
	return w
}

// Commits returns every commit of the world, in order.
func Commits(t testing.TB, w *apptest.World) []*events.Commit {
	t.Helper()
	var list []*events.Commit
	for at := range w.Position() {
		list = append(list, w.Commit(at+1))
	}
	return list
}

// Log returns the world's history as a log in memory.
func Log(t testing.TB, w *apptest.World) log.Log {
	t.Helper()
	return projectionstest.NewLog(t, projectionstest.Lines(t, w), 64)
}
