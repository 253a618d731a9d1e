package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/spf13/cobra"

	"zhitong/internal/bench"
	"zhitong/internal/embedded"
)

func (p *program) benchCommand() *cobra.Command {
	c := group("bench", "Measure this machine, on a data folder of its own that goes afterwards", p.benchAppendCommand(), p.benchRebuildCommand(), p.benchVerifyCommand())
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

func (p *program) benchAppendCommand() *cobra.Command {
	var o bench.AppendOptions
	var asJSON bool
	c := &cobra.Command{
		Use:     "append",
		Short:   "How fast commands of three events are decided and appended, projectors off",
		Example: "  zhitong bench append --writers 64 --events 180000 --floor --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
				f, err := bench.Append(ctx, inst.NATS(), o)
				if err != nil {
					return err
				}
				return p.figures(asJSON, struct {
					settings            `json:",embed"`
					bench.AppendFigures `json:",embed"`
				}{settingsOf("append", noSync), f})
			})
		},
	}
	fl := c.Flags()
	fl.IntVar(&o.Events, "events", 180_000, "events to append with all writers")
	fl.IntVar(&o.Writers, "writers", 64, "clients that wait for each answer")
	fl.BoolVar(&o.Floor, "floor", false, "also publish the same blocks bare")
	fl.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p *program) benchRebuildCommand() *cobra.Command {
	var eventsWanted int
	var asJSON bool
	c := &cobra.Command{
		Use:     "rebuild",
		Short:   "How fast all views are made anew from the log",
		Example: "  zhitong bench rebuild --events 60000 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
				dsn, err := inst.Postgres(ctx)
				if err != nil {
					return err
				}
				f, err := bench.Rebuild(ctx, inst.NATS(), dsn, eventsWanted)
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
	c.Flags().IntVar(&eventsWanted, "events", 60_000, "events of the demo programme to fill in first; the whole has about 70,000")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p *program) benchVerifyCommand() *cobra.Command {
	var eventsWanted int
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "How fast a log and its views are verified",
		Long: `Fill a log with the demo programme, sign it, build all views, and measure how fast it
is read, hashed, checked, and compared with every row of every view.`,
		Example: "  zhitong bench verify --events 1000000 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
				dsn, err := inst.Postgres(ctx)
				if err != nil {
					return err
				}
				dir, err := os.MkdirTemp(p.cfg.Data, "bench-audit-*")
				if err != nil {
					return err
				}
				defer os.RemoveAll(dir)
				f, err := bench.Verify(ctx, inst.NATS(), dsn, dir, eventsWanted)
				if err != nil {
					return err
				}
				return p.figures(asJSON, struct {
					settings            `json:",embed"`
					bench.VerifyFigures `json:",embed"`
				}{settingsOf("verify", noSync), f})
			})
		},
	}
	c.Flags().IntVar(&eventsWanted, "events", 200_000, "events of the demo programme to fill in first; at most about 1,300,000")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
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
