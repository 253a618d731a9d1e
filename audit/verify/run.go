package verify

import (
	"context"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/tree"
	"zhitong/audit/views"
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
	// Views are signed statements about views, which are held against Fold.
	Views [][]byte
	// Fold are projections that are folded beside the checks, for [Result.DBs].
	Fold []projections.Projection
	// FoldTo is the last position that is folded. 0 is the head.
	FoldTo uint64
	// Progress is called now and then with the position reached. Defaults to nothing.
	Progress func(position uint64)
}

// Result is a report and what was folded beside it.
type Result struct {
	*Report
	Folded views.Statement          // at Options.FoldTo: the log's root there, without an origin and views
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
	r.digests = newDigests(o)
	for _, s := range r.digests.said {
		r.hashes.stop(s.Position)
	}
	r.hashes.stop(o.FoldTo)
	r.folds = newFolds(o.Fold, o.FoldTo, r.digests.said)
	err = r.read(ctx)
	r.folds.end()
	if err != nil {
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
	folds     *folds
	digests   *digests

	sourceKnown bool
	source      string // the source attribute of the log's events
	report      Report
}

// decoded hands a commit to the checks.
func (r *run) decoded(c *events.Commit) {
	r.report.Events += uint64(len(c.Events))
	r.report.Recorded = c.Events[0].Recorded
	defer func() {
		// A forged value may be one that no rule can reckon with.
		if x := recover(); x != nil && r.shapes.fails(false) {
			r.shapes.wrong(&c.Events[0], "it cannot be reckoned with: %v", x)
		}
	}()
	for _, s := range r.stages {
		s.commit(c)
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
	if !r.opts.HashesOnly {
		all = append(all, r.digests.finish(r.folds, r.hashes, r.report.Commits))
	}
	for _, t := range all {
		r.report.Checks = append(r.report.Checks, t.Check)
	}
	r.report.Signed = r.hashes.signed
	folded := views.Statement{Position: r.report.Commits, Root: r.hashes.edge.Root()}
	if to := r.opts.FoldTo; to > 0 {
		folded = views.Statement{Position: to, Root: r.hashes.roots[to]}
	}
	return &Result{Report: &r.report, Folded: folded, DBs: r.folds.dbs, Failed: r.folds.failed}
}
