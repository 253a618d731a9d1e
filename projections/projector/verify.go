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
	return p.VerifyWith(ctx, projections.Fold, views...)
}

// Folder folds projections over a log, as [projections.Fold] does.
type Folder func(ctx context.Context, read projections.Reader, ps []projections.Projection, until projections.Until) (*projections.Folded, error)

// VerifyWith is [Projector.Verify] with another's fold, which may do more with the
// log while it is read. It is called once for each position at which tables stand,
// nearly always once.
func (p *Projector) VerifyWith(ctx context.Context, fold Folder, views ...string) ([]Verified, error) {
	set, err := p.owners(views)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		all, before, err := p.verifyOnce(ctx, fold, set)
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
func (p *Projector) verifyOnce(ctx context.Context, fold Folder, set []*projections.Projection) (all []Verified, term uint64, err error) {
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
			found, err := p.verifyGroup(ctx, conn, fold, g)
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

func (p *Projector) verifyGroup(ctx context.Context, conn *pgconn.PgConn, fold Folder, g *group) ([]Verified, error) {
	folded, err := fold(ctx, p.readLog, g.ps, upTo(g.position))
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
