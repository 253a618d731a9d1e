package projector_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

func linesOf(rows *projections.Rows) []string {
	var lines []string
	for i := range rows.Values {
		lines = append(lines, string(rows.AppendLine(nil, i)))
	}
	return lines
}

// pages asks page after page.
func pages(t *testing.T, p *projector.Projector, q projections.Question) []string {
	t.Helper()
	var all []string
	for {
		rows, err := p.Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.Values) > q.Limit {
			t.Fatalf("%d rows on a page of %d", len(rows.Values), q.Limit)
		}
		all = append(all, linesOf(rows)...)
		if q.Cursor = rows.Next; q.Cursor == "" {
			return all
		}
	}
}

// TestPagesAreTheWholeInOrder: for every view of the demo, in pages of any size,
// now and as of a moment.
func TestPagesAreTheWholeInOrder(t *testing.T) {
	t.Parallel()
	lines := projectionstest.Demo(t, "0.0001")[:1200]
	_, cfg := setup(t, 0)
	cfg.Projections, cfg.Log = catalogue.All(), projectionstest.NewLog(t, lines, 16)
	p := open(t, cfg)
	catchUp(t, p)
	for _, v := range p.Views() {
		if v.Name == "projection_status" {
			continue
		}
		for _, asOf := range []projections.Until{{}, {Position: uint64(len(lines) / 2)}} {
			whole, err := p.Ask(t.Context(), projections.Question{View: v.Name, AsOf: asOf})
			if err != nil {
				t.Fatal(err)
			}
			limits := []int{1, 3, len(whole.Values), len(whole.Values) + 1}
			if asOf.Position > 0 { // each page is a fold
				limits = []int{len(whole.Values)/3 + 1}
			}
			for _, limit := range limits {
				if limit == 0 || len(whole.Values)/limit > 40 {
					continue
				}
				got := pages(t, p, projections.Question{View: v.Name, AsOf: asOf, Limit: limit})
				if diff := cmp.Diff(linesOf(whole), got); diff != "" {
					t.Errorf("%s as of %+v in pages of %d (-whole +pages): %s", v.Name, asOf, limit, diff)
				}
			}
			// One row by its key, as both see it.
			if len(whole.Values) == 0 || v.KeyLen == 0 {
				continue
			}
			row := whole.Values[len(whole.Values)/2]
			q := projections.Question{View: v.Name, AsOf: asOf}
			for i := range v.KeyLen {
				q.Where = append(q.Where, projections.Cond{Column: v.Columns[i].Name, Value: row[i].Text})
			}
			one, err := p.Ask(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{string(v.AppendLine(nil, row))}, linesOf(one)); diff != "" || one.Position != whole.Position {
				t.Errorf("%s by key at position %d: %s", v.Name, one.Position, diff)
			}
		}
	}
}

func TestQuestionThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	catchUp(t, p)
	first, err := p.Ask(t.Context(), projections.Question{View: "counts", Limit: 2})
	if err != nil || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	for name, c := range map[string]struct {
		q                  projections.Question
		code, field, value string
	}{
		"UnknownView":   {projections.Question{View: "sales"}, "view.unknown", "view", "sales"},
		"UnknownColumn": {projections.Question{View: "counts", Where: []projections.Cond{{Column: "weight"}}}, "view.unknown_column", "where", "weight"},
		"NotANumber":    {projections.Question{View: "counts", Where: []projections.Cond{{Column: "times", Value: "two"}}}, "view.bad_value", "where.times", "two"},
		"TooLargeANumber": {projections.Question{View: "counts", Where: []projections.Cond{{Column: "last", Value: "18446744073709551615"}}},
			"view.bad_value", "where.last", "18446744073709551615"},
		"TextThatNoDatabaseHolds": {projections.Question{View: "counts", Where: []projections.Cond{{Column: "division", Value: "A\x00"}}},
			"view.bad_value", "where.division", "A\x00"},
		"NegativeLimit":     {projections.Question{View: "counts", Limit: -1}, "view.bad_limit", "limit", "-1"},
		"NoCursor":          {projections.Question{View: "counts", Cursor: "%"}, "view.bad_cursor", "cursor", "%"},
		"ForeignCursor":     {projections.Question{View: "counts", Cursor: "e30"}, "view.bad_cursor", "cursor", "e30"},
		"OtherConditions":   {projections.Question{View: "counts", Cursor: first.Next, Where: []projections.Cond{{Column: "times", Value: "2"}}}, "view.bad_cursor", "cursor", first.Next},
		"OtherMoment":       {projections.Question{View: "counts", Cursor: first.Next, AsOf: projections.Until{Position: 3}}, "view.bad_cursor", "cursor", first.Next},
		"StatusHasNoPast":   {projections.Question{View: "projection_status", AsOf: projections.Until{Position: 3}}, "view.no_past", "view", "projection_status"},
		"StatusCursorIsOne": {projections.Question{View: "projection_status", Cursor: first.Next}, "view.bad_cursor", "cursor", first.Next},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Ask(t.Context(), c.q)
			problem := domain.AsProblem(err)
			if problem == nil || problem.Code != c.code || problem.Field != c.field || problem.Value != c.value || problem.Detail == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestQuestionWaitsForAPosition(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 2)
	p := open(t, cfg)
	start(t, p)
	answered := make(chan *projections.Rows, 1)
	go func() {
		rows, err := p.Ask(t.Context(), projections.Question{View: "counts", WaitFor: 5})
		if err != nil {
			t.Error(err)
		}
		answered <- rows
	}()
	projectionstest.Append(t, l, pairings(t, 3, 3), 1)
	rows := <-answered
	if diff := cmp.Diff(five, linesOf(rows)); diff != "" || rows.Position < 5 {
		t.Errorf("at position %d: %s", rows.Position, diff)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.Ask(ctx, projections.Question{View: "counts", WaitFor: 99})
	problem := domain.AsProblem(err)
	if problem == nil || problem.Code != "view.behind" || problem.Class != domain.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestQuestionBeforeAnythingWasBuilt(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 2)
	_, err := open(t, cfg).Ask(t.Context(), projections.Question{View: "counts"})
	if problem := domain.AsProblem(err); problem == nil || problem.Code != "view.not_built" || strings.Contains(err.Error(), "SELECT") {
		t.Errorf("got %v", err)
	}
}

// TestQuestionsWhileVersionsAreSwitched: every answer is wholly of one version,
// also where the prepared statement is of the other, and its position never goes
// back.
func TestQuestionsWhileVersionsAreSwitched(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	type Fewer struct {
		CountKey
		Sum int `col:"sum" doc:"how often"`
	}
	fewer := projections.View[CountKey, Fewer]("counts", "How often.")
	cfg.Projections = append(cfg.Projections, projections.Projection{
		Name: "counts", Version: 2, Tables: []projections.AnyTable{fewer},
		Fold: func(db *projections.DB, _ *events.Event) error {
			fewer.At(db, CountKey{"all"}).Sum++
			return nil
		},
	})
	p, operator := open(t, cfg), open(t, cfg)
	catchUp(t, p)
	want := map[string]bool{fmt.Sprint(five): true, fmt.Sprint([]string{`{"division":"all","sum":5}`}): true}
	seen := map[string]bool{}
	for i := range 12 {
		if err := operator.Switch(t.Context(), "counts", 1+i%2); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if err := operator.Rebuild(t.Context(), "counts"); err != nil {
				t.Fatal(err)
			}
		}
		got := fmt.Sprint(rowsOf(t, p, "counts"))
		if !want[got] {
			t.Fatalf("after switch %d: %s", i, got)
		}
		seen[got] = true
	}
	if len(seen) != 2 {
		t.Errorf("only one version was ever seen: %v", seen)
	}
}

// BenchmarkAskByKey asks for one row by its key, from several goroutines.
func BenchmarkAskByKey(b *testing.B) {
	_, cfg := setup(b, 5)
	p := open(b, cfg)
	catchUp(b, p)
	q := projections.Question{View: "counts", Where: []projections.Cond{{Column: "division", Value: "B"}}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if rows, err := p.Ask(b.Context(), q); err != nil || len(rows.Values) != 1 {
				b.Fatal(err)
			}
		}
	})
}
