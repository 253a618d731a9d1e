package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/table"
	"zhitong/projections"
	"zhitong/projections/projector"
)

// patience is how long view waits for a projector of another process when nobody
// asked it to wait.
const patience = 5 * time.Second

func (p *program) viewCommand() *cobra.Command {
	var v viewRun
	c := &cobra.Command{
		Use:   "view [NAME]",
		Short: "Print a view; without a name, list the views with their columns",
		Long: `Print a view. Without a name, list the views with their columns. Where no other
process keeps the views, this one brings them up to the end of the log first.`,
		Example: `  zhitong view
  zhitong view sales_by_item
  zhitong view sales_volume --where month=2021-03 --where channel=schools --format csv
  zhitong view item_subsidy --as-of 2021-01-31T23:59:59+08:00 --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v.p = p
			if err := v.read(args); err != nil {
				return err
			}
			if v.name == "" {
				return v.list()
			}
			return p.with(c.Context(), v.run)
		},
	}
	f := c.Flags()
	f.StringVar(&v.asOfText, "as-of", "", "as the view was: a position, or a time of recording such as 2021-01-31T23:59:59+08:00")
	f.StringArrayVar(&v.whereTexts, "where", nil, "only rows with this value: COL=VALUE (repeatable)")
	f.BoolVar(&v.wait, "wait", false, "wait until the view has everything that is in the log now")
	f.StringVar(&v.formatText, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

// viewRun is one run of view.
type viewRun struct {
	p          *program
	asOfText   string
	whereTexts []string
	wait       bool
	formatText string

	name   string
	format table.Format
	asOf   projections.Until
	where  []projections.Cond
}

// read checks what was typed.
func (v *viewRun) read(args []string) (err error) {
	if len(args) > 0 {
		v.name = args[0]
	}
	if v.format, err = v.p.outputFormat(v.formatText); err != nil {
		return err
	}
	for _, text := range v.whereTexts {
		cond, err := projections.ParseCond(text)
		if err != nil {
			return usageError{err}
		}
		v.where = append(v.where, cond)
	}
	if v.asOfText == "" {
		return nil
	}
	if v.asOf, err = projections.ParseUntil(v.asOfText); err != nil {
		return usageError{err}
	}
	return nil
}

// run prints the view.
func (v *viewRun) run(ctx context.Context, h *house) error {
	var rows *projections.Rows
	read := func(ctx context.Context, views *projector.Projector) (err error) {
		if err := v.catchUp(ctx, views); err != nil {
			return err
		}
		rows, err = views.Query(ctx, v.name, v.where, 0)
		return err
	}
	err := v.known()
	switch {
	case err != nil:
	case v.asOfText != "":
		rows, err = v.back(ctx, h)
	default:
		err = h.withViews(ctx, read)
	}
	if err := askable(err); err != nil {
		return err
	}
	return table.Write(v.p.stdout, v.format, columnsOf(rows.Schema), cellsOf(rows))
}

// askable makes a question that can't be answered a mistake of usage; what is not
// there yet is none.
func askable(err error) error {
	if problem := domain.AsProblem(err); problem != nil && problem.Class != domain.Unavailable {
		return usageError{err}
	}
	return err
}

// known refuses views and conditions that don't exist before anything is started.
func (v *viewRun) known() error {
	views, err := (&house{p: v.p}).projector("")
	if err != nil {
		return err
	}
	var names []string
	for _, s := range views.Views() {
		names = append(names, s.Name)
		if s.Name == v.name {
			if _, err := s.Matches(v.where); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	return &projections.UnknownError{Kind: "view", Name: v.name, Known: names}
}

// back folds the log up to an earlier moment.
func (v *viewRun) back(ctx context.Context, h *house) (*projections.Rows, error) {
	views, err := h.projector("")
	if err != nil {
		return nil, err
	}
	if v.name == "projection_status" {
		return views.Ask(ctx, projections.Question{View: v.name, AsOf: v.asOf}) // which is refused
	}
	folded, err := views.AsOf(ctx, v.asOf, v.name)
	if err != nil {
		return nil, err
	}
	v.p.noteMoment(folded.Mark)
	return folded.Select(v.name, v.where, 0)
}

// catchUp brings the views to the end of the log. Where another process keeps them
// and is far behind, it does not wait for long unless asked to.
func (v *viewRun) catchUp(ctx context.Context, views *projector.Projector) error {
	if v.wait {
		return views.CatchUp(ctx)
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := views.CatchUp(short)
	if err != nil && ctx.Err() == nil && short.Err() != nil {
		v.p.note(v.p.text.Say("viewing.behind"))
		return nil
	}
	return err
}

// list prints the views with their columns.
func (v *viewRun) list() error {
	views, err := (&house{p: v.p}).projector("")
	if err != nil {
		return err
	}
	columns := []table.Column{{Name: "view"}, {Name: "column"}, {Name: "type"}, {Name: "key"}, {Name: "meaning"}}
	var rows [][]any
	for _, s := range views.Views() {
		for _, c := range s.Columns {
			rows = append(rows, []any{s.Name, c.Name, string(c.Type), c.Key, c.Doc})
		}
	}
	return table.Write(v.p.stdout, v.format, columns, table.Slice(rows))
}

// outputFormat reads --format. A sheet is no text for a terminal.
func (p *program) outputFormat(s string) (table.Format, error) {
	f, err := table.ParseFormat(s)
	if err != nil {
		return "", usageError{err}
	}
	if f == table.XLSX && isTerminal(p.stdout) {
		return "", usagef("--format xlsx writes a file: send it somewhere, e.g. > view.xlsx")
	}
	return f, nil
}

func columnsOf(s *projections.Schema) []table.Column {
	out := make([]table.Column, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = table.Column{Name: c.Name, Numeric: c.Type == projections.Numeric || c.Type == projections.Integer}
	}
	return out
}

func cellsOf(r *projections.Rows) table.Rows {
	return func(yield func([]any, error) bool) {
		cells := make([]any, len(r.Schema.Columns))
		for i := range r.Values {
			for j := range cells {
				cells[j] = r.Cell(i, j)
			}
			if !yield(cells, nil) {
				return
			}
		}
	}
}

// found makes the error of a check that found n things.
func found(n int, what string) error {
	return foundError{fmt.Errorf("%d %s", n, what)}
}
