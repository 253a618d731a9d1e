package projectionstest

import (
	"fmt"
	"testing"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/projections"
)

// Day is facts that happened at noon of a Shanghai day, each in a commit of its own.
type Day struct {
	Date  string // YYYY-MM-DD
	Facts []domain.Fact
}

// On is the facts of a day.
func On(date string, facts ...domain.Fact) Day { return Day{date, facts} }

// Given folds the facts and returns the rows of a view as lines of JSON.
func Given(t testing.TB, p projections.Projection, view string, days ...Day) []string {
	t.Helper()
	db := projections.NewMemory(&p)
	position := uint64(0)
	for _, d := range days {
		at, err := domain.ParseTime(d.Date + "T12:00:00+08:00")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Facts {
			position++
			c := events.Commit{Position: position, Events: []events.Event{{
				ID: fmt.Sprintf("e%d-1", position), Subject: f.Subject(), Time: at, Fact: f, Position: position, Index: 1, Of: 1,
			}}}
			if err := p.Apply(db, &c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range p.Views() {
		if s.Name != view {
			continue
		}
		rows, err := db.Select(s, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		lines := []string{}
		for i := range rows.Values {
			lines = append(lines, string(rows.AppendLine(nil, i)))
		}
		return lines
	}
	t.Fatalf("projection %q has no view %q", p.Name, view)
	return nil
}

// Money, Kg, Quantity and Price read a number that a test is sure of.
func Money(s string) (m domain.Money)       { must(m.UnmarshalText([]byte(s))); return m }
func Kg(s string) (k domain.Kg)             { must(k.UnmarshalText([]byte(s))); return k }
func Quantity(s string) (q domain.Quantity) { must(q.UnmarshalText([]byte(s))); return q }
func Price(s string) (p domain.Price)       { must(p.UnmarshalText([]byte(s))); return p }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
