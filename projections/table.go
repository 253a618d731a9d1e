package projections

import (
	"fmt"
	"reflect"
)

// Table is the declaration of a table whose rows are R, found by K. It holds no
// rows: those are in a [DB]. It is declared once, as a package variable.
//
// R embeds K as its first field. The fields of both are columns by their tags:
// `col:"accepted_kg" doc:"what it means"`. The types: strings and domain.ID, …
// (text), integers, bool, domain.Money (2 places), domain.Kg and domain.Quantity
// (3), domain.Price and domain.Share (6), domain.Hours (2), domain.Day (date),
// domain.Time (text as it was entered); any other struct, map or slice is jsonb. A
// pointer is null when nil; a Day or Time is null when it was not given. A JSON
// column must read back as it was written: give its numbers no omitzero, and
// replace what it holds when you are unsure who shares it. Columns that follow from
// others are set by a [Deriver]. A field with `col:"-"` is no column: it keeps what
// the fold made of the columns, and is zero again whenever the row was read back.
type Table[K comparable, R any] struct{ s *Schema }

// View declares a public table: a view of schema zhitong. It panics on a
// declaration that can't be one.
func View[K comparable, R any](name, comment string) *Table[K, R] {
	return declare[K, R](name, comment, true)
}

// State declares a table that only the fold sees: what it must remember beyond
// its views. Its rows are kept and verified like those of a view.
func State[K comparable, R any](name, comment string) *Table[K, R] {
	return declare[K, R](name, comment, false)
}

func declare[K comparable, R any](name, comment string, public bool) *Table[K, R] {
	s, err := compile(name, comment, public, reflect.TypeFor[K](), reflect.TypeFor[R]())
	if err != nil {
		panic(fmt.Sprintf("projections: table %q: %v", name, err)) // a fault of the declaration, at start
	}
	return &Table[K, R]{s}
}

// At returns the row of k to be changed, made with all other fields zero where
// there is none. The pointer is good until the fold of this event returns.
func (t *Table[K, R]) At(db *DB, k K) *R {
	rows := t.in(db)
	e := rows.find(k)
	if e == nil || e.gone {
		e = rows.make(k, e)
	}
	rows.touch(e)
	return &e.row
}

// Find returns a copy of the row of k, and whether there is one. What its slices
// and maps hold must not be changed.
func (t *Table[K, R]) Find(db *DB, k K) (R, bool) {
	e := t.in(db).find(k)
	if e == nil || e.gone {
		var none R
		return none, false
	}
	return e.row, true
}

// Has reports whether there is a row of k.
func (t *Table[K, R]) Has(db *DB, k K) bool {
	e := t.in(db).find(k)
	return e != nil && !e.gone
}

// Delete removes the row of k, if there is one.
func (t *Table[K, R]) Delete(db *DB, k K) {
	rows := t.in(db)
	if e := rows.find(k); e != nil && !e.gone {
		e.gone = true
		rows.touch(e)
	}
}

// Schema describes the table.
func (t *Table[K, R]) Schema() *Schema { return t.s }

// newRows makes the table's place in db.
func (t *Table[K, R]) newRows(db *DB) store {
	return &rows[K, R]{s: t.s, db: db, young: make(map[K]*entry[R])}
}

// in finds the table's rows. A table that the projection did not declare is a
// fault of the fold, which stops it.
func (t *Table[K, R]) in(db *DB) *rows[K, R] {
	st, ok := db.stores[t.s]
	if !ok {
		panic(fmt.Sprintf("table %q is not among the tables of its projection", t.s.Name))
	}
	return st.(*rows[K, R])
}
