package projections

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Schema is a table as its declaration describes it.
type Schema struct {
	Name    string
	Comment string
	Public  bool     // a view of schema zhitong; otherwise state of the fold alone
	Columns []Column // the key first, then the others, in the order of the struct
	KeyLen  int      // number of key columns; 0 for a table of one row

	fields  []field
	row     reflect.Type
	derives bool // the row is a Deriver
}

// Deriver is a row with columns that follow from its others, such as a quotient.
// They are reckoned when the row is read or written, not whenever it changes: a
// fold must not look at them.
type Deriver interface {
	// Derive sets the columns that follow from the others, and nothing else.
	Derive()
}

// field is how a column is reached in the row struct.
type field struct {
	index   []int
	pointer bool
	codec
}

// columnName is what a column may be called: the names are for ever and typed by
// people in psql.
var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// compile reads the declaration of a table from its key and row structs.
func compile(name, comment string, public bool, key, row reflect.Type) (*Schema, error) {
	s := &Schema{Name: name, Comment: comment, Public: public, row: row, derives: reflect.PointerTo(row).Implements(reflect.TypeFor[Deriver]())}
	if !columnName.MatchString(name) {
		return nil, errors.New("the name is not one of a table")
	}
	if comment == "" {
		return nil, errors.New("no comment")
	}
	if row.Kind() != reflect.Struct || row.NumField() == 0 || !row.Field(0).Anonymous || row.Field(0).Type != key {
		return nil, fmt.Errorf("the row struct %s must embed the key struct %s as its first field", row, key)
	}
	if !row.Field(0).IsExported() {
		return nil, fmt.Errorf("the key struct %s must be exported", key)
	}
	if err := s.add(row, nil, key); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, c := range s.Columns {
		if seen[c.Name] {
			return nil, fmt.Errorf("column %q twice", c.Name)
		}
		seen[c.Name] = true
		if c.Key {
			s.KeyLen = i + 1
		}
		if f := s.fields[i]; c.Key && (f.pointer || (c.Type != Text && c.Type != Integer && c.Type != Date)) {
			return nil, fmt.Errorf("key column %q: a key holds texts, integers and days", c.Name)
		}
	}
	return s, nil
}

// add adds the columns of struct t, reached by at.
func (s *Schema) add(t reflect.Type, at []int, key reflect.Type) error {
	for i := range t.NumField() {
		f, index := t.Field(i), append(at[:len(at):len(at)], i)
		if f.Anonymous && f.Tag.Get("col") == "" {
			if err := s.add(f.Type, index, key); err != nil {
				return err
			}
			continue
		}
		if f.Tag.Get("col") == "-" {
			continue // the fold's own, made from the columns; see [Table]
		}
		c := Column{Name: f.Tag.Get("col"), Doc: f.Tag.Get("doc"), Key: t == key}
		if !columnName.MatchString(c.Name) || c.Doc == "" {
			return fmt.Errorf("field %s needs the tags col and doc", f.Name)
		}
		if !f.IsExported() {
			return fmt.Errorf("field %s is not exported", f.Name)
		}
		goType, pointer := f.Type, f.Type.Kind() == reflect.Pointer
		if pointer {
			goType = goType.Elem()
		}
		codec, err := codecOf(goType)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		c.Type, c.Places = codec.typ, codec.places
		c.Nullable = !c.Key && (pointer || codec.emptyIsNull)
		s.Columns = append(s.Columns, c)
		s.fields = append(s.fields, field{index, pointer, codec})
	}
	return nil
}

// Column returns the number of the column with the given name.
func (s *Schema) Column(name string) (int, bool) {
	for i, c := range s.Columns {
		if c.Name == name {
			return i, true
		}
	}
	return 0, false
}

// values returns the row (an addressable struct) as texts. A number that panics
// since it has escaped its rounding is an error of the fold like any other.
func (s *Schema) values(row reflect.Value) (vs []Value, err error) {
	var w rowWriter
	return w.values(s, row)
}

// rowWriter writes rows as texts, using its memory again.
type rowWriter struct {
	text []byte
	ends []int
}

// values is [Schema.values].
func (w *rowWriter) values(s *Schema, row reflect.Value) (vs []Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("table %s: %v", s.Name, r)
		}
	}()
	if s.derives {
		own := reflect.New(s.row) // whoever reads a row leaves it as it is
		own.Elem().Set(row)
		own.Interface().(Deriver).Derive()
		row = own.Elem()
	}
	vs = make([]Value, len(s.fields))
	w.text, w.ends = w.text[:0], w.ends[:0]
	for i := range s.fields {
		if w.text, vs[i].Null, err = s.appendField(w.text, row, i); err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", s.Name, s.Columns[i].Name, err)
		}
		w.ends = append(w.ends, len(w.text))
	}
	all, at := string(w.text), 0
	for i, end := range w.ends {
		vs[i].Text = all[at:end]
		at = end
	}
	return vs, nil
}

// appendField appends the text of column i, and reports whether it is null.
func (s *Schema) appendField(dst []byte, row reflect.Value, i int) (text []byte, null bool, err error) {
	f := &s.fields[i]
	v := row
	for _, k := range f.index {
		v = v.Field(k)
	}
	if f.pointer {
		if v.IsNil() {
			return dst, true, nil
		}
		v = v.Elem()
	}
	if f.emptyIsNull && v.IsZero() {
		if s.Columns[i].Key {
			return dst, false, errors.New("empty, in the key")
		}
		return dst, true, nil
	}
	text, err = f.put(dst, v)
	return text, false, err
}

// scan sets the row (an addressable zero struct) from texts.
func (s *Schema) scan(row reflect.Value, vs []Value) error {
	if len(vs) != len(s.fields) {
		return fmt.Errorf("table %s: %d columns, expected %d", s.Name, len(vs), len(s.fields))
	}
	for i := range s.fields {
		if err := s.scanColumn(row, i, vs[i]); err != nil {
			return fmt.Errorf("table %s: column %s: %w", s.Name, s.Columns[i].Name, err)
		}
	}
	return nil
}

func (s *Schema) scanColumn(row reflect.Value, i int, v Value) error {
	f := &s.fields[i]
	if v.Null {
		if !s.Columns[i].Nullable {
			return errors.New("null where a value is due")
		}
		return nil
	}
	to := row.FieldByIndex(f.index)
	if f.pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	return f.get(to, v.Text)
}

// Normal brings a row as a database returns it into the canonical form of its
// values.
func (s *Schema) Normal(vs []Value) ([]Value, error) {
	row := reflect.New(s.row).Elem()
	if err := s.scan(row, vs); err != nil {
		return nil, err
	}
	return s.values(row)
}

// NormalColumn brings one value of column i into its canonical form.
func (s *Schema) NormalColumn(i int, text string) (string, error) {
	row := reflect.New(s.row).Elem()
	if err := s.scanColumn(row, i, Value{Text: text}); err != nil {
		return "", fmt.Errorf("column %s: %w", s.Columns[i].Name, err)
	}
	v := row.FieldByIndex(s.fields[i].index)
	if s.fields[i].pointer {
		v = v.Elem()
	}
	normal, err := s.fields[i].put(nil, v)
	return string(normal), err
}

// AppendLine appends the row's canonical line: the JSON object whose names are the
// columns in their order, without blanks and without a line end. Money, weights
// and prices are strings with all their places. It is what a view prints as a line
// of JSON, and what its digest is made of.
func (s *Schema) AppendLine(dst []byte, vs []Value) []byte {
	for i, v := range vs {
		if i == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, s.Columns[i].Name...)
		dst = append(dst, '"', ':')
		switch t := s.Columns[i].Type; {
		case v.Null:
			dst = append(dst, "null"...)
		case t == Integer || t == Boolean || t == JSON:
			dst = append(dst, v.Text...)
		case t == Text:
			dst = appendQuoted(dst, v.Text)
		default:
			dst = append(dst, '"')
			dst = append(dst, v.Text...)
			dst = append(dst, '"')
		}
	}
	return append(dst, '}')
}

// appendQuoted appends s as a JSON string. Text that is not UTF-8 (which no fact
// holds) is mended by the encoder.
func appendQuoted(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

// keyPart is a key column's value as rows are ordered by it: a text by its bytes, an
// integer by its value, moved so that no number is below 0.
type keyPart struct {
	text string
	n    uint64
}

// ordered orders about n rows by key.
func (s *Schema) ordered(n int, all func(yield func(reflect.Value))) []reflect.Value {
	type keyed struct {
		row  reflect.Value
		part keyPart // the first
		rest []keyPart
	}
	list := make([]keyed, 0, n)
	rest := make([]keyPart, 0, n*max(0, s.KeyLen-1))
	all(func(row reflect.Value) {
		k := keyed{row: row}
		at := len(rest)
		for i := range s.KeyLen {
			if p := s.fields[i].keyPart(row); i == 0 {
				k.part = p
			} else {
				rest = append(rest, p)
			}
		}
		k.rest = rest[at:]
		list = append(list, k)
	})
	slices.SortFunc(list, func(a, b keyed) int {
		if c := a.part.compare(b.part); c != 0 {
			return c
		}
		return slices.CompareFunc(a.rest, b.rest, keyPart.compare)
	})
	rows := make([]reflect.Value, len(list))
	for i := range list {
		rows[i] = list[i].row
	}
	return rows
}

func (p keyPart) compare(q keyPart) int {
	if p.n != q.n {
		return cmp.Compare(p.n, q.n)
	}
	return strings.Compare(p.text, q.text)
}

func (f *field) keyPart(row reflect.Value) keyPart {
	v := row.FieldByIndex(f.index)
	switch {
	case f.typ == Integer && v.CanUint():
		return keyPart{n: v.Uint()}
	case f.typ == Integer:
		return keyPart{n: uint64(v.Int()) ^ 1<<63}
	case f.typ == Text && v.Kind() == reflect.String:
		return keyPart{text: v.String()}
	}
	text, _ := f.put(nil, v)
	return keyPart{text: string(text)}
}

// CompareKeys orders two rows, as texts, by key: as [DB.Rows] does.
func (s *Schema) CompareKeys(a, b []Value) int {
	for i := range s.KeyLen {
		c := strings.Compare(a[i].Text, b[i].Text)
		if s.Columns[i].Type == Integer {
			x, _ := strconv.ParseInt(a[i].Text, 10, 64)
			y, _ := strconv.ParseInt(b[i].Text, 10, 64)
			c = cmp.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
