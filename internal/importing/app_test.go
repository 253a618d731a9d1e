package importing_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/importing"
)

// office is the real application as a Submitter and Rehearser.
type office struct {
	t   *testing.T
	l   log.Log
	app *app.App
}

func start(t *testing.T, ctx context.Context, open func(context.Context, app.Options) (*app.App, error), l log.Log) *app.App {
	t.Helper()
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	a, err := open(ctx, assembly.Options(l, ring))
	if err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return a
}

type pending struct{ p *app.Pending }

func (p pending) Wait(ctx context.Context) (importing.Result, error) {
	r, err := p.p.Wait(ctx)
	if err != nil {
		return importing.Result{}, err
	}
	out := importing.Result{OK: r.OK, New: r.OK && !r.Repeated}
	if r.Problem != nil {
		out.Code, out.Field, out.Value, out.Detail = r.Problem.Code, r.Problem.Field, r.Problem.Value, r.Problem.Detail
	}
	return out, nil
}

func (o *office) Submit(ctx context.Context, c importing.Command) importing.Pending {
	return submit(o.t, ctx, o.app, c)
}

func submit(t *testing.T, ctx context.Context, a *app.App, c importing.Command) pending {
	line, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	env, problem := app.ParseLine(line)
	if problem != nil {
		t.Fatalf("%s: %v", c.ID, problem)
	}
	return pending{a.Submit(ctx, env)}
}

func (o *office) Rehearse(ctx context.Context, commands []importing.Command) ([]importing.Result, error) {
	a := start(o.t, ctx, app.Rehearse, o.l)
	waiting := make([]pending, len(commands))
	for i, c := range commands {
		waiting[i] = submit(o.t, ctx, a, c)
	}
	results := make([]importing.Result, len(commands))
	for i, p := range waiting {
		r, err := p.Wait(ctx)
		if err != nil {
			return nil, err
		}
		results[i] = r
	}
	return results, nil
}

func TestTheApplicationTakesEveryCommand(t *testing.T) {
	t.Parallel()
	name := os.Getenv("ZHITONG_SCMS")
	if name == "" {
		name = filepath.Join("..", "..", "testdata", "scms", "scms-sample.csv")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := importing.FindProfile("scms")
	if err != nil {
		t.Fatal(err)
	}
	src := importing.Source{Name: filepath.Base(name), Data: data}
	l := log.NewMemory()
	o := &office{t: t, l: l, app: start(t, t.Context(), app.Open, l)}

	dry, err := importing.Run(t.Context(), src, p, nil, importing.Options{Rehearser: o, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if head := o.app.Head(); head.Position != 0 {
		t.Fatalf("a dry run recorded up to %d", head.Position)
	}
	first, err := importing.Run(t.Context(), src, p, o, importing.Options{Rehearser: o})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range first.Rejected {
		if r.Document != "SCMS-183950" && i < 20 {
			t.Errorf("row %d of %q: %+v", r.Row, r.Document, *r.Reasons[0])
		}
	}
	if len(first.Rejected) != 55 || first.New != first.Commands || dry.New != first.New || dry.Commands != first.Commands {
		t.Errorf("rejected %d, new %d of %d; dry run: new %d of %d", len(first.Rejected), first.New, first.Commands, dry.New, dry.Commands)
	}
	head := o.app.Head()
	second, err := importing.Run(t.Context(), src, p, o, importing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if second.New != 0 || second.Repeated != first.Commands || o.app.Head() != head {
		t.Errorf("a second run: new %d, repeated %d of %d, head %v after %v", second.New, second.Repeated, first.Commands, o.app.Head(), head)
	}
}
