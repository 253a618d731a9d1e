package projector_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/domain"
	"zhitong/domain/pairing"
	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/projections"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// open makes a projector that is closed with the test.
func open(t testing.TB, cfg projector.Config) *projector.Projector {
	t.Helper()
	p, err := projector.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// pairings returns commits from position first on, each of one event that pairs a
// division; the divisions are A, B, C, A, B, C, …
func pairings(t testing.TB, first, n int) [][]byte {
	t.Helper()
	var lines [][]byte
	for at := first; at < first+n; at++ {
		f := pairing.Set{Division: string(rune('A' + at%3)), PartnerDivision: "P", From: domain.NewDay(2021, 1, 1)}
		c := events.Commit{Position: uint64(at), Events: []events.Event{{
			ID: fmt.Sprintf("e%d-1", at), Subject: f.Subject(), Fact: f,
			Time:     domain.TimeOf(time.Date(2021, 1, 1, 0, 0, at, 0, time.UTC)),
			Recorded: time.Date(2021, 1, 1, 0, 0, at, 0, time.UTC),
			Actor:    "U", Role: domain.Officer, Via: events.ViaCLI,
			CommandID: fmt.Sprint("c", at), CommandHash: strings.Repeat("0", 64), Position: uint64(at), Index: 1, Of: 1,
		}}}
		lines = append(lines, projectionstest.Encode(t, c))
	}
	return lines
}

// CountKey names a division.
type CountKey struct {
	Division string `col:"division" doc:"the division"`
}

// Count is how often a division was paired.
type Count struct {
	CountKey
	Times int            `col:"times" doc:"how often"`
	Last  *uint64        `col:"last" doc:"position of the last"`
	All   map[string]int `col:"all" doc:"positions, to have a column of JSON"`
}

// counting declares a projection that counts pairings in a view; hook is called
// before each event and may fail it.
func counting(name string, version int, hook func(*events.Event) error) projections.Projection {
	counts := projections.View[CountKey, Count](name, "How often each division was paired.")
	return projections.Projection{
		Name: name, Version: version, Tables: []projections.AnyTable{counts},
		Fold: func(db *projections.DB, e *events.Event) error {
			if err := hook(e); err != nil {
				return err
			}
			f := e.Fact.(pairing.Set)
			c := counts.At(db, CountKey{f.Division})
			c.Times += version
			c.Last = &e.Position
			c.All = map[string]int{"times": c.Times}
			return nil
		},
	}
}

func fine(*events.Event) error { return nil }

// rowsOf returns the lines of a view.
func rowsOf(t testing.TB, p *projector.Projector, view string) []string {
	t.Helper()
	rows, err := p.Query(t.Context(), view, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := range rows.Values {
		lines = append(lines, string(rows.AppendLine(nil, i)))
	}
	return lines
}

// statusOf returns how a view stands; where versions is given, that version.
func statusOf(t testing.TB, p *projector.Projector, view string, version int) projector.Status {
	t.Helper()
	all, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Projection == view && s.Version == version {
			return s
		}
	}
	t.Fatalf("no status of %s version %d in %+v", view, version, all)
	return projector.Status{}
}

func catchUp(t testing.TB, p *projector.Projector) {
	t.Helper()
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatalf("catch up: %v", err)
	}
}

// verified fails the test unless every table equals the log.
func verified(t testing.TB, p *projector.Projector) {
	t.Helper()
	all, err := p.Verify(t.Context())
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, v := range all {
		if v.Different != nil {
			t.Errorf("%s: %v", v.Table, v.Different)
		}
	}
}

// start runs a projector until the test ends or stop is called; stop returns why it
// ended.
func start(t testing.TB, p *projector.Projector) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	var stopped atomic.Bool
	stop = func() error {
		if !stopped.CompareAndSwap(false, true) {
			return nil
		}
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// admin is a connection for what only an operator or a fault does.
func admin(t testing.TB, dsn string) func(sql string) [][]string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return func(sql string) [][]string {
		t.Helper()
		results, err := conn.Exec(context.WithoutCancel(t.Context()), sql).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var rows [][]string
		for _, r := range results[len(results)-1].Rows {
			var row []string
			for _, b := range r {
				row = append(row, string(b))
			}
			rows = append(rows, row)
		}
		return rows
	}
}

// adminOfOther is admin of another database of the same server.
func adminOfOther(t testing.TB) func(sql string) [][]string {
	t.Helper()
	return admin(t, embeddedtest.Postgres(t))
}

// twice is a log that delivers every block twice.
type twice struct{ log.Log }

func (l twice) Follow(ctx context.Context, from uint64, fn func(log.Block) error) error {
	return l.Log.Follow(ctx, from, func(b log.Block) error {
		if err := fn(b); err != nil {
			return err
		}
		return fn(b)
	})
}

// setup makes a log of n pairings and a projector of one counting view over it.
func setup(t testing.TB, n int) (*log.Memory, projector.Config) {
	t.Helper()
	l := projectionstest.NewLog(t, pairings(t, 1, n), 2)
	return l, projector.Config{
		Postgres: embeddedtest.Postgres(t), Log: l,
		Projections: []projections.Projection{counting("counts", 1, fine)},
	}
}
