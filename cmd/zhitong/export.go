package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhitong/events/log"
)

func (p *program) exportCommand() *cobra.Command {
	return group("export", "Print the stored bytes of the log", p.exportEventsCommand(), p.exportLogCommand())
}

// positions are the flags of a part of the log.
type positions struct{ from, to uint64 }

func (r *positions) flags(c *cobra.Command) {
	c.Flags().Uint64Var(&r.from, "from", 1, "first position")
	c.Flags().Uint64Var(&r.to, "to", 0, "last position (default: the end)")
}

func (r *positions) check() error {
	if r.to != 0 && r.to < r.from {
		return usagef("--to %d comes before --from %d", r.to, r.from)
	}
	return nil
}

func (p *program) exportEventsCommand() *cobra.Command {
	var part positions
	var subject string
	c := &cobra.Command{
		Use:   "events",
		Short: "Print events, one a line, exactly as they are stored",
		Example: `  zhitong export events > events.ndjson
  zhitong export events --subject order/PO-1
  zhitong export events --from 100 --to 200`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.export(c.Context(), part, func(out *bufio.Writer, commit []byte) error {
				return writeEvents(out, commit, subject)
			})
		},
	}
	part.flags(c)
	c.Flags().StringVar(&subject, "subject", "", "only events of this aggregate, e.g. order/PO-1")
	return c
}

func (p *program) exportLogCommand() *cobra.Command {
	var part positions
	c := &cobra.Command{
		Use:     "log",
		Short:   "Print commits, one a line: the leaves of the log",
		Example: "  zhitong export log --from 1 --to 10",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.export(c.Context(), part, func(out *bufio.Writer, commit []byte) error {
				out.Write(commit)
				return out.WriteByte('\n')
			})
		},
	}
	part.flags(c)
	return c
}

// errEnough ends a read before the end of the log.
var errEnough = errors.New("enough was read")

func (p *program) export(ctx context.Context, part positions, write func(*bufio.Writer, []byte) error) error {
	if err := part.check(); err != nil {
		return err
	}
	return p.with(ctx, func(ctx context.Context, h *house) error {
		out := bufio.NewWriterSize(p.stdout, 256<<10)
		err := h.log.Read(ctx, part.from, func(b log.Block) error {
			for i, commit := range b.Commits {
				position := b.First + uint64(i)
				if part.to != 0 && position > part.to {
					return errEnough
				}
				if err := write(out, commit); err != nil {
					return fmt.Errorf("position %d: %w", position, err)
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		return out.Flush()
	})
}

// writeEvents cuts a commit, which is a JSON array, into its elements without
// touching their bytes.
func writeEvents(out *bufio.Writer, commit []byte, subject string) error {
	d := jsontext.NewDecoder(bytes.NewReader(commit))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '{' {
		event, err := d.ReadValue()
		if err != nil {
			return err
		}
		if subject != "" {
			var head struct {
				Subject string `json:"subject"`
			}
			if err := json.Unmarshal(event, &head); err != nil {
				return err
			}
			if head.Subject != subject {
				continue
			}
		}
		out.Write(event)
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}
