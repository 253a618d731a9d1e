package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/internal/importing"
	"zhitong/internal/table"
)

// rehearseInFlight is how many commands of a rehearsal wait for their answers.
const rehearseInFlight = 2048

// importRun is one run of import.
type importRun struct {
	p       *program
	file    string
	profile string
	report  string
	format  string
	dryRun  bool
}

func (p *program) importCommand() *cobra.Command {
	r := importRun{p: p}
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Turn a spreadsheet into commands through a mapping profile, and run them",
		Long: `Read a CSV (UTF-8 with or without byte order mark, GB18030; any line ends) or xlsx
through a mapping profile and run the commands that it makes. A document is taken
whole or not at all; what cannot be right goes into the rejected-rows file with row,
column, value and reason, to be corrected and imported again. Running it twice
changes nothing. Ends 0 when nothing was rejected, 1 when something was.
Profiles: ` + strings.Join(importing.BuiltinProfiles(), ", ") + `, or a file: see docs/how-to/import-a-spreadsheet.md.`,
		Example: `  zhitong import history.csv --profile scms --dry-run
  zhitong import history.csv --profile scms --report rejected.csv
  zhitong import orders.xlsx --profile ./my-profile.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r.file = args[0]
			return r.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&r.profile, "profile", "", "name of a profile, or its file (required)")
	f.BoolVar(&r.dryRun, "dry-run", false, "say what would happen and record nothing")
	f.StringVar(&r.report, "report", "", "write the rejected rows into this CSV file")
	f.StringVar(&r.format, "format", "table", "table or json")
	return c
}

// run prepares the documents before it opens the log, so that a file or profile
// that cannot be read is told at once.
func (r *importRun) run(ctx context.Context) error {
	if r.profile == "" {
		return hintError{usagef("import %s: a profile is needed", r.file), "--profile " + strings.Join(importing.BuiltinProfiles(), "|") + "|FILE"}
	}
	if r.format != "table" && r.format != "json" {
		return usagef("format %q: table or json is needed", r.format)
	}
	plan, err := r.plan()
	if err != nil {
		return err
	}
	return r.p.with(ctx, func(ctx context.Context, h *house) error {
		options, err := h.appOptions(ctx)
		if err != nil {
			return err
		}
		rehearsal, err := app.Rehearse(ctx, options)
		if err != nil {
			return err
		}
		return beside(ctx, rehearsal.Run, func(ctx context.Context) error {
			if r.dryRun {
				return r.send(ctx, plan, rehearsal, nil)
			}
			return h.withApp(ctx, func(ctx context.Context, a *app.App) error {
				return r.send(ctx, plan, rehearsal, a)
			})
		})
	})
}

func (r *importRun) plan() (*importing.Plan, error) {
	profile, err := importing.FindProfile(r.profile)
	if err != nil {
		return nil, usageError{err}
	}
	in, err := r.p.input(r.file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	src, err := importing.ReadSource(r.file, in)
	if err != nil {
		return nil, usageError{err}
	}
	plan, err := importing.Prepare(src, profile)
	if err != nil {
		return nil, usageError{err}
	}
	return plan, nil
}

// send runs the plan; a is nil for a dry run.
func (r *importRun) send(ctx context.Context, plan *importing.Plan, rehearsal, a *app.App) error {
	bar := r.p.newProgress(r.p.text.Say("import.progress"))
	options := importing.Options{Rehearser: rehearser{rehearsal}, DryRun: r.dryRun, Progress: bar.at}
	var submit importing.Submitter
	if a != nil {
		submit = sender{a}
	}
	summary, err := plan.Run(ctx, submit, options)
	bar.end()
	if summary == nil {
		return err
	}
	return errors.Join(err, r.tell(summary))
}

// tell writes the report and the summary; rejected rows are what a check found.
func (r *importRun) tell(s *importing.Summary) error {
	if r.report != "" {
		if err := r.writeReport(s); err != nil {
			return err
		}
	}
	if r.format == "json" {
		out, err := json.Marshal(s, json.Deterministic(true), jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		fmt.Fprintf(r.p.stdout, "%s\n", out)
	} else if err := r.tables(s); err != nil {
		return err
	}
	if s.RowsRejected == 0 {
		return nil
	}
	where := r.p.text.Say("import.no_report")
	if r.report != "" {
		where = r.report
	}
	return hintError{foundError{fmt.Errorf("%s: %d of %d rows rejected, in %d documents", r.file, s.RowsRejected, s.Rows, s.DocumentsRejected)}, where}
}

func (r *importRun) writeReport(s *importing.Summary) error {
	f, err := os.Create(r.report)
	if err != nil {
		return usageError{err}
	}
	return errors.Join(s.WriteRejected(f), f.Close())
}

// tables shows the summary to people.
func (r *importRun) tables(s *importing.Summary) error {
	say := func(key string) string { return r.p.text.Say(key) }
	rows := [][]any{
		{say("import.rows"), s.Rows, s.RowsAccepted, s.RowsRejected},
		{say("import.documents"), s.Documents, s.DocumentsAccepted, s.DocumentsRejected},
	}
	columns := []table.Column{{Name: "what", Title: " "}, {Name: "all", Title: say("import.all"), Numeric: true},
		{Name: "accepted", Title: say("import.accepted"), Numeric: true}, {Name: "rejected", Title: say("import.rejected"), Numeric: true}}
	if err := table.Write(r.p.stdout, table.Text, columns, table.Slice(rows)); err != nil {
		return err
	}
	said := "import.commands"
	if s.DryRun {
		said = "import.would"
	}
	fmt.Fprintf(r.p.stdout, "\n%s\n", r.p.text.Say(said, "commands", s.Commands, "new", s.New, "repeated", s.Repeated))
	if len(s.Warnings) > 0 {
		fmt.Fprintf(r.p.stdout, "\n%s\n", say("import.warnings"))
		var warnings [][]any
		for _, w := range s.Warnings {
			var at []string
			for _, e := range w.Examples {
				at = append(at, fmt.Sprint(e.Line))
			}
			warnings = append(warnings, []any{w.Name, w.Count, strings.Join(at, " ")})
		}
		if err := table.Write(r.p.stdout, table.Text, []table.Column{{Name: "warning", Title: " "}, {Name: "count", Title: say("import.count"), Numeric: true},
			{Name: "lines", Title: say("import.lines")}}, table.Slice(warnings)); err != nil {
			return err
		}
	}
	return r.rejections(s)
}

// rejectionsShown is how many reasons are shown to people; the file has them all.
const rejectionsShown = 20

func (r *importRun) rejections(s *importing.Summary) error {
	var rows [][]any
	for _, row := range s.Rejected {
		for _, why := range row.Reasons {
			if why.Code != "document.refused" && len(rows) < rejectionsShown {
				rows = append(rows, []any{row.Line, row.Document, why.Column, why.Value, why.Code + ": " + why.Detail})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(r.p.stdout)
	var columns []table.Column
	for _, key := range []string{"import.line", "import.document", "import.column", "import.value", "import.reason"} {
		columns = append(columns, table.Column{Name: key, Title: r.p.text.Say(key), Numeric: key == "import.line"})
	}
	return table.Write(r.p.stdout, table.Text, columns, table.Slice(rows))
}

// sender sends an import's commands to an App.
type sender struct{ app *app.App }

// Submit hands over one command.
func (s sender) Submit(ctx context.Context, c importing.Command) importing.Pending {
	env, problem := envelopeOf(c)
	if problem != nil {
		return sent{problem: problem}
	}
	return sent{pending: s.app.Submit(ctx, env)}
}

func envelopeOf(c importing.Command) (app.Envelope, *domain.Problem) {
	at, err := domain.ParseTime(c.Time)
	if err != nil {
		return app.Envelope{}, domain.AsProblem(err).At("time")
	}
	return app.Envelope{ID: c.ID, Command: c.Command, Actor: domain.ID(c.Actor), Role: domain.Role(c.Role), Time: at,
		Data: c.Data, Via: events.ViaImport}, nil
}

// sent is a command on its way.
type sent struct {
	pending *app.Pending
	problem *domain.Problem // it could not be sent
}

// Wait returns the answer.
func (s sent) Wait(ctx context.Context) (importing.Result, error) {
	if s.problem != nil {
		return resultOf(app.Result{Problem: s.problem}), nil
	}
	r, err := s.pending.Answer(ctx)
	return resultOf(r), err
}

func resultOf(r app.Result) importing.Result {
	out := importing.Result{OK: r.OK, New: r.OK && !r.Repeated}
	if p := r.Problem; p != nil {
		out.Code, out.Field, out.Value, out.Detail = p.Code, p.Field, p.Value, p.Detail
	}
	return out
}

// rehearser decides an import's commands without recording them.
type rehearser struct{ app *app.App }

// Rehearse answers for each command, on top of those before it.
func (r rehearser) Rehearse(ctx context.Context, commands []importing.Command) ([]importing.Result, error) {
	results := make([]importing.Result, 0, len(commands))
	var queue []importing.Pending
	land := func() error {
		res, err := queue[0].Wait(ctx)
		queue = queue[1:]
		results = append(results, res)
		return err
	}
	for _, c := range commands {
		if len(queue) == rehearseInFlight {
			if err := land(); err != nil {
				return nil, err
			}
		}
		queue = append(queue, sender(r).Submit(ctx, c))
	}
	for len(queue) > 0 {
		if err := land(); err != nil {
			return nil, err
		}
	}
	return results, nil
}
