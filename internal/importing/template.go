package importing

import (
	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// template is the shape of a command's data. A field whose value is not given is
// left out; an object that had fields and lost all of them is left out too.
type template struct {
	fields []field     // an object
	items  []*template // a list, when isList
	each   *template   // a list with one item for every line of the group
	leaf   operand
	isList bool
	isLeaf bool
}

type field struct {
	quoted string // the name as JSON
	value  *template
}

// template reads a command's data for groups of a level.
func (b *builder) template(n *yaml.Node, level int) *template {
	switch n.Kind {
	case yaml.MappingNode:
		entries := b.entries(n)
		if len(entries) > 0 && entries[0].key.Value == "each" {
			return b.each(n)
		}
		t := &template{fields: []field{}}
		for _, e := range entries {
			quoted, err := jsontext.AppendQuote(nil, e.key.Value)
			if err != nil {
				b.fail(e.key, "a field's name: %s", err)
			}
			t.fields = append(t.fields, field{string(quoted), b.template(e.value, level)})
		}
		return t
	case yaml.SequenceNode:
		t := &template{isList: true}
		for _, item := range n.Content {
			t.items = append(t.items, b.template(item, level))
		}
		return t
	}
	o := b.operand(n, level)
	return &template{leaf: o, isLeaf: true}
}

func (b *builder) each(n *yaml.Node) *template {
	f := b.fields(n, "each", "of")
	if b.text(f["each"]) != lineLevel || f["of"] == nil {
		b.fail(n, "a list over the lines is written {each: line, of: …}")
		return &template{isList: true}
	}
	return &template{isList: true, each: b.template(f["of"], len(b.p.levels))}
}

// append writes the data of a group; given is false when there is nothing to
// write. Faults of the data go to the scope's list and count as nothing given, so
// that all lines of a document are looked at.
func (t *template) append(dst []byte, sc *scope) (out []byte, given bool) {
	switch {
	case t.isLeaf:
		v, fault := t.leaf.in(sc)
		if sc.fault(fault); fault != nil || !v.given() {
			return dst, false
		}
		return appendValue(dst, v, sc), true
	case t.isList:
		return t.appendList(dst, sc), true
	}
	start := len(dst)
	dst = append(dst, '{')
	some := false
	for i := range t.fields {
		f := &t.fields[i]
		mark := len(dst)
		if some {
			dst = append(dst, ',')
		}
		dst = append(append(dst, f.quoted...), ':')
		if dst, given = f.value.append(dst, sc); !given {
			dst = dst[:mark]
		}
		some = some || given
	}
	if !some && len(t.fields) > 0 {
		return dst[:start], false
	}
	return append(dst, '}'), true
}

func (t *template) appendList(dst []byte, sc *scope) []byte {
	dst = append(dst, '[')
	some := false
	add := func(item *template, sc *scope) {
		mark := len(dst)
		if some {
			dst = append(dst, ',')
		}
		var given bool
		if dst, given = item.append(dst, sc); !given {
			dst = dst[:mark]
		}
		some = some || given
	}
	for _, item := range t.items {
		add(item, sc)
	}
	if t.each != nil {
		for i := range sc.rows {
			line := sc.line(i)
			add(t.each, &line)
		}
	}
	return append(dst, ']')
}

// appendValue writes a value as the commands take it: integers and conditions as
// such, everything else, decimals too, as strings.
func appendValue(dst []byte, v value, sc *scope) []byte {
	if v.kind == kindInteger || v.kind == kindCondition {
		return append(dst, v.written(sc.zone)...)
	}
	out, err := jsontext.AppendQuote(dst, v.written(sc.zone))
	if err != nil {
		sc.fault(sc.rows[0].reason("cell.invalid_text", nil, v.text, "not a text that JSON can carry: %s", err))
	}
	return out
}
