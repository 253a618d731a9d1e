package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhitong/domain"
	"zhitong/internal/app"
	"zhitong/internal/demo"
	"zhitong/projections/projector"
)

func (p *program) demoCommand() *cobra.Command {
	var options demo.Options
	var noServe bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Fill a fresh data folder with the demo programme, print two tables, and serve",
		Long: `Fill a fresh data folder with the demo programme through ordinary commands, print
sales volume and per-item subsidy, then serve. The programme is generated: only its
two totals, 42,000 t and 620 million yuan times --scale, are published figures.
An interrupted demo goes on where it was when it is started again with the same
scale and seed; a folder with other data is refused.`,
		Example: `  zhitong demo --data ./data/demo --no-serve
  zhitong demo --scale 0.01 --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			programme, err := demo.New(options)
			if err != nil {
				return usageError{err}
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				if err := p.demo(ctx, h, programme); err != nil || noServe {
					return err
				}
				return p.serve(ctx, h)
			})
		},
	}
	listenFlag(c)
	f := c.Flags()
	f.StringVar(&options.Scale, "scale", "1", "size: 1 is the published programme")
	f.Uint64Var(&options.Seed, "seed", demo.DefaultSeed, "seed of the random choices")
	f.BoolVar(&noServe, "no-serve", false, "end after the tables")
	return c
}

// demo fills the log, brings the views up to it and prints the tables. Postgres
// starts while the log is being filled.
func (p *program) demo(ctx context.Context, h *house, programme *demo.Programme) error {
	began := time.Now()
	type opened struct {
		dsn string
		err error
	}
	database := make(chan opened, 1)
	go func() {
		dsn, err := h.database(ctx)
		database <- opened{dsn, err}
	}()
	err := h.withApp(ctx, func(ctx context.Context, a *app.App) error { return p.fill(ctx, a, programme) })
	views := <-database
	if err != nil {
		return err
	}
	if views.err != nil {
		return views.err
	}
	return h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error {
		if err := views.CatchUp(ctx); err != nil {
			return err
		}
		p.note(p.text.Say("demo.filled", "commands", programme.Len(), "seconds", fmt.Sprintf("%.1f", time.Since(began).Seconds())))
		return p.demoTables(ctx, views)
	})
}

// fill sends the programme's commands. A refusal ends it: either the folder holds
// something else, which the first command finds out, or the programme is wrong.
func (p *program) fill(ctx context.Context, a *app.App, programme *demo.Programme) error {
	progress := p.newProgress(p.text.Say("demo.progress"))
	defer progress.end()
	next, stop := iter.Pull(programme.Commands())
	defer stop()
	if first, ok := next(); ok {
		if err := accepted(ctx, first.ID, a.Submit(ctx, first)); err != nil {
			if domain.AsProblem(err) != nil {
				err = hintError{err, p.text.Say("demo.other_data")}
			}
			return err
		}
	}
	type sent struct {
		id      string
		pending *app.Pending
	}
	queue := make(chan sent, inFlightMax)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(queue)
		for env, ok := next(); ok; env, ok = next() {
			select {
			case queue <- sent{env.ID, a.Submit(ctx, env)}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		done := 1
		for s := range queue {
			if err := accepted(ctx, s.id, s.pending); err != nil {
				return err
			}
			done++
			progress.at(done, programme.Len())
		}
		return nil
	})
	return g.Wait()
}

// accepted waits for a command that no rule may refuse.
func accepted(ctx context.Context, id string, pending *app.Pending) error {
	result, err := pending.Wait(ctx)
	if err == nil && !result.OK {
		err = refusedError{fmt.Errorf("command %q: %w", id, result.Problem)}
	}
	return err
}
