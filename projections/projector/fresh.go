package projector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"zhitong/projections"
)

// writeFresh makes the tables of every projection that was folded in its building
// schema and fills them. It returns, for each, what is in its tables; nil where the
// fold failed.
func (p *Projector) writeFresh(ctx context.Context, conn *pgconn.PgConn, set []*projections.Projection, f *projections.Folded, told *progress) ([]map[string]relation, error) {
	told.writing(countRows(set, f))
	results := make([][]relation, len(set))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, q := range set {
		if f.DBs[i] == nil {
			continue
		}
		schema := building(q)
		if err := run(ctx, conn, createBuilding(schema)); err != nil {
			return nil, errors.Join(err, g.Wait())
		}
		results[i] = make([]relation, len(q.Tables))
		for k, t := range q.Tables {
			g.Go(func() (err error) {
				results[i][k], err = p.copyTable(gctx, schema, t.Schema(), f.DBs[i], told)
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	fresh := make([]map[string]relation, len(set))
	for i, q := range set {
		if results[i] == nil {
			continue
		}
		fresh[i] = map[string]relation{}
		for k, t := range q.Tables {
			fresh[i][t.Schema().Name] = results[i][k]
		}
	}
	return fresh, nil
}

// countRows is the number of all rows.
func countRows(set []*projections.Projection, f *projections.Folded) int64 {
	n := int64(0)
	for i, q := range set {
		for _, t := range q.Tables {
			if f.DBs[i] != nil {
				n += int64(f.DBs[i].Len(t.Schema()))
			}
		}
	}
	return n
}

// createBuilding is the statements that make an empty schema to build in.
func createBuilding(schema string) string {
	return fmt.Sprintf("DROP SCHEMA IF EXISTS %[1]s CASCADE;\nCREATE SCHEMA %[1]s;\n", ident(schema))
}

// copyTable makes the table and writes the rows that db holds of it, its key and
// its comments, all in one transaction: where the server's wal_level is minimal
// the rows then need no log of their own, they are synced with the commit.
// Statistics are left to autovacuum.
func (p *Projector) copyTable(ctx context.Context, schema string, s *projections.Schema, db *projections.DB, told *progress) (relation, error) {
	conn, err := p.conns.open(ctx)
	if err != nil {
		return relation{}, err
	}
	defer shut(conn)
	began := time.Now()
	if err := run(ctx, conn, "BEGIN;\n"+createTable(schema, s)); err != nil {
		return relation{}, err
	}
	var r relation
	in, out := io.Pipe()
	go func() { out.CloseWithError(copyRows(out, s, db, &r, told.wrote)) }()
	_, err = conn.CopyFrom(ctx, in, fmt.Sprintf("COPY %s (%s) FROM STDIN", qualified(schema, s.Name), columnList(s.Columns, "")))
	in.CloseWithError(err)
	if err != nil {
		return relation{}, fmt.Errorf("table %s: %w", s.Name, err)
	}
	err = run(ctx, conn, addKey(schema, s)+comments("TABLE", schema, s)+"COMMIT")
	if err == nil && p.cfg.Written != nil {
		p.cfg.Written(s.Name, r.rows, time.Since(began))
	}
	return r, err
}

// copyBufferBytes is how much of a table is sent at a time.
const copyBufferBytes = 64 << 10

// tellRowsEvery is after how many rows it is told that they are written.
const tellRowsEvery = 4096

// copyRows writes the rows in the text form of COPY and reckons their digest.
func copyRows(to io.Writer, s *projections.Schema, db *projections.DB, r *relation, wrote func(rows int64)) error {
	w := bufio.NewWriterSize(to, copyBufferBytes)
	var line, row []byte
	err := db.Rows(s, func(vs []projections.Value) error {
		line = s.AppendLine(line[:0], vs)
		r.digest = r.digest.Add(projections.DigestLine(line))
		if r.rows++; r.rows%tellRowsEvery == 0 {
			wrote(tellRowsEvery)
		}
		row = appendCopy(row[:0], vs)
		_, err := w.Write(row)
		return err
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

// appendCopy appends a row in the text form of COPY.
func appendCopy(b []byte, vs []projections.Value) []byte {
	for i, v := range vs {
		if i > 0 {
			b = append(b, '\t')
		}
		if v.Null {
			b = append(b, '\\', 'N')
			continue
		}
		for j := range len(v.Text) {
			switch c := v.Text[j]; c {
			case '\\':
				b = append(b, '\\', '\\')
			case '\t':
				b = append(b, '\\', 't')
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			default:
				b = append(b, c)
			}
		}
	}
	return append(b, '\n')
}
