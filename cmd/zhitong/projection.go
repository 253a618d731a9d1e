package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhitong/internal/table"
	"zhitong/projections"
	"zhitong/projections/projector"
)

func (p *program) projectionCommand() *cobra.Command {
	return group("projection", "How far the views are, and making them anew",
		p.statusCommand(), p.rebuildCommand(), p.verifyCommand(), p.switchCommand(), p.resumeCommand())
}

// onViews runs fn with a projector in an open house. Names that don't exist are
// mistakes of usage.
func (p *program) onViews(ctx context.Context, fn func(context.Context, *projector.Projector) error) error {
	err := p.with(ctx, func(ctx context.Context, h *house) error { return h.withViews(ctx, fn) })
	var unknown *projections.UnknownError
	if errors.As(err, &unknown) {
		return usageError{err}
	}
	return err
}

func (p *program) statusCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "status",
		Short:   "Print how far each view is, and whether it has stopped",
		Example: "  zhitong projection status --format json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			return p.onViews(c.Context(), func(ctx context.Context, views *projector.Projector) error {
				rows, err := views.Query(ctx, "projection_status", nil, 0)
				if err != nil {
					return err
				}
				return table.Write(p.stdout, f, columnsOf(rows.Schema), cellsOf(rows))
			})
		},
	}
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

// chosen are the views named, or all.
func chosen(args []string, all bool) error {
	switch {
	case all && len(args) > 0:
		return usagef("either names or --all, not both")
	case !all && len(args) == 0:
		return usagef("name a view, or give --all")
	}
	return nil
}

func (p *program) rebuildCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "rebuild NAME…|--all",
		Short: "Fold the whole log anew beside the live views, and swap",
		Example: `  zhitong projection rebuild sales_volume
  zhitong projection rebuild --all`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := chosen(args, all); err != nil {
				return err
			}
			return p.onViews(c.Context(), func(ctx context.Context, views *projector.Projector) error {
				if err := views.Rebuild(ctx, args...); err != nil {
					return err
				}
				p.note(p.text.Say("projection.rebuilt"))
				return nil
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all views")
	return c
}

func (p *program) verifyCommand() *cobra.Command {
	var all bool
	var format string
	c := &cobra.Command{
		Use:   "verify NAME…|--all",
		Short: "Fold the log again in memory and compare with the views, row by row",
		Long: `Fold the log again in memory and compare with the views, row by row and column by
column. Ends with status 1 when a view does not say what the log says.`,
		Example: "  zhitong projection verify --all",
		RunE: func(c *cobra.Command, args []string) error {
			if err := chosen(args, all); err != nil {
				return err
			}
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			return p.onViews(c.Context(), func(ctx context.Context, views *projector.Projector) error {
				if err := views.CatchUp(ctx); err != nil {
					return err
				}
				return p.verify(ctx, views, f, args)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all views")
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

func (p *program) verify(ctx context.Context, views *projector.Projector, f table.Format, names []string) error {
	checked, err := views.Verify(ctx, names...)
	if err != nil {
		return err
	}
	columns := []table.Column{{Name: "table"}, {Name: "version", Numeric: true}, {Name: "position", Numeric: true},
		{Name: "rows", Numeric: true}, {Name: "equal"}, {Name: "digest"}, {Name: "difference"}}
	var rows [][]any
	different := 0
	for _, v := range checked {
		var difference any
		if v.Different != nil {
			different++
			difference = v.Different.String()
		}
		rows = append(rows, []any{v.Table, number(uint64(v.Version)), number(v.Position), number(uint64(v.Rows)), v.Different == nil, v.Digest, difference})
	}
	if err := table.Write(p.stdout, f, columns, table.Slice(rows)); err != nil {
		return err
	}
	if different > 0 {
		return hintError{found(different, "tables do not say what the log says"), p.text.Say("hint.rebuild")}
	}
	return nil
}

// number is a count as a cell.
func number(n uint64) jsontext.Value { return jsontext.Value(strconv.FormatUint(n, 10)) }

func (p *program) switchCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "switch NAME VERSION",
		Short:   "Let a view be shown by another version of its projection",
		Example: "  zhitong projection switch sales_volume 2",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			version, err := strconv.Atoi(args[1])
			if err != nil || version < 1 {
				return usagef("version %q: a number from 1 on is needed", args[1])
			}
			return p.onViews(c.Context(), func(ctx context.Context, views *projector.Projector) error {
				return views.Switch(ctx, args[0], version)
			})
		},
	}
}

func (p *program) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "resume NAME",
		Short:   "Let a stopped view go on from where it stopped",
		Example: "  zhitong projection resume sales_volume",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onViews(c.Context(), func(ctx context.Context, views *projector.Projector) error {
				if err := views.Resume(ctx, args[0]); err != nil {
					return fmt.Errorf("resume %s: %w", args[0], err)
				}
				return views.CatchUp(ctx)
			})
		},
	}
}
