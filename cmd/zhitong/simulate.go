package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/simulation"
	"zhitong/internal/table"
)

func (p *program) policySimulateCommand() *cobra.Command {
	var from, to, budget, format string
	c := &cobra.Command{
		Use:   "simulate FILE --from DATE --to DATE [--budget FILE]",
		Short: "Apply a draft to recorded history and compare it with what was assessed",
		Long: `Apply a draft of a policy to the recorded inspections of the days from --from to
--to, with their returns and corrections, and compare it with what was assessed: per
item, cooperative, funder and month; which limits bind; when each budget line runs
dry; which claims would wait or be refused. Nothing is written. The draft's own
effective range does not matter. Without --budget every budget line has as much as it
needs; the budget file is a list of {budget_id: PROV, amount: "100000.00", year: 2021},
where the year may be left out.`,
		Example: "  zhitong policy simulate sgyd-2.yaml --from 2021-01-01 --to 2021-12-31 --budget budget-2021.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			o := simulation.Options{}
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
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				r, err := simulation.Run(ctx, commitsOf(h.log), o)
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
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

// commitsOf reads a log commit by commit.
func commitsOf(l log.Log) simulation.Reader {
	return func(ctx context.Context, from uint64, fn func([]byte) error) error {
		return l.Read(ctx, from, func(b log.Block) error {
			for _, c := range b.Commits {
				if err := fn(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
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
		var given any
		if d.Limited {
			given = d.Appropriated.String()
		}
		rows = append(rows, []any{"budget", fmt.Sprintf("%d %s (%s)", d.Year, d.BudgetID, d.FunderID), d.Reserved.String(), given, nil, note})
	}
	for _, l := range r.Waitlisted {
		rows = append(rows, []any{"waitlisted", string(l.ClaimID), l.Amount.String(), nil, nil, nil})
	}
	for _, l := range r.Refused {
		rows = append(rows, []any{"refused", string(l.ClaimID), l.Amount.String(), nil, nil, nil})
	}
	return rows
}
