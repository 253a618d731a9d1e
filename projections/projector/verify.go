package projector

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// Verified says whether a table equals the log.
type Verified struct {
	Table     string // name of the view, or of a table of the fold's state
	Public    bool
	Version   int
	Position  uint64 // at which it was compared
	Rows      int64  // that the log makes
	Digest    string // of the rows that the log makes
	Different *Difference
}

// Difference is the first place where a table does not say what the log says.
type Difference struct {
	Key    string // of the row, as a JSON object; "" where no row is to blame
	Column string // "" where the whole row is missing or too much
	Log    string // what the log makes; "" for no such row
	Table  string // what the table holds; "" for no such row
}

// String is the difference in one line.
func (d *Difference) String() string {
	switch {
	case d.Column == "":
		return fmt.Sprintf("row %s: the log makes %s, the table has %s", d.Key, orNone(d.Log), orNone(d.Table))
	default:
		return fmt.Sprintf("row %s: column %s: the log makes %s, the table has %s", d.Key, d.Column, d.Log, d.Table)
	}
}

func orNone(s string) string {
	if s == "" {
		return "no such row"
	}
	return s
}

// Verify folds the log again, in memory, for the projections that have the given
// views (all, if none is given), each up to where its tables stand, and compares
// row by row and column by column. It reports every table of these projections,
// also their state, whatever version they are; a table that differs has its first
// difference.
func (p *Projector) Verify(ctx context.Context, views ...string) ([]Verified, error) {
	set, err := p.owners(views)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		all, before, err := p.verifyOnce(ctx, set)
		if err != nil && !isUndefined(err) {
			return nil, err
		}
		if err == nil && !differs(all) {
			return all, nil
		}
		// Tables that were swapped meanwhile are not in the snapshot.
		after, termErr := p.term(ctx)
		if termErr != nil {
			return nil, termErr
		}
		if before == after || attempt == verifyAttemptsMax {
			return all, err
		}
	}
}

// verifyAttemptsMax is how often a verification begins again since a rebuild came
// in between.
const verifyAttemptsMax = 4

func differs(all []Verified) bool {
	return slices.ContainsFunc(all, func(v Verified) bool { return v.Different != nil })
}

// term is the present term.
func (p *Projector) term(ctx context.Context) (term uint64, err error) {
	err = p.conns.with(ctx, func(conn *pgconn.PgConn) error {
		rows, err := query(ctx, conn, "SELECT term FROM zhitong_projector.checkpoint")
		if err == nil {
			term = number(rows[0][0])
		}
		return err
	})
	return term, err
}

// verifyOnce verifies the set within one snapshot, and returns the term in it.
func (p *Projector) verifyOnce(ctx context.Context, set []*projections.Projection) (all []Verified, term uint64, err error) {
	if err := p.withTables(ctx, func(*pgconn.PgConn) error { return nil }); err != nil {
		return nil, 0, err
	}
	conn, err := p.conns.open(ctx) // for long, so not one of those shared
	if err != nil {
		return nil, 0, err
	}
	defer shut(conn)
	err = transact(ctx, conn, snapshot, func() error {
		c, standings, err := newSession(conn).readPlan(ctx, readCheckpoint)
		if err != nil {
			return err
		}
		term = c.term
		groups, err := p.byPosition(ctx, c, standings, set)
		if err != nil {
			return err
		}
		for _, g := range groups {
			found, err := p.verifyGroup(ctx, conn, g)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, term, err
}

// group is the projections that stand at one position.
type group struct {
	position  uint64
	ps        []projections.Projection
	standings []*standing
}

// byPosition groups the set by where it stands, after making sure that the log is
// the one that it was folded from.
func (p *Projector) byPosition(ctx context.Context, c checkpoint, all []*standing, set []*projections.Projection) ([]*group, error) {
	var groups []*group
	var marks []mark
next:
	for _, st := range all {
		if !contains(set, st) {
			continue
		}
		at := st.at(c)
		marks = append(marks, at)
		q := *p.known(st.name, st.version)
		for _, g := range groups {
			if g.position == at.position {
				g.ps, g.standings = append(g.ps, q), append(g.standings, st)
				continue next
			}
		}
		groups = append(groups, &group{at.position, []projections.Projection{q}, []*standing{st}})
	}
	return groups, checkStream(ctx, p.cfg.Log, c.stream, marks)
}

func (p *Projector) verifyGroup(ctx context.Context, conn *pgconn.PgConn, g *group) ([]Verified, error) {
	folded, err := projections.Fold(ctx, p.readLog, g.ps, upTo(g.position))
	if err != nil {
		return nil, err
	}
	var all []Verified
	for i := range g.ps {
		if folded.DBs[i] == nil {
			return nil, folded.Failed[i]
		}
		for _, t := range g.ps[i].Tables {
			v, err := verifyTable(ctx, conn, folded.DBs[i], &g.ps[i], g.standings[i], t.Schema())
			if err != nil {
				return nil, err
			}
			v.Position = g.position
			all = append(all, v)
		}
	}
	return all, nil
}

// verifyTable compares one table, and its recorded digest, with what the log makes.
func verifyTable(ctx context.Context, conn *pgconn.PgConn, db *projections.DB, p *projections.Projection, st *standing, s *projections.Schema) (Verified, error) {
	v := Verified{Table: s.Name, Public: s.Public, Version: p.Version, Rows: int64(db.Len(s))}
	digest, err := db.Digest(s)
	if err != nil {
		return v, err
	}
	v.Digest = digest.String()
	stored, err := storedRows(ctx, conn, qualified(schemaOf(p), s.Name), s)
	if err != nil {
		return v, err
	}
	next := 0
	err = db.Rows(s, func(want []projections.Value) error {
		if v.Different == nil {
			if next == len(stored) {
				v.Different = rowMissing(s, want)
			} else {
				v.Different = compare(s, want, stored[next])
			}
		}
		next++
		return nil
	})
	if err != nil {
		return v, err
	}
	if r := st.relations[s.Name]; v.Different == nil {
		switch {
		case next < len(stored):
			v.Different = &Difference{Key: keyOf(s, stored[next]), Table: string(s.AppendLine(nil, stored[next]))}
		case r.digest != digest:
			v.Different = &Difference{Column: "digest in the checkpoint", Log: v.Digest, Table: r.digest.String()}
		case r.rows != v.Rows:
			v.Different = &Difference{Column: "number of rows in the checkpoint", Log: fmt.Sprint(v.Rows), Table: fmt.Sprint(r.rows)}
		}
	}
	return v, nil
}

// storedRows reads the table ordered by key. A row that can't be read as its
// columns say stays as the database wrote it, and so differs.
func storedRows(ctx context.Context, conn *pgconn.PgConn, from string, s *projections.Schema) ([][]projections.Value, error) {
	sql := fmt.Sprintf("SELECT %s FROM %s", columnList(s.Columns, ""), from)
	if s.KeyLen > 0 {
		sql += " ORDER BY " + columnList(s.Columns[:s.KeyLen], "")
	}
	var rows [][]projections.Value
	err := each(conn.ExecParams(ctx, sql, nil, nil, nil, nil), func(vs []projections.Value) error {
		if normal, err := s.Normal(vs); err == nil {
			vs = normal
		}
		rows = append(rows, vs)
		return nil
	})
	return rows, err
}

// compare returns the first difference of two rows, or nil.
func compare(s *projections.Schema, want, have []projections.Value) *Difference {
	for i := range s.Columns {
		if want[i] == have[i] {
			continue
		}
		if i < s.KeyLen { // one of the two rows stands alone
			if s.CompareKeys(want, have) < 0 {
				return rowMissing(s, want)
			}
			return &Difference{Key: keyOf(s, have), Table: string(s.AppendLine(nil, have))}
		}
		return &Difference{Key: keyOf(s, want), Column: s.Columns[i].Name, Log: shown(want[i]), Table: shown(have[i])}
	}
	return nil
}

func rowMissing(s *projections.Schema, want []projections.Value) *Difference {
	return &Difference{Key: keyOf(s, want), Log: string(s.AppendLine(nil, want))}
}

func keyOf(s *projections.Schema, vs []projections.Value) string {
	if s.KeyLen == 0 {
		return "the only one"
	}
	return string(s.AppendLine(nil, vs[:s.KeyLen]))
}

func shown(v projections.Value) string {
	if v.Null {
		return "null"
	}
	return v.Text
}
