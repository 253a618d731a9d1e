package events

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
)

// entry is one fact of the catalogue.
type entry struct {
	name    string
	version int // today's
	decode  func(data []byte) (domain.Fact, error)
	// take reads data in canonical form; nil where the fact needs decode.
	take func(r *reader) (domain.Fact, bool)
	// upcast turns the data of an older version into that of the next one.
	upcast map[int]func(jsontext.Value) (jsontext.Value, error)
	goType reflect.Type // of the struct
	// typ and schema are the attributes of today's version.
	typ, schema string
}

// dataOptions are how facts are written and read: unknown members are refused, and
// maps are written in order.
var dataOptions = json.JoinOptions(json.Deterministic(true), json.RejectUnknownMembers(true))

// fact makes the catalogue's entry of F at a version.
func fact[F domain.Fact](version int) entry {
	var zero F
	name := zero.FactName()
	return entry{
		name: name, version: version, goType: reflect.TypeFor[F](),
		typ:    TypePrefix + name + ".v" + strconv.Itoa(version),
		schema: schemaPrefix + name + ".v" + strconv.Itoa(version),
		decode: func(data []byte) (domain.Fact, error) {
			var f F
			if err := json.Unmarshal(data, &f, dataOptions); err != nil {
				return nil, err
			}
			return f, nil
		},
		take: takeFact[F](),
	}
}

// takeFact makes the reading of F in canonical form, or nil.
func takeFact[F domain.Fact]() func(r *reader) (domain.Fact, bool) {
	whole := planOf(reflect.TypeFor[F]())
	if whole == nil {
		return nil
	}
	drafts := sync.Pool{New: func() any { return new(F) }}
	return func(r *reader) (domain.Fact, bool) {
		f := drafts.Get().(*F)
		defer drafts.Put(f)
		if ok := whole(r, reflect.ValueOf(f).Elem()); !ok {
			*f = *new(F)
			return nil, false
		}
		fact := domain.Fact(*f)
		*f = *new(F)
		return fact, true
	}
}

// TypePrefix begins the type attribute of every event.
const (
	TypePrefix   = "zhitong."
	schemaPrefix = "urn:zhitong:schema:"
)

// TypeOf is the type attribute of a fact as it is written today.
func TypeOf(f domain.Fact) string { return byName[f.FactName()].typ }

// Names lists the catalogue's facts in order, each with its version.
func Names() []string {
	names := make([]string, len(catalogue))
	for i, e := range catalogue {
		names[i] = e.name + ".v" + strconv.Itoa(e.version)
	}
	return names
}

var (
	byName = index(catalogue)
	byType = indexTypes(catalogue)
)

// indexTypes is the catalogue by the type attribute of today's versions.
func indexTypes(entries []entry) map[string]*entry {
	m := make(map[string]*entry, len(entries))
	for i := range entries {
		m[entries[i].typ] = &entries[i]
	}
	return m
}

func index(entries []entry) map[string]*entry {
	m := make(map[string]*entry, len(entries))
	for i := range entries {
		e := &entries[i]
		if m[e.name] != nil {
			panic("events: the catalogue names " + e.name + " twice")
		}
		m[e.name] = e
	}
	return m
}

// decodeFact reads the data of an event of the given type attribute.
func decodeFact(typ string, data []byte) (domain.Fact, error) {
	name, version, ok := splitType(typ)
	e := byName[name]
	if !ok || e == nil {
		return nil, fmt.Errorf("type %q is not in the catalogue", typ)
	}
	for v := version; v < e.version; v++ {
		up, err := e.upcast[v](data)
		if err != nil {
			return nil, fmt.Errorf("type %q: upcast from v%d: %w", typ, v, err)
		}
		data = up
	}
	if version > e.version || version < 1 {
		return nil, fmt.Errorf("type %q: this program knows versions 1 to %d", typ, e.version)
	}
	f, err := e.decode(data)
	if err != nil {
		return nil, fmt.Errorf("type %q: %w", typ, err)
	}
	return f, nil
}

func splitType(typ string) (name string, version int, ok bool) {
	rest, ok := strings.CutPrefix(typ, TypePrefix)
	i := strings.LastIndex(rest, ".v")
	if !ok || i < 0 {
		return "", 0, false
	}
	version, err := strconv.Atoi(rest[i+2:])
	return rest[:i], version, err == nil
}
