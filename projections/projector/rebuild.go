package projector

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// onFailure says what a rebuild does with a projection whose fold fails.
type onFailure bool

const (
	leaveFailed onFailure = false // keep the tables that it has, and return the error
	stopFailed  onFailure = true  // note in its status that it stopped
)

// Rebuild folds the whole log in memory for the projections that have the given
// views (all, if none is given), writes fresh tables beside the old ones, which
// serve meanwhile, and swaps them in one transaction. A projection whose fold fails
// keeps the tables that it has. It returns once the rebuilt ones stand with the
// others. A rebuild of all accepts the log's stream as it is now, also where it is
// not the one that the views were folded from.
func (p *Projector) Rebuild(ctx context.Context, views ...string) error {
	set, err := p.owners(views)
	if err != nil {
		return err
	}
	if err := p.withTables(ctx, func(*pgconn.PgConn) error { return nil }); err != nil {
		return err
	}
	failed := p.rebuild(ctx, set, leaveFailed)
	var fold *projections.FoldError
	if failed != nil && !errors.As(failed, &fold) {
		return failed
	}
	return errors.Join(failed, p.CatchUp(ctx))
}

// owners returns the projections, of all versions known, that have the views.
func (p *Projector) owners(views []string) ([]*projections.Projection, error) {
	names := map[string]bool{}
	for _, v := range views {
		owner, _, err := projections.FindView(p.cfg.Projections, v)
		if err != nil {
			return nil, err
		}
		names[owner.Name] = true
	}
	var set []*projections.Projection
	for i := range p.cfg.Projections {
		if q := &p.cfg.Projections[i]; len(views) == 0 || names[q.Name] {
			set = append(set, q)
		}
	}
	return set, nil
}

// rebuild folds the log for the set and swaps the tables.
func (p *Projector) rebuild(ctx context.Context, set []*projections.Projection, on onFailure) error {
	conn, err := p.conns.open(ctx)
	if err != nil {
		return err
	}
	defer shut(conn)
	if err := run(ctx, conn, fmt.Sprintf("SELECT pg_advisory_lock(%d)", lockRebuild)); err != nil {
		return err
	}
	var c checkpoint
	var all []*standing
	err = transact(ctx, conn, snapshot, func() (err error) {
		c, all, err = newSession(conn).readPlan(ctx, readCheckpoint)
		return err
	})
	if err != nil {
		return err
	}
	everything := len(set) == len(p.cfg.Projections)
	if !everything {
		if err := checkStream(ctx, p.cfg.Log, c.stream, []mark{c.mark}); err != nil {
			return err
		}
	}
	// As long as others are live, the rebuilt ones may not pass the checkpoint.
	until := projections.Until{}
	if othersLive(all, set) {
		until = upTo(c.position)
	}
	folded, err := p.foldAll(ctx, set, until)
	if err != nil {
		return err
	}
	fresh, err := p.writeFresh(ctx, conn, set, folded)
	if err != nil {
		return err
	}
	return p.swap(ctx, conn, swap{set: set, folded: folded, fresh: fresh, everything: everything, on: on})
}

// othersLive reports whether a projection outside the set is live.
func othersLive(all []*standing, set []*projections.Projection) bool {
	for _, st := range all {
		if st.status == statusLive && !contains(set, st) {
			return true
		}
	}
	return false
}

func contains(set []*projections.Projection, st *standing) bool {
	for _, q := range set {
		if q.Name == st.name && q.Version == st.version {
			return true
		}
	}
	return false
}

// upTo is where a fold ends that stands at a position.
func upTo(position uint64) projections.Until {
	return projections.Until{Position: position, Nothing: position == 0}
}
