package bench

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/demo"
	"zhitong/projections"
	"zhitong/projections/projector"
)

// MixedOptions are the settings of [Mixed].
type MixedOptions struct {
	Commands int    // of the demo programme
	Floor    bool   // publish the blocks of the first half bare too
	Readers  int    // clients that ask the views all the time; 0 to 64
	Postgres string // where the projectors write
	Disk     app.Disk
}

// MixedFigures are what [Mixed] measured.
type MixedFigures struct {
	// Pipelined is the programme as one client sends it that does not wait, as apply
	// and import do, projectors off; then the rest of it with projectors and readers.
	Pipelined Together `json:"projectors_off"`
	Projected Together `json:"projectors_and_readers"`
	CatchUp   Millis   `json:"projectors_caught_up_after_ms"`
	Readers   int      `json:"readers"`
	Questions int      `json:"questions"`
	Answers   Latency  `json:"question_latency"`
	Floor     *Floor   `json:"floor,omitzero"`
}

const readersMax = 64

// Mixed measures the demo programme on a fresh log of nc: its own mix of commands,
// events and sizes, in its order, with all that follows by itself.
func Mixed(ctx context.Context, nc *nats.Conn, o MixedOptions) (MixedFigures, error) {
	f := MixedFigures{Readers: o.Readers}
	if o.Commands < 2 || o.Readers < 0 || o.Readers > readersMax {
		return f, fmt.Errorf("bench mixed: at least 2 commands and 0 to %d readers are needed", readersMax)
	}
	const commandsOfDemo = 35_000 // at least, at scale 1
	programme, err := demo.New(demo.Options{Scale: strconv.Itoa(o.Commands/commandsOfDemo + 1), Seed: demo.DefaultSeed})
	if err != nil {
		return f, err
	}
	commands := make([]app.Envelope, 0, o.Commands)
	for env := range programme.Commands() {
		if len(commands) == o.Commands {
			break
		}
		commands = append(commands, env)
	}
	err = onApp(ctx, nc, o.Disk, func(ctx context.Context, l log.Log, a *app.App) error {
		half := len(commands) / 2
		part, err := pipeline(ctx, a, commands[:half])
		if err != nil {
			return err
		}
		f.Pipelined.add(part)
		if o.Floor {
			floor, err := openBare(ctx, nc)
			if err != nil {
				return err
			}
			f.Floor = &Floor{}
			if err := floor.again(ctx, l, 1, f.Floor); err != nil {
				return err
			}
		}
		return beside(ctx, l, o.Postgres, func(ctx context.Context, views *projector.Projector) error {
			return f.projected(ctx, a, views, commands[half:])
		})
	})
	return f, err
}

// projected sends commands while readers ask.
func (f *MixedFigures) projected(ctx context.Context, a *app.App, views *projector.Projector, commands []app.Envelope) error {
	asking, enough := context.WithCancel(ctx)
	defer enough()
	took := make([][]time.Duration, f.Readers)
	var wg sync.WaitGroup
	for i := range took {
		wg.Go(func() {
			for asking.Err() == nil {
				began := time.Now()
				if _, err := views.Ask(asking, projections.Question{View: "sales_by_item", Limit: 100}); err != nil {
					return
				}
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	part, err := pipeline(ctx, a, commands)
	enough()
	wg.Wait()
	if err != nil {
		return err
	}
	f.Projected.add(part)
	var all []time.Duration
	for _, t := range took {
		all = append(all, t...)
	}
	f.Questions, f.Answers = len(all), latencyOf(all)
	f.CatchUp, err = timed(func() error { return views.WaitFor(ctx, a.Head().Position) })
	return err
}

// pipeline sends commands in order without waiting for their answers, up to
// inFlightMax of them.
func pipeline(ctx context.Context, a *app.App, commands []app.Envelope) (Together, error) {
	type flying struct {
		p     *app.Pending
		began time.Time
	}
	queue := make(chan flying, inFlightMax)
	t := Together{}
	landed := make(chan error, 1)
	before, began := a.Head(), time.Now()
	go func() {
		var failed error
		for q := range queue {
			r, err := q.p.Wait(ctx)
			if err = done(r, err); err != nil && failed == nil {
				failed = fmt.Errorf("command %q: %w", r.ID, err)
			}
			t.all = append(t.all, time.Since(q.began))
			t.Events += len(r.Events)
		}
		landed <- failed
	}()
	for _, env := range commands {
		start := time.Now()
		queue <- flying{a.Submit(ctx, env), start}
	}
	close(queue)
	err := <-landed
	t.Commands, t.took, t.Blocks = len(t.all), time.Since(began), int(a.Head().Seq-before.Seq)
	return t, err
}
