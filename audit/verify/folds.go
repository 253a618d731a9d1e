package verify

import (
	"errors"
	"sync"

	"zhitong/audit/views"
	"zhitong/events"
	"zhitong/projections"
)

// folds folds projections beside the checks, each in a goroutine of its own.
type folds struct {
	to     uint64
	said   []views.Statement // by position
	found  [][]compared      // parallel to ps: what was found of what is said
	ps     []projections.Projection
	inputs []chan []events.Commit
	group  sync.WaitGroup
	dbs    []*projections.DB        // nil where a fold failed
	failed []*projections.FoldError // parallel
}

// foldAhead is how many batches may wait for a projection.
const foldAhead = 4

// compared is a view at a position, as it is said to be and as the log makes it.
type compared struct {
	position   uint64
	said, made views.View
}

func newFolds(ps []projections.Projection, to uint64, said []views.Statement) *folds {
	f := &folds{to: to, ps: ps, said: said, found: make([][]compared, len(ps)), dbs: make([]*projections.DB, len(ps)), failed: make([]*projections.FoldError, len(ps))}
	for i := range ps {
		in := make(chan []events.Commit, foldAhead)
		f.inputs = append(f.inputs, in)
		if f.dbs[i] = projections.NewMemory(&ps[i]); len(said) > 0 {
			f.dbs[i].Track()
		}
		f.group.Go(func() { f.fold(i, in) })
	}
	return f
}

// fold folds one projection. It reads to the end also when the fold has failed, so
// that nobody waits for it.
func (f *folds) fold(i int, in <-chan []events.Commit) {
	said, now := f.said, newStanding(&f.ps[i])
	last := uint64(0)
	for commits := range in {
		for k := range commits {
			c := &commits[k]
			if f.dbs[i] == nil || c.Events == nil || f.to > 0 && c.Position > f.to {
				continue
			}
			for len(said) > 0 && said[0].Position < c.Position {
				said = f.compare(i, now, said)
			}
			last = c.Position
			if err := f.ps[i].Apply(f.dbs[i], c); err != nil {
				errors.As(err, &f.failed[i])
				f.dbs[i] = nil
			}
		}
	}
	for len(said) > 0 && said[0].Position == last && f.dbs[i] != nil {
		said = f.compare(i, now, said)
	}
}

// standing is rows and digest of each view of a projection, kept up to date.
type standing struct {
	p     *projections.Projection
	views map[string]*views.View
}

func newStanding(p *projections.Projection) *standing {
	s := &standing{p, map[string]*views.View{}}
	for _, v := range p.Views() {
		s.views[v.Name] = &views.View{Name: v.Name, Version: p.Version}
	}
	return s
}

// compare holds what the first statement says of the projection's views against what
// the log has made of them, and returns the others.
func (f *folds) compare(i int, now *standing, said []views.Statement) []views.Statement {
	if err := now.update(f.dbs[i]); err != nil {
		errors.As(err, &f.failed[i])
		f.dbs[i] = nil
		return nil
	}
	for _, v := range said[0].Views {
		if made := now.views[v.Name]; made != nil && made.Version == v.Version {
			f.found[i] = append(f.found[i], compared{said[0].Position, v, *made})
		}
	}
	return said[1:]
}

// update adds what has changed since the last time.
func (s *standing) update(db *projections.DB) error {
	changes, err := db.Changes()
	if err != nil {
		return err
	}
	for _, c := range changes {
		if v := s.views[c.Schema.Name]; v != nil {
			v.Rows, v.Digest = v.Rows+c.Rows, v.Digest.Add(c.Digest)
		}
	}
	db.Saved()
	return nil
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
