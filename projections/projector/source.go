package projector

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// session is the connection of the active projector with the statements prepared
// on it. All its work is done in text.
type session struct {
	conn     *pgconn.PgConn
	prepared map[string]string // SQL to the statement's name
}

func newSession(conn *pgconn.PgConn) *session {
	return &session{conn: conn, prepared: map[string]string{}}
}

// prepare returns the name of the prepared statement.
func (s *session) prepare(ctx context.Context, sql string) (string, error) {
	if name, ok := s.prepared[sql]; ok {
		return name, nil
	}
	name := fmt.Sprintf("s%d", len(s.prepared))
	if _, err := s.conn.Prepare(ctx, name, sql, nil); err != nil {
		return "", fmt.Errorf("postgres: prepare: %w", err)
	}
	s.prepared[sql] = name
	return name, nil
}

// forget drops the prepared statements, after the tables may have changed.
func (s *session) forget(ctx context.Context) error {
	clear(s.prepared)
	return run(ctx, s.conn, "DEALLOCATE ALL")
}

// source is where the cached rows of one projection come from: its tables, within
// the projector's transaction.
type source struct {
	session  *session
	ctx      context.Context // of the transaction under way; set by step
	schema   string
	wholeMax int64
	rows     map[string]int64 // number of rows of each table, kept by step
}

var _ projections.Source = (*source)(nil)

// Row returns the row with the given key.
func (s *source) Row(t *projections.Schema, key []projections.Value) ([]projections.Value, error) {
	name, err := s.session.prepare(s.ctx, selectRow(s.schema, t))
	if err != nil {
		return nil, err
	}
	args := make([][]byte, len(key))
	for i, v := range key {
		args[i] = []byte(v.Text)
	}
	var row []projections.Value
	err = each(s.session.conn.ExecPrepared(s.ctx, name, args, nil, nil), func(vs []projections.Value) error {
		row = vs
		return nil
	})
	return row, err
}

// All calls fn with every row of a table of at most wholeMax rows.
func (s *source) All(t *projections.Schema, fn func([]projections.Value) error) (bool, error) {
	n := s.rows[t.Name]
	if n > s.wholeMax {
		return false, nil
	}
	if n == 0 {
		return true, nil
	}
	sql := fmt.Sprintf("SELECT %s FROM %s", columnList(t.Columns, ""), qualified(s.schema, t.Name))
	return true, each(s.session.conn.ExecParams(s.ctx, sql, nil, nil, nil, nil), fn)
}

func selectRow(schema string, t *projections.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s FROM %s WHERE true", columnList(t.Columns, ""), qualified(schema, t.Name))
	for i, c := range t.Columns[:t.KeyLen] {
		fmt.Fprintf(&b, " AND %s = $%d::%s", ident(c.Name), i+1, c.Type)
	}
	return b.String()
}
