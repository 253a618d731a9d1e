package projector_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/projections"
	"zhitong/projections/catalogue"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	catchUp(t, p)
	folded, err := p.AsOf(t.Context(), projections.Until{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		where []projections.Cond
		limit int
		want  []string
	}{
		"All":               {nil, 0, five},
		"Limit":             {nil, 2, five[:2]},
		"ByText":            {[]projections.Cond{{Column: "division", Value: "B"}}, 0, five[1:2]},
		"ByInteger":         {[]projections.Cond{{Column: "times", Value: "2"}}, 0, five[1:]},
		"AllConditionsHold": {[]projections.Cond{{Column: "times", Value: "2"}, {Column: "last", Value: "5"}}, 0, five[2:]},
		"Null":              {[]projections.Cond{{Column: "last", Value: ""}}, 0, nil},
		"Quotes":            {[]projections.Cond{{Column: "division", Value: `' OR true --"\`}}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored, err := p.Query(t.Context(), "counts", c.where, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			memory, err := folded.Select("counts", c.where, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			for from, rows := range map[string]*projections.Rows{"Postgres": stored, "memory": memory} {
				var got []string
				for i := range rows.Values {
					got = append(got, string(rows.AppendLine(nil, i)))
				}
				if diff := cmp.Diff(c.want, got); diff != "" || rows.Position != 5 {
					t.Errorf("from %s at position %d: %s", from, rows.Position, diff)
				}
			}
		})
	}
	for name, c := range map[string]struct {
		view  string
		where projections.Cond
		want  string
	}{
		"UnknownViewSaysWhichThereAre":   {"sales", projections.Cond{}, "there are: counts, projection_status"},
		"UnknownColumnSaysWhichThereAre": {"counts", projections.Cond{Column: "x"}, "there are: division, times, last, all"},
		"NotANumber":                     {"counts", projections.Cond{Column: "times", Value: "two"}, "column times"},
		"JSONIsNotCompared":              {"counts", projections.Cond{Column: "all", Value: "{}"}, "column all holds JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Query(t.Context(), c.view, []projections.Cond{c.where}, 0)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	t.Run("StatusIsAView", func(t *testing.T) {
		t.Parallel()
		rows, err := p.Query(t.Context(), "projection_status", []projections.Cond{{Column: "projection", Value: "counts"}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		digest := statusOf(t, p, "counts", 1).Digest
		want := `{"projection":"counts","version":1,"position":5,"head":5,"lag_events":0,"lag_seconds":0,"status":"live","error":null,"digest":"` +
			digest + `","serving":true,"error_event":null,"error_position":null}`
		if got := string(rows.AppendLine(nil, 0)); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

func TestQueryBeforeAnythingWasBuilt(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 0)
	p := open(t, cfg)
	catchUp(t, p) // makes the tables
	cfg.Projections = append(cfg.Projections, counting("later", 1, fine))
	if _, err := open(t, cfg).Query(t.Context(), "later", nil, 0); err == nil || !strings.Contains(err.Error(), "not been built yet") {
		t.Errorf("got %v", err)
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	at := time.Date(2021, 1, 1, 0, 0, 3, 0, time.UTC) // position 3 was recorded then
	for name, c := range map[string]struct {
		until projections.Until
		want  uint64
	}{
		"Head":                {projections.Until{}, 5},
		"Position":            {projections.Until{Position: 2}, 2},
		"Nothing":             {projections.Until{Nothing: true}, 0},
		"RecordedAtThatTime":  {projections.Until{Recorded: at}, 3},
		"RecordedJustBefore":  {projections.Until{Recorded: at.Add(-time.Nanosecond)}, 2},
		"RecordedBeforeAll":   {projections.Until{Recorded: at.Add(-time.Hour)}, 0},
		"WhicheverComesFirst": {projections.Until{Position: 1, Recorded: at}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := p.AsOf(t.Context(), c.until, "counts")
			if err != nil {
				t.Fatal(err)
			}
			if f.Position != c.want {
				t.Errorf("position %d, want %d", f.Position, c.want)
			}
		})
	}
	var unknown *projections.UnknownError
	if _, err := p.AsOf(t.Context(), projections.Until{}, "nothing"); !errors.As(err, &unknown) {
		t.Errorf("unknown view: %v", err)
	}
}

func TestReadersSeeThePublicViewsAlone(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 0)
	cfg.Projections = catalogue.All()
	p := open(t, cfg)
	catchUp(t, p)
	do := admin(t, cfg.Postgres)
	for _, v := range p.Views() {
		do("SET ROLE zhitong_read; SELECT * FROM zhitong." + v.Name)
		do("RESET ROLE")
	}
	got := do(`
SELECT string_agg(t, ', ') FROM (
	SELECT schemaname || '.' || tablename AS t FROM pg_tables WHERE schemaname LIKE 'zhitong%'
	   AND has_schema_privilege('zhitong_read', schemaname, 'USAGE')) x`)
	if got[0][0] != "" {
		t.Errorf("readers may look into %s", got[0][0])
	}
	undescribed := do(`
SELECT c.relname || '.' || a.attname FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE n.nspname = 'zhitong' AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)`)
	if len(undescribed) > 0 {
		t.Errorf("columns without a comment: %v", undescribed)
	}
	after := do(`SELECT relname FROM pg_class WHERE relnamespace = 'zhitong'::regnamespace ORDER BY relname COLLATE "C"`)
	var names []string
	for _, r := range after {
		names = append(names, r[0])
	}
	var want []string
	for _, v := range p.Views() {
		want = append(want, v.Name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("schema zhitong (-views +relations): %s", diff)
	}
}

func TestAMigrationThatWasAppliedFromAnotherTextIsRefused(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 1)
	catchUp(t, open(t, cfg))
	do := admin(t, cfg.Postgres)
	do("UPDATE zhitong_projector.migration SET checksum = 'x'")
	p := open(t, cfg)
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "0001_runtime.sql was applied from another text") {
		t.Errorf("got %v", err)
	}
	do("DELETE FROM zhitong_projector.migration; INSERT INTO zhitong_projector.migration SELECT n, 'x', 'x' FROM generate_series(1, 99) n")
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("got %v", err)
	}
}
