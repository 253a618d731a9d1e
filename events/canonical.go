package events

import (
	"bytes"
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
)

// take reads a value in canonical form into v, which is addressable and zero: the
// bytes that Encode writes, and no others. It returns false where the bytes are
// anything else; what it did to v and to the reader's place is then worth nothing.
// It never accepts what the JSON decoder would refuse, or would read otherwise.
type take func(r *reader, v reflect.Value) bool

// planOf makes the take of a type; nil for a type that has none (interfaces, types
// that write their own JSON). Then the JSON decoder reads the fact.
func planOf(t reflect.Type) take {
	if known := takes[t]; known != nil {
		return known
	}
	p := reflect.PointerTo(t)
	if p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) && t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return takeText
	}
	for _, own := range ownJSON {
		if t.Implements(own) || p.Implements(own) {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.String:
		return takeString
	case reflect.Bool:
		return takeBool
	case reflect.Int, reflect.Int32, reflect.Int64:
		return takeInt
	case reflect.Uint64:
		return takeUint
	case reflect.Pointer:
		return takePointer(t.Elem())
	case reflect.Slice:
		return takeSlice(t)
	case reflect.Map:
		return takeMap(t)
	case reflect.Struct:
		return takeStruct(t)
	}
	return nil
}

// ownJSON are the interfaces of types that read or write their JSON themselves.
var ownJSON = []reflect.Type{
	reflect.TypeFor[interface{ MarshalJSON() ([]byte, error) }](),
	reflect.TypeFor[interface{ UnmarshalJSON([]byte) error }](),
	reflect.TypeFor[interface{ MarshalJSONTo(*jsontext.Encoder) error }](),
	reflect.TypeFor[interface {
		UnmarshalJSONFrom(*jsontext.Decoder) error
	}](),
	reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[encoding.TextUnmarshaler](),
}

// takes are the value types that are met most. Numbers of fixed places are written
// with all of them, the others as they were given.
var takes = map[reflect.Type]take{
	reflect.TypeFor[domain.ID]():       takeID,
	reflect.TypeFor[domain.Time]():     takeTime,
	reflect.TypeFor[domain.Money]():    takeNumber(2),
	reflect.TypeFor[domain.Kg]():       takeNumber(3),
	reflect.TypeFor[domain.Residual](): takeNumber(8),
	reflect.TypeFor[domain.Quantity](): takeNumber(anyPlaces),
	reflect.TypeFor[domain.Price]():    takeNumber(anyPlaces),
	reflect.TypeFor[domain.Share]():    takeNumber(anyPlaces),
}

// anyPlaces says that a number keeps the places that it was written with.
const anyPlaces = -1

// skip goes over a literal.
func (r *reader) skip(lit string) bool {
	if len(r.b)-r.at >= len(lit) && string(r.b[r.at:r.at+len(lit)]) == lit {
		r.at += len(lit)
		return true
	}
	return false
}

// quoted reads a string that is escaped canonically; plain says that it is
// printable ASCII. What it returns is the reader's own.
func (r *reader) quoted() (s []byte, plain, ok bool) {
	if r.at >= len(r.b) || r.b[r.at] != '"' {
		return nil, false, false
	}
	start := r.at + 1
	plain = true
	for i := start; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			r.at = i + 1
			s = r.b[start:i]
			return s, plain, plain || utf8.Valid(s)
		case c == '\\':
			return r.escaped()
		case c < 0x20:
			return nil, false, false
		case c >= 0x7f:
			plain = false
		}
	}
	return nil, false, false
}

// escaped reads a string with escapes, which are those that would be written.
func (r *reader) escaped() (s []byte, plain, ok bool) {
	end := r.stringEnd(r.at)
	if end < 0 {
		return nil, false, false
	}
	quoted := r.b[r.at:end]
	s, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return nil, false, false
	}
	again, err := jsontext.AppendQuote(nil, s)
	r.at = end
	return s, false, err == nil && bytes.Equal(again, quoted)
}

func takeString(r *reader, v reflect.Value) bool {
	s, _, ok := r.quoted()
	if ok {
		v.SetString(r.words.of(s))
	}
	return ok
}

func takeID(r *reader, v reflect.Value) bool {
	s, plain, ok := r.quoted()
	if !ok || len(s) == 0 {
		return false
	}
	id := r.words.of(s)
	if !(plain && len(s) <= domain.IDCharsMax) && domain.CheckID(id) != nil {
		return false
	}
	v.SetString(id)
	return true
}

func takeTime(r *reader, v reflect.Value) bool {
	s, _, ok := r.quoted()
	if !ok {
		return false
	}
	t, err := r.claimed(s)
	if err != nil {
		return false
	}
	*v.Addr().Interface().(*domain.Time) = t
	return true
}

// claimed reads a time; the events of a commit mostly have one and the same.
func (r *reader) claimed(s []byte) (domain.Time, error) {
	if r.lastTime.String() == string(s) && len(s) > 0 {
		return r.lastTime, nil
	}
	t, err := domain.ParseTime(string(s))
	if err == nil {
		r.lastTime = t
	}
	return t, err
}

// takeNumber reads a decimal string as it is written: without needless zeros before
// the point, with all places behind it.
func takeNumber(places int) take {
	return func(r *reader, v reflect.Value) bool {
		s, plain, ok := r.quoted()
		if !ok || !plain {
			return false
		}
		whole, frac, _ := bytes.Cut(bytes.TrimPrefix(s, []byte("-")), []byte("."))
		if len(whole) > 1 && whole[0] == '0' || places != anyPlaces && len(frac) != places {
			return false
		}
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(s) == nil
	}
}

// takeText reads any other value that stands as a text, and writes it once more to
// see that it is written like that.
func takeText(r *reader, v reflect.Value) bool {
	s, _, ok := r.quoted()
	if !ok || v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(s) != nil {
		return false
	}
	again, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return err == nil && bytes.Equal(again, s)
}

func takeBool(r *reader, v reflect.Value) bool {
	if r.skip("true") {
		v.SetBool(true)
		return true
	}
	return r.skip("false")
}

// digits reads a whole number without needless zeros.
func (r *reader) digits() string {
	start := r.at
	for r.at < len(r.b) && r.b[r.at] >= '0' && r.b[r.at] <= '9' {
		r.at++
	}
	if r.at-start > 1 && r.b[start] == '0' {
		return ""
	}
	return string(r.b[start:r.at])
}

func takeInt(r *reader, v reflect.Value) bool {
	minus := r.skip("-")
	n, err := strconv.ParseInt(r.digits(), 10, v.Type().Bits())
	if err != nil || minus && n == 0 {
		return false
	}
	if minus {
		n = -n
	}
	v.SetInt(n)
	return true
}

func takeUint(r *reader, v reflect.Value) bool {
	n, err := strconv.ParseUint(r.digits(), 10, 64)
	v.SetUint(n)
	return err == nil
}

func takePointer(t reflect.Type) take {
	elem := planOf(t)
	if elem == nil {
		return nil
	}
	return func(r *reader, v reflect.Value) bool {
		v.Set(reflect.New(t))
		return elem(r, v.Elem())
	}
}

const (
	itemsFirst    = 8   // for how many items a draft is made at first
	draftItemsMax = 512 // a larger draft is not kept
)

func takeSlice(t reflect.Type) take {
	elem := planOf(t.Elem())
	if elem == nil || t.Elem().Kind() == reflect.Uint8 {
		return nil
	}
	drafts := sync.Pool{New: func() any { return &draft{items: reflect.New(t).Elem()} }}
	return func(r *reader, v reflect.Value) bool {
		if !r.skip("[") {
			return false
		}
		if r.skip("]") {
			v.Set(reflect.MakeSlice(t, 0, 0))
			return true
		}
		d := drafts.Get().(*draft)
		n, ok := d.read(r, elem)
		if ok {
			v.Set(reflect.MakeSlice(t, n, n))
			reflect.Copy(v, d.items)
		}
		d.items.Clear()
		if n <= draftItemsMax {
			drafts.Put(d)
		}
		return ok
	}
}

// draft is where the items of a list are read before their number is known.
type draft struct{ items reflect.Value }

// read reads items, and the end of the list.
func (d *draft) read(r *reader, elem take) (n int, ok bool) {
	for ; ; n++ {
		if n == d.items.Cap() {
			d.items.Grow(max(itemsFirst, n))
		}
		d.items.SetLen(n + 1)
		if !elem(r, d.items.Index(n)) {
			return n + 1, false
		}
		if !r.skip(",") {
			return n + 1, r.skip("]")
		}
	}
}

// takeMap reads a map, whose names are written in order.
func takeMap(t reflect.Type) take {
	elem := planOf(t.Elem())
	if elem == nil || t.Key() != reflect.TypeFor[string]() {
		return nil
	}
	return func(r *reader, v reflect.Value) bool {
		if !r.skip("{") {
			return false
		}
		v.Set(reflect.MakeMap(t))
		if r.skip("}") {
			return true
		}
		for before, first := "", true; ; first = false {
			name, _, ok := r.quoted()
			key := r.words.of(name)
			if !ok || !first && key <= before || !r.skip(":") {
				return false
			}
			before = key
			x := reflect.New(t.Elem()).Elem()
			if !elem(r, x) {
				return false
			}
			v.SetMapIndex(reflect.ValueOf(key), x)
			if !r.skip(",") {
				return r.skip("}")
			}
		}
	}
}

// member is a member of an object.
type member struct {
	begin    string // its name, as it is written, with the colon
	index    []int  // of the field; more than one within embedded structs
	omitted  bool   // where it is zero
	take     take
	isZeroer bool
}

func takeStruct(t reflect.Type) take {
	members, ok := membersOf(t, nil)
	if !ok {
		return nil
	}
	return func(r *reader, v reflect.Value) bool {
		if !r.skip("{") {
			return false
		}
		first := true
		for i := range members {
			m := &members[i]
			before := r.at
			if !first && !r.skip(",") || !r.skip(m.begin) {
				if !m.omitted {
					return false
				}
				r.at = before
				continue
			}
			first = false
			f := v.Field(m.index[0])
			for _, k := range m.index[1:] {
				f = f.Field(k)
			}
			if !m.take(r, f) || m.omitted && m.zero(f) {
				return false
			}
		}
		return r.skip("}")
	}
}

// zero reports whether the member would not have been written.
func (m *member) zero(f reflect.Value) bool {
	if m.isZeroer {
		return f.Addr().Interface().(interface{ IsZero() bool }).IsZero()
	}
	return f.IsZero()
}

// membersOf lists the members of a struct in the order in which they are written;
// false where one of them can't be read here.
func membersOf(t reflect.Type, prefix []int) ([]member, bool) {
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		index := append(prefix[:len(prefix):len(prefix)], i)
		switch {
		case !f.IsExported() && !f.Anonymous || tag == "-":
			continue
		case tag == "" && options == "embed" && f.Type.Kind() == reflect.Struct:
			inner, ok := membersOf(f.Type, index)
			if !ok {
				return nil, false
			}
			all = append(all, inner...)
			continue
		case tag == "" || options != "" && options != "omitzero":
			return nil, false
		}
		m := member{begin: strconv.Quote(tag) + ":", index: index, omitted: options == "omitzero", take: planOf(f.Type)}
		m.isZeroer = reflect.PointerTo(f.Type).Implements(reflect.TypeFor[interface{ IsZero() bool }]())
		if m.take == nil {
			return nil, false
		}
		all = append(all, m)
	}
	return all, true
}
