package projector

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/events/log"
	"zhitong/projections"
)

// connections is the few connections that readers share. Everything here speaks
// text: values have one form, the one of package projections.
type connections struct {
	dsn    string
	places chan struct{}       // one taken for each connection in use
	idle   chan *pgconn.PgConn // open and not in use
}

func newConnections(dsn string, limit int) *connections {
	return &connections{dsn: dsn, places: make(chan struct{}, limit), idle: make(chan *pgconn.PgConn, limit)}
}

// open opens a connection of its own, which the caller closes.
func (c *connections) open(ctx context.Context) (*pgconn.PgConn, error) {
	return c.openNotified(ctx, nil)
}

// openNotified is open for one that listens: notified is called, in the goroutine
// that uses the connection, whenever a notification comes in, also while an answer
// is being read.
func (c *connections) openNotified(ctx context.Context, notified func()) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(c.dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	for name, value := range map[string]string{
		"application_name": "zhitong", "DateStyle": "ISO, YMD", "TimeZone": "UTC",
		"IntervalStyle": "iso_8601", "client_encoding": "UTF8", "synchronous_commit": "off",
	} {
		cfg.RuntimeParams[name] = value
	}
	if notified != nil {
		cfg.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) { notified() }
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return conn, nil
}

// with calls fn with a shared connection. One that fn leaves within a transaction
// is closed. When a connection that was kept turns out to be dead, fn is called
// once more with a new one: it must bear that.
func (c *connections) with(ctx context.Context, fn func(*pgconn.PgConn) error) error {
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.places }()
	var conn *pgconn.PgConn
	select {
	case conn = <-c.idle:
	default:
	}
	kept := conn != nil
	for {
		if conn == nil || conn.IsClosed() {
			var err error
			if conn, err = c.open(ctx); err != nil {
				return err
			}
			kept = false
		}
		err := fn(conn)
		switch {
		case !conn.IsClosed() && conn.TxStatus() == 'I':
			c.idle <- conn
			return err
		case err == nil || !kept || !conn.IsClosed() || ctx.Err() != nil:
			shut(conn)
			return err
		}
	}
}

// close closes the idle connections.
func (c *connections) close() {
	for {
		select {
		case conn := <-c.idle:
			shut(conn)
		default:
			return
		}
	}
}

// shut closes conn without waiting for an answer.
func shut(conn *pgconn.PgConn) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = conn.Close(ctx) // the server notices
}

// run executes statements without parameters.
func run(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	_, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// transact runs fn in a transaction opened by begin ("BEGIN …").
func transact(ctx context.Context, conn *pgconn.PgConn, begin string, fn func() error) error {
	if err := run(ctx, conn, begin); err != nil {
		return err
	}
	if err := fn(); err != nil {
		if undo := run(ctx, conn, "ROLLBACK"); undo != nil {
			shut(conn)
		}
		return err
	}
	return run(ctx, conn, "COMMIT")
}

// query executes one statement with text parameters and returns its rows as text.
func query(ctx context.Context, conn *pgconn.PgConn, sql string, args ...any) ([][]projections.Value, error) {
	var rows [][]projections.Value
	err := each(conn.ExecParams(ctx, sql, params(args), nil, nil, nil), func(vs []projections.Value) error {
		rows = append(rows, vs)
		return nil
	})
	return rows, err
}

// each calls fn with every row of r.
func each(r *pgconn.ResultReader, fn func([]projections.Value) error) error {
	var failed error
	for r.NextRow() {
		if failed != nil {
			continue
		}
		raw := r.Values()
		vs := make([]projections.Value, len(raw))
		for i, b := range raw {
			vs[i] = projections.Value{Text: string(b), Null: b == nil}
		}
		failed = fn(vs)
	}
	if _, err := r.Close(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return failed
}

// params writes parameters as text; nil is null.
func params(args []any) [][]byte {
	out := make([][]byte, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case nil:
		case string:
			out[i] = []byte(a)
		case []byte:
			out[i] = a
		case projections.Value:
			if !a.Null {
				out[i] = []byte(a.Text)
			}
		case bool:
			out[i] = strconv.AppendBool(nil, a)
		default:
			out[i] = fmt.Append(nil, a) // an integer or a digest
		}
		if a != nil && out[i] == nil && !isNullValue(a) {
			out[i] = []byte{}
		}
	}
	return out
}

func isNullValue(a any) bool {
	v, ok := a.(projections.Value)
	return ok && v.Null
}

// mayPass reports whether err may be gone when it is tried again: the database or
// the log is away, or there was a clash. It is not where the log or the database is
// another one, or a statement is wrong.
func mayPass(err error) bool {
	for _, final := range []error{ErrStream, ErrDatabase, log.ErrIdentity, errDamaged} {
		if errors.Is(err, final) {
			return false
		}
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return true
	}
	switch pg.Code[:2] {
	case "08", "40", "53", "55", "57", "58": // connection, rollback, resources, lock, operator, system
		return true
	case "3D": // the database is gone; when it is there again everything is made anew
		return true
	}
	return isUndefined(err) // likewise the tables
}

// isUndefined reports whether err says that a relation or schema does not exist.
func isUndefined(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000")
}
