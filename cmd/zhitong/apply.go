package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/app"
)

const (
	// inFlightMax is how many commands of a file wait for their answers at once.
	inFlightMax = 2048
	// settleMax is how long answers are awaited once the work was interrupted.
	settleMax = 10 * time.Second
)

func (p *program) applyCommand() *cobra.Command {
	var dryRun, stop bool
	var receipts string
	c := &cobra.Command{
		Use:   "apply FILE",
		Short: "Run commands, one JSON object a line, and print one JSON result a line",
		Long: `Run commands, one JSON object a line, and print one JSON result a line, in order.
FILE - is standard input. A line that is no command gets the code "malformed" with
its line number, and the following lines still run. Sending a file again is safe:
a command that was done before gives its original reply.

With --receipts each command that was recorded, now or before, gets its receipt as a file
SEQ.tlog-proof in that folder, and index.ndjson says which command's it is. Its holder
checks it anywhere with audit verify or zhitong-verify.`,
		Example: `  zhitong apply commands.ndjson
  zhitong apply - --actor U-OFF1 --role officer < commands.ndjson
  zhitong apply --receipts receipts commands.ndjson
  zhitong apply --dry-run --stop-on-refusal commands.ndjson`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if dryRun && receipts != "" {
				return usagef("--receipts: a --dry-run records nothing that a receipt could be given for")
			}
			in, err := p.input(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				r := applyRun{p: p, name: args[0], dry: dryRun, stop: stop, receipts: receipts != ""}
				err := h.withApp(ctx, func(ctx context.Context, a *app.App) error {
					r.app = a
					return r.run(ctx, in)
				})
				if receipts == "" {
					return err
				}
				return errors.Join(err, h.writeReceipts(ctx, receipts, r.recorded))
			})
		},
	}
	c.Flags().StringVar(&receipts, "receipts", "", "folder for the receipt of each command that was recorded")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "decide each command on the log as it is and record nothing")
	c.Flags().BoolVar(&stop, "stop-on-refusal", false, "end at the first refusal, with status 3")
	return c
}

// input opens a file, or standard input for "-".
func (p *program) input(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(p.stdin), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usageError{err}
	}
	return f, nil
}

// applyRun is one run of apply.
type applyRun struct {
	p    *program
	app  *app.App
	name string // of the input, for messages
	dry  bool
	stop bool

	receipts bool
	recorded []recorded // if receipts are wanted; in order of the answers
}

// asked is a line that awaits its answer.
type asked struct {
	no     int
	answer func(context.Context) (app.Result, error)
}

// run reads lines and prints answers until the input ends.
func (r *applyRun) run(ctx context.Context, in io.Reader) error {
	lines, readError := readLines(ctx, in)
	out := bufio.NewWriter(r.p.stdout)
	print := r.ahead
	if r.stop || r.dry {
		print = r.oneByOne
	}
	err := errors.Join(print(ctx, lines, out), out.Flush())
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s: interrupted; what was answered is recorded, and the file may be sent again", r.name)
	}
	if err := readError(); err != nil {
		return fmt.Errorf("read %s: %w", r.name, err)
	}
	return nil
}

// readLines hands out the lines of in that hold something, until in or ctx ends.
// Once the channel is closed the function returns why.
func readLines(ctx context.Context, in io.Reader) (<-chan line, func() error) {
	lines := make(chan line)
	var failed error
	go func() {
		defer close(lines)
		for reader := newLineReader(in); ; {
			l, err := reader.next()
			if err != nil {
				if err != io.EOF {
					failed = fmt.Errorf("after line %d: %w", reader.n, err)
				}
				return
			}
			if l.blank() {
				continue
			}
			select {
			case lines <- l:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines, func() error { return failed }
}

// oneByOne answers each line before it takes the next.
func (r *applyRun) oneByOne(ctx context.Context, lines <-chan line, out *bufio.Writer) error {
	for {
		select {
		case l, ok := <-lines:
			if !ok {
				return nil
			}
			result, err := r.print(ctx, out, r.ask(ctx, l))
			if err == nil {
				err = out.Flush()
			}
			if err == nil && r.stop && !result.OK {
				err = refusedError{fmt.Errorf("%s, line %d: %w", r.name, l.no, result.Problem)}
			}
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// ahead submits lines ahead of the answers, which are printed in order as they
// come. When ctx ends no further line is taken, and the answers to those that were
// are awaited.
func (r *applyRun) ahead(ctx context.Context, lines <-chan line, out *bufio.Writer) error {
	queue := make(chan asked, inFlightMax)
	settling, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	intake, stopIntake := context.WithCancel(ctx)
	defer stopIntake()
	printed := make(chan error, 1)
	go func() {
		defer stopIntake()
		printed <- r.printAll(settling, out, queue)
	}()
	for open := true; open; {
		select {
		case l, ok := <-lines:
			if open = ok; ok {
				select {
				case queue <- r.ask(intake, l):
				case <-intake.Done():
					open = false
				}
			}
		case <-intake.Done():
			open = false
		}
	}
	close(queue)
	if ctx.Err() != nil {
		defer time.AfterFunc(settleMax, giveUp).Stop()
	}
	return <-printed
}

// printAll prints answers in order, and lets them be seen whenever no other is
// under way, so that two programs can talk line by line.
func (r *applyRun) printAll(ctx context.Context, out *bufio.Writer, queue <-chan asked) error {
	for q := range queue {
		if _, err := r.print(ctx, out, q); err != nil {
			return err
		}
		if len(queue) == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// print writes one answer as a line.
func (r *applyRun) print(ctx context.Context, out *bufio.Writer, q asked) (app.Result, error) {
	result, err := q.answer(ctx)
	if err != nil {
		return result, fmt.Errorf("%s, line %d: %w", r.name, q.no, err)
	}
	if result.Problem != nil && result.Problem.Class == domain.Malformed {
		at := *result.Problem
		at.Line = q.no
		result.Problem = &at
	}
	if err := json.MarshalWrite(out, result); err != nil {
		return result, fmt.Errorf("write the answer to line %d: %w", q.no, err)
	}
	if r.receipts && result.Position > 0 {
		r.recorded = append(r.recorded, recorded{ID: result.ID, Seq: result.Position})
	}
	return result, out.WriteByte('\n')
}

// ask submits a line, or finds that it is no command.
func (r *applyRun) ask(ctx context.Context, l line) asked {
	refuse := func(id string, problem *domain.Problem) asked {
		return asked{l.no, func(context.Context) (app.Result, error) { return app.Result{ID: id, Problem: problem}, nil }}
	}
	if l.text == nil {
		return refuse("", domain.Refuse(domain.Malformed, "malformed", "", "",
			"a command has at most %d bytes, this line has %d", app.LineBytesMax, l.size))
	}
	env, problem := app.ParseLine(l.text)
	if problem != nil {
		return refuse(env.ID, problem)
	}
	if env.Actor == "" {
		env.Actor = r.p.cfg.Actor
	}
	if env.Role == "" {
		env.Role = r.p.cfg.Role
	}
	if r.dry {
		return asked{l.no, func(ctx context.Context) (app.Result, error) { return r.app.DryRun(ctx, env) }}
	}
	return asked{l.no, r.app.Submit(ctx, env).Wait}
}
