package projector

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/events/log"
	"zhitong/projections"
)

// swap is the end of a rebuild.
type swap struct {
	set        []*projections.Projection
	folded     *projections.Folded
	fresh      []map[string]relation // nil where the fold failed
	everything bool                  // all projections known are in the set
	on         onFailure
}

const (
	replaceProjection = `
INSERT INTO zhitong_projector.projection (name, version, serving, status, declaration, position, commit_sha256, recorded)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz)`
	jumpCheckpoint = `
UPDATE zhitong_projector.checkpoint
   SET position = $1, commit_sha256 = $2, recorded = $3::timestamptz, head = $1, head_recorded = $3::timestamptz`
	deleteProjection = "DELETE FROM zhitong_projector.projection WHERE name = $1 AND version = $2"
	failProjection   = `
UPDATE zhitong_projector.projection
   SET status = 'stopped', error = $3, error_event = $4, error_position = $5,
       position = $6, commit_sha256 = $7, recorded = $8::timestamptz
 WHERE name = $1 AND version = $2`
)

// swap puts the fresh tables in the place of the old ones, in one transaction that
// begins a new term.
func (p *Projector) swap(ctx context.Context, conn *pgconn.PgConn, s swap) error {
	at := mark{position: s.folded.Position}
	if at.position > 0 {
		at.sha256 = hex.EncodeToString(s.folded.Hash[:])
		at.recorded = s.folded.Recorded.UTC().Format(time.RFC3339Nano)
	}
	id, err := p.cfg.Log.Identity(ctx)
	if err != nil {
		return err
	}
	now := streamOf(id)
	if at.position == 0 {
		now.first = ""
	}
	var failed error
	err = transact(ctx, conn, "BEGIN", func() error {
		failed = errors.Join(errorsOf(s.folded.Failed)...)
		before, all, err := newSession(conn).readPlan(ctx, lockCheckpoint)
		if err != nil {
			return err
		}
		other, err := isOther(ctx, p.cfg.Log, before)
		if err != nil {
			return err
		}
		if other && (!s.everything || failed != nil) {
			return errors.Join(ErrStream, failed)
		}
		if s.everything {
			if _, err := query(ctx, conn, keepStream, now.name, now.created, now.first); err != nil {
				return err
			}
		}
		after := before
		if other || (!othersLive(all, s.set) && at.position > before.position) {
			if _, err := query(ctx, conn, jumpCheckpoint, at.position, at.sha256, null(at.recorded)); err != nil {
				return err
			}
			after.mark = at
		}
		for i, q := range s.set {
			if s.fresh[i] == nil {
				err = s.fail(ctx, conn, before, after, q, s.folded.Failed[i], all)
			} else {
				err = s.replace(ctx, conn, after, q, s.fresh[i], at, all)
			}
			if err != nil {
				return err
			}
		}
		if other {
			if err := s.dropOthers(ctx, conn, all); err != nil {
				return err
			}
		}
		if _, err = query(ctx, conn, takeTerm); err != nil {
			return err
		}
		_, err = query(ctx, conn, notify, at.position)
		return err
	})
	if err != nil {
		return err
	}
	if s.on == stopFailed {
		return nil // its status says so
	}
	return failed
}

// replace puts the fresh tables of one projection in place.
func (s swap) replace(ctx context.Context, conn *pgconn.PgConn, c checkpoint, q *projections.Projection,
	fresh map[string]relation, at mark, all []*standing) error {
	serving := true
	for _, st := range all {
		if st.name == q.Name && st.serving {
			serving = st.version == q.Version
		}
	}
	if serving {
		if err := showViews(ctx, conn, q, building(q)); err != nil {
			return err
		}
	}
	rename := fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE;\nALTER SCHEMA %s RENAME TO %s",
		ident(schemaOf(q)), ident(building(q)), ident(schemaOf(q)))
	if err := run(ctx, conn, rename); err != nil {
		return err
	}
	if _, err := query(ctx, conn, deleteProjection, q.Name, q.Version); err != nil {
		return err
	}
	status := statusBuilding
	if at.position == c.position {
		status = statusLive
	}
	if _, err := query(ctx, conn, replaceProjection, q.Name, q.Version, serving, status, declaration(q),
		at.position, at.sha256, null(at.recorded)); err != nil {
		return err
	}
	for _, t := range q.Tables {
		r := fresh[t.Schema().Name]
		if _, err := query(ctx, conn, insertRelation, q.Name, q.Version, t.Schema().Name, t.Schema().Public, r.rows, r.digest); err != nil {
			return err
		}
	}
	return nil
}

// fail notes that the fold of a projection failed, unless it is to keep what it
// has and stands where it stood.
func (s swap) fail(ctx context.Context, conn *pgconn.PgConn, before, after checkpoint, q *projections.Projection,
	f *projections.FoldError, all []*standing) error {
	if s.on == leaveFailed && before.mark == after.mark {
		return nil
	}
	for _, st := range all {
		if st.name != q.Name || st.version != q.Version {
			continue
		}
		at := st.at(before)
		_, err := query(ctx, conn, failProjection, q.Name, q.Version, advice(f), f.EventID, f.Position,
			at.position, at.sha256, null(at.recorded))
		return err
	}
	return nil
}

// isOther reports whether the log is not the one that the checkpoint comes from.
func isOther(ctx context.Context, l log.Log, c checkpoint) (bool, error) {
	err := checkStream(ctx, l, c.stream, []mark{c.mark})
	if errors.Is(err, ErrStream) {
		return true, nil
	}
	return false, err
}

func errorsOf(failed []*projections.FoldError) []error {
	var errs []error
	for _, f := range failed {
		if f != nil {
			errs = append(errs, f)
		}
	}
	return errs
}

// dropOthers drops what was folded from another stream and isn't known here.
func (s swap) dropOthers(ctx context.Context, conn *pgconn.PgConn, all []*standing) error {
	for _, st := range all {
		if contains(s.set, st) {
			continue
		}
		q := &projections.Projection{Name: st.name, Version: st.version}
		if err := run(ctx, conn, fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE", ident(schemaOf(q)))); err != nil {
			return err
		}
		if _, err := query(ctx, conn, deleteProjection, st.name, st.version); err != nil {
			return err
		}
	}
	return nil
}
