package projections_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/programme"
	"zhitong/events"
	"zhitong/projections"
)

type ThingKey struct {
	Month string `col:"month" doc:"when"`
	No    int    `col:"no" doc:"which"`
}

type thing struct {
	ThingKey
	Amount domain.Money            `col:"amount" doc:"yuan"`
	Kg     domain.Kg               `col:"kg" doc:"weight"`
	Price  *domain.Price           `col:"price" doc:"per kg"`
	From   domain.Day              `col:"from" doc:"day"`
	At     domain.Time             `col:"at" doc:"time"`
	Note   domain.Text             `col:"note" doc:"words"`
	Done   bool                    `col:"done" doc:"or not"`
	Shares map[string]domain.Money `col:"shares" doc:"by funder"`
}

// declared returns a projection with one table, whose fold is fold.
func declared(fold func(t *projections.Table[ThingKey, thing], db *projections.DB, e *events.Event) error) (*projections.Table[ThingKey, thing], projections.Projection) {
	t := projections.View[ThingKey, thing]("things", "Things.")
	return t, projections.Projection{
		Name: "test", Version: 1, Tables: []projections.AnyTable{t},
		Fold: func(db *projections.DB, e *events.Event) error { return fold(t, db, e) },
	}
}

func nothing(*projections.Table[ThingKey, thing], *projections.DB, *events.Event) error { return nil }

// lines returns the rows of t as lines of JSON.
func lines(t *testing.T, db *projections.DB, s *projections.Schema, where ...projections.Cond) []string {
	t.Helper()
	rows, err := db.Select(s, where, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range rows.Values {
		out = append(out, string(rows.AppendLine(nil, i)))
	}
	return out
}

func money(s string) domain.Money {
	m, err := domain.ParseMoney(s)
	if err != nil {
		panic(err)
	}
	return m
}

func TestRows(t *testing.T) {
	t.Parallel()
	tab, p := declared(nothing)
	db := projections.NewMemory(&p)
	tab.At(db, ThingKey{"2021-04", 10})
	r := tab.At(db, ThingKey{"2021-04", 2})
	r.Amount, r.Kg, r.Note = money("13.5"), domain.KgFromGrams(-1), "红枣 \"一\""
	r.Shares = map[string]domain.Money{"F-B": money("1"), "F-A": money("2.50")}
	r.From = domain.NewDay(2021, 4, 1)
	tab.At(db, ThingKey{"2020-01", 3})
	tab.Delete(db, ThingKey{"2020-01", 3})

	want := []string{
		`{"month":"2021-04","no":2,"amount":"13.50","kg":"-0.001","price":null,"from":"2021-04-01","at":null,"note":"红枣 \"一\"","done":false,"shares":{"F-A":"2.50","F-B":"1.00"}}`,
		`{"month":"2021-04","no":10,"amount":"0.00","kg":"0.000","price":null,"from":null,"at":null,"note":"","done":false,"shares":{}}`,
	}
	t.Run("AreOrderedByKeyWithAllTheirPlaces", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff(want, lines(t, db, tab.Schema())); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("DigestIsTheSumOverTheLines", func(t *testing.T) {
		t.Parallel()
		got, err := db.Digest(tab.Schema())
		if err != nil {
			t.Fatal(err)
		}
		if want := projections.DigestLine([]byte(want[0])).Add(projections.DigestLine([]byte(want[1]))); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("AreFoundByAShorterNumber", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff(want[:1], lines(t, db, tab.Schema(), projections.Cond{Column: "amount", Value: "13.5"})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("UnknownColumnSaysWhichThereAre", func(t *testing.T) {
		t.Parallel()
		_, err := db.Select(tab.Schema(), []projections.Cond{{Column: "weight", Value: "1"}}, 0)
		var unknown *projections.UnknownError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "month, no, amount") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ReadBackWhatTheyAre", func(t *testing.T) {
		t.Parallel()
		err := db.Rows(tab.Schema(), func(vs []projections.Value) error {
			again, err := tab.Schema().Normal(vs)
			if diff := cmp.Diff(vs, again); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestFoldThatFails(t *testing.T) {
	t.Parallel()
	commit := events.Commit{Position: 7, Events: []events.Event{{ID: "e-1", Fact: programme.Opened{ProgrammeID: "P"}}}}
	for name, fold := range map[string]func() error{
		"AnErrorNamesTheEvent": func() error { return errors.New("no such order") },
		"APanicCountsAsError":  func() error { panic("no such order") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, p := declared(func(*projections.Table[ThingKey, thing], *projections.DB, *events.Event) error { return fold() })
			err := p.Apply(projections.NewMemory(&p), &commit)
			var failed *projections.FoldError
			if !errors.As(err, &failed) || failed.Position != 7 || failed.EventID != "e-1" || !strings.Contains(err.Error(), "no such order") {
				t.Errorf("got %v", err)
			}
		})
	}
}
