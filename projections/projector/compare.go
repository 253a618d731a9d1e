package projector

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// verifyTable compares one table, and its recorded digest, with what the log makes.
// Both are read once, in the order of their keys; none is held whole besides.
func verifyTable(ctx context.Context, conn *pgconn.PgConn, db *projections.DB, p *projections.Projection, st *standing, s *projections.Schema) (Verified, error) {
	v := Verified{Table: s.Name, Public: s.Public, Version: p.Version, Rows: int64(db.Len(s))}
	next, stop := iter.Pull2(rowsOf(db, s))
	defer stop()
	c := comparison{s: s, next: next}
	if err := storedRows(ctx, conn, qualified(schemaOf(p), s.Name), s, c.stored); err != nil {
		return v, err
	}
	if err := c.end(); err != nil {
		return v, err
	}
	v.Digest, v.Different = c.digest.String(), c.different
	if r := st.relations[s.Name]; v.Different == nil {
		switch {
		case r.digest != c.digest:
			v.Different = &Difference{Column: "digest in the checkpoint", Log: v.Digest, Table: r.digest.String()}
		case r.rows != v.Rows:
			v.Different = &Difference{Column: "number of rows in the checkpoint", Log: fmt.Sprint(v.Rows), Table: fmt.Sprint(r.rows)}
		}
	}
	return v, nil
}

// rowsOf yields the rows that the log makes.
func rowsOf(db *projections.DB, s *projections.Schema) iter.Seq2[[]projections.Value, error] {
	return func(yield func([]projections.Value, error) bool) {
		err := db.Rows(s, func(vs []projections.Value) error {
			if !yield(vs, nil) {
				return errThere
			}
			return nil
		})
		if err != nil && err != errThere {
			yield(nil, err)
		}
	}
}

// comparison is where two tables stand while they are read.
type comparison struct {
	s         *projections.Schema
	next      func() ([]projections.Value, error, bool)
	digest    projections.Digest // of what the log makes
	line      []byte
	json      jsonText
	different *Difference // the first one
}

// made takes the next row that the log makes; nil behind the last.
func (c *comparison) made() ([]projections.Value, error) {
	want, err, ok := c.next()
	if err != nil || !ok {
		return nil, err
	}
	c.line = c.s.AppendLine(c.line[:0], want)
	c.digest = c.digest.Add(projections.DigestLine(c.line))
	return want, nil
}

// stored takes the next row of the table.
func (c *comparison) stored(raw [][]byte) error {
	if c.different != nil {
		return nil
	}
	want, err := c.made()
	if err != nil {
		return err
	}
	if want == nil {
		have := c.normal(raw)
		c.different = &Difference{Key: keyOf(c.s, have), Table: string(c.s.AppendLine(nil, have))}
		return nil
	}
	for i, v := range want {
		if v.Null == (raw[i] == nil) && (v.Text == string(raw[i]) || c.s.Columns[i].Type == projections.JSON && c.json.same(v.Text, raw[i])) {
			continue
		}
		c.different = compare(c.s, want, c.normal(raw))
		return nil
	}
	return nil
}

// normal is a row of the table in canonical form. One that can't be read as its
// columns say stays as the database wrote it, and so differs.
func (c *comparison) normal(raw [][]byte) []projections.Value {
	vs := make([]projections.Value, len(raw))
	for i, b := range raw {
		vs[i] = projections.Value{Text: string(b), Null: b == nil}
	}
	if normal, err := c.s.Normal(vs); err == nil {
		return normal
	}
	return vs
}

// end takes the rows that the table lacks.
func (c *comparison) end() error {
	for {
		want, err := c.made()
		if want == nil || err != nil {
			return err
		}
		if c.different == nil {
			c.different = rowMissing(c.s, want)
		}
	}
}

// storedRows reads the table ordered by key.
func storedRows(ctx context.Context, conn *pgconn.PgConn, from string, s *projections.Schema, fn func([][]byte) error) error {
	sql := fmt.Sprintf("SELECT %s FROM %s", columnList(s.Columns, ""), from)
	if s.KeyLen > 0 {
		sql += " ORDER BY " + columnList(s.Columns[:s.KeyLen], "")
	}
	r := conn.ExecParams(ctx, sql, nil, nil, nil, nil)
	var failed error
	for r.NextRow() {
		if failed == nil {
			failed = fn(r.Values())
		}
	}
	if _, err := r.Close(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return failed
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
