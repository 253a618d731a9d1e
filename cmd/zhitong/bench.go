package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/spf13/cobra"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/bench"
	"zhitong/internal/table"
	"zhitong/projections/projector"
)

// benchSettings stand beside every figure.
type benchSettings struct {
	Version    string `json:"version"`
	Go         string `json:"go"`
	NATSServer string `json:"nats_server"`
	CPUs       int    `json:"cpus"`
	FileSystem string `json:"file_system"`
	Durable    bool   `json:"durable"` // every write synced before it is acknowledged
}

// benchRun is one run of a bench.
type benchRun struct {
	p      *program
	asJSON bool
	noSync bool
}

func (p *program) benchCommand() *cobra.Command {
	return group("bench", "Measure this machine", p.benchAppendCommand(), p.benchRebuildCommand())
}

func (r *benchRun) flags(c *cobra.Command) {
	c.Flags().BoolVar(&r.asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&r.noSync, "no-sync", false, "don't sync writes: not durable, only to see what syncing costs")
}

func (p *program) benchAppendCommand() *cobra.Command {
	r := benchRun{p: p}
	var o bench.AppendOptions
	var floor bool
	c := &cobra.Command{
		Use:   "append",
		Short: "Commands until they are durable, one by one and from many writers",
		Long: `Send real commands of three events each (a shipment logged, two order lines
allocated) to a log in a temporary folder below the data folder, without projectors:
one by one, then from many writers that each await their answer. With --floor the
same blocks are published once more in a bare loop, in the same run.`,
		Example: "  zhitong bench append --floor --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Writers < 1 || o.Commands < o.Writers || o.Single < 10 {
				return usagef("bench append: at least 1 writer, as many commands as writers, and 10 single ones are needed")
			}
			return r.inFreshFolder(c.Context(), func(ctx context.Context, h *house) error {
				return h.withApp(ctx, func(ctx context.Context, a *app.App) (err error) {
					if floor {
						if o.Floor, err = bench.NewFloor(ctx, h.instance.NATS(), log.StreamDefault); err != nil {
							return err
						}
					}
					out, err := bench.Append(ctx, a, o)
					if err != nil {
						return err
					}
					return r.appended(h, o, out)
				})
			})
		},
	}
	r.flags(c)
	f := c.Flags()
	f.BoolVar(&floor, "floor", false, "measure the bare broker on the same blocks too")
	f.IntVar(&o.Writers, "writers", 64, "writers that send at once")
	f.IntVar(&o.Commands, "commands", 60_000, "commands of the writers together")
	f.IntVar(&o.Single, "single", 3_000, "commands sent one by one")
	return c
}

func (p *program) benchRebuildCommand() *cobra.Command {
	r := benchRun{p: p}
	var n int
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Events a second when all views are made anew",
		Long: `Fill a log in a temporary folder below the data folder with the demo programme, at a
scale that makes about --events events, and rebuild all views from it.`,
		Example: "  zhitong bench rebuild --events 500000 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n < 1000 || n > 1_500_000 {
				return usagef("--events %d: between 1000 and 1500000 is needed", n)
			}
			return r.inFreshFolder(c.Context(), func(ctx context.Context, h *house) error { return r.rebuild(ctx, h, n) })
		},
	}
	r.flags(c)
	c.Flags().IntVar(&n, "events", 300_000, "about how many events")
	return c
}

func (r *benchRun) rebuild(ctx context.Context, h *house, n int) error {
	progress := r.p.newProgress(r.p.text.Say("bench.filling"))
	err := h.withApp(ctx, func(ctx context.Context, a *app.App) error { return bench.Fill(ctx, a, n, progress.at) })
	progress.end()
	if err != nil {
		return err
	}
	return h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error {
		if err := views.CatchUp(ctx); err != nil {
			return err
		}
		out, err := bench.Rebuild(ctx, h.log, views)
		if err != nil {
			return err
		}
		if r.asJSON {
			return r.writeJSON(struct {
				Bench    string        `json:"bench"`
				Settings benchSettings `json:"settings"`
				bench.Rebuilt
			}{"rebuild", r.settings(h), out})
		}
		return r.writeTable([]table.Column{{Name: "events", Numeric: true}, {Name: "commits", Numeric: true}, {Name: "views", Numeric: true},
			{Name: "milliseconds", Numeric: true}, {Name: "events_per_second", Numeric: true}},
			[][]any{{out.Events, out.Commits, out.Views, out.Milliseconds, out.EventsPerSecond}}, h)
	})
}

// inFreshFolder runs fn in a house of its own, on the disk that the data folder is
// on, and leaves nothing behind.
func (r *benchRun) inFreshFolder(ctx context.Context, fn func(context.Context, *house) error) (err error) {
	if r.p.cfg.NATSURL != "" || r.p.cfg.PostgresURL != "" {
		return usagef("bench measures the embedded servers: leave out --nats-url and --postgres-url")
	}
	if err := os.MkdirAll(r.p.cfg.Data, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.p.cfg.Data, "bench-")
	if err != nil {
		return err
	}
	own := *r.p
	own.cfg.Data, own.cfg.MasterKey, own.noSync = dir, "", r.noSync
	err = own.with(ctx, fn)
	return errors.Join(err, removeFolder(dir))
}

// removeFolder removes a data folder with its cluster, wherever that lives.
func removeFolder(dir string) error {
	var note struct {
		Home string `json:"cluster"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "postgres.json"))
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(data, &note); err != nil {
			return err
		}
		if err := os.RemoveAll(note.Home); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

func (r *benchRun) settings(h *house) benchSettings {
	name, _, err := fileSystem(h.p.cfg.Data)
	if err != nil {
		name = err.Error()
	}
	return benchSettings{
		Version: version, Go: runtime.Version(), NATSServer: server.VERSION, CPUs: runtime.NumCPU(), FileSystem: name, Durable: !r.noSync,
	}
}

func (r *benchRun) appended(h *house, o bench.AppendOptions, out bench.Appended) error {
	if r.asJSON {
		return r.writeJSON(struct {
			Bench      string        `json:"bench"`
			Settings   benchSettings `json:"settings"`
			Writers    int           `json:"writer_count"`
			Projectors bool          `json:"projectors"`
			bench.Appended
		}{"append", r.settings(h), o.Writers, false, out})
	}
	columns := []table.Column{{Name: "workload"}, {Name: "commands", Numeric: true}, {Name: "blocks", Numeric: true}, {Name: "commands/s", Numeric: true},
		{Name: "events/s", Numeric: true}, {Name: "p50 µs", Numeric: true}, {Name: "p99 µs", Numeric: true}}
	row := func(name string, f bench.Figures) []any {
		return []any{name, f.Commands, f.Blocks, f.CommandsPerSecond, f.EventsPerSecond, f.P50Microseconds, f.P99Microseconds}
	}
	rows := [][]any{row("one by one", out.Single)}
	if out.SingleFloor != nil {
		rows = append(rows, row("  floor: the same blocks", *out.SingleFloor))
	}
	rows = append(rows, row(fmt.Sprintf("%d writers", o.Writers), out.Writers))
	if out.WritersFloor != nil {
		rows = append(rows, row("  floor: the same blocks", *out.WritersFloor))
	}
	return r.writeTable(columns, rows, h)
}

func (r *benchRun) writeTable(columns []table.Column, rows [][]any, h *house) error {
	if err := table.Write(r.p.stdout, table.Text, columns, table.Slice(rows)); err != nil {
		return err
	}
	s := r.settings(h)
	durable := "every write synced"
	if !s.Durable {
		durable = "NOT DURABLE: writes are not synced"
	}
	_, err := fmt.Fprintf(r.p.stdout, "zhitong %s, %s, nats-server %s, %d CPUs, %s, %s\n", s.Version, s.Go, s.NATSServer, s.CPUs, s.FileSystem, durable)
	return err
}

func (r *benchRun) writeJSON(v any) error {
	if err := json.MarshalWrite(r.p.stdout, v, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := fmt.Fprintln(r.p.stdout)
	return err
}
