package projector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/projections"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// TestPausedLeaderLosesItsPlace: a leader that stands still within a transaction,
// with its connection alive, is replaced; when it wakes up it writes nothing.
func TestPausedLeaderLosesItsPlace(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 5)
	slow, arrived, leave := paused(4)
	first := cfg
	first.Projections, first.SilenceMax = []projections.Projection{slow}, 50*time.Millisecond
	sleeper := open(t, first)
	stop := start(t, sleeper)
	<-arrived // in the middle of its transaction

	second := open(t, cfg)
	start(t, second)
	if err := second.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	projectionstest.Append(t, l, pairings(t, 6, 3), 1)
	if err := second.WaitFor(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	close(leave)
	_ = stop()
	if diff := cmp.Diff(8, int(statusOf(t, second, "counts", 1).Position)); diff != "" {
		t.Error(diff)
	}
	verified(t, second)
}

// TestIdleLeaderSaysSomething: Postgres ends a silent session, and an idle leader is
// not silent.
func TestIdleLeaderSaysSomething(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	start(t, p)
	if err := p.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	do := admin(t, cfg.Postgres)
	said := fmt.Sprintf("SELECT max(query_start) FROM pg_stat_activity WHERE pid IN (%s)", leaderPID)
	for before := do(said)[0][0]; before == do(said)[0][0]; {
		if t.Context().Err() != nil {
			t.Fatal("the leader says nothing")
		}
	}
	do("SELECT 1" + projector.Mortal(1234*time.Millisecond))
	got := do("SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('idle_session_timeout')")
	if diff := cmp.Diff([][]string{{"1234ms", "1234ms"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStatusNamesViewsThatNobodyHasBuilt(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	all, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []projector.Status{{StatusKey: projector.StatusKey{Projection: "counts", Version: 1}, Head: 5, LagEvents: 5, LagSeconds: 4,
		Status: "building", Digest: projections.Digest{}.String()}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	catchUp(t, p)
	if st := statusOf(t, p, "counts", 1); st.Status != "live" || st.Position != 5 || st.EventsPerS == 0 {
		t.Errorf("%+v", st)
	}
}

// healthAt waits until the projector knows that it stands at a position, which it
// learns just after everybody else can see it.
func healthAt(t *testing.T, p *projector.Projector, position uint64) projector.Health {
	t.Helper()
	for t.Context().Err() == nil {
		if h := p.Health(t.Context()); h.Position == position {
			return h
		}
	}
	t.Fatalf("never at position %d", position)
	return projector.Health{}
}

// TestHealthIsThereWithoutPostgres: how far behind the views are is said also while
// the database is away, and once it is back everything goes on.
func TestHealthIsThereWithoutPostgres(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 5)
	cfg.RetryAfterMin = time.Millisecond
	p := open(t, cfg)
	start(t, p)
	if err := p.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if h := healthAt(t, p, 5); !h.Leading || h.Lag != 0 || h.Err != nil {
		t.Errorf("%+v", h)
	}
	do := admin(t, cfg.Postgres)
	name := do("SELECT current_database()")[0][0]
	other := adminOfOther(t)
	other(fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS false", name))
	other(fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name))
	projectionstest.Append(t, l, pairings(t, 6, 20), 4)
	var h projector.Health
	for h.Err == nil {
		if h = p.Health(t.Context()); t.Context().Err() != nil {
			t.Fatal("no error was ever noted")
		}
	}
	if h.Leading || h.Position != 5 || h.Head != 25 || h.Lag != 20 || h.LagSeconds != 20 || h.Since.IsZero() {
		t.Errorf("%+v", h)
	}
	other(fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true", name))
	if err := p.WaitFor(t.Context(), 25); err != nil {
		t.Fatal(err)
	}
	if h := healthAt(t, p, 25); !h.Leading || h.Err != nil || h.EventsPerSecond == 0 {
		t.Errorf("%+v", h)
	}
	verified(t, p)
}

// TestLostDatabaseIsMadeAnew: everything of ours vanishes from the database under a
// running projector; readers hear that the views are not built, and then they are,
// while it is told how far that is.
func TestLostDatabaseIsMadeAnew(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 40)
	cfg.RetryAfterMin, cfg.RebuildCommitsMin = time.Millisecond, 10
	told := make(chan projector.Progress, 1000)
	cfg.Progress = func(now projector.Progress) {
		select {
		case told <- now:
		default:
		}
	}
	p := open(t, cfg)
	start(t, p)
	if err := p.WaitFor(t.Context(), 40); err != nil {
		t.Fatal(err)
	}
	before := rowsOf(t, p, "counts")
	for len(told) > 0 {
		<-told
	}
	do := admin(t, cfg.Postgres)
	do(`DROP SCHEMA zhitong, zhitong_projector, zhitong_v1_counts CASCADE`)
	if err := p.WaitFor(t.Context(), 40); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	if err := p.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := <-told
	if now.To != 40 || len(now.Projections) != 1 || now.Projections[0] != "v1_counts" {
		t.Errorf("%+v", now)
	}
	for len(told) > 0 {
		now = <-told
	}
	if now.Share != 1000 {
		t.Errorf("the last that was told: %+v", now)
	}
	projectionstest.Append(t, l, pairings(t, 41, 3), 1)
	if err := p.WaitFor(t.Context(), 43); err != nil {
		t.Fatal(err)
	}
	verified(t, p)
}
