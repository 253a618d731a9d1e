package projectionstest

import (
	"context"
	"slices"

	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
	"zhitong/internal/demo"
)

// Everything is all that an application can do.
func Everything() apptest.Parts {
	return apptest.Parts{
		Commands:  slices.Concat(commands.Trade(), subsidy.Commands()),
		Reactions: subsidy.Reactions(),
		Kinds:     app.SubsidyKinds(),
	}
}

// Demo returns the commits of the demo programme at a scale.
func Demo(t apptest.TB, scale string) [][]byte {
	t.Helper()
	p, err := demo.New(demo.Options{Scale: scale, Seed: demo.DefaultSeed})
	if err != nil {
		t.Fatalf("demo: %v", err)
	}
	w := apptest.New(t, Everything())
	ctx := context.Background()
	for env := range p.Commands() {
		if _, err := w.App.Submit(ctx, env).Wait(ctx); err != nil {
			t.Fatalf("demo: command %q: %v", env.ID, err)
		}
	}
	return Lines(t, w)
}
