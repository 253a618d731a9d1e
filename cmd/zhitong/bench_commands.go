package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"zhitong/internal/app"
	"zhitong/internal/bench"
	"zhitong/internal/embedded"
)

// measured is what a measurement of commands prints.
type measured[F any] struct {
	settings `json:",embed"`
	Figures  F `json:",embed"`
}

// benchCommands makes the parts that measurements of commands share: a folder for
// snapshots beside the log's, a database if one is wanted, and JSON.
func benchCommands[F any](p *program, c *cobra.Command, postgres func() bool, run func(context.Context, *embedded.Instance, string, app.Disk) (F, error)) *cobra.Command {
	asJSON := c.Flags().Bool("json", false, "print JSON")
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
			dir, err := os.MkdirTemp(p.cfg.Data, "bench-snapshots-*")
			if err != nil {
				return usageError{err}
			}
			var dsn string
			if postgres() {
				dsn, err = inst.Postgres(ctx)
			}
			var f F
			if err == nil {
				f, err = run(ctx, inst, dsn, app.Folder(dir))
			}
			if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
				return err
			}
			return p.figures(*asJSON, measured[F]{settingsOf(c.Name(), noSync), f})
		})
	}
	return c
}

func (p *program) benchAppendCommand() *cobra.Command {
	var o bench.AppendOptions
	var projectors bool
	c := &cobra.Command{
		Use:   "append",
		Short: "How fast commands of one to three events are decided and appended",
		Long: `How fast commands of one to three events are decided and appended: one client that
waits for each answer, then many, then the one again on the log that has grown.
--projectors runs the many once more with projectors running. With --refusals or
--duplicates the same without them is measured too, by turns.`,
		Example: "  zhitong bench append --writers 256 --projectors --floor --json\n  zhitong bench append --writers 256 --refusals 1 --duplicates 1",
	}
	fl := c.Flags()
	fl.IntVar(&o.Commands, "commands", 100_000, "commands to send with all writers")
	fl.IntVar(&o.Writers, "writers", 64, "clients that wait for each answer")
	fl.IntVar(&o.Refusals, "refusals", 0, "percentage of the commands that a rule refuses")
	fl.IntVar(&o.Duplicates, "duplicates", 0, "percentage of the commands that are sent again")
	fl.BoolVar(&projectors, "projectors", false, "also measure with projectors running")
	fl.BoolVar(&o.Floor, "floor", false, "also publish the same blocks bare")
	return benchCommands(p, c, func() bool { return projectors }, func(ctx context.Context, inst *embedded.Instance, dsn string, disk app.Disk) (bench.AppendFigures, error) {
		o.Postgres, o.Disk = dsn, disk
		return bench.Append(ctx, inst.NATS(), o)
	})
}

func (p *program) benchLoadCommand() *cobra.Command {
	var events int
	var floor bool
	c := &cobra.Command{
		Use:     "load",
		Short:   "How fast the application starts on a log, without and from a snapshot",
		Example: "  zhitong bench load --events 1000000 --json",
	}
	c.Flags().IntVar(&events, "events", 200_000, "events of the demo programme to fill in first")
	c.Flags().BoolVar(&floor, "floor", false, "also read the log without looking at it")
	return benchCommands(p, c, func() bool { return false }, func(ctx context.Context, inst *embedded.Instance, _ string, disk app.Disk) (bench.LoadFigures, error) {
		return bench.Load(ctx, inst.NATS(), disk, events, floor)
	})
}

func (p *program) benchMixedCommand() *cobra.Command {
	var o bench.MixedOptions
	c := &cobra.Command{
		Use:   "mixed",
		Short: "How fast the demo programme runs, sent as apply sends a file, with projectors and readers",
		Long: `How fast the demo programme runs: its own mix of commands, events and sizes, in
order, sent ahead of the answers as apply and import do. The first half with
projectors off, the second with projectors running and clients that ask the views.`,
		Example: "  zhitong bench mixed --commands 100000 --readers 4 --json",
	}
	c.Flags().IntVar(&o.Commands, "commands", 100_000, "commands of the demo programme")
	c.Flags().IntVar(&o.Readers, "readers", 2, "clients that ask the views all the time")
	c.Flags().BoolVar(&o.Floor, "floor", false, "also publish the blocks of the first half bare")
	return benchCommands(p, c, func() bool { return true }, func(ctx context.Context, inst *embedded.Instance, dsn string, disk app.Disk) (bench.MixedFigures, error) {
		o.Postgres, o.Disk = dsn, disk
		return bench.Mixed(ctx, inst.NATS(), o)
	})
}
