package projections

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
)

// Type is what a column holds. Its text is the column's SQL type, before
// collation and checks.
type Type string

// The types of columns.
const (
	Text    Type = "text"
	Integer Type = "bigint"
	Boolean Type = "boolean"
	Numeric Type = "numeric"
	Date    Type = "date"
	JSON    Type = "jsonb"
)

// Column describes a column of a table.
type Column struct {
	Name     string
	Doc      string
	Type     Type
	Places   int  // of a Numeric: digits after the point, always all of them
	Key      bool // part of the key
	Nullable bool
}

// Value is a column's value as text, in the one form that it is written, hashed
// and compared in; Null says that there is none.
type Value struct {
	Text string
	Null bool
}

// codec writes and reads the fields of one Go type.
type codec struct {
	typ    Type
	places int
	// emptyIsNull says that the zero value of the type means "not given".
	emptyIsNull bool
	put         func(dst []byte, f reflect.Value) ([]byte, error) // appends the text
	get         func(f reflect.Value, text string) error
}

// stringer and texter are what the values of package domain are to a column.
type stringer interface{ String() string }
type texter interface{ UnmarshalText([]byte) error }

// domainTypes are the types with a form of their own. [domain.Time] keeps the
// text that it was entered with; a [domain.Day] or Time that was not given is
// null.
var domainTypes = map[reflect.Type]codec{
	reflect.TypeFor[domain.Money]():    number(2),
	reflect.TypeFor[domain.Kg]():       number(3),
	reflect.TypeFor[domain.Quantity](): number(3),
	reflect.TypeFor[domain.Price]():    number(6),
	reflect.TypeFor[domain.Share]():    number(6),
	reflect.TypeFor[domain.Hours]():    {typ: Numeric, places: 2, put: putString, get: getHours},
	reflect.TypeFor[domain.Day]():      {typ: Date, emptyIsNull: true, put: putString, get: getText},
	reflect.TypeFor[domain.Time]():     {typ: Text, emptyIsNull: true, put: putString, get: getText},
}

// codecOf returns the codec of a Go type (not a pointer).
func codecOf(t reflect.Type) (codec, error) {
	if c, ok := domainTypes[t]; ok {
		return c, nil
	}
	switch t.Kind() {
	case reflect.String:
		return codec{
			typ: Text,
			put: func(dst []byte, f reflect.Value) ([]byte, error) { return append(dst, f.String()...), nil },
			get: func(f reflect.Value, s string) error { f.SetString(s); return nil },
		}, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return codec{typ: Integer, put: putInt, get: getInt}, nil
	case reflect.Uint32, reflect.Uint64:
		return codec{typ: Integer, put: putUint, get: getUint}, nil
	case reflect.Bool:
		return codec{typ: Boolean, put: putBool, get: getBool}, nil
	case reflect.Struct, reflect.Map, reflect.Slice:
		return codec{typ: JSON, put: putJSON, get: getJSON}, nil
	default:
		return codec{}, fmt.Errorf("a column cannot hold a %s", t)
	}
}

// placer is what the decimals of package domain are to a column.
type placer interface {
	AppendFixed(b []byte, places int32) ([]byte, error)
}

// number is the codec of a decimal of package domain: always places digits after
// the point. One with more has escaped its rounding, which is an error of the fold.
func number(places int) codec {
	put := func(dst []byte, f reflect.Value) ([]byte, error) {
		return f.Addr().Interface().(placer).AppendFixed(dst, int32(places))
	}
	return codec{typ: Numeric, places: places, put: put, get: getText}
}

func putString(dst []byte, f reflect.Value) ([]byte, error) {
	return append(dst, f.Addr().Interface().(stringer).String()...), nil
}

func getText(f reflect.Value, s string) error {
	return f.Addr().Interface().(texter).UnmarshalText([]byte(s))
}

func getHours(f reflect.Value, s string) error {
	var m domain.Money // two places, signed: hundredths of an hour
	if err := m.UnmarshalText([]byte(s)); err != nil {
		return err
	}
	f.SetInt(m.Fen())
	return nil
}

func putInt(dst []byte, f reflect.Value) ([]byte, error) {
	return strconv.AppendInt(dst, f.Int(), 10), nil
}

func getInt(f reflect.Value, s string) error {
	n, err := strconv.ParseInt(s, 10, f.Type().Bits())
	f.SetInt(n)
	return err
}

func putUint(dst []byte, f reflect.Value) ([]byte, error) {
	return strconv.AppendUint(dst, f.Uint(), 10), nil
}

func getUint(f reflect.Value, s string) error {
	n, err := strconv.ParseUint(s, 10, f.Type().Bits())
	f.SetUint(n)
	return err
}

func putBool(dst []byte, f reflect.Value) ([]byte, error) {
	return strconv.AppendBool(dst, f.Bool()), nil
}

func getBool(f reflect.Value, s string) error {
	b, err := strconv.ParseBool(s)
	f.SetBool(b)
	return err
}

func putJSON(dst []byte, f reflect.Value) ([]byte, error) {
	b, err := json.Marshal(f.Addr().Interface(), json.Deterministic(true))
	return append(dst, b...), err
}

func getJSON(f reflect.Value, s string) error {
	return json.Unmarshal([]byte(s), f.Addr().Interface())
}
