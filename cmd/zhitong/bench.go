package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/spf13/cobra"

	"zhitong/internal/bench"
	"zhitong/internal/embedded"
)

func (p *program) benchCommand() *cobra.Command {
	c := group("bench", "Measure this machine, on a data folder of its own that goes afterwards", p.benchAppendCommand(), p.benchLoadCommand(), p.benchMixedCommand(), p.benchReplayCommand(),
		p.benchRebuildCommand(), p.benchLagCommand(), p.benchHTTPCommand(), p.benchVerifyCommand())
	c.Long = `Measure this machine, on a data folder of its own that goes afterwards. Writes are
durable, synced before they are acknowledged, unless --no-sync says otherwise. The
settings are printed with the figures; machines are noisy, so look at a figure beside
its floor of the same run.`
	c.PersistentFlags().Bool("no-sync", false, "don't sync writes: not durable, only to see what syncing costs")
	return c
}

// settings are printed with every figure.
type settings struct {
	What    string `json:"bench"`
	Durable bool   `json:"durable"`
	Cores   int    `json:"cores"`
	Go      string `json:"go"`
	NATS    string `json:"nats_server"`
	Version string `json:"zhitong"`
}

func settingsOf(what string, noSync bool) settings {
	return settings{what, !noSync, runtime.NumCPU(), runtime.Version(), server.VERSION, version}
}

func (p *program) benchReplayCommand() *cobra.Command {
	var o bench.ReplayOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "replay",
		Short: "How fast the log is read, decoded and folded in memory, and how long a look back takes",
		Example: `  zhitong bench replay --floor --json
  zhitong bench replay --events 1000000 --floor --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) (err error) {
				if o.Past, err = os.MkdirTemp(p.cfg.Data, "bench-past-*"); err != nil {
					return err
				}
				f, err := bench.Replay(ctx, inst.NATS(), o)
				if err := errors.Join(err, os.RemoveAll(o.Past)); err != nil {
					return err
				}
				return p.figures(asJSON, struct {
					settings            `json:",embed"`
					bench.ReplayFigures `json:",embed"`
				}{settingsOf("replay", noSync), f})
			})
		},
	}
	eventsFlag(c, &o.Events)
	c.Flags().BoolVar(&o.Floor, "floor", false, "also read and decode alone")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// eventsFlag says how much of the demo is filled in.
func eventsFlag(c *cobra.Command, to *int) {
	c.Flags().IntVar(to, "events", 60_000, "events of the demo programme to fill in first, at a scale that has as many")
}

func (p *program) benchRebuildCommand() *cobra.Command {
	var o bench.RebuildOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "How fast all views are made anew from the log, and what a row of each costs",
		Example: `  zhitong bench rebuild --events 60000 --json
  zhitong bench rebuild --events 1000000 --growth --floor --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
				dsn, err := inst.Postgres(ctx)
				if err != nil {
					return err
				}
				f, err := bench.Rebuild(ctx, inst.NATS(), dsn, o)
				if err != nil {
					return err
				}
				return p.figures(asJSON, struct {
					settings             `json:",embed"`
					bench.RebuildFigures `json:",embed"`
				}{settingsOf("rebuild", noSync), f})
			})
		},
	}
	eventsFlag(c, &o.Events)
	c.Flags().BoolVar(&o.Growth, "growth", false, "also at a tenth of the events, in the same run")
	c.Flags().BoolVar(&o.Floor, "floor", false, "also fold in memory, without a database")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p *program) benchLagCommand() *cobra.Command {
	var o bench.LagOptions
	var asJSON bool
	c := &cobra.Command{
		Use:     "lag",
		Short:   "How long after its answer a command is seen in a view",
		Example: "  zhitong bench lag --rate 200 --for 10s --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
				dsn, err := inst.Postgres(ctx)
				if err != nil {
					return err
				}
				f, err := bench.Lag(ctx, inst.NATS(), dsn, o)
				if err != nil {
					return err
				}
				return p.figures(asJSON, struct {
					settings         `json:",embed"`
					bench.LagFigures `json:",embed"`
				}{settingsOf("lag", noSync), f})
			})
		},
	}
	fl := c.Flags()
	fl.IntVar(&o.Rate, "rate", 200, "commands a second")
	fl.DurationVar(&o.For, "for", 10*time.Second, "how long")
	fl.IntVar(&o.Writers, "writers", 8, "clients that send them in turn")
	fl.BoolVar(&o.Floor, "floor", false, "also read rows without waiting for anything")
	fl.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// onScratch runs fn on a fresh data folder below the settings' one, on the same
// disk, and removes it.
func (p *program) onScratch(c *cobra.Command, fn func(context.Context, *embedded.Instance, bool) error) error {
	ctx := c.Context()
	noSync, err := c.Flags().GetBool("no-sync")
	if err != nil {
		return err
	}
	if p.cfg.NATSURL != "" || p.cfg.PostgresURL != "" {
		return usagef("bench measures the embedded servers: leave out --nats-url and --postgres-url")
	}
	if err := os.MkdirAll(p.cfg.Data, 0o700); err != nil {
		return usageError{err}
	}
	dir, err := os.MkdirTemp(p.cfg.Data, "bench-*")
	if err != nil {
		return usageError{err}
	}
	inst, err := embedded.Open(ctx, embedded.Options{Dir: dir, Note: p.note, Logger: p.logger(), Getenv: p.lookup, NoSync: noSync})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return errors.Join(fn(ctx, inst, noSync), inst.Remove(ctx))
}

// figures prints a measurement: JSON, or its members a line each.
func (p *program) figures(asJSON bool, v any) error {
	out, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	if !asJSON {
		out = []byte(strings.NewReplacer(`"`, "", ",", "", "{", "", "}", "").Replace(string(out)))
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n", strings.TrimSpace(string(out)))
	return err
}
