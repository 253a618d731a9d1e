package app

import (
	"encoding/binary"
	"fmt"
	"iter"
	"maps"

	"zhitong/internal/app/snapshot"
)

// Index is a map that is a fold of the log: it can be rolled back, and it is part
// of every snapshot. It belongs to the committer's goroutine.
type Index[K comparable, V any] struct{ t *table[K, V] }

// NewIndex returns an empty index that notes its changes in j. Its name tells it
// from the others of j, for ever or until the meaning of its entries changes.
func NewIndex[K comparable, V any](j *Journal, name string) Index[K, V] {
	t := &table[K, V]{name: name, j: j, m: make(map[K]V), codec: snapshot.Of[indexEntry[K, V]]()}
	j.tables = append(j.tables, t)
	return Index[K, V]{t}
}

// Get returns the value of k.
func (x Index[K, V]) Get(k K) (V, bool) { return x.t.get(k) }

// Len is the number of keys.
func (x Index[K, V]) Len() int {
	n := len(x.t.m)
	for k, c := range x.t.over {
		switch _, had := x.t.m[k]; {
		case had && c.gone:
			n--
		case !had && !c.gone:
			n++
		}
	}
	return n
}

// Put sets the value of k. V must be a value that nobody changes in place (copy
// slices and maps before changing them).
func (x Index[K, V]) Put(k K, v V) {
	old, had := x.t.get(k)
	x.t.set(k, change[V]{v, false})
	x.t.note(k, change[V]{old, !had})
}

// Delete removes k.
func (x Index[K, V]) Delete(k K) {
	old, had := x.t.get(k)
	if !had {
		return
	}
	x.t.set(k, change[V]{gone: true})
	x.t.note(k, change[V]{old, false})
}

// section is a part of a snapshot that is frozen while it is written.
//
// Freezing costs nothing: from then on changes are laid over the map, which stands
// still for whoever writes it. Thawing lets the map change again; what was laid over
// it is worked in bit by bit, so that no command waits for it.
type section interface {
	sectionName() string
	freeze()
	thaw()
	settle(n int) bool             // works up to n changes in; true when none is left
	write(w *snapshot.Writer)      // the frozen entries; from any goroutine
	read(r *snapshot.Reader) error // adds entries to the empty section
}

// table is what an Index stands on.
type table[K comparable, V any] struct {
	name  string
	j     *Journal // nil where nothing is undone
	steps steps[undone[K, V]]
	codec snapshot.Codec[indexEntry[K, V]]

	m      map[K]V
	frozen bool            // m is being read by another goroutine
	over   map[K]change[V] // laid over m
}

// change is a new value, or that there is none.
type change[V any] struct {
	v    V
	gone bool
}

// undone is what a key had before.
type undone[K comparable, V any] struct {
	k K
	c change[V]
}

// indexEntry is an entry as snapshots hold it.
type indexEntry[K comparable, V any] struct {
	K K
	V V
}

func (t *table[K, V]) get(k K) (V, bool) {
	if len(t.over) > 0 {
		if c, ok := t.over[k]; ok {
			return c.v, !c.gone
		}
	}
	v, ok := t.m[k]
	return v, ok
}

func (t *table[K, V]) set(k K, c change[V]) {
	if t.frozen {
		if t.over == nil {
			t.over = make(map[K]change[V])
		}
		t.over[k] = c
		return
	}
	if len(t.over) > 0 {
		delete(t.over, k)
	}
	if c.gone {
		delete(t.m, k)
	} else {
		t.m[k] = c.v
	}
}

func (t *table[K, V]) note(k K, before change[V]) {
	if t.j != nil {
		t.steps.push(undone[K, V]{k, before})
		t.j.add(t)
	}
}

func (t *table[K, V]) undo() {
	s := t.steps.pop()
	t.set(s.k, s.c)
}

func (t *table[K, V]) drop() { t.steps.drop() }

func (t *table[K, V]) sectionName() string { return t.name }
func (t *table[K, V]) freeze()             { t.frozen = true }
func (t *table[K, V]) thaw()               { t.frozen = false }

func (t *table[K, V]) settle(n int) bool {
	for k, c := range t.over {
		if n--; n < 0 {
			return false
		}
		t.set(k, c)
	}
	t.over = nil
	return true
}

// all yields every entry as it is now.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	if len(t.over) == 0 {
		return maps.All(t.m)
	}
	return func(yield func(K, V) bool) {
		for k := range t.m {
			if v, ok := t.get(k); ok && !yield(k, v) {
				return
			}
		}
		for k, c := range t.over {
			if _, had := t.m[k]; !had && !c.gone && !yield(k, c.v) {
				return
			}
		}
	}
}

func (t *table[K, V]) write(w *snapshot.Writer) {
	w.Frame(binary.AppendUvarint(nil, uint64(len(t.m))))
	b := make([]byte, 0, snapshot.FrameBytes+snapshot.FrameBytes/4)
	for k, v := range t.m {
		e := indexEntry[K, V]{k, v}
		if b = t.codec.Append(b, &e); len(b) >= snapshot.FrameBytes {
			w.Frame(b)
			b = b[:0]
		}
	}
	if len(b) > 0 {
		w.Frame(b)
	}
}

func (t *table[K, V]) read(r *snapshot.Reader) error {
	counted := false
	return r.Frames(false, func(b []byte, _ int64) (err error) {
		if !counted { // the first frame is their number
			n, _ := binary.Uvarint(b)
			t.m, counted = make(map[K]V, n), true
			return nil
		}
		for len(b) > 0 {
			var e indexEntry[K, V]
			if b, err = t.codec.Read(b, &e, false); err != nil {
				return fmt.Errorf("index %q: %w", t.name, err)
			}
			t.m[e.K] = e.V
		}
		return nil
	})
}
