package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"sync"
	"time"
	"unsafe"
)

// Codec writes and reads values of T.
type Codec[T any] struct{ c *codec }

// Of returns the codec of T. It panics when T holds what has no form.
func Of[T any]() Codec[T] { return Codec[T]{codecOf(reflect.TypeFor[T]())} }

// Append appends v to b. The bytes are the same for equal values.
func (c Codec[T]) Append(b []byte, v *T) []byte {
	w := writer{b: b}
	c.c.enc(&w, unsafe.Pointer(v))
	return w.b
}

// Read reads into v, which must be zero, and returns what follows. Strings of v
// share memory with b when share is set; then b must not change any more.
func (c Codec[T]) Read(b []byte, v *T, share bool) ([]byte, error) {
	r := reader{b: b, share: share}
	c.c.dec(&r, unsafe.Pointer(v))
	if r.err != nil {
		return nil, fmt.Errorf("read a %s: %w", c.c.t, r.err)
	}
	return r.b, nil
}

// Dynamic is the codec of a type that is known only when the program runs: values
// are handed over as pointers of the type that it was made for.
type Dynamic struct{ c *codec }

// OfPointer returns the codec of what ptr, a pointer, points to.
func OfPointer(ptr any) Dynamic { return Dynamic{codecOf(reflect.TypeOf(ptr).Elem())} }

// Append is [Codec.Append].
func (d Dynamic) Append(b []byte, ptr any) []byte {
	w := writer{b: b}
	d.c.enc(&w, d.at(ptr))
	return w.b
}

// Read is [Codec.Read]; what is left over is an error.
func (d Dynamic) Read(b []byte, ptr any, share bool) error {
	r := reader{b: b, share: share}
	d.c.dec(&r, d.at(ptr))
	if r.err == nil && len(r.b) > 0 {
		r.err = errLeft
	}
	if r.err != nil {
		return fmt.Errorf("read a %s: %w", d.c.t, r.err)
	}
	return nil
}

func (d Dynamic) at(ptr any) unsafe.Pointer {
	v := reflect.ValueOf(ptr)
	if v.Type().Elem() != d.c.t {
		panic("snapshot: the codec of " + d.c.t.String() + " was given a " + v.Type().String())
	}
	return v.UnsafePointer()
}

var (
	errShort = errors.New("it ends too early")
	errForm  = errors.New("it is not of this form")
	errLeft  = errors.New("something is left over")
)

// codec is how values of one type are written and read. It is made once per type
// and never changed afterwards.
type codec struct {
	t   reflect.Type
	enc func(w *writer, p unsafe.Pointer)
	dec func(r *reader, p unsafe.Pointer)
}

// codecs are the codecs made so far, by reflect.Type.
var codecs sync.Map

func codecOf(t reflect.Type) *codec {
	if c, ok := codecs.Load(t); ok {
		return c.(*codec)
	}
	made := make(map[reflect.Type]*codec)
	c := build(t, made)
	for t, c := range made {
		codecs.LoadOrStore(t, c) // another goroutine's is as good
	}
	return c
}

// build makes the codec of t and of what t holds; made has those under way, so that
// a type may hold itself behind a pointer.
func build(t reflect.Type, made map[reflect.Type]*codec) *codec {
	if c := made[t]; c != nil {
		return c
	}
	c := &codec{t: t}
	made[t] = c
	switch t {
	case reflect.TypeFor[time.Time]():
		c.enc, c.dec = encodeTime, decodeTime
		return c
	case reflect.TypeFor[*big.Int]():
		c.enc, c.dec = encodeBig, decodeBig
		return c
	}
	switch t.Kind() {
	case reflect.Bool:
		c.enc = func(w *writer, p unsafe.Pointer) { w.bool(*(*bool)(p)) }
		c.dec = func(r *reader, p unsafe.Pointer) { *(*bool)(p) = r.uint(1) == 1 }
	case reflect.String:
		c.enc = func(w *writer, p unsafe.Pointer) { w.string(*(*string)(p)) }
		c.dec = func(r *reader, p unsafe.Pointer) { *(*string)(p) = r.string() }
	case reflect.Struct:
		buildStruct(c, made)
	case reflect.Pointer:
		buildPointer(c, made)
	case reflect.Slice:
		buildSlice(c, made)
	case reflect.Array:
		buildArray(c, made)
	case reflect.Map:
		buildMap(c, made)
	default:
		buildInteger(c)
	}
	return c
}

// buildInteger makes the codec of an integer type of any width.
func buildInteger(c *codec) {
	switch size := c.t.Size(); c.t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		c.enc = func(w *writer, p unsafe.Pointer) { w.b = binary.AppendVarint(w.b, loadInt(p, size)) }
		c.dec = func(r *reader, p unsafe.Pointer) { r.storeInt(p, size, r.int()) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		most := ^uint64(0) >> (64 - 8*size)
		c.enc = func(w *writer, p unsafe.Pointer) { w.b = binary.AppendUvarint(w.b, loadUint(p, size)) }
		c.dec = func(r *reader, p unsafe.Pointer) { storeUint(p, size, r.uint(most)) }
	default:
		panic("snapshot: a " + c.t.String() + " has no form")
	}
}

func loadInt(p unsafe.Pointer, size uintptr) int64 {
	switch size {
	case 1:
		return int64(*(*int8)(p))
	case 2:
		return int64(*(*int16)(p))
	case 4:
		return int64(*(*int32)(p))
	}
	return *(*int64)(p)
}

func (r *reader) storeInt(p unsafe.Pointer, size uintptr, n int64) {
	if shift := 64 - 8*size; n<<shift>>shift != n {
		r.fail(errForm)
		return
	}
	storeUint(p, size, uint64(n))
}

func loadUint(p unsafe.Pointer, size uintptr) uint64 {
	switch size {
	case 1:
		return uint64(*(*uint8)(p))
	case 2:
		return uint64(*(*uint16)(p))
	case 4:
		return uint64(*(*uint32)(p))
	}
	return *(*uint64)(p)
}

func storeUint(p unsafe.Pointer, size uintptr, n uint64) {
	switch size {
	case 1:
		*(*uint8)(p) = uint8(n)
	case 2:
		*(*uint16)(p) = uint16(n)
	case 4:
		*(*uint32)(p) = uint32(n)
	default:
		*(*uint64)(p) = n
	}
}

func buildStruct(c *codec, made map[reflect.Type]*codec) {
	type field struct {
		at    uintptr
		codec *codec
	}
	fields := make([]field, c.t.NumField())
	for i := range fields {
		f := c.t.Field(i)
		fields[i] = field{f.Offset, build(f.Type, made)}
	}
	c.enc = func(w *writer, p unsafe.Pointer) {
		for i := range fields {
			fields[i].codec.enc(w, unsafe.Add(p, fields[i].at))
		}
	}
	c.dec = func(r *reader, p unsafe.Pointer) {
		for i := range fields {
			fields[i].codec.dec(r, unsafe.Add(p, fields[i].at))
		}
	}
}

func buildArray(c *codec, made map[reflect.Type]*codec) {
	n, elem := c.t.Len(), build(c.t.Elem(), made)
	size := c.t.Elem().Size()
	if c.t.Elem().Kind() == reflect.Uint8 {
		c.enc = func(w *writer, p unsafe.Pointer) { w.b = append(w.b, unsafe.Slice((*byte)(p), n)...) }
		c.dec = func(r *reader, p unsafe.Pointer) { copy(unsafe.Slice((*byte)(p), n), r.take(n)) }
		return
	}
	c.enc = func(w *writer, p unsafe.Pointer) {
		for i := range n {
			elem.enc(w, unsafe.Add(p, uintptr(i)*size))
		}
	}
	c.dec = func(r *reader, p unsafe.Pointer) {
		for i := range n {
			elem.dec(r, unsafe.Add(p, uintptr(i)*size))
		}
	}
}
