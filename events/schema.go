package events

import (
	"reflect"
	"strings"

	"zhitong/domain"
)

// Schema is a JSON Schema (draft 2020-12) as far as facts need it. Its JSON is the
// schema.
type Schema struct {
	ID          string             `json:"$id,omitempty"`
	Dialect     string             `json:"$schema,omitempty"`
	Type        string             `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	MaxLength   int                `json:"maxLength,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"` // false, or a schema
}

// Schemas returns the schema of each fact's data by the dataschema attribute.
func Schemas() map[string]*Schema {
	all := make(map[string]*Schema, len(catalogue))
	for _, e := range catalogue {
		s := schemaOf(e.goType)
		s.ID, s.Dialect = e.schema, "https://json-schema.org/draft/2020-12/schema"
		all[e.schema] = s
	}
	return all
}

// values are the types that stand as strings, with their shape.
var values = map[reflect.Type]Schema{
	reflect.TypeFor[domain.ID]():       {Type: "string", MaxLength: domain.IDCharsMax, Description: "an id, as its owner wrote it"},
	reflect.TypeFor[domain.Text]():     {Type: "string", MaxLength: domain.TextCharsMax},
	reflect.TypeFor[domain.Time]():     {Type: "string", Description: "RFC 3339 with an offset, as written"},
	reflect.TypeFor[domain.Day]():      {Type: "string", Pattern: `^\d{4}-\d{2}-\d{2}$`, Description: "a day of Asia/Shanghai"},
	reflect.TypeFor[domain.Money]():    {Type: "string", Pattern: `^-?\d+\.\d{2}$`, Description: "yuan"},
	reflect.TypeFor[domain.Kg]():       {Type: "string", Pattern: `^-?\d+\.\d{3}$`, Description: "kg"},
	reflect.TypeFor[domain.Quantity](): {Type: "string", Pattern: `^\d+(\.\d{1,3})?$`, Description: "in the unit of the order line"},
	reflect.TypeFor[domain.Price]():    {Type: "string", Pattern: `^\d+(\.\d{1,12})?$`, Description: "yuan per unit"},
	reflect.TypeFor[domain.Share]():    {Type: "string", Pattern: `^\d(\.\d{1,6})?$`, Description: "from 0 to 1"},
	reflect.TypeFor[domain.Residual](): {Type: "string", Pattern: `^-?\d+\.\d{8}$`, Description: "yuan, signed"},
	reflect.TypeFor[domain.Sealed]():   {Type: "string", Description: "personal: encrypted under the person's key"},
	reflect.TypeFor[domain.Tag]():      {Type: "string", Description: "keyed fingerprint of a personal value"},
}

func schemaOf(t reflect.Type) *Schema {
	if s, ok := values[t]; ok {
		return &s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return &Schema{Type: "array", Items: schemaOf(t.Elem())}
	case reflect.Map:
		return &Schema{Type: "object", Additional: schemaOf(t.Elem())}
	case reflect.Struct:
		s := &Schema{Type: "object", Properties: make(map[string]*Schema), Additional: false}
		s.members(t)
		return s
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return &Schema{Type: "integer"}
	}
	return &Schema{Type: "string"}
}

// members adds the members of a struct, those of embedded structs in their place.
func (s *Schema) members(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			s.members(f.Type)
		case name == "" || name == "-":
		default:
			s.Properties[name] = schemaOf(f.Type)
			if !strings.Contains(options, "omitzero") && !strings.Contains(options, "omitempty") {
				s.Required = append(s.Required, name)
			}
		}
	}
}
