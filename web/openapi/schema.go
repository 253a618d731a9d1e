package openapi

import (
	"fmt"
	"reflect"
	"strings"

	"zhitong/domain"
	"zhitong/domain/finding"
	"zhitong/domain/policy"
	"zhitong/events"
)

// object is a JSON object.
type object = map[string]any

// decimal is the shape of a decimal string as commands may write it.
func decimal(places int, what string) object {
	return object{"type": "string", "pattern": fmt.Sprintf(`^[0-9]{1,15}(\.[0-9]{1,%d})?$`, places), "description": what}
}

// values are the types that stand as one string, as commands may write them. In the
// document each has a schema of its name.
var values = map[reflect.Type]object{
	reflect.TypeFor[domain.ID]():       {"type": "string", "minLength": 1, "maxLength": domain.IDCharsMax, "description": "an id, kept as written: NFC, no control characters"},
	reflect.TypeFor[domain.Text]():     {"type": "string", "maxLength": domain.TextCharsMax},
	reflect.TypeFor[domain.Time]():     {"type": "string", "format": "date-time", "description": "with an offset; kept as written"},
	reflect.TypeFor[domain.Day]():      {"type": "string", "format": "date", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, "description": "a day of Asia/Shanghai"},
	reflect.TypeFor[domain.Money]():    decimal(2, "yuan"),
	reflect.TypeFor[domain.Price]():    decimal(6, "yuan per unit"),
	reflect.TypeFor[domain.Quantity](): decimal(3, "in the unit of the order line"),
	reflect.TypeFor[domain.Kg]():       decimal(3, "kg"),
	reflect.TypeFor[domain.Exact]():    decimal(64, "an exact number"),
	reflect.TypeFor[domain.Share]():    {"type": "string", "pattern": `^(0{1,15}(\.[0-9]{1,6})?|0{0,14}1(\.0{1,6})?)$`, "description": "from 0 to 1"},
	reflect.TypeFor[domain.Personal](): {"type": "string", "maxLength": domain.TextCharsMax, "writeOnly": true, "description": "personal: kept encrypted, never shown again"},
	reflect.TypeFor[domain.Role]():     {"type": "string", "enum": clientRoles()},
	reflect.TypeFor[finding.Status]():  {"type": "string", "enum": []string{"open", "explained", "confirmed"}, "description": "of a finding"},
}

// signed are members that may begin with a minus.
var signed = map[string]object{
	"delta": {"type": "string", "pattern": `^-?[0-9]{1,15}(\.[0-9]{1,2})?$`, "description": "yuan, more or less"},
}

// words are members that hold one of a few words, by the command's or struct's name
// and the member's.
var words = map[string][]string{
	"party.Register.kind":             {"cooperative", "buyer", "carrier", "funder"},
	"claim.SettleClawback.method":     {"refund", "offset", "write_off"},
	"disbursement.ConfirmLine.status": {"paid", "failed"},
	"shipment.Rejection.reason":       {"quality", "damage", "spec", "excess", "other"},
	"shipment.Rejection.disposition":  {"return", "scrap", "resell"},
	"policy.Policy.on_exhausted":      {policy.Waitlist, policy.Partial, policy.RefuseIt},
}

// given are members that may be left out though their structs don't say so.
var given = map[string]bool{
	"policy.Policy.approval": true,
}

// needed are members that may not be left out though their structs, which they share
// with others, don't say so.
var needed = map[string][]string{
	"route.Open":     {"origin", "destination", "distance_km", "calendar", "transit_hours", "vehicle_capacity_kg"},
	"party.Register": {"name"},
}

func clientRoles() []domain.Role {
	var list []domain.Role
	for _, r := range domain.Roles {
		if r != domain.System {
			list = append(list, r)
		}
	}
	return list
}

// schemaOf is the schema of a Go type as a command's data holds it.
func schemaOf(t reflect.Type) object {
	if _, ok := values[t]; ok {
		return ref(t.Name())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Struct:
		s := object{"type": "object", "properties": object{}, "additionalProperties": false}
		members(s, t)
		if more := needed[t.String()]; more != nil {
			required, _ := s["required"].([]string)
			s["required"] = append(required, more...)
		}
		return s
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return object{"type": "integer"}
	}
	return object{"type": "string"}
}

// members adds the members of a struct, those of embedded structs in their place.
func members(s object, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			members(s, f.Type)
			continue
		case name == "" || name == "-":
			continue
		}
		path := t.String() + "." + name
		m := schemaOf(f.Type)
		if better, ok := signed[name]; ok {
			m = better
		}
		if list, ok := words[path]; ok {
			m = object{"type": "string", "enum": list}
		}
		s["properties"].(object)[name] = m
		if !strings.Contains(options, "omitzero") && !strings.Contains(options, "omitempty") && !given[path] {
			required, _ := s["required"].([]string)
			s["required"] = append(required, name)
		}
	}
}

// dataOf is the schema of a command's data: that of its struct, and the device that
// an entry made offline names.
func dataOf(data any) object {
	s := schemaOf(reflect.TypeOf(data).Elem())
	s["properties"].(object)["device"] = ref("Device")
	return s
}

func deviceSchema() object {
	s := schemaOf(reflect.TypeFor[events.Device]())
	s["description"] = "where and when an entry was made that was sent later"
	return s
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }
