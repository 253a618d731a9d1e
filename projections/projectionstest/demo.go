package projectionstest

import (
	"context"

	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/demo"
)

// Demo returns the commits of the trade of the demo programme at a scale.
func Demo(t apptest.TB, scale string) [][]byte {
	t.Helper()
	p, err := demo.New(demo.Options{Scale: scale, Seed: demo.DefaultSeed})
	if err != nil {
		t.Fatalf("demo: %v", err)
	}
	w := apptest.New(t, apptest.Parts{Commands: commands.Trade()})
	ctx := context.Background()
	for env := range p.Commands() {
		if _, err := w.App.Submit(ctx, env).Wait(ctx); err != nil {
			t.Fatalf("demo: command %q: %v", env.ID, err)
		}
	}
	return Lines(t, w)
}
