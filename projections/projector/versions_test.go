package projector_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/events"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// doubled is what version 2 of the counting view makes of five pairings.
var doubled = []string{
	`{"division":"A","times":2,"last":3,"all":{"times":2}}`,
	`{"division":"B","times":4,"last":4,"all":{"times":4}}`,
	`{"division":"C","times":4,"last":5,"all":{"times":4}}`,
}

func TestNewVersionBuildsBesideTheOldUntilSwitched(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 4)
	catchUp(t, open(t, cfg))
	projectionstest.Append(t, l, pairings(t, 5, 1), 1)
	cfg.Projections = append(cfg.Projections, counting("counts", 2, fine))
	p := open(t, cfg)
	catchUp(t, p)
	for _, step := range []struct {
		to   int
		want []string
	}{{0, five}, {2, doubled}, {1, five}, {2, doubled}} {
		if step.to != 0 {
			if err := p.Switch(t.Context(), "counts", step.to); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(step.want, rowsOf(t, p, "counts")); diff != "" {
			t.Errorf("after switching to %d: %s", step.to, diff)
		}
	}
	verified(t, p)
	var unknown *projections.UnknownError
	if err := p.Switch(t.Context(), "counts", 3); !errors.As(err, &unknown) {
		t.Errorf("switch to an unknown version: %v", err)
	}

	t.Run("AProgramWithoutTheOldOneServesTheNewOne", func(t *testing.T) {
		if err := p.Switch(t.Context(), "counts", 1); err != nil {
			t.Fatal(err)
		}
		cfg.Projections = []projections.Projection{counting("counts", 2, fine)}
		newer := open(t, cfg)
		projectionstest.Append(t, l, pairings(t, 6, 1), 1)
		catchUp(t, newer)
		if st := statusOf(t, newer, "counts", 2); !st.Serving || st.Position != 6 {
			t.Errorf("%+v", st)
		}
		if st := statusOf(t, newer, "counts", 1); st.Serving || st.Position != 5 || st.Status != "building" {
			t.Errorf("%+v", st)
		}
		verified(t, newer)
	})
	t.Run("AProgramThatKnowsItAgainBringsItUp", func(t *testing.T) {
		again := open(t, projector.Config{Postgres: cfg.Postgres, Log: l,
			Projections: []projections.Projection{counting("counts", 1, fine), counting("counts", 2, fine)}})
		if err := again.Resume(t.Context(), "counts"); err != nil { // so that a plan is made
			t.Fatal(err)
		}
		catchUp(t, again)
		if st := statusOf(t, again, "counts", 1); st.Status != "live" || st.Position != 6 {
			t.Errorf("%+v", st)
		}
		verified(t, again)
	})
}

func TestChangedDeclarationNeedsANewVersionOrARebuild(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	catchUp(t, open(t, cfg))
	type Fewer struct {
		CountKey
		Times int `col:"times" doc:"how often"`
	}
	fewer := projections.View[CountKey, Fewer]("counts", "How often.")
	cfg.Projections = []projections.Projection{{
		Name: "counts", Version: 1, Tables: []projections.AnyTable{fewer},
		Fold: func(db *projections.DB, e *events.Event) error {
			fewer.At(db, CountKey{"all"}).Times++
			return nil
		},
	}}
	p := open(t, cfg)
	stop := start(t, p)
	if err := p.WaitFor(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if err := p.Resume(t.Context(), "counts"); err != nil { // a plan is made, whoever has already led
		t.Fatal(err)
	}
	if err := p.Rebuild(t.Context(), "counts"); err != nil {
		t.Fatal(err)
	}
	_ = stop()
	if diff := cmp.Diff([]string{`{"division":"all","times":5}`}, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	verified(t, p)
}

func TestRebuildWhileAnotherFollows(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 5)
	cfg.Projections = append(cfg.Projections, counting("others", 1, fine))
	running, p := open(t, cfg), open(t, cfg)
	start(t, running)
	for at := 6; at < 40; at += 3 {
		projectionstest.Append(t, l, pairings(t, at, 3), 1)
		views := []string{"counts"}
		if at%2 == 0 {
			views = nil
		}
		if err := p.Rebuild(t.Context(), views...); err != nil {
			t.Fatal(err)
		}
		if err := p.WaitFor(t.Context(), uint64(at+2)); err != nil {
			t.Fatal(err)
		}
		verified(t, p)
	}
}

func TestRebuildThatFailsKeepsTheOldTables(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	cfg.Projections = append(cfg.Projections, counting("others", 1, fine))
	catchUp(t, open(t, cfg))
	cfg.Projections[0] = counting("counts", 1, func(e *events.Event) error {
		if e.Position == 2 {
			return errors.New("changed my mind")
		}
		return nil
	})
	p := open(t, cfg)
	err := p.Rebuild(t.Context(), "counts")
	var failed *projections.FoldError
	if !errors.As(err, &failed) || failed.Position != 2 {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	if st := statusOf(t, p, "counts", 1); st.Status != "live" {
		t.Errorf("%+v", st)
	}
}

func TestNewViewIsBuiltInMemoryWhenItIsFarBehind(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 30)
	cfg.RebuildCommitsMin = 10
	catchUp(t, open(t, cfg))
	projectionstest.Append(t, l, pairings(t, 31, 30), 7)
	cfg.Projections = append(cfg.Projections,
		counting("added", 1, fine),
		counting("broken", 1, func(e *events.Event) error {
			if e.Position == 20 {
				return errors.New("no")
			}
			return nil
		}))
	p := open(t, cfg)
	start(t, p)
	projectionstest.Append(t, l, pairings(t, 61, 30), 7)
	if err := p.WaitFor(t.Context(), 90); err != nil {
		t.Fatal(err)
	}
	if st := statusOf(t, p, "added", 1); st.Status != "live" || st.Position != 90 {
		t.Errorf("%+v", st)
	}
	if st := statusOf(t, p, "broken", 1); st.Status != "stopped" || st.Position != 0 || *st.ErrorPosition != 20 {
		t.Errorf("%+v", st)
	}
	if diff := cmp.Diff(rowsOf(t, p, "counts"), rowsOf(t, p, "added")); diff != "" {
		t.Error(diff)
	}
}

// TestLiveInAnyCutsEqualsRebuild: the demo's trade, followed in random batches by
// projectors that forget everything in between, gives the rows and digests that a
// fold of the whole gives, and that a rebuild gives.
func TestLiveInAnyCutsEqualsRebuild(t *testing.T) {
	t.Parallel()
	lines := projectionstest.Demo(t, "0.0005")
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 369))
			l := projectionstest.NewLog(t, nil, 1)
			cfg := projector.Config{Postgres: embeddedtest.Postgres(t), Log: l, Projections: catalogue.All(), RebuildCommitsMin: 1 << 30}
			for rest := lines; len(rest) > 0; {
				n := min(1+random.IntN(len(lines)/4+1), len(rest))
				projectionstest.Append(t, l, rest[:n], 1+random.IntN(20))
				rest = rest[n:]
				cfg.WholeRowsMax, cfg.CacheRowsMax = []int{1, 10_000}[random.IntN(2)], []int{4, 50_000}[random.IntN(2)]
				p, err := projector.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				catchUp(t, p)
				p.Close()
			}
			p := open(t, cfg)
			verified(t, p)
			before := digests(t, p)
			if err := p.Rebuild(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, digests(t, p)); diff != "" {
				t.Errorf("digests after a rebuild: %s", diff)
			}
			verified(t, p)
		})
	}
}

func digests(t *testing.T, p *projector.Projector) map[string]string {
	t.Helper()
	all, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, s := range all {
		m[s.Projection] = s.Digest
	}
	return m
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"AChangedValue": {`UPDATE zhitong_v1_counts.counts SET times = 9 WHERE division = 'B'`,
			`row {"division":"B"}: column times: the log makes 2, the table has 9`},
		"AMissingRow": {`DELETE FROM zhitong_v1_counts.counts WHERE division = 'A'`,
			`row {"division":"A"}: the log makes {"division":"A","times":1,"last":3,"all":{"times":1}}, the table has no such row`},
		"ARowTooMuch": {`INSERT INTO zhitong_v1_counts.counts VALUES ('Z', 1, NULL, '{}')`,
			`row {"division":"Z"}: the log makes no such row, the table has {"division":"Z","times":1,"last":null,"all":{}}`},
		"AChangedDigest": {`UPDATE zhitong_projector.relation SET digest = repeat('0', 64)`, `digest in the checkpoint`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := setup(t, 5)
			p := open(t, cfg)
			catchUp(t, p)
			admin(t, cfg.Postgres)(c.sql)
			all, err := p.Verify(t.Context(), "counts")
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != 1 || all[0].Different == nil || !strings.Contains(all[0].Different.String(), c.want) {
				t.Errorf("got %v, want %s", all[0].Different, c.want)
			}
			if err := p.Rebuild(t.Context(), "counts"); err != nil {
				t.Fatal(err)
			}
			verified(t, p)
		})
	}
}
