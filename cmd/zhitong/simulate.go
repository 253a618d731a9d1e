package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/simulation"
	"zhitong/internal/table"
)

func (p *program) policySimulateCommand() *cobra.Command {
	var from, to, budget, format string
	var recorded bool
	c := &cobra.Command{
		Use:   "simulate FILE --from DATE --to DATE [--budget FILE]",
		Short: "Apply a draft to recorded history and compare it with what was assessed",
		Long: `Apply a draft of a policy to the recorded inspections of the days from --from to
--to, with their returns and corrections, and compare it with what was assessed: per
item, cooperative, funder and month; which limits bind; when each budget line runs
dry; which claims would wait or be refused. Nothing is written. The draft's own
effective range does not matter. The real engine decides, on funds in memory; what
people did with their claims (submitted, rejected, paid, settled) is done again as far
as the draft leaves something to do it with. Without --budget every budget line has as
much as it needs; the budget file is a list of {budget_id: PROV, amount: "100000.00",
year: 2021}, where the year may be left out. With --recorded-budget the policy's own
funds are taken, with every adjustment at its time: the published policy then comes
out without any difference.`,
		Example: `  zhitong policy simulate sgyd-2.yaml --from 2021-01-01 --to 2021-12-31
  zhitong policy simulate sgyd-2.yaml --from 2021-01-01 --to 2021-12-31 --budget budget-2021.yaml --format csv
  zhitong policy simulate sgyd-2.yaml --from 2021-07-01 --to 2021-12-31 --recorded-budget`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			if recorded && budget != "" {
				return usagef("either --budget or --recorded-budget, not both")
			}
			o := simulation.Options{Recorded: recorded}
			if o.From, err = domain.ParseDay(from); err != nil {
				return usagef("--from: %w", err)
			}
			if o.To, err = domain.ParseDay(to); err != nil {
				return usagef("--to: %w", err)
			}
			draft, problems, err := p.readPolicy(args[0])
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return errors.Join(p.writePolicyProblems(table.Text, args[0], problems), found(len(problems), "faults in "+args[0]))
			}
			o.Draft = draft
			if budget != "" {
				text, err := os.ReadFile(budget)
				if err == nil {
					o.Budget, err = simulation.ParseBudget(text)
				}
				if err != nil {
					return usageError{err}
				}
			}
			if err := o.Check(); err != nil {
				return usageError{err}
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				r, err := simulation.Run(ctx, h.log, o)
				if err != nil {
					return err
				}
				return table.Write(p.stdout, f, simulationColumns, table.Slice(simulationRows(r)))
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "first day of the inspections")
	c.Flags().StringVar(&to, "to", "", "last day of the inspections")
	c.Flags().StringVar(&budget, "budget", "", "a file with what each budget line has")
	c.Flags().BoolVar(&recorded, "recorded-budget", false, "what the policy's recorded funds had, with their adjustments")
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

var simulationColumns = []table.Column{{Name: "section"}, {Name: "key"}, {Name: "draft", Numeric: true}, {Name: "recorded", Numeric: true},
	{Name: "difference", Numeric: true}, {Name: "note"}}

// simulationRows is a report as one table.
func simulationRows(r *simulation.Report) [][]any {
	var rows [][]any
	for _, c := range r.Compared {
		rows = append(rows, []any{c.By, c.Key, c.Draft.String(), c.Recorded.String(), c.Draft.Sub(c.Recorded).String(), nil})
	}
	for i, b := range r.Bounds {
		what := b.Limit.Per + " max " + b.Limit.Max.String()
		if !b.Limit.SalesShare.IsZero() {
			what = b.Limit.Per + " sales_share " + b.Limit.SalesShare.String()
		}
		rows = append(rows, []any{"limit", strconv.Itoa(i+1) + " " + what, b.Cut.String(), nil, nil, fmt.Sprintf("cuts %d lines", b.Lines)})
	}
	for _, d := range r.Budgets {
		note := "does not run dry"
		if !d.DryOn.IsZero() {
			note = "runs dry on " + d.DryOn.String()
		}
		if d.Limited {
			note += "; has " + d.Appropriated.String()
		}
		rows = append(rows, []any{"budget", fmt.Sprintf("%d %s (%s)", d.Year, d.BudgetID, d.FunderID), d.Committed.String(), nil, nil, note})
	}
	for _, list := range []struct {
		section, note string
		claims        []simulation.Left
	}{
		{"waitlisted", "would wait", r.Waitlisted}, {"partial", "would get less, by the amount", r.Partial}, {"refused", "would be refused", r.Refused},
	} {
		for _, l := range list.claims {
			rows = append(rows, []any{list.section, string(l.ClaimID), l.Amount.String(), l.Recorded.String(), nil, list.note})
		}
	}
	return rows
}
