package projector

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// session is a connection with the statements prepared on it. All its work is done
// in text.
type session struct {
	conn     *pgconn.PgConn
	prepared map[string]string // SQL to the statement's name
}

// sessionKey is where a connection keeps its session.
const sessionKey = "zhitong"

// newSession returns the session of the connection, which has one as long as it
// lives.
func newSession(conn *pgconn.PgConn) *session {
	if s, ok := conn.CustomData()[sessionKey].(*session); ok {
		return s
	}
	s := &session{conn: conn, prepared: map[string]string{}}
	conn.CustomData()[sessionKey] = s
	return s
}

// statementsMax is how many statements are prepared on one connection; then it
// begins anew.
const statementsMax = 256

// prepare returns the name of the prepared statement.
func (s *session) prepare(ctx context.Context, sql string) (string, error) {
	if name, ok := s.prepared[sql]; ok {
		return name, nil
	}
	if len(s.prepared) >= statementsMax {
		if err := s.forget(ctx); err != nil {
			return "", err
		}
	}
	name := fmt.Sprintf("s%d", len(s.prepared))
	if _, err := s.conn.Prepare(ctx, name, sql, nil); err != nil {
		return "", fmt.Errorf("postgres: prepare: %w", err)
	}
	s.prepared[sql] = name
	return name, nil
}

// drop forgets one statement, whose plan no longer fits. It stays with the
// connection under a name that is not given again.
func (s *session) drop(sql string) {
	if name, ok := s.prepared[sql]; ok {
		delete(s.prepared, sql)
		s.prepared["-- "+name] = name
	}
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
