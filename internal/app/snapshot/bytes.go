package snapshot

import (
	"encoding/binary"
	"unsafe"
)

// writer appends the parts of one value.
type writer struct {
	b      []byte
	places []place       // that pointers have led to, in order
	index  map[place]int // of places, once they are many
}

// placesScanned is up to how many places are looked through one by one.
const placesScanned = 16

// seen returns the number of a place that was met before, or notes it and returns −1.
func (w *writer) seen(at place) int {
	if w.index != nil {
		if n, ok := w.index[at]; ok {
			return n
		}
		w.index[at] = len(w.places)
	} else {
		for n, p := range w.places {
			if p == at {
				return n
			}
		}
		if len(w.places) == placesScanned {
			w.index = make(map[place]int, 4*placesScanned)
			for n, p := range w.places {
				w.index[p] = n
			}
			w.index[at] = len(w.places)
		}
	}
	w.places = append(w.places, at)
	return -1
}

func (w *writer) uint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) int(n int64)   { w.b = binary.AppendVarint(w.b, n) }

func (w *writer) bool(v bool) {
	n := byte(0)
	if v {
		n = 1
	}
	w.b = append(w.b, n)
}

func (w *writer) length(n int, isNil bool) {
	if isNil {
		w.uint(0)
		return
	}
	w.uint(uint64(n) + 1)
}

func (w *writer) string(s string) {
	w.uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

// reader takes the parts of one value; the first error stays, and after it
// everything reads as zero.
type reader struct {
	b      []byte
	share  bool
	places []place
	err    error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err, r.b = err, nil
	}
}

// take returns the next n bytes.
func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail(errShort)
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// uint reads a number of at most most.
func (r *reader) uint(most uint64) uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > most {
		r.fail(errForm)
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.fail(errForm)
		return 0
	}
	r.b = r.b[size:]
	return n
}

// length reads the length of a slice or map, each of whose elements has at least
// one byte: so that no more is ever made room for than there are bytes.
func (r *reader) length() (n int, isNil bool) {
	l := r.uint(uint64(len(r.b)) + 1)
	if l == 0 {
		return 0, true
	}
	return int(l - 1), false
}

func (r *reader) string() string {
	b := r.take(int(r.uint(uint64(len(r.b)))))
	if r.share && len(b) > 0 {
		return unsafe.String(&b[0], len(b))
	}
	return string(b)
}
