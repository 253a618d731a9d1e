package main

import (
	"context"

	"github.com/spf13/cobra"

	"zhitong/internal/bench"
	"zhitong/internal/embedded"
)

func (p *program) benchHTTPCommand() *cobra.Command {
	var o bench.HTTPOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "http",
		Short: "How fast the API takes commands and gives rows of views, with accounts and projectors",
		Long: `How fast the API takes commands and gives rows of a view by their keys: over loopback,
the clients in the same process, durable, with accounts, the guard (without its limits
of rate) and the projectors. The same commands without all this, as in bench append,
are measured before, in the same run.`,
		Example: "  zhitong bench http --clients 64 --commands 40000 --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onScratch(c, func(ctx context.Context, inst *embedded.Instance, noSync bool) error {
				dsn, err := inst.Postgres(ctx)
				if err != nil {
					return err
				}
				f, err := bench.HTTP(ctx, inst.NATS(), dsn, o)
				if err != nil {
					return err
				}
				return p.figures(asJSON, struct {
					settings          `json:",embed"`
					bench.HTTPFigures `json:",embed"`
				}{settingsOf("http", noSync), f})
			})
		},
	}
	fl := c.Flags()
	fl.IntVar(&o.Commands, "commands", 40_000, "commands to send with all clients")
	fl.IntVar(&o.Rows, "rows", 80_000, "rows to ask for with all clients")
	fl.IntVar(&o.Clients, "clients", 64, "clients that wait for each answer")
	fl.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
