package app

// Journal remembers how to undo what was folded on top of commits that are not
// yet durable. It belongs to the committer's goroutine.
//
// Each fold keeps its own steps; the journal keeps only whose turn it is, so that a
// step costs no memory of its own.
type Journal struct {
	steps  []undoer
	tables []section // every index that notes its changes here
}

// undoer is a fold whose changes are noted: a queue of steps.
type undoer interface {
	undo() // undoes the latest step and drops it
	drop() // drops the oldest step
}

// Mark is a place in the journal.
type Mark int

// Mark returns the present end.
func (j *Journal) Mark() Mark { return Mark(len(j.steps)) }

// add notes that u has one more step.
func (j *Journal) add(u undoer) { j.steps = append(j.steps, u) }

// Rollback undoes everything after m, last first.
func (j *Journal) Rollback(m Mark) {
	for i := len(j.steps) - 1; i >= int(m); i-- {
		j.steps[i].undo()
	}
	j.cut(int(m), len(j.steps))
}

// Forget drops the steps before m: what they changed is durable now. Marks taken
// earlier are void; later ones shrink by m.
func (j *Journal) Forget(m Mark) {
	for _, u := range j.steps[:m] {
		u.drop()
	}
	j.cut(0, int(m))
}

// cut takes the steps from i to k out.
func (j *Journal) cut(i, k int) {
	n := i + copy(j.steps[i:], j.steps[k:])
	clear(j.steps[n:])
	j.steps = j.steps[:n]
}

// steps is a queue of what is needed to undo each step.
type steps[S any] struct {
	list  []S
	begin int // of what is not dropped
}

func (q *steps[S]) push(s S) { q.list = append(q.list, s) }

// pop takes the latest step.
func (q *steps[S]) pop() S {
	last := len(q.list) - 1
	s := q.list[last]
	q.list = q.list[:last]
	return s
}

// drop forgets the oldest step.
func (q *steps[S]) drop() {
	var none S
	q.list[q.begin] = none
	if q.begin++; q.begin == len(q.list) {
		q.list, q.begin = q.list[:0], 0
	} else if q.begin >= 64 && 2*q.begin >= len(q.list) {
		n := copy(q.list, q.list[q.begin:])
		clear(q.list[n:])
		q.list, q.begin = q.list[:n], 0
	}
}
