package projector

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// showViews points the public views of p at its tables in schema, within the
// caller's transaction. Where the columns are others than before, the view is made
// anew, which Postgres refuses as long as somebody's own view builds on it.
func showViews(ctx context.Context, conn *pgconn.PgConn, p *projections.Projection, schema string) error {
	for _, s := range p.Views() {
		if err := run(ctx, conn, "SAVEPOINT replace_view"); err != nil {
			return err
		}
		if err := run(ctx, conn, createView(schema, s)); err == nil {
			continue
		}
		anew := fmt.Sprintf("ROLLBACK TO SAVEPOINT replace_view;\nDROP VIEW IF EXISTS %s;\n", qualified(publicSchema, s.Name))
		if err := run(ctx, conn, anew+createView(schema, s)); err != nil {
			return fmt.Errorf("view %q: %w", s.Name, err)
		}
	}
	return nil
}

const (
	servedViews = `
SELECT r.relation
  FROM zhitong_projector.relation r
  JOIN zhitong_projector.projection p ON p.name = r.name AND p.version = r.version
 WHERE p.name = $1 AND p.serving AND r.public`
	serveNone = "UPDATE zhitong_projector.projection SET serving = false WHERE name = $1"
	serveOne  = "UPDATE zhitong_projector.projection SET serving = true WHERE name = $1 AND version = $2"
)

// show makes p the version that its views show, within the caller's transaction.
// Views that the version before had and this one has not are dropped.
func show(ctx context.Context, conn *pgconn.PgConn, p *projections.Projection) error {
	before, err := query(ctx, conn, servedViews, p.Name)
	if err != nil {
		return err
	}
	if err := showViews(ctx, conn, p, schemaOf(p)); err != nil {
		return err
	}
	for _, row := range before {
		name := row[0].Text
		if slices.ContainsFunc(p.Views(), func(s *projections.Schema) bool { return s.Name == name }) {
			continue
		}
		if err := run(ctx, conn, "DROP VIEW IF EXISTS "+qualified(publicSchema, name)); err != nil {
			return err
		}
	}
	if _, err := query(ctx, conn, serveNone, p.Name); err != nil {
		return err
	}
	_, err = query(ctx, conn, serveOne, p.Name, p.Version)
	return err
}

// Switch lets the views of the projection that has the view be shown by another
// version, in one transaction. It works back and forth between versions that this
// program knows and that are live; one that was stopped or is building is refused.
func (p *Projector) Switch(ctx context.Context, view string, version int) error {
	owner, _, err := projections.FindView(p.cfg.Projections, view)
	if err != nil {
		return err
	}
	to := p.known(owner.Name, version)
	if to == nil {
		return &projections.UnknownError{Kind: "version of " + owner.Name, Name: fmt.Sprint(version), Known: p.versions(owner.Name)}
	}
	return p.control(ctx, func(conn *pgconn.PgConn, all []*standing) error {
		for _, st := range all {
			if st.name == to.Name && st.version == version && st.status != statusLive {
				return fmt.Errorf("projection %q version %d is %s, not live", st.name, version, st.status)
			}
		}
		return show(ctx, conn, to)
	})
}

// versions lists the versions that this program knows of a projection.
func (p *Projector) versions(name string) []string {
	var vs []string
	for _, q := range p.cfg.Projections {
		if q.Name == name {
			vs = append(vs, fmt.Sprint(q.Version))
		}
	}
	return vs
}

const resumeProjection = `
UPDATE zhitong_projector.projection
   SET status = 'building', error = NULL, error_event = NULL, error_position = NULL
 WHERE name = $1 AND version = $2`

// Resume lets the stopped projection that has the view go on from where it
// stopped. Where its tables are not the declared ones, only a rebuild helps. The
// active projector takes it from there.
func (p *Projector) Resume(ctx context.Context, view string) error {
	owner, _, err := projections.FindView(p.cfg.Projections, view)
	if err != nil {
		return err
	}
	return p.control(ctx, func(conn *pgconn.PgConn, all []*standing) error {
		for _, st := range all {
			if st.name != owner.Name || st.status != statusStopped {
				continue
			}
			if _, err := query(ctx, conn, resumeProjection, st.name, st.version); err != nil {
				return err
			}
		}
		return nil
	})
}

// control changes the plan: fn runs in a transaction that holds the checkpoint and
// begins a new term, so that the active projector reads the plan again.
func (p *Projector) control(ctx context.Context, fn func(*pgconn.PgConn, []*standing) error) error {
	return p.withTables(ctx, func(conn *pgconn.PgConn) error {
		return transact(ctx, conn, "BEGIN", func() error {
			_, all, err := newSession(conn).readPlan(ctx, lockCheckpoint)
			if err != nil {
				return err
			}
			if err := fn(conn, all); err != nil {
				return err
			}
			_, err = query(ctx, conn, takeTerm)
			return err
		})
	})
}
