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
}

// entry is a row as it is held.
type entry[K comparable, R any] struct {
	row   R
	key   K
	dirty bool // listed in rows.dirty
	gone  bool // deleted, or known not to exist
	was   bool // it is in the database, with the digest before
	// before is the digest of what is in the database, after of what was last
	// returned by changes.
	before, after Digest
}

// rows is the rows held of one table. Lately used ones are in young, others in
// old: when young is full it becomes old, and what was old is forgotten.
type rows[K comparable, R any] struct {
	s     *Schema
	db    *DB
	young map[K]*entry[K, R]
	old   map[K]*entry[K, R]
	dirty []*entry[K, R]
	// whole says that every row of the table is held, so that none needs to be
	// looked for; asked, that the source was asked for the whole table.
	whole, asked bool
}

// find returns the entry of k; nil where nothing is known of it and nothing is
// to be found.
func (r *rows[K, R]) find(k K) *entry[K, R] {
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
			r.young[e.key] = e
		}
		return err
	})
	if err != nil {
		r.db.failed = err
	}
	r.whole = whole && err == nil
}

// load looks for one row, and remembers also that there is none.
func (r *rows[K, R]) load(k K) *entry[K, R] {
	e := &entry[K, R]{key: k, gone: true}
	r.setKey(e)
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
func (r *rows[K, R]) entryOf(vs []Value) (*entry[K, R], error) {
	e := &entry[K, R]{was: true}
	v := reflect.ValueOf(&e.row).Elem()
	if err := r.s.scan(v, vs); err != nil {
		return nil, err
	}
	e.key = *keyIn[K](&e.row)
	normal, err := r.s.values(v)
	if err != nil {
		return nil, err
	}
	e.before = DigestLine(r.s.AppendLine(nil, normal))
	return e, nil
}

// make makes a new row of k; e is the entry known of it, if any.
func (r *rows[K, R]) make(k K, e *entry[K, R]) *entry[K, R] {
	if e == nil {
		e = &entry[K, R]{key: k}
		r.young[k] = e
	}
	var none R
	e.row, e.gone = none, false
	r.setKey(e)
	return e
}

// keyIn returns the key inside a row, which is its first field.
func keyIn[K comparable, R any](row *R) *K {
	return reflect.ValueOf(row).Elem().Field(0).Addr().Interface().(*K)
}

func (r *rows[K, R]) setKey(e *entry[K, R]) {
	*keyIn[K](&e.row) = e.key
}

// touch notes that e may have changed, where somebody will ask for that.
func (r *rows[K, R]) touch(e *entry[K, R]) {
	if !e.dirty && r.db.tracks {
		e.dirty = true
		r.dirty = append(r.dirty, e)
	}
}

func (r *rows[K, R]) keyValues(e *entry[K, R]) ([]Value, error) {
	vs := make([]Value, r.s.KeyLen)
	row := reflect.ValueOf(&e.row).Elem()
	for i := range vs {
		text, err := r.s.fields[i].put(row.FieldByIndex(r.s.fields[i].index))
		if err != nil {
			return nil, err
		}
		vs[i].Text = text
	}
	return vs, nil
}

func (r *rows[K, R]) changes() (Changes, error) {
	c := Changes{Schema: r.s}
	var line []byte
	for _, e := range r.dirty {
		if e.was {
			c.Digest = c.Digest.Sub(e.before)
			c.Rows--
		}
		if e.gone {
			if e.was {
				key, err := r.keyValues(e)
				if err != nil {
					return c, err
				}
				c.Delete = append(c.Delete, key)
			}
			continue
		}
		vs, err := r.s.values(reflect.ValueOf(&e.row).Elem())
		if err != nil {
			return c, err
		}
		line = r.s.AppendLine(line[:0], vs)
		e.after = DigestLine(line)
		c.Digest = c.Digest.Add(e.after)
		c.Rows++
		if !e.was || e.after != e.before {
			c.Upsert = append(c.Upsert, vs)
		}
	}
	return c, nil
}

func (r *rows[K, R]) saved() {
	for _, e := range r.dirty {
		e.dirty, e.was, e.before = false, !e.gone, e.after
	}
	r.dirty = r.dirty[:0]
	if r.db.source != nil && len(r.young) > r.db.cacheMax/2 {
		r.old, r.young, r.whole = r.young, make(map[K]*entry[K, R]), false
	}
}

func (r *rows[K, R]) reset() {
	*r = rows[K, R]{s: r.s, db: r.db, young: make(map[K]*entry[K, R])}
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
	for _, e := range r.young {
		if e.gone {
			continue
		}
		vs, err := r.s.values(reflect.ValueOf(&e.row).Elem())
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
	for _, row := range list {
		vs, err := r.s.values(row)
		if err == nil {
			err = fn(vs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
