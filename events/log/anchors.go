package log

import (
	"slices"
	"sync"
)

// anchorsMax bounds what is remembered about where blocks stand (24 bytes each).
const anchorsMax = 16384

// anchor says which positions one block holds.
type anchor struct {
	seq, first, last uint64
}

// anchors remembers where some blocks stand, in ascending order. It holds only
// what never changes, so that it needs no invalidation; when it is full every
// second one is dropped. The zero value is ready for use.
type anchors struct {
	mu     sync.Mutex
	sorted []anchor // guarded by mu
}

// put remembers where b stands.
func (as *anchors) put(b Block) {
	as.putRange(anchor{seq: b.Seq, first: b.First, last: b.Last()})
}

func (as *anchors) putRange(a anchor) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if n := len(as.sorted); n == 0 || as.sorted[n-1].seq < a.seq {
		as.sorted = append(as.sorted, a)
	} else {
		i, found := as.find(a.seq)
		if found {
			return
		}
		as.sorted = slices.Insert(as.sorted, i, a)
	}
	if len(as.sorted) > anchorsMax {
		as.thin()
	}
}

// thin drops every second anchor but keeps the last. The caller holds mu.
func (as *anchors) thin() {
	kept := as.sorted[:0]
	for i, a := range as.sorted {
		if i%2 == 0 || i == len(as.sorted)-1 {
			kept = append(kept, a)
		}
	}
	as.sorted = kept
}

// find looks a block's number up. The caller holds mu.
func (as *anchors) find(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(as.sorted, seq, func(a anchor, seq uint64) int {
		switch {
		case a.seq < seq:
			return -1
		case a.seq > seq:
			return 1
		}
		return 0
	})
}

// at returns what is remembered about the block seq.
func (as *anchors) at(seq uint64) (anchor, bool) {
	as.mu.Lock()
	defer as.mu.Unlock()
	i, found := as.find(seq)
	if !found {
		return anchor{}, false
	}
	return as.sorted[i], true
}

// around returns the nearest remembered blocks at or before the position, and
// behind it. The zero anchor stands before the log; known is false when nothing
// behind the position is remembered.
func (as *anchors) around(position uint64) (before, behind anchor, known bool) {
	as.mu.Lock()
	defer as.mu.Unlock()
	i, _ := slices.BinarySearchFunc(as.sorted, position, func(a anchor, position uint64) int {
		if a.first <= position {
			return -1
		}
		return 1
	})
	if i > 0 {
		before = as.sorted[i-1]
	}
	if i < len(as.sorted) {
		return before, as.sorted[i], true
	}
	return before, anchor{}, false
}
