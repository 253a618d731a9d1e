package app

// Journal remembers how to undo what was folded on top of commits that are not
// yet durable. It belongs to the committer's goroutine.
type Journal struct{ undo []func() }

// Mark is a place in the journal.
type Mark int

// Mark returns the present end.
func (j *Journal) Mark() Mark { return Mark(len(j.undo)) }

// add notes how to undo one change.
func (j *Journal) add(undo func()) { j.undo = append(j.undo, undo) }

// Rollback undoes everything after m, last first.
func (j *Journal) Rollback(m Mark) {
	for i := len(j.undo) - 1; i >= int(m); i-- {
		j.undo[i]()
	}
	j.undo = j.undo[:m]
}

// Forget drops the steps before m: what they changed is durable now. Marks taken
// earlier are void; later ones shrink by m.
func (j *Journal) Forget(m Mark) {
	n := copy(j.undo, j.undo[m:])
	clear(j.undo[n:])
	j.undo = j.undo[:n]
}

// Index is a map that is a fold of the log and can be rolled back.
type Index[K comparable, V any] struct {
	m map[K]V
	j *Journal
}

// NewIndex returns an empty index that notes its changes in j.
func NewIndex[K comparable, V any](j *Journal) Index[K, V] {
	return Index[K, V]{make(map[K]V), j}
}

// Get returns the value of k.
func (x Index[K, V]) Get(k K) (V, bool) {
	v, ok := x.m[k]
	return v, ok
}

// Len is the number of keys.
func (x Index[K, V]) Len() int { return len(x.m) }

// Put sets the value of k. V must be a value that nobody changes in place (copy
// slices and maps before changing them).
func (x Index[K, V]) Put(k K, v V) {
	old, had := x.m[k]
	x.m[k] = v
	x.j.add(func() {
		if had {
			x.m[k] = old
		} else {
			delete(x.m, k)
		}
	})
}

// Delete removes k.
func (x Index[K, V]) Delete(k K) {
	old, had := x.m[k]
	if !had {
		return
	}
	delete(x.m, k)
	x.j.add(func() { x.m[k] = old })
}
