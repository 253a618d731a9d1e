package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhitong/audit/bundle"
	"zhitong/audit/diff"
	"zhitong/audit/findings"
	"zhitong/audit/trace"
	"zhitong/internal/table"
	"zhitong/projections"
	"zhitong/projections/catalogue"
)

// everyProjection is the projections of the catalogue and the findings, which the
// audit owns.
func everyProjection() []projections.Projection {
	return append(catalogue.All(), findings.Projection(findings.Default()))
}

func (p *program) auditTraceCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "trace ID",
		Short: "Show where a figure came from and what became of it",
		Long: `Show where a figure came from and what became of it: every event, with who did it,
every step of a calculation, causes (←) and effects (→). ID is a claim, a claim and a
line (CLAIM/2), an order, a shipment, a departure, a payment batch, a clawback, a fund,
a policy version (SGYD@1), a party or an event.`,
		Example: `  zhitong audit trace S20200503-07-1.SGYD
  zhitong audit trace S20200503-07-1.SGYD/1 --format dot | dot -Tsvg > trace.svg`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			forms := map[string]func([]*trace.Node) error{
				"text":    func(n []*trace.Node) error { return trace.Text(p.stdout, n) },
				"json":    func(n []*trace.Node) error { return trace.JSON(p.stdout, n) },
				"dot":     func(n []*trace.Node) error { return trace.Graphviz(p.stdout, n) },
				"mermaid": func(n []*trace.Node) error { return trace.Mermaid(p.stdout, n) },
			}
			write := forms[format]
			if write == nil {
				return usagef("--format %q: text, json, dot or mermaid is needed", format)
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				nodes, err := trace.Of(ctx, h.read, args[0])
				if errors.Is(err, trace.ErrUnknown) {
					return usageError{err}
				}
				if err != nil {
					return err
				}
				return write(nodes)
			})
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text, json, dot (Graphviz) or mermaid")
	return c
}

func (p *program) auditDiffCommand() *cobra.Command {
	var part positions
	var views []string
	var format string
	c := &cobra.Command{
		Use:   "diff --from P --to P",
		Short: "Show what changed in the views between two positions, and by which events",
		Example: `  zhitong audit diff --from 1000 --to 1200
  zhitong audit diff --from 1000 --view claims --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usagef("--format %q: text or json is needed", format)
			}
			if err := part.check(); err != nil {
				return err
			}
			for _, v := range views {
				if _, _, err := projections.FindView(everyProjection(), v); err != nil {
					return usageError{err}
				}
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				rows, err := diff.Between(ctx, h.read, everyProjection(), part.from, part.to, views)
				if err != nil {
					return err
				}
				if format == "json" {
					return json.MarshalWrite(p.stdout, rows, jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false))
				}
				return diff.Text(p.stdout, rows)
			})
		},
	}
	c.Flags().Uint64Var(&part.from, "from", 0, "position before the changes; 0 is the beginning")
	c.Flags().Uint64Var(&part.to, "to", 0, "position behind them (default: the end)")
	c.Flags().StringArrayVar(&views, "view", nil, "only this view (repeatable)")
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

func (p *program) auditFindingsCommand() *cobra.Command {
	var strict bool
	var format string
	c := &cobra.Command{
		Use:   "findings",
		Short: "List implausible or contradictory records (疑点清单)",
		Long: `List implausible or contradictory records, each with its rule, its figures and its
events, and what an auditor noted on it. With --strict the status is 1 when one of them
is open.`,
		Example: "  zhitong audit findings --strict --format csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				ps := []projections.Projection{findings.Projection(findings.Default())}
				folded, err := projections.Fold(ctx, h.read, ps, projections.Until{})
				if err != nil {
					return err
				}
				rows, err := folded.Select("findings", nil, 0)
				if err != nil {
					return err
				}
				if err := table.Write(p.stdout, f, columnsOf(rows.Schema), cellsOf(rows)); err != nil {
					return err
				}
				open := 0
				for _, r := range records(rows) {
					if r.text("status") == "open" {
						open++
					}
				}
				if strict && open > 0 {
					return found(open, "findings are open")
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&strict, "strict", false, "end with status 1 when a finding is open")
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

func (p *program) auditBundleCommand() *cobra.Command {
	var claim, shipment, party, from, to, out string
	c := &cobra.Command{
		Use:   "bundle --claim ID|--shipment ID|--party ID --out FILE.zip",
		Short: "Write an evidence bundle, which verifies on another machine without a network",
		Example: `  zhitong audit bundle --claim S20200503-07-1.SGYD --out claim.zip
  zhitong audit bundle --party C09 --from 2021-01-01T00:00:00+08:00 --to 2021-06-30T23:59:59+08:00 --out party.zip
  zhitong audit verify claim.zip --key vkeys`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := subjectOf(claim, shipment, party, from, to)
			if err != nil {
				return err
			}
			if out == "" {
				return usagef("--out FILE.zip is needed")
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				m, err := h.published(ctx)
				if err != nil {
					return err
				}
				b, err := bundle.Make(ctx, bundle.Source{Read: h.read, Tree: m.reader, Signed: m.signed, VKeys: m.vkeys, Projections: everyProjection()}, s)
				if errors.Is(err, trace.ErrUnknown) {
					return usageError{err}
				}
				if err != nil {
					return err
				}
				return os.WriteFile(out, b, 0o644)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&claim, "claim", "", "a claim")
	f.StringVar(&shipment, "shipment", "", "a shipment")
	f.StringVar(&party, "party", "", "a party")
	f.StringVar(&from, "from", "", "of a party: from this time on (RFC 3339)")
	f.StringVar(&to, "to", "", "of a party: up to this time")
	f.StringVar(&out, "out", "", "file to write")
	return c
}

// subjectOf is the one subject that was named.
func subjectOf(claim, shipment, party, from, to string) (bundle.Subject, error) {
	var s bundle.Subject
	named := 0
	for kind, id := range map[string]string{"claim": claim, "shipment": shipment, "party": party} {
		if id != "" {
			s.Kind, s.ID = kind, id
			named++
		}
	}
	if named != 1 {
		return s, usagef("name one of --claim, --shipment and --party")
	}
	for _, x := range []struct {
		flag, text string
		to         *time.Time
	}{{"from", from, &s.From}, {"to", to, &s.To}} {
		if x.text == "" {
			continue
		}
		if s.Kind != "party" {
			return s, usagef("--%s is for a --party", x.flag)
		}
		t, err := time.Parse(time.RFC3339, x.text)
		if err != nil {
			return s, usagef("--%s %q: a time such as 2021-06-30T23:59:59+08:00 is needed", x.flag, x.text)
		}
		*x.to = t
	}
	return s, nil
}
