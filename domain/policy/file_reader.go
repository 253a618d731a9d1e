package policy

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"zhitong/domain"
)

// reader reads a tree of nodes into a policy and notes where everything stood.
type reader struct {
	at       map[string]*yaml.Node // by path, as in a problem's field
	problems []FileProblem
}

func valueOf(p *Policy) reflect.Value { return reflect.ValueOf(p).Elem() }

func (r *reader) bad(n *yaml.Node, p *domain.Problem) {
	r.problems = append(r.problems, FileProblem{n.Line, n.Column, p})
}

// nearest is where a field stands, or the nearest thing around it.
func (r *reader) nearest(path string) *yaml.Node {
	for {
		if n := r.at[path]; n != nil {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

// value reads a node into v, by v's type.
func (r *reader) value(n *yaml.Node, v reflect.Value, path string) {
	r.at[path] = n
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.bad(n, domain.Refuse(domain.Malformed, "policy.file_alias", path, n.Value, "anchors and aliases are not used in a policy"))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, v.Elem(), path)
	case n.Kind == yaml.ScalarNode:
		r.scalar(n, v, path)
	case n.Kind == yaml.SequenceNode && v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, e := range n.Content {
			r.value(e, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case n.Kind == yaml.MappingNode && v.Kind() == reflect.Struct && !isText(v):
		r.mapping(n, v, path)
	default:
		r.bad(n, domain.Refuse(domain.Malformed, "policy.wrong_type", path, "", "%s is due here", due(v)))
	}
}

func isText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

// mapping reads the members of a struct by their JSON names.
func (r *reader) mapping(n *yaml.Node, v reflect.Value, path string) {
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		below := name
		if path != "" {
			below = path + "." + name
		}
		field, ok := member(v, name)
		switch {
		case !ok || key.Kind != yaml.ScalarNode:
			r.bad(key, domain.Refuse(domain.Malformed, "policy.unknown_key", below, "", "there is no such key; there are: %s", strings.Join(memberNames(v.Type()), ", ")))
		case seen[name]:
			r.bad(key, domain.Refuse(domain.Malformed, "policy.key_twice", below, "", "the key was given before"))
		default:
			r.value(value, field, below)
		}
		seen[name] = true
	}
}

func memberNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return names
}

func member(v reflect.Value, name string) (reflect.Value, bool) {
	for i, n := range memberNames(v.Type()) {
		if n == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// scalar reads a text, an integer or a truth value. A decimal and an id are texts:
// YAML would change a bare 0.80 or 0012.
func (r *reader) scalar(n *yaml.Node, v reflect.Value, path string) {
	tag := n.ShortTag()
	wrong := func() {
		r.bad(n, domain.Refuse(domain.Malformed, "policy.wrong_type", path, n.Value, "%s is due here", due(v)))
	}
	switch _, isDay := v.Interface().(domain.Day); {
	case tag == "!!null":
		r.bad(n, domain.Missing(path))
	case isText(v) || v.Kind() == reflect.String:
		if tag != "!!str" && !(isDay && tag == "!!timestamp") {
			wrong()
			return
		}
		if !isText(v) {
			v.SetString(n.Value)
			return
		}
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
			r.bad(n, domain.AsProblem(err).At(path))
		}
	case v.Kind() == reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if tag != "!!int" || err != nil {
			wrong()
			return
		}
		v.SetInt(int64(i))
	case v.Kind() == reflect.Bool:
		if tag != "!!bool" {
			wrong()
			return
		}
		v.SetBool(n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
	default:
		wrong()
	}
}

// due says what a value of v's type looks like in a file.
func due(v reflect.Value) string {
	switch v.Interface().(type) {
	case domain.Money, domain.Price, domain.Kg, domain.Share:
		return `a decimal in quotes, such as "0.80",`
	case domain.Day:
		return "a day such as 2021-03-03"
	}
	switch v.Kind() {
	case reflect.Int:
		return "an integer"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "keys and values"
	}
	return "a text (in quotes where it looks like a number)"
}
