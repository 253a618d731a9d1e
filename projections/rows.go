package projections

import (
	"reflect"
)

// store is the rows of one table, whatever their types.
type store interface {
	changes() (Changes, error)
	saved()
	reset()
	len() int
	each(fn func([]Value) error) error
	sorted(fn func([]Value) error) error
	touched(fn func(s *Schema, row []Value, gone bool) error) error
	put(row []Value) error
	drop(key []Value) error
}

// entry is a row as it is held. Its key is in the row.
type entry[R any] struct {
	row   R
	dirty bool // listed in rows.dirty
	gone  bool // deleted, or known not to exist
	// stored is what is known of it in the database, nil where the DB has none or
	// the row is not there.
	stored *stored
}

// stored is a row in the database.
type stored struct {
	was bool // it is there, with the digest before
	// before is the digest of what is in the database, after of what was last
	// returned by changes.
	before, after Digest
}

// in returns what is known of e in the database, to be changed.
func (e *entry[R]) in() *stored {
	if e.stored == nil {
		e.stored = &stored{}
	}
	return e.stored
}

// rows is the rows held of one table. Lately used ones are in young, others in
// old: when young is full it becomes old, and what was old is forgotten.
type rows[K comparable, R any] struct {
	s     *Schema
	db    *DB
	young map[K]*entry[R]
	old   map[K]*entry[R]
	dirty []*entry[R]
	// whole says that every row of the table is held, so that none needs to be
	// looked for; asked, that the source was asked for the whole table.
	whole, asked bool
}

// find returns the entry of k; nil where nothing is known of it and nothing is
// to be found.
func (r *rows[K, R]) find(k K) *entry[R] {
	if e := r.young[k]; e != nil {
		return e
	}
	if e := r.old[k]; e != nil {
		r.young[k] = e
		return e
	}
	if r.db.source == nil || r.whole || r.db.failed != nil {
		return nil
	}
	if !r.asked {
		r.asked = true
		if r.loadAll(); r.whole {
			return r.young[k]
		}
	}
	return r.load(k)
}

// loadAll takes the whole table if the source says that it is small. Nothing of it
// is held yet.
func (r *rows[K, R]) loadAll() {
	whole, err := r.db.source.All(r.s, func(vs []Value) error {
		e, err := r.entryOf(vs)
		if err == nil {
			r.young[*keyIn[K](&e.row)] = e
		}
		return err
	})
	if err != nil {
		r.db.failed = err
	}
	r.whole = whole && err == nil
}

// load looks for one row, and remembers also that there is none.
func (r *rows[K, R]) load(k K) *entry[R] {
	e := &entry[R]{gone: true}
	*keyIn[K](&e.row) = k
	key, err := r.keyValues(e)
	var vs []Value
	if err == nil {
		vs, err = r.db.source.Row(r.s, key)
	}
	if err == nil && vs != nil {
		e, err = r.entryOf(vs)
	}
	if err != nil {
		r.db.failed = err
		return nil
	}
	r.young[k] = e
	return e
}

// entryOf makes the entry of a row that the source returned.
func (r *rows[K, R]) entryOf(vs []Value) (*entry[R], error) {
	e := &entry[R]{stored: &stored{was: true}}
	v := reflect.ValueOf(&e.row).Elem()
	if err := r.s.scan(v, vs); err != nil {
		return nil, err
	}
	normal, err := r.s.values(v)
	if err != nil {
		return nil, err
	}
	e.stored.before = DigestLine(r.s.AppendLine(nil, normal))
	return e, nil
}

// make makes a new row of k; e is the entry known of it, if any.
func (r *rows[K, R]) make(k K, e *entry[R]) *entry[R] {
	if e == nil {
		e = &entry[R]{}
		r.young[k] = e
	}
	var none R
	e.row, e.gone = none, false
	*keyIn[K](&e.row) = k
	return e
}

// keyIn returns the key inside a row, which is its first field.
func keyIn[K comparable, R any](row *R) *K {
	return reflect.ValueOf(row).Elem().Field(0).Addr().Interface().(*K)
}

// touch notes that e may have changed. Wholly in memory hardly anybody asks for
// that.
func (r *rows[K, R]) touch(e *entry[R]) {
	if !e.dirty && (r.db.source != nil || r.db.tracked) {
		e.dirty = true
		r.dirty = append(r.dirty, e)
	}
}

func (r *rows[K, R]) keyValues(e *entry[R]) ([]Value, error) {
	vs := make([]Value, r.s.KeyLen)
	row := reflect.ValueOf(&e.row).Elem()
	for i := range vs {
		text, err := r.s.fields[i].put(nil, row.FieldByIndex(r.s.fields[i].index))
		if err != nil {
			return nil, err
		}
		vs[i].Text = string(text)
	}
	return vs, nil
}

func (r *rows[K, R]) changes() (Changes, error) {
	c := Changes{Schema: r.s}
	var line []byte
	var w rowWriter
	for _, e := range r.dirty {
		in := e.in()
		if in.was {
			c.Digest = c.Digest.Sub(in.before)
			c.Rows--
		}
		if e.gone {
			if in.was {
				key, err := r.keyValues(e)
				if err != nil {
					return c, err
				}
				c.Delete = append(c.Delete, key)
			}
			continue
		}
		vs, err := w.values(r.s, reflect.ValueOf(&e.row).Elem())
		if err != nil {
			return c, err
		}
		line = r.s.AppendLine(line[:0], vs)
		in.after = DigestLine(line)
		c.Digest = c.Digest.Add(in.after)
		c.Rows++
		if !in.was || in.after != in.before {
			c.Upsert = append(c.Upsert, vs)
		}
	}
	return c, nil
}

func (r *rows[K, R]) saved() {
	for _, e := range r.dirty {
		in := e.in()
		e.dirty, in.was, in.before = false, !e.gone, in.after
	}
	r.dirty = r.dirty[:0]
	if r.db.source != nil && len(r.young) > r.db.cacheMax/2 {
		r.old, r.young, r.whole = r.young, make(map[K]*entry[R]), false
	}
}

func (r *rows[K, R]) reset() {
	*r = rows[K, R]{s: r.s, db: r.db, young: make(map[K]*entry[R])}
}

func (r *rows[K, R]) len() int {
	n := 0
	for _, e := range r.young {
		if !e.gone {
			n++
		}
	}
	return n
}

func (r *rows[K, R]) each(fn func([]Value) error) error {
	var w rowWriter
	for _, e := range r.young {
		if e.gone {
			continue
		}
		vs, err := w.values(r.s, reflect.ValueOf(&e.row).Elem())
		if err == nil {
			err = fn(vs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rows[K, R]) sorted(fn func([]Value) error) error {
	list := r.s.ordered(len(r.young), func(yield func(reflect.Value)) {
		for _, e := range r.young {
			if !e.gone {
				yield(reflect.ValueOf(&e.row).Elem())
			}
		}
	})
	var w rowWriter
	for _, row := range list {
		vs, err := w.values(r.s, row)
		if err == nil {
			err = fn(vs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rows[K, R]) touched(fn func(s *Schema, row []Value, gone bool) error) error {
	var w rowWriter
	for _, e := range r.dirty {
		e.dirty = false
		if fn == nil {
			continue
		}
		var vs []Value
		var err error
		if e.gone {
			vs, err = r.keyValues(e)
		} else {
			vs, err = w.values(r.s, reflect.ValueOf(&e.row).Elem())
		}
		if err == nil {
			err = fn(r.s, vs, e.gone)
		}
		if err != nil {
			return err
		}
	}
	r.dirty = r.dirty[:0]
	return nil
}

func (r *rows[K, R]) put(row []Value) error {
	e := &entry[R]{}
	if err := r.s.scan(reflect.ValueOf(&e.row).Elem(), row); err != nil {
		return err
	}
	r.young[*keyIn[K](&e.row)] = e
	return nil
}

func (r *rows[K, R]) drop(key []Value) error {
	var row R
	v := reflect.ValueOf(&row).Elem()
	for i := range r.s.KeyLen {
		if err := r.s.scanColumn(v, i, key[i]); err != nil {
			return err
		}
	}
	delete(r.young, *keyIn[K](&row))
	return nil
}
