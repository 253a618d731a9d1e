package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/web/openapi"
)

// description is the served description, for checking what goes over the wire.
type description struct {
	doc map[string]any
}

func readDescription(t *testing.T) description {
	t.Helper()
	var d description
	if err := json.Unmarshal(openapi.JSON(), &d.doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows a path of members.
func (d description) at(path ...string) map[string]any {
	v := d.doc
	for _, p := range path {
		v, _ = v[p].(map[string]any)
	}
	return v
}

// check lists what of a value is not as the schema says. It knows the part of JSON
// Schema that the description uses.
func (d description) check(schema map[string]any, raw []byte) []string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return []string{err.Error()}
	}
	return d.value(schema, v, "")
}

func (d description) value(s map[string]any, v any, at string) (faults []string) {
	if name, ok := s["$ref"].(string); ok {
		s = d.at(strings.Split(strings.TrimPrefix(name, "#/"), "/")...)
		if s == nil {
			return []string{at + ": no schema " + name}
		}
	}
	bad := func(what string, args ...any) { faults = append(faults, at+": "+fmt.Sprintf(what, args...)) }
	if kinds := kindsOf(s["type"]); len(kinds) > 0 && !slices.Contains(kinds, kindOf(v)) && !(kindOf(v) == "integer" && slices.Contains(kinds, "number")) {
		bad("%v is not %v", v, kinds)
		return faults
	}
	if c, ok := s["const"]; ok && c != v {
		bad("%v is not %v", v, c)
	}
	if list, ok := s["enum"].([]any); ok && !slices.Contains(list, v) {
		bad("%v is not one of %v", v, list)
	}
	switch v := v.(type) {
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			bad("%q does not match %s", v, p)
		}
		if n, ok := s["maxLength"].(float64); ok && len([]rune(v)) > int(n) {
			bad("longer than %v", n)
		}
		if n, ok := s["minLength"].(float64); ok && len([]rune(v)) < int(n) {
			bad("shorter than %v", n)
		}
	case float64:
		if n, ok := s["minimum"].(float64); ok && v < n {
			bad("%v is below %v", v, n)
		}
	case []any:
		if items, ok := s["items"].(map[string]any); ok {
			for i, e := range v {
				faults = append(faults, d.value(items, e, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case map[string]any:
		faults = append(faults, d.members(s, v, at)...)
	}
	return faults
}

func (d description) members(s, v map[string]any, at string) (faults []string) {
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			faults = append(faults, fmt.Sprintf("%s: %v is missing", at, name))
		}
	}
	for name, m := range v {
		if p, ok := properties[name].(map[string]any); ok {
			faults = append(faults, d.value(p, m, at+"."+name)...)
			continue
		}
		switch more := s["additionalProperties"].(type) {
		case bool:
			if !more {
				faults = append(faults, fmt.Sprintf("%s: %s is not described", at, name))
			}
		case map[string]any:
			faults = append(faults, d.value(more, m, at+"."+name)...)
		}
	}
	return faults
}

func kindsOf(t any) (kinds []string) {
	switch t := t.(type) {
	case string:
		return []string{t}
	case []any:
		for _, k := range t {
			kinds = append(kinds, k.(string))
		}
	}
	return kinds
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
