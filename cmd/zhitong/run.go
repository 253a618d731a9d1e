package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/config"
	"zhitong/internal/text"
)

// program is one run of the command line.
type program struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	// setLogger takes the logger that the settings ask for, where this is a process
	// of its own; nil in tests that run several.
	setLogger func(*slog.Logger)

	cfg  config.Config  // set before a command runs
	text text.Catalogue // likewise
}

// The kinds of ending that are not success; each has its exit status in
// [exitCode]. An error of another kind is unavailable: something that the program
// needs failed.
type (
	// usageError is a mistake in what was typed.
	usageError struct{ error }
	// foundError says that a check found something; it has been reported.
	foundError struct{ error }
	// refusedError says that a rule refused.
	refusedError struct{ error }
	// statusError passes on the status of another program.
	statusError struct {
		error
		status int
	}
	// hintError adds what to do about an error.
	hintError struct {
		error
		hint string
	}
)

func (e usageError) Unwrap() error   { return e.error }
func (e foundError) Unwrap() error   { return e.error }
func (e refusedError) Unwrap() error { return e.error }
func (e hintError) Unwrap() error    { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitCode is the one table of exit statuses.
func exitCode(err error) int {
	var usage usageError
	var found foundError
	var refused refusedError
	var status statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return status.status
	case errors.As(err, &found):
		return 1
	case errors.As(err, &usage):
		return 2
	case errors.As(err, &refused), domain.AsProblem(err) != nil:
		return 3
	default:
		return 4
	}
}

// run runs one command line and returns its exit status.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	return (&program{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv}).run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted: %w", err)
	}
	if err != nil {
		p.report(err)
	}
	return exitCode(err)
}

// report says what went wrong and what to do.
func (p *program) report(err error) {
	var status statusError
	if errors.As(err, &status) {
		return // the other program has said it
	}
	fmt.Fprintf(p.stderr, "zhitong: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	var hint hintError
	if errors.As(err, &hint) {
		fmt.Fprintf(p.stderr, "%s\n", hint.hint)
	}
}

// note says something on standard error that is no result.
func (p *program) note(line string) { fmt.Fprintln(p.stderr, line) }

// logger is where libraries put their warnings; with -v also their notes.
func (p *program) logger() *slog.Logger {
	level := slog.LevelError
	if p.cfg.Verbose {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if p.cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}

// root is the command tree.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "zhitong",
		Short: "The log, the views and the books of the 369 direct route",
		Long: `zhitong keeps the sales and subsidy books of a county programme: commands go into
an append-only log, views are folded from it, and anyone can check one against
the other. With nothing configured it starts its own log server and its own
private Postgres on the data folder.`,
		Example: `  zhitong demo --scale 0.01 --no-serve
  zhitong apply commands.ndjson
  zhitong view sales_by_item
  zhitong serve`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		TraverseChildren:  true,
		PersistentPreRunE: p.prepare,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return hintError{usagef("unknown command %q", args[0]), "zhitong help"}
			}
			return c.Help()
		},
	}
	f := root.PersistentFlags()
	f.String("data", "", "data folder (default $ZHITONG_DATA, else $XDG_DATA_HOME/zhitong or ~/.local/share/zhitong)")
	f.String("nats-url", "", "an external NATS cluster instead of the embedded server")
	f.String("postgres-url", "", "an external Postgres instead of the private one")
	f.String("lang", "", "language of what people read: zh, ug or en (default from LANG, else zh)")
	f.String("actor", "", "actor of command lines that name none")
	f.String("role", "", "role of command lines that name none")
	f.BoolP("verbose", "v", false, "more notes on standard error")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		p.serveCommand(), p.demoCommand(), p.applyCommand(), p.importCommand(), p.viewCommand(), p.exportCommand(),
		p.projectionCommand(), p.replayCommand(), p.policyCommand(), p.claimCommand(), p.paymentCommand(),
		p.auditCommand(), p.witnessCommand(), p.backupCommand(), p.restoreCommand(), p.repairCommand(), p.keysCommand(), p.personCommand(),
		p.userCommand(), p.doctorCommand(), p.psqlCommand(), p.benchCommand(), p.versionCommand(),
	)
	for _, c := range root.Commands() {
		usageErrors(c)
	}
	return root
}

// usageErrors makes wrong arguments of a command and its sub-commands mistakes of
// usage, and a group without a known sub-command too.
func usageErrors(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return hintError{usageError{err}, c.CommandPath() + " --help"}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usageErrors(sub)
	}
}

// prepare reads the settings before any command runs.
func (p *program) prepare(c *cobra.Command, _ []string) error {
	flags := make(map[string]string)
	for _, name := range []string{"data", "nats-url", "postgres-url", "lang", "actor", "role", "verbose", "listen"} {
		if f := c.Flags().Lookup(name); f != nil && f.Changed {
			flags[name] = f.Value.String()
		}
	}
	var err error
	if p.cfg, err = config.Load(flags, p.getenv); err != nil {
		return usageError{err}
	}
	if p.setLogger != nil {
		p.setLogger(p.logger())
	}
	p.text, err = text.For(p.cfg.Lang)
	return err
}

// group is a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return hintError{usagef("%s: which one? %s", c.CommandPath(), names(c)), c.CommandPath() + " --help"}
	}}
	c.AddCommand(subs...)
	return c
}

func names(c *cobra.Command) string {
	var list []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			list = append(list, sub.Name())
		}
	}
	return strings.Join(list, ", ")
}
