package projector

import (
	"context"
	"errors"
	"fmt"

	"zhitong/projections"
)

// member is a projection at work: its cached rows over its tables.
type member struct {
	*standing
	p      *projections.Projection
	db     *projections.DB
	source *source
}

func (s *session) newMember(p *projections.Projection, st *standing, cfg Config) *member {
	src := &source{session: s, schema: schemaOf(p), wholeMax: int64(cfg.WholeRowsMax), rows: map[string]int64{}}
	for name, r := range st.relations {
		src.rows[name] = r.rows
	}
	return &member{standing: st, p: p, source: src, db: projections.NewCached(p, src, cfg.CacheRowsMax)}
}

// outcome is what a member made of a batch.
type outcome struct {
	*member
	changes []projections.Changes
	at      mark // the last commit that is in
	failed  *projections.FoldError
}

// fold folds the blocks, which begin right behind from. When the projection fails
// at a commit, the outcome holds what came before it. The error is the database's.
func (m *member) fold(ctx context.Context, blocks []projections.Block, from mark) (outcome, error) {
	m.source.ctx = ctx
	total := 0
	for i := range blocks {
		total += len(blocks[i].Commits)
	}
	out, err := m.foldCommits(blocks, total, from, false)
	if err != nil || out.failed == nil {
		return out, err
	}
	// Begin again without the commit that failed, and write after each commit, so
	// that a row that can't be written is blamed on its own commit.
	m.db.Reset()
	failed := out.failed
	good := total
	if failed.Position > 0 {
		good = int(failed.Position - from.position - 1)
	}
	if out, err = m.foldCommits(blocks, good, from, true); err != nil {
		return out, err
	}
	if out.failed == nil {
		out.failed = failed
		return out, nil
	}
	failed = out.failed
	m.db.Reset()
	if out, err = m.foldCommits(blocks, int(failed.Position-from.position-1), from, false); err != nil {
		return out, err
	}
	if out.failed == nil {
		out.failed = failed
	}
	return out, nil
}

// foldCommits folds the first n commits of the blocks. With check, it makes sure
// after each that its rows can be written. A failure to write has position 0
// unless check says where it was.
func (m *member) foldCommits(blocks []projections.Block, n int, from mark, check bool) (outcome, error) {
	out := outcome{member: m, at: from}
	for b := range blocks {
		for i := range blocks[b].Commits {
			if n == 0 {
				break
			}
			n--
			c := &blocks[b].Commits[i]
			err := m.p.Apply(m.db, c)
			if err == nil && check {
				if _, failed := m.db.Changes(); failed != nil {
					err = &projections.FoldError{
						Projection: m.name, Position: c.Position, EventID: c.Events[0].ID, EventName: c.Events[0].Name(), Err: failed,
					}
				}
			}
			if errors.As(err, &out.failed) {
				return out, nil
			}
			if err != nil {
				return out, err
			}
			out.at = markOf(&blocks[b], i)
		}
	}
	var err error
	if out.changes, err = m.db.Changes(); err != nil {
		out.failed = &projections.FoldError{Projection: m.name, Err: err}
	}
	return out, nil
}

// keep takes over what was written.
func (o *outcome) keep() {
	o.db.Saved()
	for _, c := range o.changes {
		r := o.relations[c.Schema.Name]
		r.rows += c.Rows
		r.digest = r.digest.Add(c.Digest)
		o.relations[c.Schema.Name] = r
		o.source.rows[c.Schema.Name] = r.rows
	}
}

// advice says what stopped a projection and what to do.
func advice(f *projections.FoldError) string {
	return fmt.Sprintf("event %s (%s) at position %d: %v; mend the projection, then: zhitong projection resume %s",
		f.EventID, f.EventName, f.Position, f.Err, f.Projection)
}
