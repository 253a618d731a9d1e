package importing

import (
	"slices"
	"strings"
)

// Warning is one kind of contradiction in the file, which is reported and not
// refused. It counts all documents that could be read, also those refused later.
type Warning struct {
	Name     string    `json:"name"`
	Count    int       `json:"count"`
	Examples []Example `json:"examples"` // the first few
}

// Example is one place of a warning.
type Example struct {
	Row      int    `json:"row"`
	Line     int    `json:"line"`
	Document string `json:"document"`
	Text     string `json:"text"`
}

// examplesMax is how many places of a warning are told.
const examplesMax = 10

// tally gathers warnings.
type tally struct {
	profile *Profile
	names   []string // those of the profile first, in its order
	hits    map[string][]hit
}

// hit is one place of a warning. Its text is made from the columns shown, where it
// is not given.
type hit struct {
	row  *row
	doc  *document
	text string
	show []*column
}

func newTally(p *Profile) *tally {
	t := &tally{profile: p, hits: map[string][]hit{}}
	for _, w := range p.warnings {
		t.names = append(t.names, w.name)
	}
	return t
}

func (t *tally) add(name string, h hit) {
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
	t.hits[name] = append(t.hits[name], h)
}

// document counts the profile's warnings in a document that could be read.
func (t *tally) document(d *document) {
	for _, w := range t.profile.warnings {
		groups := d.groups
		if w.level == len(groups) {
			for i := range d.rows {
				t.group(w, d, d.rows[i:i+1])
			}
			continue
		}
		for _, rows := range groups[w.level] {
			t.group(w, d, rows)
		}
	}
}

func (t *tally) group(w *warning, d *document, rows []*row) {
	v, fault := w.when.in(&scope{zone: t.profile.zone, rows: rows})
	if fault != nil || !v.yes {
		return // a fault of the data is told where it refuses
	}
	t.add(w.name, hit{row: rows[0], doc: d, show: w.show})
}

// list returns the warnings that happened, each with its first places in the file.
func (t *tally) list() []Warning {
	list := []Warning{}
	for _, name := range t.names {
		hits := t.hits[name]
		if len(hits) == 0 {
			continue
		}
		slices.SortStableFunc(hits, func(a, b hit) int { return a.row.record.Row - b.row.record.Row })
		w := Warning{Name: name, Count: len(hits)}
		for _, h := range hits[:min(examplesMax, len(hits))] {
			w.Examples = append(w.Examples, Example{h.row.record.Row, h.row.record.Line, h.doc.key, h.words(t.profile)})
		}
		list = append(list, w)
	}
	return list
}

func (h *hit) words(p *Profile) string {
	if h.text != "" {
		return h.text
	}
	var shown []string
	for _, c := range h.show {
		if v := h.row.values[c.index]; v.given() {
			shown = append(shown, c.header+" "+v.written(p.zone))
		}
	}
	return strings.Join(shown, ", ")
}
