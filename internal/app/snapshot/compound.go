package snapshot

import (
	"bytes"
	"math/big"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// slice is how Go lays out a slice of any type.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

func buildSlice(c *codec, made map[reflect.Type]*codec) {
	t, elem := c.t, build(c.t.Elem(), made)
	size := t.Elem().Size()
	c.enc = func(w *writer, p unsafe.Pointer) {
		s := (*slice)(p)
		w.length(s.len, s.data == nil)
		for i := range s.len {
			elem.enc(w, unsafe.Add(s.data, uintptr(i)*size))
		}
	}
	c.dec = func(r *reader, p unsafe.Pointer) {
		n, isNil := r.length()
		if isNil || r.err != nil {
			return
		}
		reflect.NewAt(t, p).Elem().Set(reflect.MakeSlice(t, n, n))
		for i := 0; i < n && r.err == nil; i++ {
			elem.dec(r, unsafe.Add((*slice)(p).data, uintptr(i)*size))
		}
	}
}

func buildMap(c *codec, made map[reflect.Type]*codec) {
	t, key, value := c.t, build(c.t.Key(), made), build(c.t.Elem(), made)
	c.enc = func(w *writer, p unsafe.Pointer) {
		m := reflect.NewAt(t, p).Elem()
		w.length(m.Len(), m.IsNil())
		for _, e := range sorted(m, key) {
			w.b = append(w.b, e.key...)
			value.enc(w, e.value)
		}
	}
	c.dec = func(r *reader, p unsafe.Pointer) {
		n, isNil := r.length()
		if isNil || r.err != nil {
			return
		}
		m := reflect.MakeMapWithSize(t, n)
		for i := 0; i < n && r.err == nil; i++ {
			k, v := reflect.New(t.Key()), reflect.New(t.Elem())
			key.dec(r, k.UnsafePointer())
			value.dec(r, v.UnsafePointer())
			m.SetMapIndex(k.Elem(), v.Elem())
		}
		reflect.NewAt(t, p).Elem().Set(m)
	}
}

// mapEntry is an entry of a map with its key in bytes and a copy of its value.
type mapEntry struct {
	key   []byte
	value unsafe.Pointer
}

func sorted(m reflect.Value, key *codec) []mapEntry {
	list := make([]mapEntry, 0, m.Len())
	for each := m.MapRange(); each.Next(); {
		k, v := reflect.New(m.Type().Key()), reflect.New(m.Type().Elem())
		k.Elem().SetIterKey(each)
		v.Elem().SetIterValue(each)
		w := writer{}
		key.enc(&w, k.UnsafePointer())
		list = append(list, mapEntry{w.b, v.UnsafePointer()})
	}
	slices.SortFunc(list, func(a, b mapEntry) int { return bytes.Compare(a.key, b.key) })
	return list
}

// place is what a pointer points to. Its type belongs to it: a struct and its first
// field begin at one address.
type place struct {
	p unsafe.Pointer
	c *codec
}

func buildPointer(c *codec, made map[reflect.Type]*codec) {
	elem := build(c.t.Elem(), made)
	t := c.t.Elem()
	c.enc = func(w *writer, p unsafe.Pointer) {
		to := *(*unsafe.Pointer)(p)
		if to == nil {
			w.uint(0)
			return
		}
		at := place{to, elem}
		if n := w.seen(at); n >= 0 {
			w.uint(uint64(n) + 2)
			return
		}
		w.uint(1)
		elem.enc(w, to)
	}
	c.dec = func(r *reader, p unsafe.Pointer) {
		switch n := r.uint(uint64(len(r.places)) + 1); {
		case n == 0:
		case n == 1:
			to := reflect.New(t).UnsafePointer()
			r.places = append(r.places, place{to, elem})
			*(*unsafe.Pointer)(p) = to
			elem.dec(r, to)
		case r.places[n-2].c != elem:
			r.fail(errForm)
		default:
			*(*unsafe.Pointer)(p) = r.places[n-2].p
		}
	}
}

// encodeTime writes the instant and the offset; a zone's name is not kept.
func encodeTime(w *writer, p unsafe.Pointer) {
	t := *(*time.Time)(p)
	_, offset := t.Zone()
	w.int(t.Unix())
	w.int(int64(t.Nanosecond()))
	w.int(int64(offset))
}

func decodeTime(r *reader, p unsafe.Pointer) {
	seconds, nanos, offset := r.int(), r.int(), r.int()
	const day = 24 * 60 * 60
	if nanos < 0 || nanos >= 1e9 || offset <= -day || offset >= day {
		r.fail(errForm)
	}
	if r.err != nil {
		return
	}
	t := time.Unix(seconds, nanos).UTC()
	if offset != 0 {
		t = t.In(time.FixedZone("", int(offset)))
	}
	*(*time.Time)(p) = t
}

// Forms of a big integer: absent, one that fits into 64 bits, any other.
const (
	bigNil = iota
	bigSmall
	bigNegative
	bigPositive
)

// encodeBig writes a big integer. They are values: nobody changes one in place, so
// that it plays no part whether two pointers lead to one.
func encodeBig(w *writer, p unsafe.Pointer) {
	switch n := *(**big.Int)(p); {
	case n == nil:
		w.uint(bigNil)
	case n.IsInt64():
		w.uint(bigSmall)
		w.int(n.Int64())
	default:
		form := uint64(bigPositive)
		if n.Sign() < 0 {
			form = bigNegative
		}
		w.uint(form)
		b := n.Bytes()
		w.length(len(b), false)
		w.b = append(w.b, b...)
	}
}

func decodeBig(r *reader, p unsafe.Pointer) {
	switch r.uint(bigPositive) {
	case bigSmall:
		*(**big.Int)(p) = big.NewInt(r.int())
	case bigNegative:
		*(**big.Int)(p) = r.big()
		(*(**big.Int)(p)).Neg(*(**big.Int)(p))
	case bigPositive:
		*(**big.Int)(p) = r.big()
	}
}

func (r *reader) big() *big.Int {
	n, _ := r.length()
	return new(big.Int).SetBytes(r.take(n))
}
