package importing

import (
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"zhitong/domain"
)

// column reads one column of the spreadsheet.
func (b *builder) column(e entry) {
	name := e.key.Value
	if !nameForm.MatchString(name) {
		b.fail(e.key, "a column's name has small letters, digits and _, and begins with a letter")
	}
	f := b.fields(e.value, "header", "read", "required", "unique", "trim", "chars_max", "places", "above", "layout", "two_digit_years_from", "absent", "reference")
	c := &column{
		name: name, header: b.required(f["header"], e.value, "header"), index: len(b.p.columns),
		read: reading(b.required(f["read"], e.value, "read")), required: b.bool(f["required"]), unique: b.bool(f["unique"]), trim: b.bool(f["trim"]),
		charsMax: b.integer(f["chars_max"], 1, domain.TextCharsMax, domain.TextCharsMax),
		places:   b.integer(f["places"], 0, placesMax, 2),
		above:    b.text(f["above"]), absent: map[string]bool{},
	}
	for _, s := range b.texts(f["absent"]) {
		c.absent[s] = true
	}
	only := func(key string, reads ...reading) {
		if f[key] != nil && !slices.Contains(reads, c.read) {
			b.fail(f[key], "%q has no meaning for a column read as %s", key, c.read)
		}
	}
	only("chars_max", readText)
	only("places", readDecimal)
	only("above", readDecimal, readInteger)
	only("layout", readDate)
	only("two_digit_years_from", readDate)
	switch c.read {
	case readText:
	case readID:
		c.required = c.required || f["required"] == nil && len(c.absent) == 0
	case readInteger:
		c.places = 0
	case readDecimal:
	case readDate:
		l, err := parseLayout(b.required(f["layout"], e.value, "layout"), b.integer(f["two_digit_years_from"], 1, 9900, 0))
		if err != nil {
			b.fail(cmpNode(f["layout"], e.value), "%s", err)
		}
		c.layout = l
	default:
		b.fail(cmpNode(f["read"], e.value), "a column is read as text, id, integer, decimal or date")
	}
	if c.above != "" && checkNumber(c.above, placesMax) != "" {
		b.fail(f["above"], "a number is due here")
		c.above = ""
	}
	for _, other := range b.p.columns {
		if other.header == c.header && c.header != "" {
			b.fail(f["header"], "the header %q is that of column %q already", c.header, other.name)
		}
	}
	b.columns[name] = c
	b.p.columns = append(b.p.columns, c)
}

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

// references reads the columns' references, which may name columns further down.
func (b *builder) references(columns *yaml.Node) {
	for _, e := range b.entries(columns) {
		if e.value.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(e.value.Content); i += 2 {
			if n := e.value.Content[i+1]; e.value.Content[i].Value == "reference" && b.columns[e.key.Value] != nil {
				b.columns[e.key.Value].ref = b.reference(n)
			}
		}
	}
}

// reference reads the text of a reference with its columns in braces.
func (b *builder) reference(n *yaml.Node) *reference {
	text, r, from := b.text(n), &reference{}, 0
	for _, m := range braces.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		c := b.columns[name]
		if c == nil {
			b.fail(n, "the reference names {%s}, which is no column", name)
			return nil
		}
		lit := text[from:m[0]]
		if lit == "" && len(r.column) > 0 {
			b.fail(n, "something must stand between two columns of a reference")
		}
		r.parts, r.column, from = append(r.parts, lit), append(r.column, c), m[1]
		if c.unique && r.row == nil {
			r.row = c
		}
	}
	r.parts = append(r.parts, text[from:])
	if r.row == nil {
		b.fail(n, "a reference names a column in braces that is unique, to find the line by")
		return nil
	}
	return r
}

// levels reads the grouping of rows, the document first.
func (b *builder) levels(n *yaml.Node) {
	for _, item := range b.items(n) {
		f := b.fields(item, "name", "key", "same", "rows_max")
		l := &level{name: b.required(f["name"], item, "name"), rowsMax: b.integer(f["rows_max"], 1, rowsMax, 0)}
		l.key = b.columnNamed(f["key"], item, "key")
		for _, s := range b.items(f["same"]) {
			if c := b.columnNamed(s, item, "same"); c != nil {
				l.same = append(l.same, c)
			}
		}
		if l.key != nil && !l.key.required {
			b.fail(cmpNode(f["key"], item), "the key column %q must be required: true", l.key.name)
		}
		if l.name == lineLevel || b.levelNamed(l.name) >= 0 {
			b.fail(cmpNode(f["name"], item), "the level %q is there already", l.name)
		}
		b.p.levels = append(b.p.levels, l)
	}
	if k := len(b.p.levels); k < 1 || k > levelsMax {
		b.fail(n, "from 1 to %d levels; the first is the document", levelsMax)
	}
}

// columnNamed is the column that n names; at is where to tell that it is missing.
func (b *builder) columnNamed(n, at *yaml.Node, key string) *column {
	name := b.required(n, at, key)
	c := b.columns[name]
	if c == nil && name != "" {
		b.fail(n, "there is no column %q", name)
	}
	return c
}

// lineLevel is the name of the innermost level, the single row.
const lineLevel = "line"

// levelNamed returns the place of a level; the line is behind the last; -1 is none.
func (b *builder) levelNamed(name string) int {
	if name == lineLevel {
		return len(b.p.levels)
	}
	return slices.IndexFunc(b.p.levels, func(l *level) bool { return l.name == name })
}
