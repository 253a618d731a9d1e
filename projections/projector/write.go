package projector

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// upsert is the statement that writes whole rows, given an array of texts for each
// column.
func upsert(schema string, t *projections.Schema) string {
	var casts, arrays, sets []string
	for i, c := range t.Columns {
		casts = append(casts, fmt.Sprintf("u.c%d::%s", i, c.Type))
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
		if !c.Key {
			sets = append(sets, fmt.Sprintf("%s = EXCLUDED.%s", ident(c.Name), ident(c.Name)))
		}
	}
	target := columnList(t.Columns[:t.KeyLen], "")
	if t.KeyLen == 0 {
		target = "(true)"
	}
	do := "DO NOTHING"
	if len(sets) > 0 {
		do = "DO UPDATE SET " + strings.Join(sets, ", ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS u(%s) ON CONFLICT (%s) %s",
		qualified(schema, t.Name), columnList(t.Columns, ""), strings.Join(casts, ", "),
		strings.Join(arrays, ", "), numbered(len(t.Columns)), target, do)
}

// remove is the statement that deletes rows, given an array of texts for each key
// column.
func remove(schema string, t *projections.Schema) string {
	if t.KeyLen == 0 {
		return "DELETE FROM " + qualified(schema, t.Name)
	}
	var where, arrays []string
	for i, c := range t.Columns[:t.KeyLen] {
		where = append(where, fmt.Sprintf("t.%s = u.c%d::%s", ident(c.Name), i, c.Type))
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
	}
	return fmt.Sprintf("DELETE FROM %s AS t USING unnest(%s) AS u(%s) WHERE %s",
		qualified(schema, t.Name), strings.Join(arrays, ", "), numbered(t.KeyLen), strings.Join(where, " AND "))
}

func numbered(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	return strings.Join(names, ", ")
}

// arrays turns rows into one text array for each of their columns.
func arrays(rows [][]projections.Value, columns int) [][]byte {
	out := make([][]byte, columns)
	for c := range columns {
		b := []byte{'{'}
		for i, row := range rows {
			if i > 0 {
				b = append(b, ',')
			}
			if row[c].Null {
				b = append(b, "NULL"...)
				continue
			}
			b = append(b, '"')
			for j := range len(row[c].Text) {
				if ch := row[c].Text[j]; ch == '"' || ch == '\\' {
					b = append(b, '\\', ch)
				} else {
					b = append(b, ch)
				}
			}
			b = append(b, '"')
		}
		out[c] = append(b, '}')
	}
	return out
}

// writing gathers the statements that end a transaction, sent in one round trip.
type writing struct {
	session *session
	batch   pgconn.Batch
	mustHit []int // numbers of the statements that must change exactly one row
	n       int
}

// add adds a prepared statement.
func (w *writing) add(ctx context.Context, sql string, args [][]byte) error {
	name, err := w.session.prepare(ctx, sql)
	if err != nil {
		return err
	}
	w.batch.ExecPrepared(name, args, nil, nil)
	w.n++
	return nil
}

// addOne adds a statement that must change exactly one row.
func (w *writing) addOne(ctx context.Context, sql string, args ...any) error {
	w.mustHit = append(w.mustHit, w.n)
	return w.add(ctx, sql, params(args))
}

// changes adds what changed in the tables of one projection.
func (w *writing) changes(ctx context.Context, schema string, p *projections.Projection, cs []projections.Changes) error {
	for _, c := range cs {
		if len(c.Delete) > 0 {
			if err := w.add(ctx, remove(schema, c.Schema), arrays(c.Delete, c.Schema.KeyLen)); err != nil {
				return err
			}
		}
		if len(c.Upsert) > 0 {
			if err := w.add(ctx, upsert(schema, c.Schema), arrays(c.Upsert, len(c.Schema.Columns))); err != nil {
				return err
			}
		}
	}
	return nil
}

// send executes what was added.
func (w *writing) send(ctx context.Context) error {
	results, err := w.session.conn.ExecBatch(ctx, &w.batch).ReadAll()
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	for _, i := range w.mustHit {
		if got := results[i].CommandTag.RowsAffected(); got != 1 {
			return fmt.Errorf("postgres: statement %d changed %d rows instead of one", i, got)
		}
	}
	return nil
}
