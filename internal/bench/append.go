package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"zhitong/events/log"
	"zhitong/internal/app"
)

// Defaults of [AppendOptions].
const (
	writersDefault  = 64
	commandsDefault = 60_000
	singleDefault   = 3_000
	// roundsOfSingle is how often single commands and their floor take turns, so
	// that both see the same weather.
	roundsOfSingle = 10
)

// AppendOptions say what to append.
type AppendOptions struct {
	// Writers send at once, each awaiting its answer. Defaults to 64.
	Writers int
	// Commands is how many the writers send together. Defaults to 60,000.
	Commands int
	// Single is how many are sent one by one. Defaults to 3,000.
	Single int
	// Floor publishes the same blocks once more in a bare loop; nil leaves it out.
	Floor *Floor
}

func (o AppendOptions) withDefaults() AppendOptions {
	if o.Writers == 0 {
		o.Writers = writersDefault
	}
	if o.Commands == 0 {
		o.Commands = commandsDefault
	}
	if o.Single == 0 {
		o.Single = singleDefault
	}
	return o
}

// Appended is what [Append] measured. The floors are nil where none was asked for.
type Appended struct {
	Single       Figures  `json:"single"`
	SingleFloor  *Figures `json:"single_floor,omitempty"`
	Writers      Figures  `json:"writers"`
	WritersFloor *Figures `json:"writers_floor,omitempty"`
}

// Append measures real commands of three events each on an application whose log
// is empty: one by one, then from many writers.
func Append(ctx context.Context, a *app.App, o AppendOptions) (Appended, error) {
	o = o.withDefaults()
	var w workload
	if err := prepare(ctx, a, opening()); err != nil {
		return Appended{}, err
	}
	var out Appended
	if err := appendSingle(ctx, a, &w, o, &out); err != nil {
		return out, err
	}
	return out, appendMany(ctx, a, &w, o, &out)
}

// phase is a part of the log that was measured.
type phase struct{ from, to log.Head }

func appendSingle(ctx context.Context, a *app.App, w *workload, o AppendOptions, out *Appended) error {
	var mine, floor measurement
	for range roundsOfSingle {
		before, commands := w.shipments(o.Single / roundsOfSingle)
		if err := prepare(ctx, a, before); err != nil {
			return err
		}
		part := phase{from: a.Head()}
		if err := send(ctx, a, commands, &mine); err != nil {
			return err
		}
		part.to = a.Head()
		mine.took(part)
		if o.Floor != nil {
			if err := o.Floor.repeat(ctx, part, &floor); err != nil {
				return err
			}
		}
	}
	out.Single = mine.figures()
	if o.Floor != nil {
		f := floor.figures()
		out.SingleFloor = &f
	}
	return nil
}

func appendMany(ctx context.Context, a *app.App, w *workload, o AppendOptions, out *Appended) error {
	before, commands := w.shipments(o.Commands)
	if err := prepare(ctx, a, before); err != nil {
		return err
	}
	share := (len(commands) + o.Writers - 1) / o.Writers
	each := make([]measurement, o.Writers)
	part := phase{from: a.Head()}
	began := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	for i := range o.Writers {
		mine := commands[min(i*share, len(commands)):min((i+1)*share, len(commands))]
		g.Go(func() error { return send(gctx, a, mine, &each[i]) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	all := measurement{}
	for _, m := range each {
		all.latencies = append(all.latencies, m.latencies...)
		all.commands += m.commands
	}
	all.elapsed = time.Since(began)
	part.to = a.Head()
	all.took(part)
	out.Writers = all.figures()
	if o.Floor == nil {
		return nil
	}
	var floor measurement
	if err := o.Floor.repeat(ctx, part, &floor); err != nil {
		return err
	}
	f := floor.figures()
	out.WritersFloor = &f
	return nil
}

// measurement gathers what one workload took.
type measurement struct {
	commands, blocks int
	elapsed          time.Duration
	latencies        []time.Duration
}

func (m *measurement) took(p phase) { m.blocks += int(p.to.Seq - p.from.Seq) }

func (m *measurement) figures() Figures {
	return figures(m.commands, m.commands*eventsPerCommand, m.blocks, m.elapsed, m.latencies)
}

// send sends commands one after the other, each after the answer to the one
// before.
func send(ctx context.Context, a *app.App, commands []app.Envelope, m *measurement) error {
	began := time.Now()
	last := began
	for _, c := range commands {
		if err := answered(ctx, c.ID, a.Submit(ctx, c)); err != nil {
			return err
		}
		now := time.Now()
		m.latencies = append(m.latencies, now.Sub(last))
		last = now
	}
	m.commands += len(commands)
	m.elapsed += last.Sub(began)
	if ctx.Err() != nil {
		return fmt.Errorf("bench: %w", ctx.Err())
	}
	return nil
}
