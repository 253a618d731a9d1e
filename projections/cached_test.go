package projections_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"zhitong/domain"
	"zhitong/domain/pairing"
	"zhitong/events"
	"zhitong/projections"
)

// kept is a database in a map: what a cached DB loads from and is written to.
type kept struct {
	rows  map[string][]projections.Value
	whole bool
	loads int
}

func keyText(vs []projections.Value) string { return fmt.Sprint(vs) }

func (k *kept) Row(s *projections.Schema, key []projections.Value) ([]projections.Value, error) {
	k.loads++
	return k.rows[keyText(key)], nil
}

func (k *kept) All(s *projections.Schema, fn func([]projections.Value) error) (bool, error) {
	if !k.whole {
		return false, nil
	}
	for _, r := range k.rows {
		if err := fn(r); err != nil {
			return true, err
		}
	}
	return true, nil
}

// save writes the changes and returns the digest that they leave.
func (k *kept) save(t *rapid.T, db *projections.DB, before projections.Digest) projections.Digest {
	cs, err := db.Changes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		for _, key := range c.Delete {
			delete(k.rows, keyText(key))
		}
		for _, r := range c.Upsert {
			k.rows[keyText(r[:c.Schema.KeyLen])] = r
		}
		before = before.Add(c.Digest)
	}
	db.Saved()
	return before
}

// wander changes, makes, reads and removes rows as the event's days say.
func wander(t *projections.Table[ThingKey, thing], db *projections.DB, e *events.Event) error {
	f := e.Fact.(pairing.Set)
	k := ThingKey{"2021-01", f.From.DayOfMonth() % 7}
	switch n := f.To.DayOfMonth(); {
	case n%5 == 0:
		t.Delete(db, k)
	case n%5 == 1:
		if r, ok := t.Find(db, k); ok {
			other := t.At(db, ThingKey{"2021-02", k.No})
			other.Amount, other.Shares = other.Amount.Add(r.Amount), r.Shares
		}
	default:
		r := t.At(db, k)
		r.Amount = r.Amount.Add(domain.MoneyFromFen(int64(n)))
		r.Shares = map[string]domain.Money{"F": r.Amount}
		r.From = f.From
	}
	return nil
}

// TestCachedFoldEqualsFoldInMemory: whatever is forgotten between batches, and
// wherever these are cut, the rows and the digest kept row by row are those of a
// fold that never forgot.
func TestCachedFoldEqualsFoldInMemory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, p := declared(wander)
		memory := projections.NewMemory(&p)
		k := &kept{rows: map[string][]projections.Value{}, whole: rapid.Bool().Draw(t, "whole")}
		cacheMax := rapid.IntRange(1, 20).Draw(t, "cache")
		db := projections.NewCached(&p, k, cacheMax)
		var digest projections.Digest
		n := rapid.IntRange(1, 120).Draw(t, "commits")
		for i := range n {
			c := events.Commit{Position: uint64(i + 1), Events: []events.Event{{Fact: pairing.Set{
				From: domain.NewDay(2021, 1, rapid.IntRange(1, 28).Draw(t, "from")),
				To:   domain.NewDay(2021, 1, rapid.IntRange(1, 28).Draw(t, "to")),
			}}}}
			if err := p.Apply(memory, &c); err != nil {
				t.Fatal(err)
			}
			if err := p.Apply(db, &c); err != nil {
				t.Fatal(err)
			}
			switch rapid.IntRange(0, 6).Draw(t, "then") {
			case 0:
				digest = k.save(t, db, digest)
			case 1:
				digest = k.save(t, db, digest)
				db = projections.NewCached(&p, k, cacheMax)
			}
		}
		digest = k.save(t, db, digest)
		want, err := memory.Digest(table.Schema())
		if err != nil {
			t.Fatal(err)
		}
		if digest != want || len(k.rows) != memory.Len(table.Schema()) {
			t.Fatalf("kept %d rows with digest %v, want %d with %v", len(k.rows), digest, memory.Len(table.Schema()), want)
		}
		err = memory.Rows(table.Schema(), func(vs []projections.Value) error {
			if got := k.rows[keyText(vs[:2])]; keyText(got) != keyText(vs) {
				t.Fatalf("kept %v, want %v", got, vs)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
