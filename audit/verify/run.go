package verify

import (
	"bytes"
	"context"
	"errors"
	"runtime"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/merkle"
	"zhitong/audit/tree"
	"zhitong/events"
	"zhitong/projections"
)

// Options say what to check against what.
type Options struct {
	// Read reads the log from a position to its head.
	Read projections.Reader
	// Tree is the Merkle log. Nil: hashes and checkpoints are not checked.
	Tree *tree.Reader
	// Verifiers are the log's keys as the auditor knows them. Needed with Tree.
	Verifiers note.Verifiers
	// Since are signed checkpoints that the auditor brings.
	Since [][]byte
	// HashesOnly leaves out everything that needs a commit to be decoded.
	HashesOnly bool
	// Fold are projections that are folded beside the checks, for [Result.DBs].
	Fold []projections.Projection
	// Progress is called now and then with the position reached. Defaults to nothing.
	Progress func(position uint64)
}

// Result is a report and what was folded beside it.
type Result struct {
	*Report
	DBs    []*projections.DB        // of Options.Fold, nil where a fold failed
	Failed []*projections.FoldError // parallel to DBs
}

// stage reads commits in their order.
type stage interface {
	commit(c *events.Commit)
	// end is called behind the last commit.
	end()
	tallies() []*tally
}

// Run checks the whole log. The error is the reader's or a folder's that can't be
// read; what is wrong with the log is in the report.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Progress == nil {
		o.Progress = func(uint64) {}
	}
	r := &run{opts: o, positions: newTally("positions", "commits"), shapes: newTally("shapes", "commits")}
	var err error
	if r.hashes, err = newHashes(o); err != nil {
		return nil, err
	}
	if !o.HashesOnly {
		both := &shared{newTally("statuses", "steps"), newTally("persons", "pairs of steps")}
		goods := newTrade(both)
		r.stages = []stage{newEnvelopes(), goods, newMoney(both, goods)}
	}
	for i := range o.Fold {
		r.dbs = append(r.dbs, projections.NewMemory(&o.Fold[i]))
	}
	r.failed = make([]*projections.FoldError, len(o.Fold))
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// run is one run of Run.
type run struct {
	opts      Options
	positions *tally
	shapes    *tally
	hashes    *hashes
	stages    []stage
	dbs       []*projections.DB
	failed    []*projections.FoldError

	source []byte // the source attribute of the log's events
	report Report
}

// batch is commits on their way through the pipeline.
type batch struct {
	first   uint64
	lines   [][]byte
	done    chan struct{}
	leaves  []merkle.Hash
	commits []events.Commit // nil Events: not readable
	wrong   []string        // parallel: why the shape is wrong; "" when it isn't
}

// Limits of the pipeline.
const (
	batchesAhead   = 8
	batchCommits   = 256
	progressEvery  = 100_000
	sourceBytesMax = 256
)

// read sends the log through the pipeline: decoding and hashing on all processors,
// the checks in order behind it.
func (r *run) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ordered := make(chan *batch, batchesAhead)
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	var readErr error
	go func() {
		defer close(ordered)
		readErr = r.opts.Read(ctx, 1, func(first uint64, commits [][]byte) error {
			for len(commits) > 0 {
				n := min(batchCommits, len(commits))
				b := &batch{first: first, lines: copyLines(commits[:n]), done: make(chan struct{})}
				first, commits = first+uint64(n), commits[n:]
				select {
				case places <- struct{}{}:
				case <-ctx.Done():
					return ctx.Err()
				}
				r.noteSource(b.lines[0])
				go func() {
					b.work(r.source, !r.opts.HashesOnly)
					<-places
					close(b.done)
				}()
				select {
				case ordered <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}()
	for b := range ordered {
		<-b.done
		if err := r.take(b); err != nil {
			cancel()
			for range ordered { // so that the reader ends
			}
			return err
		}
	}
	return readErr
}

func copyLines(lines [][]byte) [][]byte {
	all := bytes.Join(lines, nil)
	own := make([][]byte, len(lines))
	for i, l := range lines {
		own[i], all = all[:len(l):len(l)], all[len(l):]
	}
	return own
}

// noteSource takes the source attribute from the first commit: it is the only part
// of the envelope that decoding does not keep.
func (r *run) noteSource(line []byte) {
	if r.source != nil {
		return
	}
	r.source = []byte{}
	head := line[:min(len(line), sourceBytesMax)]
	_, rest, ok := bytes.Cut(head, []byte(`","source":"`))
	if source, _, found := bytes.Cut(rest, []byte(`"`)); ok && found {
		r.source = source
	}
}

// work decodes and hashes.
func (b *batch) work(source []byte, decode bool) {
	b.leaves = make([]merkle.Hash, len(b.lines))
	for i, line := range b.lines {
		b.leaves[i] = merkle.Leaf(line)
	}
	if !decode {
		return
	}
	b.commits, b.wrong = make([]events.Commit, len(b.lines)), make([]string, len(b.lines))
	var again []byte
	for i, line := range b.lines {
		c, err := events.Decode(line)
		if err != nil {
			b.wrong[i] = err.Error()
			continue
		}
		b.commits[i] = c
		again, err = events.Encode(again[:0], string(source), c)
		if err != nil {
			b.wrong[i] = err.Error()
		} else if !bytes.Equal(again, line) {
			b.wrong[i] = "written again it has other bytes: " + firstDifference(line, again)
		}
	}
}

// firstDifference shows where two lines begin to differ.
func firstDifference(a, b []byte) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	show := func(x []byte) string { return string(x[max(0, i-24):min(len(x), i+24)]) }
	return "…" + show(a) + "… is …" + show(b) + "…"
}

// take runs the ordered checks over a batch.
func (r *run) take(b *batch) error {
	for i := range b.lines {
		position := b.first + uint64(i)
		says := position
		if b.commits != nil && b.commits[i].Events != nil {
			says = b.commits[i].Position
		}
		r.positions.at(position == r.report.Commits+1 && says == position, position, "it follows %d and says that it is at %d", r.report.Commits, says)
		r.report.Commits++
		if err := r.hashes.add(b.lines[i], b.leaves[i]); err != nil {
			return err
		}
		if b.commits == nil {
			continue
		}
		r.shapes.at(b.wrong[i] == "", position, "%s", b.wrong[i])
		if c := &b.commits[i]; c.Events != nil {
			r.decoded(c)
		}
		if r.report.Commits%progressEvery == 0 {
			r.opts.Progress(r.report.Commits)
		}
	}
	return nil
}

// decoded hands a commit to the checks and folds.
func (r *run) decoded(c *events.Commit) {
	r.report.Events += uint64(len(c.Events))
	r.report.Recorded = c.Events[0].Recorded
	for _, s := range r.stages {
		s.commit(c)
	}
	for i, db := range r.dbs {
		if db == nil {
			continue
		}
		if err := r.opts.Fold[i].Apply(db, c); err != nil {
			errors.As(err, &r.failed[i])
			r.dbs[i] = nil
		}
	}
}

// finish makes the report.
func (r *run) finish() *Result {
	all := []*tally{r.positions}
	if r.opts.HashesOnly {
		r.shapes.Not = "only hashes were asked for"
	}
	all = append(all, r.shapes)
	all = append(all, r.hashes.finish(r.report.Commits)...)
	for _, s := range r.stages {
		s.end()
		all = append(all, s.tallies()...)
	}
	for _, t := range all {
		r.report.Checks = append(r.report.Checks, t.Check)
	}
	r.report.Signed = r.hashes.signed
	return &Result{Report: &r.report, DBs: r.dbs, Failed: r.failed}
}
