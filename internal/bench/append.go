package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/projections/projector"
)

// AppendOptions are the settings of [Append].
type AppendOptions struct {
	Commands   int    // to send with all writers
	Writers    int    // clients that wait for each answer before they go on
	Refusals   int    // of a hundred commands: refused by a rule
	Duplicates int    // of a hundred commands: sent once more
	Floor      bool   // measure the bare publishing of the same blocks too
	Postgres   string // where projectors run meanwhile, in the second of two runs; "" for none
	Disk       app.Disk
}

// Limits of a measurement.
const (
	singleCommands = 2000 // of one client alone, each followed by a bare publish
	writersMax     = 4096
	// rounds is into how many parts two runs that are compared are cut, by turns, so
	// that both see the same machine.
	rounds = 4
)

// AppendFigures are what [Append] measured.
type AppendFigures struct {
	Writers    int     `json:"writers"`
	Refusals   int     `json:"refusals_percent"`
	Duplicates int     `json:"duplicates_percent"`
	Single     Latency `json:"single_client"`
	// Grown is Single once more, at the end.
	Grown Latency `json:"single_client_grown"`
	// Commits is how long the log was by then, in commits.
	Commits uint64 `json:"grown_commits"`
	Together
	// Plain is the same without refusals and duplicates, by turns; absent without any.
	Plain *Together `json:"without_refusals_and_duplicates,omitzero"`
	// Projected is the same with projectors running; absent without.
	Projected *Together `json:"projectors_running,omitzero"`
	// CatchUp is how long the projectors took to catch up afterwards.
	CatchUp Millis `json:"projectors_caught_up_after_ms,omitzero"`
	Floor   *Floor `json:"floor,omitzero"`
}

// Together is one run of all writers.
type Together struct {
	Commands          int     `json:"commands"`
	Events            int     `json:"events"` // recorded
	Blocks            int     `json:"blocks"`
	CommandsPerSecond int64   `json:"commands_per_s"`
	EventsPerSecond   int64   `json:"events_per_s"`
	Latency           Latency `json:"latency"`

	took time.Duration
	all  []time.Duration
}

// add takes another part of the same run in.
func (t *Together) add(part Together) {
	t.Commands += part.Commands
	t.Events += part.Events
	t.Blocks += part.Blocks
	t.took += part.took
	t.all = append(t.all, part.all...)
	t.CommandsPerSecond, t.EventsPerSecond = perSecond(t.Commands, t.took), perSecond(t.Events, t.took)
	t.Latency = latencyOf(t.all)
}

// Append measures commands on a fresh log of nc with the real rules, durable: first
// one client alone, then all writers at once with projectors off; with them on if
// there is a database; at the end the one client again.
func Append(ctx context.Context, nc *nats.Conn, o AppendOptions) (AppendFigures, error) {
	if o.Writers < 1 || o.Writers > writersMax || o.Commands < o.Writers {
		return AppendFigures{}, fmt.Errorf("bench append: 1 to %d writers and at least one command of each are needed", writersMax)
	}
	if o.Refusals < 0 || o.Duplicates < 0 || o.Refusals+o.Duplicates > 50 {
		return AppendFigures{}, fmt.Errorf("bench append: refusals and duplicates are percentages, together at most 50")
	}
	f := AppendFigures{Writers: o.Writers, Refusals: o.Refusals, Duplicates: o.Duplicates}
	err := onApp(ctx, nc, o.Disk, func(ctx context.Context, l log.Log, a *app.App) error {
		return f.measure(ctx, nc, l, a, o)
	})
	return f, err
}

func (f *AppendFigures) measure(ctx context.Context, nc *nats.Conn, l log.Log, a *app.App, o AppendOptions) error {
	if err := lay(ctx, a, o.Writers); err != nil {
		return err
	}
	var floor *bare
	if o.Floor {
		var err error
		if floor, err = openBare(ctx, nc); err != nil {
			return err
		}
		f.Floor = &Floor{}
	}
	var err error
	if f.Single, err = alone(ctx, l, a, "one", floor, f.Floor); err != nil {
		return err
	}
	before := a.Head()
	if err := f.writers(ctx, a, o); err != nil {
		return err
	}
	if floor != nil {
		if err := floor.again(ctx, l, before.Position+1, f.Floor); err != nil {
			return err
		}
	}
	if o.Postgres != "" {
		if err := f.projected(ctx, l, a, o); err != nil {
			return err
		}
	}
	f.Commits = a.Head().Position
	f.Grown, err = alone(ctx, l, a, "two", nil, nil)
	return err
}

// writers measures all writers with projectors off.
func (f *AppendFigures) writers(ctx context.Context, a *app.App, o AppendOptions) error {
	if o.Refusals+o.Duplicates == 0 {
		part, err := together(ctx, a, o, "all", o.Commands)
		f.Together.add(part)
		return err
	}
	f.Plain = &Together{}
	plain := o
	plain.Refusals, plain.Duplicates = 0, 0
	for round := range 2 * rounds {
		into, with := f.Plain, plain
		if (round+1)/2%2 == 1 { // plain, with, with, plain, …: what grows meanwhile hits both
			into, with = &f.Together, o
		}
		part, err := together(ctx, a, with, fmt.Sprint("all", round), o.Commands/rounds)
		if err != nil {
			return err
		}
		into.add(part)
	}
	return nil
}

// projected measures all writers with projectors running.
func (f *AppendFigures) projected(ctx context.Context, l log.Log, a *app.App, o AppendOptions) error {
	return beside(ctx, l, o.Postgres, func(ctx context.Context, views *projector.Projector) error {
		part, err := together(ctx, a, o, "projected", o.Commands)
		if err != nil {
			return err
		}
		f.Projected = &Together{}
		f.Projected.add(part)
		began := time.Now()
		err = views.WaitFor(ctx, a.Head().Position)
		f.CatchUp = Millis(time.Since(began))
		return err
	})
}

// alone measures one client; after each command the same bytes are published bare,
// so that both see the same machine.
func alone(ctx context.Context, l log.Log, a *app.App, run string, floor *bare, into *Floor) (Latency, error) {
	var commands, bares []time.Duration
	t := traffic{run: run}
	for range singleCommands {
		env, want := t.next()
		began := time.Now()
		r, err := a.Submit(ctx, env).Wait(ctx)
		took := time.Since(began)
		if err := want.as(r, err); err != nil {
			return Latency{}, err
		}
		commands = append(commands, took)
		if floor == nil {
			continue
		}
		err = l.Load(ctx, []uint64{r.Position}, func(_ uint64, line []byte) error {
			took, err := floor.publish(ctx, append(line, '\n'))
			bares = append(bares, took)
			return err
		})
		if err != nil {
			return Latency{}, err
		}
	}
	if floor != nil {
		into.Single = latencyOf(bares)
	}
	return latencyOf(commands), nil
}

// together measures all writers at once.
func together(ctx context.Context, a *app.App, o AppendOptions, run string, commands int) (Together, error) {
	took := make([][]time.Duration, o.Writers)
	recorded := make([]int, o.Writers)
	errs := make([]error, o.Writers)
	var wg sync.WaitGroup
	before, began := a.Head(), time.Now()
	for w := range o.Writers {
		wg.Go(func() {
			t := traffic{writer: w, run: run, refusals: o.Refusals, duplicates: o.Duplicates}
			for range max(1, commands/o.Writers) {
				env, want := t.next()
				start := time.Now()
				r, err := a.Submit(ctx, env).Wait(ctx)
				took[w] = append(took[w], time.Since(start))
				if errs[w] = want.as(r, err); errs[w] != nil {
					return
				}
				if want == accepted {
					recorded[w] += len(r.Events)
				}
			}
		})
	}
	wg.Wait()
	t := Together{took: time.Since(began), Blocks: int(a.Head().Seq - before.Seq)}
	for w := range took {
		if errs[w] != nil {
			return t, errs[w]
		}
		t.all = append(t.all, took[w]...)
		t.Events += recorded[w]
	}
	t.Commands = len(t.all)
	return t, nil
}
