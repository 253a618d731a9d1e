package main

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/history"
	"zhitong/internal/sheet"
)

func (p *program) claimCommand() *cobra.Command {
	return group("claim", "Look at a claim", p.sheetCommand())
}

func (p *program) sheetCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "sheet CLAIM_ID",
		Short: "Print the calculation sheet (核算单) of a claim",
		Long: `Print the calculation sheet (核算单) of a claim: every step of every amount as a
sentence, with the ids of the events that hold the figures, what each funder bears,
and what happened since. It is read from the log alone; every step is done once
more on the way, and the status is 1 if one comes out otherwise.`,
		Example: `  zhitong claim sheet SH-0001.SGYD
  zhitong claim sheet SH-0001.SGYD --lang en
  zhitong claim sheet SH-0001.SGYD --format json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usagef("--format %q: text or json is needed", format)
			}
			if err := domain.CheckID(args[0]); err != nil {
				return usageError{err}
			}
			var s *sheet.Sheet
			err := p.with(c.Context(), func(ctx context.Context, h *house) (err error) {
				s, err = readSheet(ctx, h, domain.ID(args[0]))
				return err
			})
			if errors.Is(err, sheet.ErrNoClaim) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			return p.writeSheet(s, format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

func readSheet(ctx context.Context, h *house, id domain.ID) (*sheet.Sheet, error) {
	m := sheet.NewMaker(id)
	if err := history.Read(ctx, h.log, m.Keep(), func(c *events.Commit) error { m.Fold(c); return nil }); err != nil {
		return nil, err
	}
	return m.Sheet()
}

func (p *program) writeSheet(s *sheet.Sheet, format string) error {
	var err error
	if format == "json" {
		if err = json.MarshalWrite(p.stdout, s, json.Deterministic(true), jsontext.WithIndent("  ")); err == nil {
			_, err = p.stdout.Write([]byte("\n"))
		}
	} else {
		err = s.Write(p.stdout, p.text)
	}
	if err == nil && len(s.Check.Differs) > 0 {
		return found(len(s.Check.Differs), "steps or amounts come out otherwise")
	}
	return err
}
