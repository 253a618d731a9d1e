package projector

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

const (
	insertProjection = `
INSERT INTO zhitong_projector.projection (name, version, serving, status, declaration, position, commit_sha256)
VALUES ($1, $2, $3, $4, $5, 0, '')`
	insertRelation = `
INSERT INTO zhitong_projector.relation (name, version, relation, public, rows, digest)
VALUES ($1, $2, $3, $4, $5, $6)`
	stopProjection = `
UPDATE zhitong_projector.projection
   SET status = 'stopped', error = $3, position = $4, commit_sha256 = $5, recorded = $6::timestamptz
 WHERE name = $1 AND version = $2`
	setAside = `
UPDATE zhitong_projector.projection
   SET status = 'building', position = $3, commit_sha256 = $4, recorded = $5::timestamptz
 WHERE name = $1 AND version = $2`
	takeTerm   = "UPDATE zhitong_projector.checkpoint SET term = term + 1 RETURNING term"
	keepStream = "UPDATE zhitong_projector.checkpoint SET stream = $1, stream_created = $2, first_commit = $3"
)

// plan takes a new term, registers what is new in this program, and sorts the
// projections into those that stand at the checkpoint and those behind.
func (l *leader) plan(ctx context.Context) error {
	l.live, l.behind = nil, nil
	if err := l.session.forget(ctx); err != nil {
		return err
	}
	var all []*standing
	err := transact(ctx, l.session.conn, "BEGIN", func() (err error) {
		if l.checkpoint, all, err = l.session.readPlan(ctx, lockCheckpoint); err != nil {
			return err
		}
		if all, err = l.register(ctx, all); err != nil {
			return err
		}
		for _, st := range all {
			if err := l.settle(ctx, st); err != nil {
				return err
			}
		}
		if err := serveKnown(ctx, l.session.conn, l.p, all); err != nil {
			return err
		}
		rows, err := query(ctx, l.session.conn, takeTerm)
		if err != nil {
			return err
		}
		l.checkpoint.term = number(rows[0][0])
		_, err = query(ctx, l.session.conn, notify, l.checkpoint.position)
		return err
	})
	if err != nil {
		return err
	}
	marks := []mark{l.checkpoint.mark}
	for _, st := range all {
		marks = append(marks, st.at(l.checkpoint))
	}
	if err := checkStream(ctx, l.p.cfg.Log, l.checkpoint.stream, marks); err != nil {
		return err
	}
	if err := l.adopt(ctx, marks); err != nil {
		return err
	}
	for _, st := range all {
		p := l.p.known(st.name, st.version)
		switch {
		case p == nil || st.status == statusStopped:
		case st.status == statusLive:
			l.live = append(l.live, l.session.newMember(p, st, l.p.cfg))
		default:
			l.behind = append(l.behind, l.session.newMember(p, st, l.p.cfg))
		}
	}
	at := l.checkpoint.mark
	l.seen.Store(&at)
	l.p.health.reached(at)
	return nil
}

// adopt takes the stream as the one of these views as long as nothing of any was
// folded.
func (l *leader) adopt(ctx context.Context, marks []mark) error {
	for _, m := range marks {
		if m.position > 0 {
			return nil
		}
	}
	id, err := l.p.cfg.Log.Identity(ctx)
	if err != nil {
		return err
	}
	l.checkpoint.stream = streamOf(id)
	_, err = query(ctx, l.session.conn, keepStream, l.checkpoint.name, l.checkpoint.created, l.checkpoint.first)
	return err
}

// register makes the tables of projections that the database doesn't know yet.
func (l *leader) register(ctx context.Context, all []*standing) ([]*standing, error) {
	serving := map[string]bool{}
	there := map[string]bool{}
	for _, st := range all {
		serving[st.name] = serving[st.name] || st.serving
		there[fmt.Sprint(st.name, " ", st.version)] = true
	}
	for i := range l.p.cfg.Projections {
		p := &l.p.cfg.Projections[i]
		if there[fmt.Sprint(p.Name, " ", p.Version)] {
			continue
		}
		st := &standing{
			name: p.Name, version: p.Version, serving: !serving[p.Name], status: statusBuilding,
			declaration: declaration(p), relations: map[string]relation{},
		}
		if l.checkpoint.position == 0 {
			st.status = statusLive
		}
		serving[p.Name] = true
		if err := l.create(ctx, p, st); err != nil {
			return nil, fmt.Errorf("projection %q version %d: %w", p.Name, p.Version, err)
		}
		all = append(all, st)
	}
	return all, nil
}

func (l *leader) create(ctx context.Context, p *projections.Projection, st *standing) error {
	conn, schema := l.session.conn, schemaOf(p)
	var ddl strings.Builder
	fmt.Fprintf(&ddl, "DROP SCHEMA IF EXISTS %s CASCADE;\nCREATE SCHEMA %s;\n", ident(schema), ident(schema))
	for _, t := range p.Tables {
		ddl.WriteString(createTable(schema, t.Schema()) + addKey(schema, t.Schema()) + comments("TABLE", schema, t.Schema()))
	}
	if err := run(ctx, conn, ddl.String()); err != nil {
		return err
	}
	if _, err := query(ctx, conn, insertProjection, p.Name, p.Version, st.serving, st.status, st.declaration); err != nil {
		return err
	}
	for _, t := range p.Tables {
		s := t.Schema()
		st.relations[s.Name] = relation{}
		if _, err := query(ctx, conn, insertRelation, p.Name, p.Version, s.Name, s.Public, 0, projections.Digest{}); err != nil {
			return err
		}
	}
	if st.serving {
		return showViews(ctx, conn, p, schema)
	}
	return nil
}

// settle brings a projection that can't go on out of the way: one whose tables are
// not the declared ones stops, one that this program doesn't know is set aside.
func (l *leader) settle(ctx context.Context, st *standing) error {
	p := l.p.known(st.name, st.version)
	at := st.at(l.checkpoint)
	switch {
	case p == nil && st.status == statusLive:
		st.status, st.mark = statusBuilding, at
		_, err := query(ctx, l.session.conn, setAside, st.name, st.version, at.position, at.sha256, null(at.recorded))
		return err
	case p != nil && st.status != statusStopped && st.declaration != declaration(p):
		st.status, st.mark = statusStopped, at
		l.p.cfg.Logger.Error("projection stopped: its declaration has changed without a new version",
			"projection", st.name, "version", st.version)
		_, err := query(ctx, l.session.conn, stopProjection, st.name, st.version,
			fmt.Sprintf("its tables are not the declared ones; give it a new version, or: zhitong projection rebuild %s", st.name),
			at.position, at.sha256, null(at.recorded))
		return err
	}
	return nil
}

// serveKnown lets a name whose served version this program doesn't know be served
// by the highest live version that it knows.
func serveKnown(ctx context.Context, conn *pgconn.PgConn, p *Projector, all []*standing) error {
	best := map[string]*standing{}
	served := map[string]bool{}
	for _, st := range all {
		known := p.known(st.name, st.version) != nil
		served[st.name] = served[st.name] || (st.serving && known)
		if known && st.status == statusLive && (best[st.name] == nil || st.version > best[st.name].version) {
			best[st.name] = st
		}
	}
	for _, st := range all {
		if best[st.name] == st && !served[st.name] {
			if err := show(ctx, conn, p.known(st.name, st.version)); err != nil {
				return err
			}
		}
	}
	return nil
}
