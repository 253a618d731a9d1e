package projector

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// snapshot begins a transaction that sees one position.
const snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// Views describes the public views that this program knows, by name;
// projection_status among them.
func (p *Projector) Views() []*projections.Schema {
	views := []*projections.Schema{statusTable.Schema()}
	for i := range p.cfg.Projections {
		for _, s := range p.cfg.Projections[i].Views() {
			if _, newest, _ := projections.FindView(p.cfg.Projections, s.Name); newest == s {
				views = append(views, s)
			}
		}
	}
	slices.SortFunc(views, func(a, b *projections.Schema) int { return strings.Compare(a.Name, b.Name) })
	return views
}

// Query returns the rows of a public view that meet all conditions, ordered by
// key, with the position that they stand at; at most limit rows, or all where
// limit is 0. An unknown view or column is an [*projections.UnknownError].
func (p *Projector) Query(ctx context.Context, view string, where []projections.Cond, limit int) (*projections.Rows, error) {
	if view == statusTable.Schema().Name {
		return p.statusRows(ctx, where, limit)
	}
	owner, _, err := projections.FindView(p.cfg.Projections, view)
	if err != nil {
		return nil, p.withStatusView(err)
	}
	var rows *projections.Rows
	err = p.conns.with(ctx, func(conn *pgconn.PgConn) error {
		return transact(ctx, conn, snapshot, func() error {
			// The lock comes before the snapshot, so that no swap comes in between:
			// rows of swapped tables would be invisible to an older snapshot.
			err := run(ctx, conn, fmt.Sprintf("LOCK TABLE %s IN ACCESS SHARE MODE", qualified(publicSchema, view)))
			if isUndefined(err) {
				return notBuilt(view)
			}
			if err != nil {
				return err
			}
			c, all, err := newSession(conn).readPlan(ctx, readCheckpoint)
			if err != nil {
				return err
			}
			st, s, err := p.served(all, owner.Name, view)
			if err != nil {
				return err
			}
			rows, err = selectRows(ctx, conn, qualified(publicSchema, view), s, where, limit)
			if err == nil {
				rows.Position = st.at(c).position
			}
			return err
		})
	})
	return rows, err
}

func (p *Projector) withStatusView(err error) error {
	if unknown, ok := err.(*projections.UnknownError); ok {
		unknown.Known = append(unknown.Known, statusTable.Schema().Name)
	}
	return err
}

// served finds the version of a projection that its views show.
func (p *Projector) served(all []*standing, name, view string) (*standing, *projections.Schema, error) {
	for _, st := range all {
		if st.name != name || !st.serving {
			continue
		}
		q := p.known(st.name, st.version)
		if q == nil {
			return nil, nil, fmt.Errorf("view %q is of version %d, which this program does not know", view, st.version)
		}
		for _, s := range q.Views() {
			if s.Name == view {
				return st, s, nil
			}
		}
		return nil, nil, fmt.Errorf("version %d of %q has no view %q", st.version, name, view)
	}
	return nil, nil, notBuilt(view)
}

func notBuilt(view string) error {
	return fmt.Errorf("view %q has not been built yet; run a projector", view)
}

// selectRows reads rows of a relation of schema s.
func selectRows(ctx context.Context, conn *pgconn.PgConn, from string, s *projections.Schema, where []projections.Cond, limit int) (*projections.Rows, error) {
	matches, err := s.Matches(where)
	if err != nil {
		return nil, err
	}
	var sql strings.Builder
	var args []any
	fmt.Fprintf(&sql, "SELECT %s FROM %s WHERE true", columnList(s.Columns, ""), from)
	for _, m := range matches {
		c := s.Columns[m.Column]
		if m.Value.Null {
			fmt.Fprintf(&sql, " AND %s IS NULL", ident(c.Name))
			continue
		}
		args = append(args, m.Value.Text)
		fmt.Fprintf(&sql, " AND %s = $%d::%s", ident(c.Name), len(args), c.Type)
	}
	if s.KeyLen > 0 {
		fmt.Fprintf(&sql, " ORDER BY %s", columnList(s.Columns[:s.KeyLen], ""))
	}
	if limit > 0 {
		fmt.Fprintf(&sql, " LIMIT %d", limit)
	}
	rows := &projections.Rows{View: s.Name, Schema: s}
	err = each(conn.ExecParams(ctx, sql.String(), params(args), nil, nil, nil), func(vs []projections.Value) error {
		vs, err := s.Normal(vs)
		rows.Values = append(rows.Values, vs)
		return err
	})
	return rows, err
}

// AsOf folds the log up to an instant, in memory, for the projections that have
// the given views (all, if none is given). A position beyond the head is the head.
func (p *Projector) AsOf(ctx context.Context, until projections.Until, views ...string) (*projections.Folded, error) {
	set, err := p.owners(views)
	if err != nil {
		return nil, err
	}
	ps := make([]projections.Projection, len(set))
	for i, q := range set {
		ps[i] = *q
	}
	return projections.Fold(ctx, p.readLog, ps, until)
}
