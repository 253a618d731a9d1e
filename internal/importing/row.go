package importing

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"zhitong/domain"
)

// row is one record with what the profile's columns read from it.
type row struct {
	record  *Record
	values  []value // by column index
	refs    []cellRef
	reasons []*Reason // why the row itself is refused
}

// cellRef is a cell that says that its figure stands on another line.
type cellRef struct {
	column *column
	cell   string
	texts  []string // of the reference's columns
}

// bind finds the place of each of the profile's columns in the header.
func (p *Profile) bind(t *Table) ([]int, error) {
	at := map[string]int{}
	for i, h := range t.Header {
		if _, twice := at[h]; twice && p.uses(h) {
			return nil, &FileError{File: t.File, Line: 1, Column: fmt.Sprintf("%q", h), Detail: "the header names this column twice"}
		}
		at[h] = i
	}
	places := make([]int, len(p.columns))
	var missing []string
	for i, c := range p.columns {
		place, ok := at[c.header]
		if !ok {
			missing = append(missing, fmt.Sprintf("%q", c.header))
		}
		places[i] = place
	}
	if len(missing) > 0 {
		return nil, &FileError{File: t.File, Line: 1, Detail: fmt.Sprintf("the header lacks %s, which profile %q reads; it has: %s",
			strings.Join(missing, ", "), p.Name, clip(strings.Join(t.Header, ", ")))}
	}
	return places, nil
}

func (p *Profile) uses(header string) bool {
	for _, c := range p.columns {
		if c.header == header {
			return true
		}
	}
	return false
}

// read reads a record's cells. The record's own cells become what a CSV of the
// table holds (see [column.settle]).
func (p *Profile) read(t *Table, record *Record, places []int) *row {
	r := &row{record: record, values: make([]value, len(p.columns))}
	if len(record.Cells) != len(t.Header) {
		r.refuse("row.cells", nil, "", "%d cells where the header has %d", len(record.Cells), len(t.Header))
	}
	for i, c := range p.columns {
		if places[i] >= len(record.Cells) {
			continue
		}
		cell := record.Cells[places[i]]
		if t.cellsAreRaw {
			cell = c.settle(cell, t.date1904)
			record.Cells[places[i]] = cell
		}
		r.values[i] = c.parse(r, cell)
	}
	return r
}

// parse reads one cell of the column; what it cannot read refuses the row.
func (c *column) parse(r *row, cell string) value {
	s := cell
	if c.trim || c.read == readInteger || c.read == readDecimal || c.read == readDate {
		s = strings.TrimSpace(s)
	}
	switch {
	case s == "" || c.absent[s]:
		if c.required {
			r.refuse("cell.empty", c, cell, "a value is due here")
		}
		return value{}
	case c.ref != nil:
		if texts := c.ref.match(s); texts != nil {
			r.refs = append(r.refs, cellRef{c, s, texts})
			return value{}
		}
	}
	v, why := c.convert(s)
	if why != "" {
		r.refuse("cell.invalid_"+string(c.read), c, cell, "%s", why)
		return value{}
	}
	if c.above != "" && v.figure().cmp(newFigure(c.above)) <= 0 {
		r.refuse("cell.too_small", c, cell, "a number above %s is due here", c.above)
	}
	return v
}

// convert reads a text that is there; why says what is wrong with it.
func (c *column) convert(s string) (v value, why string) {
	switch c.read {
	case readID:
		if err := domain.CheckID(s); err != nil {
			return value{}, domain.AsProblem(err).Detail
		}
		return textValue(s), ""
	case readInteger, readDecimal:
		if why := checkNumber(s, c.places); why != "" {
			return value{}, why
		}
		return value{kind: c.kind(), text: plainNumber(s)}, ""
	case readDate:
		day, ok := c.layout.parse(s)
		if !ok {
			return value{}, fmt.Sprintf("no date of the form %s", c.layout.text)
		}
		return dayValue(day), ""
	}
	if len(s) > c.charsMax && utf8.RuneCountInString(s) > c.charsMax {
		return value{}, fmt.Sprintf("more than %d characters", c.charsMax)
	}
	if err := domain.CheckText(s); err != nil {
		return value{}, domain.AsProblem(err).Detail
	}
	return textValue(s), ""
}

// uniques are the rows by the values of each unique column.
type uniques map[*column]map[string]*row

// checkUnique refuses rows that share a value of a unique column.
func (p *Profile) checkUnique(rows []*row) uniques {
	u := uniques{}
	for _, c := range p.columns {
		if !c.unique {
			continue
		}
		by := make(map[string]*row, len(rows))
		for _, r := range rows {
			v := r.values[c.index]
			if !v.given() {
				continue
			}
			key := v.written(p.zone)
			other := by[key]
			if other == nil {
				by[key] = r
				continue
			}
			r.refuse("key.repeated", c, key, "row %d (line %d) has it already", other.record.Row, other.record.Line)
			other.refuse("key.repeated", c, key, "row %d (line %d) has it too", r.record.Row, r.record.Line)
		}
		u[c] = by
	}
	return u
}

// checkReferences refuses references that lead nowhere, to another group, or to a
// line that refers on.
func (p *Profile) checkReferences(rows []*row, u uniques) {
	for _, r := range rows {
		for _, ref := range r.refs {
			if code, why := p.follow(r, ref, u); code != "" {
				r.refuse(code, ref.column, ref.cell, "%s", why)
			}
		}
	}
}

func (p *Profile) follow(r *row, ref cellRef, u uniques) (code, why string) {
	rule := ref.column.ref
	var target *row
	for i, c := range rule.column {
		if c == rule.row {
			if v, bad := c.convert(ref.texts[i]); bad == "" {
				target = u[c][v.written(p.zone)]
			}
		}
	}
	if target == nil {
		return "reference.unknown", "there is no such line"
	}
	for i, c := range rule.column {
		if c == rule.row {
			continue
		}
		v, bad := c.convert(ref.texts[i])
		there, here := target.values[c.index], r.values[c.index]
		if bad != "" || !there.given() || there.compare(v) != 0 || !here.given() || here.compare(v) != 0 {
			return "reference.elsewhere", fmt.Sprintf("line %d, which it names, is of %s %q; here it is %q",
				target.record.Line, c.header, there.written(p.zone), here.written(p.zone))
		}
	}
	for _, other := range target.refs {
		if other.column == ref.column {
			return "reference.chained", fmt.Sprintf("line %d, which it names, refers on", target.record.Line)
		}
	}
	return "", ""
}
