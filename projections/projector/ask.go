package projector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/domain"
	"zhitong/projections"
)

// Ask answers a question about a public view: one statement, prepared once a
// connection, which sees one position and returns it with the rows. An unknown
// view or column is an [*projections.UnknownError]; every other fault of the
// question, a view that was not built yet (view.not_built) and a position that was
// not reached while ctx lasted (view.behind) are a [*domain.Problem].
func (p *Projector) Ask(ctx context.Context, q projections.Question) (*projections.Rows, error) {
	if q.View == statusTable.Schema().Name {
		return p.statusRows(ctx, q)
	}
	owner, newest, err := projections.FindView(p.cfg.Projections, q.View)
	if err != nil {
		return nil, p.withStatusView(err)
	}
	if _, err := newest.Read(q); err != nil {
		return nil, err
	}
	if q.AsOf != (projections.Until{}) {
		folded, err := p.AsOf(ctx, q.AsOf, q.View)
		if err != nil {
			return nil, err
		}
		return folded.Answer(q)
	}
	rows, err := p.askNow(ctx, owner.Name, q)
	if q.WaitFor == 0 || (err != nil && !isNotBuilt(err)) || (err == nil && rows.Position >= q.WaitFor) {
		return rows, err
	}
	if err := p.WaitFor(ctx, q.WaitFor); err != nil {
		return nil, behind(q, rows, err)
	}
	return p.askNow(ctx, owner.Name, q)
}

// behind says that the position was not reached in time.
func behind(q projections.Question, rows *projections.Rows, err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	at := uint64(0)
	if rows != nil {
		at = rows.Position
	}
	return errors.Join(domain.Refuse(domain.Unavailable, "view.behind", "wait_for", fmt.Sprint(q.WaitFor),
		"view %s stood at position %d; ask again later", q.View, at), err)
}

func (p *Projector) withStatusView(err error) error {
	if unknown, ok := err.(*projections.UnknownError); ok {
		unknown.Known = append(unknown.Known, statusTable.Schema().Name)
	}
	return err
}

func notBuilt(view string) error {
	return domain.Refuse(domain.Unavailable, "view.not_built", "view", view, "it has not been built yet; run a projector")
}

func isNotBuilt(err error) bool {
	problem := domain.AsProblem(err)
	return problem != nil && problem.Code == "view.not_built"
}

// askAttemptsMax is how often a question is put again because another version is
// shown than the one that it was put to.
const askAttemptsMax = 3

// errOtherVersion says that another version of the view is shown.
var errOtherVersion = errors.New("another version of the view is shown")

// askNow answers from the tables.
func (p *Projector) askNow(ctx context.Context, name string, q projections.Question) (*projections.Rows, error) {
	var rows *projections.Rows
	for range askAttemptsMax {
		version, s, err := p.shown(name, q.View)
		if err != nil {
			return nil, err
		}
		asked, err := s.Read(q)
		if err != nil {
			return nil, err
		}
		err = p.conns.with(ctx, func(conn *pgconn.PgConn) (err error) {
			rows, err = p.askVersion(ctx, newSession(conn), name, version, s, q, asked)
			if err == nil || !maybeOther(err) {
				return err
			}
			if why := p.lookWhichIsShown(ctx, conn, name, q.View); why != nil {
				return why
			}
			return err
		})
		if err == nil || !maybeOther(err) {
			return rows, err
		}
	}
	return nil, fmt.Errorf("view %q: %w, each time it was asked", q.View, errOtherVersion)
}

// maybeOther reports whether err may come from another version being shown than
// the one asked.
func maybeOther(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "42P01", "3F000", "42703", "0A000": // no such relation, schema, column; other columns than planned
			return true
		}
	}
	return errors.Is(err, errOtherVersion)
}

// shown is the version that the views of a projection were last seen to show; at
// first the newest.
func (p *Projector) shown(name, view string) (int, *projections.Schema, error) {
	version, seen := p.showing.Load(name)
	if !seen {
		owner, s, err := projections.FindView(p.cfg.Projections, view)
		if err != nil {
			return 0, nil, err
		}
		return owner.Version, s, nil
	}
	q := p.known(name, version.(int))
	if q == nil {
		return 0, nil, fmt.Errorf("view %q is of version %d, which this program does not know", view, version)
	}
	for _, s := range q.Views() {
		if s.Name == view {
			return q.Version, s, nil
		}
	}
	return 0, nil, fmt.Errorf("version %d of %q has no view %q", version, name, view)
}

const readShown = `
SELECT version FROM zhitong_projector.projection WHERE name = $1 AND serving`

// lookWhichIsShown notes which version is shown.
func (p *Projector) lookWhichIsShown(ctx context.Context, conn *pgconn.PgConn, name, view string) error {
	rows, err := query(ctx, conn, readShown, name)
	if isUndefined(err) || (err == nil && len(rows) == 0) {
		return notBuilt(view)
	}
	if err != nil {
		return err
	}
	version := int(number(rows[0][0]))
	if now, _, err := p.shown(name, view); err == nil && now == version {
		// It is the one that was asked: its views are missing, or were changed by hand.
		there, err := query(ctx, conn, "SELECT to_regclass($1) IS NOT NULL", qualified(publicSchema, view))
		if err != nil || there[0][0].Text == "t" {
			return err
		}
		return notBuilt(view)
	}
	p.showing.Store(name, version)
	return nil
}

// askVersion puts the question to one version's columns. The statement sees one
// snapshot, taken after the locks on the view's tables, so that no swap comes in
// between.
func (p *Projector) askVersion(ctx context.Context, sn *session, name string, version int, s *projections.Schema,
	q projections.Question, asked *projections.Asked) (*projections.Rows, error) {
	sql, args := questionSQL(s, name, q, asked)
	statement, err := sn.prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	rows := &projections.Rows{View: s.Name, Schema: s}
	found := false
	err = each(sn.conn.ExecPrepared(ctx, statement, params(args), nil, nil), func(vs []projections.Value) error {
		found = true
		if int(number(vs[0])) != version {
			return errOtherVersion
		}
		rows.Position = number(vs[1])
		if vs[2].Null {
			return nil // no row of the view, only where it stands
		}
		normal, err := s.Normal(vs[3:])
		rows.Values = append(rows.Values, normal)
		return err
	})
	if err != nil {
		sn.drop(sql)
		return nil, err
	}
	if !found {
		return nil, notBuilt(s.Name)
	}
	if !slices.IsSortedFunc(rows.Values, s.CompareKeys) { // a join promises no order
		slices.SortFunc(rows.Values, s.CompareKeys)
	}
	rows.End(q)
	return rows, nil
}

// questionSQL is the statement of a question, the same for all values, with its
// parameters.
func questionSQL(s *projections.Schema, name string, q projections.Question, asked *projections.Asked) (string, []any) {
	args := []any{name}
	add := func(v any) int {
		args = append(args, v)
		return len(args)
	}
	var where strings.Builder
	for _, m := range asked.Matches {
		c := s.Columns[m.Column]
		if m.Value.Null {
			fmt.Fprintf(&where, " AND %s IS NULL", ident(c.Name))
			continue
		}
		fmt.Fprintf(&where, " AND %s = $%d::%s", ident(c.Name), add(m.Value.Text), c.Type)
	}
	if asked.After != nil {
		var after []string
		for i, v := range asked.After {
			after = append(after, fmt.Sprintf("$%d::%s", add(v.Text), s.Columns[i].Type))
		}
		fmt.Fprintf(&where, " AND (%s) > (%s)", columnList(s.Columns[:s.KeyLen], ""), strings.Join(after, ", "))
	}
	if s.KeyLen > 0 {
		fmt.Fprintf(&where, " ORDER BY %s", columnList(s.Columns[:s.KeyLen], ""))
	}
	if q.Limit > 0 {
		fmt.Fprintf(&where, " LIMIT $%d::bigint", add(q.Limit+1)) // one more says whether there is more
	}
	return fmt.Sprintf(`
SELECT s.version, s.position, v."There", %[1]s
  FROM (SELECT p.version, CASE WHEN p.status = 'live' THEN c.position ELSE p.position END AS position
          FROM zhitong_projector.projection p CROSS JOIN zhitong_projector.checkpoint c
         WHERE p.name = $1 AND p.serving) s
  LEFT JOIN (SELECT true AS "There", %[2]s FROM %[3]s WHERE true%[4]s) v ON true`,
		columnList(s.Columns, "v."), columnList(s.Columns, ""), qualified(publicSchema, s.Name), where.String()), args
}
