package projector_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/events"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/projections"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// paused declares a counting view whose fold waits at a position: it says so on
// arrived and goes on when leave is closed.
func paused(at uint64) (p projections.Projection, arrived, leave chan struct{}) {
	arrived, leave = make(chan struct{}), make(chan struct{})
	return counting("counts", 1, func(e *events.Event) error {
		select {
		case <-leave:
		default:
			if e.Position == at {
				close(arrived)
				<-leave
			}
		}
		return nil
	}), arrived, leave
}

const leaderPID = `
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 369002 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

func TestPausedLeaderThatLostItsPlaceWritesNothing(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 5)
	do := admin(t, cfg.Postgres)
	slow, arrived, leave := paused(4)
	first := cfg
	first.Projections = []projections.Projection{slow}
	stop := start(t, open(t, first))
	<-arrived // in the middle of its transaction

	do(fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM (%s) AS leader", leaderPID))
	second := open(t, cfg)
	start(t, second)
	if err := second.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	close(leave) // the first one wakes up and goes on writing
	projectionstest.Append(t, l, pairings(t, 6, 3), 1)
	if err := second.WaitFor(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	verified(t, second)
	if got := do(leaderPID); len(got) != 1 {
		t.Errorf("%d leaders", len(got))
	}
	_ = stop()
	verified(t, second)
}

func TestWriteOfAnOlderTermIsRefused(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	do := admin(t, cfg.Postgres)
	slow, arrived, leave := paused(2)
	cfg.Projections = []projections.Projection{slow}
	p := open(t, cfg)
	start(t, p)
	<-arrived
	// As if another had taken over while this one kept its connection: its
	// transaction holds the checkpoint, so the new term waits for it.
	taken := make(chan [][]string)
	go func() { taken <- do("UPDATE zhitong_projector.checkpoint SET term = term + 1 RETURNING position") }()
	close(leave)
	<-taken
	if err := p.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	verified(t, p)
}

func TestOnlyOneOfManyLeads(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 0)
	do := admin(t, cfg.Postgres)
	var stops []func() error
	var ps []*projector.Projector
	for range 3 {
		p := open(t, cfg)
		ps, stops = append(ps, p), append(stops, start(t, p))
	}
	for i := range ps {
		projectionstest.Append(t, l, pairings(t, 1+4*i, 4), 1)
		if err := ps[2].WaitFor(t.Context(), uint64(4+4*i)); err != nil {
			t.Fatal(err)
		}
		if got := do(leaderPID); len(got) != 1 {
			t.Errorf("%d leaders", len(got))
		}
		if i < 2 { // whoever leads goes, at some time; the next takes over
			_ = stops[i]()
		}
	}
	verified(t, ps[2])
}

func TestLossOfThePostgresConnectionLosesNothing(t *testing.T) {
	t.Parallel()
	dsn := embeddedtest.Postgres(t)
	do := admin(t, dsn)
	var hits int
	cut := func(e *events.Event) error {
		if e.Position%7 == 3 && hits < 6 { // six times in the middle of a transaction
			hits++
			do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()")
		}
		return nil
	}
	l := projectionstest.NewLog(t, pairings(t, 1, 60), 3)
	p := open(t, projector.Config{Postgres: dsn, Log: l, Projections: []projections.Projection{counting("counts", 1, cut)}, RetryAfterMin: 1})
	start(t, p)
	if err := p.WaitFor(t.Context(), 60); err != nil {
		t.Fatal(err)
	}
	if hits != 6 {
		t.Errorf("cut %d times", hits)
	}
	verified(t, p)
}

func TestPostgresThatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	do := admin(t, cfg.Postgres)
	name := do("SELECT current_database()")[0][0]
	other := admin(t, embeddedtest.Postgres(t))
	do("SELECT pg_advisory_lock(369001)") // so that nobody gets further than connecting
	cfg.RetryAfterMin = 1
	p := open(t, cfg)
	start(t, p)
	other(fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS false", name))
	other(fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name))
	if err := p.Resume(t.Context(), "counts"); err == nil {
		t.Error("resumed without a database")
	}
	other(fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true", name))
	if err := p.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	verified(t, p)
}

func TestReaderSurvivesARestartOfPostgres(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	catchUp(t, p)
	do := admin(t, cfg.Postgres)
	for range 3 {
		do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()")
		if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
			t.Error(diff)
		}
	}
}
