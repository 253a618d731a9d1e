package api

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/web/problem"
)

// faultsMax is how many faults of a body are told at once.
const faultsMax = 100

// envelope is a command's body.
type envelope struct {
	ID      string         `json:"id"`
	Command string         `json:"command"`
	Actor   domain.ID      `json:"actor"`
	Role    domain.Role    `json:"role"`
	Time    domain.Time    `json:"time"`
	Data    jsontext.Value `json:"data"`
}

// faultsOf lists every fault that can be found in a command's body without looking
// at the log: the refusal's first, then those of the shape in the order of the text,
// then those of the values. It is called for a body that was refused.
func faultsOf(c *app.Command, body []byte, refusal *domain.Problem) []problem.Fault {
	f := faults{personal: c.Personal}
	f.add(refusal)
	raw := jsontext.Value(body)
	if !raw.IsValid(jsontext.AllowDuplicateNames(true)) {
		return f.list // no further than to where it is no JSON
	}
	var e envelope
	f.walk(raw, reflect.ValueOf(&e).Elem(), "", false)
	for _, m := range []struct {
		field string
		given bool
	}{{"id", e.ID != ""}, {"time", !e.Time.IsZero()}, {"data", len(e.Data) > 0}} {
		if !m.given && !f.covered(m.field) {
			f.malformed(m.field, "the field is required")
		}
	}
	if e.Data.Kind() == '{' {
		into := reflect.ValueOf(c.New())
		f.walk(e.Data, into.Elem(), "", true)
		f.validate(into)
	}
	return f.list
}

// faults collects faults.
type faults struct {
	personal []string
	list     []problem.Fault
	at       map[string]bool // fields that have one
}

// add notes a fault, the first of each field.
func (f *faults) add(p *domain.Problem) {
	for _, p := range append([]*domain.Problem{p}, p.More...) {
		if len(f.list) >= faultsMax || f.at[p.Field] {
			continue
		}
		if f.at == nil {
			f.at = make(map[string]bool)
		}
		f.at[p.Field] = true
		value := p.Value
		for _, path := range f.personal {
			if p.Field == path || strings.HasPrefix(path, p.Field+".") || p.Field == "" {
				value = ""
			}
		}
		f.list = append(f.list, problem.Fault{Code: p.Code, Field: p.Field, Value: value, Detail: p.Detail})
	}
}

func (f *faults) malformed(field, detail string, args ...any) {
	f.add(domain.Refuse(domain.Malformed, "malformed", field, "", detail, args...))
}

// decodes are the ways by which a type reads itself: such a type is one value.
var decodes = []reflect.Type{reflect.TypeFor[interface{ UnmarshalText([]byte) error }](), reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[json.UnmarshalerFrom]()}

// walk reads a value into into as far as it goes, noting what does not.
func (f *faults) walk(raw jsontext.Value, into reflect.Value, field string, top bool) {
	if raw.Kind() == 'n' {
		return // as if it were not given
	}
	if value, ok := into.Addr().Interface().(*jsontext.Value); ok {
		*value = raw.Clone() // what is in it is looked at by itself
		return
	}
	for _, d := range decodes {
		if reflect.PointerTo(into.Type()).Implements(d) {
			f.leaf(raw, into, field)
			return
		}
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		f.walk(raw, into.Elem(), field, false)
	case reflect.Struct:
		f.object(raw, into, field, top)
	case reflect.Slice:
		f.array(raw, into, field)
	default:
		f.leaf(raw, into, field)
	}
}

// leaf reads a single value.
func (f *faults) leaf(raw jsontext.Value, into reflect.Value, field string) {
	err := json.Unmarshal(raw, into.Addr().Interface(), json.RejectUnknownMembers(true))
	if err == nil {
		return
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		field += strings.ReplaceAll(string(semantic.JSONPointer), "/", ".")
	}
	if p := domain.AsProblem(err); p != nil {
		f.add(p.At(field))
		return
	}
	f.malformed(field, "%s where a %s was expected", kinds[raw.Kind()], into.Kind())
}

var kinds = map[jsontext.Kind]string{'"': "a string", '0': "a number", '{': "an object", '[': "an array", 't': "true", 'f': "false"}

// object reads the members of an object; what is missing is found by the values' own
// check. At the top stands also what every command may have: the device.
func (f *faults) object(raw jsontext.Value, into reflect.Value, field string, top bool) {
	if raw.Kind() != '{' {
		f.malformed(field, "%s where an object was expected", kinds[raw.Kind()])
		return
	}
	members := membersOf(into)
	seen := make(map[string]bool)
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() == '"' {
		var name jsontext.Token
		var value jsontext.Value
		if name, err = d.ReadToken(); err != nil {
			break
		}
		key := name.String()
		if value, err = d.ReadValue(); err != nil {
			break
		}
		m, known := members[key]
		switch {
		case seen[key]:
			f.malformed(below(field, key), "the field stands twice")
		case known:
			f.walk(value, m, below(field, key), false)
		case top && key == "device":
			f.walk(value, reflect.ValueOf(new(events.Device)).Elem(), "device", false)
		default:
			f.malformed(below(field, key), "this field is not known here")
		}
		seen[key] = true
	}
}

// membersOf lists the members by their JSON names, those of embedded structs among
// them.
func membersOf(v reflect.Value) map[string]reflect.Value {
	all := make(map[string]reflect.Value)
	for i := range v.NumField() {
		t := v.Type().Field(i)
		name, _, _ := strings.Cut(t.Tag.Get("json"), ",")
		switch {
		case t.Anonymous && name == "":
			for name, m := range membersOf(v.Field(i)) {
				all[name] = m
			}
		case name != "" && name != "-":
			all[name] = v.Field(i)
		}
	}
	return all
}

func (f *faults) array(raw jsontext.Value, into reflect.Value, field string) {
	if raw.Kind() != '[' {
		f.malformed(field, "%s where an array was expected", kinds[raw.Kind()])
		return
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	_, err := d.ReadToken()
	for i := 0; err == nil && d.PeekKind() != ']' && len(f.list) < faultsMax; i++ {
		var value jsontext.Value
		if value, err = d.ReadValue(); err != nil {
			return
		}
		e := reflect.New(into.Type().Elem()).Elem()
		f.walk(value, e, fmt.Sprintf("%s[%d]", field, i), false)
		into.Set(reflect.Append(into, e))
	}
}

func below(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// validate asks the values for their own faults: as a whole, and with each entry of
// each list alone, since a list is checked up to its first fault.
func (f *faults) validate(into reflect.Value) {
	v, ok := into.Interface().(interface{ Validate() error })
	if !ok {
		return
	}
	f.invalid(v.Validate(), "", "")
	members := membersOf(into.Elem())
	for _, name := range slices.Sorted(maps.Keys(members)) {
		m := members[name]
		if m.Kind() != reflect.Slice || m.Len() < 2 {
			continue
		}
		list := reflect.ValueOf(m.Interface())
		for i := range list.Len() {
			m.Set(list.Slice(i, i+1))
			f.invalid(v.Validate(), name+"[0]", fmt.Sprintf("%s[%d]", name, i))
		}
		m.Set(list)
	}
}

// invalid notes the faults of an error: where from is given those below it, as
// standing below to.
func (f *faults) invalid(err error, from, to string) {
	p := domain.AsProblem(err)
	if p == nil {
		return
	}
	for _, p := range append([]*domain.Problem{p}, p.More...) {
		q := *p
		q.More = nil
		if from != "" {
			rest, ok := strings.CutPrefix(q.Field, from)
			if !ok {
				continue
			}
			q.Field = to + rest
		}
		if !f.covered(q.Field) {
			f.add(&q)
		}
	}
}

// covered reports whether a field below which something could not be read is asked
// about again: what could not be read looks as if it were missing.
func (f *faults) covered(field string) bool {
	for at := range f.at {
		if at == field || strings.HasPrefix(at, field+".") || strings.HasPrefix(at, field+"[") {
			return true
		}
	}
	return false
}
