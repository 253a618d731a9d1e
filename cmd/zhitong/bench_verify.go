package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"zhitong/internal/bench"
	"zhitong/internal/embedded"
)

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
