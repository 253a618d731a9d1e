package importing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of a run.
const (
	inFlightDefault   = 512
	rehearsalCommands = 20_000 // about so many commands are rehearsed at a time
)

// Options are what a run can be told.
type Options struct {
	// InFlight is how many commands may be on their way at once. Defaults to 512.
	InFlight int
	// Rehearser, when given, decides every document before any of it is sent, so that
	// a document which a rule refuses leaves nothing behind. Defaults to none.
	Rehearser Rehearser
	// DryRun sends nothing. Defaults to false.
	DryRun bool
	// Progress, when given, is called after each document with the rows done so far.
	Progress func(done, total int)
}

// Run imports a file: it makes the documents, refuses those that cannot be made,
// rehearses the rest where a Rehearser is given, and sends them. Within a document
// each command waits for the one before it; many documents are on their way at
// once. The summary is of use also when the error is not nil: then it says what
// had been done. Running the same file again repeats the same command ids.
func Run(ctx context.Context, src Source, p *Profile, submit Submitter, o Options) (*Summary, error) {
	plan, err := Prepare(src, p)
	if err != nil {
		return nil, err
	}
	return plan.Run(ctx, submit, o)
}

// Run sends a prepared plan; see the function [Run]. A plan is run once.
func (p *Plan) Run(ctx context.Context, submit Submitter, o Options) (*Summary, error) {
	if o.InFlight <= 0 {
		o.InFlight = inFlightDefault
	}
	r := &runner{plan: p, submit: submit, o: o, summary: newSummary(p, o.DryRun), onceAnswer: make([]*Reason, len(p.once)), onceSent: make([]bool, len(p.once))}
	if submit == nil && !o.DryRun {
		return nil, errors.New("import: a submitter is needed unless it is a dry run")
	}
	err := r.run(ctx)
	r.summary.close(p)
	return r.summary, err
}

// runner carries one run.
type runner struct {
	plan    *Plan
	submit  Submitter
	o       Options
	summary *Summary
	done    int // rows

	onceAnswer []*Reason // why a master datum was refused, by its place in plan.once
	onceSent   []bool
}

func (r *runner) run(ctx context.Context) error {
	var batch []*document
	n := 0
	flush := func() error {
		err := r.batch(ctx, batch)
		batch, n = batch[:0], 0
		return err
	}
	for _, d := range r.plan.documents {
		if d.refused() {
			r.finish(d)
			continue
		}
		batch = append(batch, d)
		if n += len(d.commands) + len(d.once); n >= rehearsalCommands {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// finish counts a document as done, taken or refused.
func (r *runner) finish(d *document) {
	r.done += len(d.rows)
	if d.refused() {
		r.summary.DocumentsRejected++
		r.summary.RowsRejected += len(d.rows)
	} else {
		r.summary.DocumentsAccepted++
		r.summary.RowsAccepted += len(d.rows)
	}
	if r.o.Progress != nil {
		r.o.Progress(r.done, len(r.plan.rows))
	}
}

// batch rehearses and sends some documents.
func (r *runner) batch(ctx context.Context, docs []*document) error {
	if r.o.Rehearser != nil {
		if err := r.rehearse(ctx, docs); err != nil {
			return err
		}
	}
	var fit []*document
	for _, d := range docs {
		if d.refused() || r.o.DryRun {
			if !d.refused() {
				r.countDry(d)
			}
			r.finish(d)
			continue
		}
		fit = append(fit, d)
	}
	if err := r.sendOnce(ctx, fit); err != nil {
		return err
	}
	return r.sendAll(ctx, fit)
}

// countDry counts what would have been sent; without a rehearsal all of it counts
// as new.
func (r *runner) countDry(d *document) {
	for _, i := range d.once {
		if !r.onceSent[i] {
			r.onceSent[i] = true
			r.summary.count(r.plan.once[i].Command, !r.plan.once[i].repeat)
		}
	}
	for i := range d.commands {
		r.summary.count(d.commands[i].Command, !d.commands[i].repeat)
	}
}

// rehearse refuses the documents that a rule would refuse. The master data that
// the documents need are rehearsed with them, also where an earlier batch has sent
// them: then they are repeats.
func (r *runner) rehearse(ctx context.Context, docs []*document) error {
	var commands []Command
	var from []*planned
	var of []*document
	had := map[int]bool{}
	for _, d := range docs {
		for _, i := range d.once {
			if !had[i] {
				had[i] = true
				commands, from, of = append(commands, r.plan.once[i].Command), append(from, &r.plan.once[i]), append(of, nil)
			}
		}
		for i := range d.commands {
			commands, from, of = append(commands, d.commands[i].Command), append(from, &d.commands[i]), append(of, d)
		}
	}
	if len(commands) == 0 {
		return nil
	}
	results, err := r.o.Rehearser.Rehearse(ctx, commands)
	if err != nil {
		return fmt.Errorf("rehearse %d commands: %w", len(commands), err)
	}
	if len(results) != len(commands) {
		return fmt.Errorf("rehearse %d commands: %d results", len(commands), len(results))
	}
	onceRefused := map[string]*Reason{}
	for i, res := range results {
		from[i].repeat = !res.OK || !res.New
		switch d := of[i]; {
		case res.OK || slices.Contains(from[i].already, res.Code):
		case d == nil:
			onceRefused[from[i].ID] = from[i].refusal(res)
		case !d.refused():
			from[i].blame(res)
		}
	}
	for _, d := range docs {
		for _, i := range d.once {
			if reason := onceRefused[r.plan.once[i].ID]; reason != nil && !d.refused() {
				d.rows[0].reasons = append(d.rows[0].reasons, reason)
			}
		}
	}
	return nil
}

// refusal is the reason that a rule gave for a command.
func (c *planned) refusal(res Result) *Reason {
	detail := c.Command.Command
	if res.Field != "" {
		detail += " " + res.Field
	}
	return c.rowOf(res).reason(res.Code, nil, res.Value, "%s: %s", detail, res.Detail)
}

// rowOf is the row that a refusal is about: the first, where it names no line.
func (c *planned) rowOf(res Result) *row {
	if i, ok := lineOf(res.Field); ok && i < len(c.rows) {
		return c.rows[i]
	}
	return c.rows[0]
}

// blame refuses the row that the refusal is about.
func (c *planned) blame(res Result) {
	r := c.rowOf(res)
	r.reasons = append(r.reasons, c.refusal(res))
}

// lineOf reads N of "lines[N]…".
func lineOf(field string) (int, bool) {
	rest, ok := strings.CutPrefix(field, "lines[")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, "]")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 0
}

// sendOnce sends the master data that the documents need and that have not been
// sent, and refuses the documents that need a refused one.
func (r *runner) sendOnce(ctx context.Context, docs []*document) error {
	type flight struct {
		place   int
		pending Pending
	}
	var flights []flight
	land := func(f flight) error {
		c := &r.plan.once[f.place]
		res, err := f.pending.Wait(ctx)
		if err != nil {
			return fmt.Errorf("command %q: %w", c.ID, err)
		}
		switch {
		case res.OK:
			r.summary.count(c.Command, res.New)
		case slices.Contains(c.already, res.Code):
			r.summary.count(c.Command, false)
		default:
			r.onceAnswer[f.place] = c.refusal(res)
		}
		return nil
	}
	for _, d := range docs {
		for _, i := range d.once {
			if r.onceSent[i] {
				continue
			}
			if len(flights) == r.o.InFlight {
				if err := land(flights[0]); err != nil {
					return err
				}
				flights = flights[1:]
			}
			r.onceSent[i] = true
			flights = append(flights, flight{i, r.submit.Submit(ctx, r.plan.once[i].Command)})
		}
	}
	for _, f := range flights {
		if err := land(f); err != nil {
			return err
		}
	}
	for _, d := range docs {
		for _, i := range d.once {
			if reason := r.onceAnswer[i]; reason != nil && !d.refused() {
				d.rows[0].reasons = append(d.rows[0].reasons, reason)
			}
		}
	}
	return nil
}

// lane is a document on its way: one command at a time.
type lane struct {
	doc     *document
	next    int // the command that is on its way
	pending Pending
}

// sendAll sends the documents' commands. The order is the same in every run with
// the same answers: the lane that waited longest goes on first.
func (r *runner) sendAll(ctx context.Context, docs []*document) error {
	var lanes []lane
	for len(lanes) > 0 || len(docs) > 0 {
		for len(docs) > 0 && len(lanes) < r.o.InFlight {
			d := docs[0]
			docs = docs[1:]
			if d.refused() || len(d.commands) == 0 {
				r.finish(d)
				continue
			}
			lanes = append(lanes, lane{d, 0, r.submit.Submit(ctx, d.commands[0].Command)})
		}
		if len(lanes) == 0 {
			return nil
		}
		l := lanes[0]
		lanes = lanes[1:]
		c := &l.doc.commands[l.next]
		res, err := l.pending.Wait(ctx)
		if err != nil {
			return fmt.Errorf("document %q: command %q: %w", l.doc.key, c.ID, err)
		}
		if !res.OK {
			c.blame(res)
			r.summary.partial(l.doc, l.next, res.Code)
			r.finish(l.doc)
			continue
		}
		r.summary.count(c.Command, res.New)
		if l.next++; l.next == len(l.doc.commands) {
			r.finish(l.doc)
			continue
		}
		l.pending = r.submit.Submit(ctx, l.doc.commands[l.next].Command)
		lanes = append(lanes, l)
	}
	return nil
}
