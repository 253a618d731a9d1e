package verify

import (
	"errors"
	"sync"

	"zhitong/events"
	"zhitong/projections"
)

// folds folds projections beside the checks, each in a goroutine of its own.
type folds struct {
	to     uint64
	ps     []projections.Projection
	inputs []chan []events.Commit
	group  sync.WaitGroup
	dbs    []*projections.DB        // nil where a fold failed
	failed []*projections.FoldError // parallel
}

// foldAhead is how many batches may wait for a projection.
const foldAhead = 4

func newFolds(ps []projections.Projection, to uint64) *folds {
	f := &folds{to: to, ps: ps, dbs: make([]*projections.DB, len(ps)), failed: make([]*projections.FoldError, len(ps))}
	for i := range ps {
		in := make(chan []events.Commit, foldAhead)
		f.inputs = append(f.inputs, in)
		f.dbs[i] = projections.NewMemory(&ps[i])
		f.group.Go(func() { f.fold(i, in) })
	}
	return f
}

// fold folds one projection. It reads to the end also when the fold has failed, so
// that nobody waits for it.
func (f *folds) fold(i int, in <-chan []events.Commit) {
	for commits := range in {
		for k := range commits {
			c := &commits[k]
			if f.dbs[i] == nil || c.Events == nil || f.to > 0 && c.Position > f.to {
				continue
			}
			if err := f.ps[i].Apply(f.dbs[i], c); err != nil {
				errors.As(err, &f.failed[i])
				f.dbs[i] = nil
			}
		}
	}
}

func (f *folds) send(commits []events.Commit) {
	for _, in := range f.inputs {
		in <- commits
	}
}

// end waits until everything is folded.
func (f *folds) end() {
	for _, in := range f.inputs {
		close(in)
	}
	f.group.Wait()
}
