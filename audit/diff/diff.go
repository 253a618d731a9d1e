// Package diff says what changed in the views between two positions of the log, row
// by row, and which events did it.
//
// It owns the comparison. It refuses to ask a database: it folds the log itself.
// Start reading at [Between].
package diff

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"zhitong/events"
	"zhitong/projections"
)

// The kinds of changes of a row.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Row is a row that is not what it was.
type Row struct {
	View    string   `json:"view"`
	Key     string   `json:"key"` // as a JSON object
	Change  string   `json:"change"`
	Columns []Column `json:"columns,omitzero"` // of a changed row: those that differ; of an added or removed one all
	Events  []Event  `json:"events"`           // that touched it, in order
}

// Column is a column that is not what it was.
type Column struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Event is an event that touched a row.
type Event struct {
	Position uint64 `json:"position"`
	ID       string `json:"id"`
	Name     string `json:"name"`
}

// Between folds the log and returns the rows of the public views that differ between
// two positions, from < to; to 0 is the head. views limits it to those named.
func Between(ctx context.Context, read projections.Reader, ps []projections.Projection, from, to uint64, views []string) ([]Row, error) {
	if to != 0 && to < from {
		return nil, fmt.Errorf("position %d comes before %d", to, from)
	}
	var out []Row
	for i := range ps {
		p := &ps[i]
		if !slices.ContainsFunc(p.Views(), func(s *projections.Schema) bool { return wanted(s, views) }) {
			continue
		}
		d, err := newDiffer(ctx, read, p, from)
		if err != nil {
			return nil, err
		}
		if err := d.run(ctx, read, from, to); err != nil {
			return nil, err
		}
		out = append(out, d.rows(views)...)
	}
	return out, nil
}

func wanted(s *projections.Schema, views []string) bool {
	return s.Public && (len(views) == 0 || slices.Contains(views, s.Name))
}

// differ is a projection at from, and going on to to.
type differ struct {
	p       *projections.Projection
	start   base
	db      *projections.DB
	touched map[*projections.Schema]map[string]*touch
	order   []*touch
}

// touch is a row that some event touched.
type touch struct {
	schema *projections.Schema
	key    []projections.Value
	events []Event
	now    []projections.Value // nil: gone
}

// base is the rows at from, by table and key.
type base map[*projections.Schema]map[string][]projections.Value

// Row implements projections.Source.
func (b base) Row(s *projections.Schema, key []projections.Value) ([]projections.Value, error) {
	return b[s][keyText(s, key)], nil
}

// All implements projections.Source: no table is handed out whole.
func (base) All(*projections.Schema, func([]projections.Value) error) (bool, error) {
	return false, nil
}

func keyText(s *projections.Schema, vs []projections.Value) string {
	return string(s.AppendLine(nil, vs[:s.KeyLen]))
}

// rowsHeldMax is how many rows of a table stay in memory while events are folded
// one by one.
const rowsHeldMax = 1 << 20

func newDiffer(ctx context.Context, read projections.Reader, p *projections.Projection, from uint64) (*differ, error) {
	d := &differ{p: p, start: base{}, touched: map[*projections.Schema]map[string]*touch{}}
	if from > 0 {
		folded, err := projections.Fold(ctx, read, []projections.Projection{*p}, projections.Until{Position: from})
		if err != nil {
			return nil, err
		}
		if folded.DBs[0] == nil {
			return nil, folded.Failed[0]
		}
		for _, t := range p.Tables {
			s := t.Schema()
			d.start[s] = map[string][]projections.Value{}
			err := folded.DBs[0].Rows(s, func(vs []projections.Value) error {
				d.start[s][keyText(s, vs)] = slices.Clone(vs)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	d.db = projections.NewCached(p, d.start, rowsHeldMax)
	return d, nil
}

// run folds the events behind from one by one and notes which rows each touches.
func (d *differ) run(ctx context.Context, read projections.Reader, from, to uint64) error {
	return read(ctx, from+1, func(first uint64, commits [][]byte) error {
		for i, line := range commits {
			at := first + uint64(i)
			if at <= from || to != 0 && at > to {
				continue
			}
			c, err := events.Decode(line)
			if err != nil {
				return fmt.Errorf("position %d: %w", at, err)
			}
			for k := range c.Events {
				if err := d.event(events.Commit{Position: at, Events: c.Events[k : k+1]}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (d *differ) event(c events.Commit) error {
	if err := d.p.Apply(d.db, &c); err != nil {
		return err
	}
	changes, err := d.db.Changes()
	if err != nil {
		return err
	}
	e := &c.Events[0]
	by := Event{c.Position, e.ID, e.Name()}
	for _, ch := range changes {
		for _, row := range ch.Upsert {
			d.touch(ch.Schema, row[:ch.Schema.KeyLen], by).now = slices.Clone(row)
		}
		for _, key := range ch.Delete {
			d.touch(ch.Schema, key, by).now = nil
		}
	}
	d.db.Saved()
	return nil
}

func (d *differ) touch(s *projections.Schema, key []projections.Value, by Event) *touch {
	if d.touched[s] == nil {
		d.touched[s] = map[string]*touch{}
	}
	k := keyText(s, key)
	t := d.touched[s][k]
	if t == nil {
		t = &touch{schema: s, key: slices.Clone(key)}
		d.touched[s][k] = t
		d.order = append(d.order, t)
	}
	t.events = append(t.events, by)
	return t
}

// rows are the touched rows that are not what they were, by view and key.
func (d *differ) rows(views []string) []Row {
	var out []Row
	for _, s := range d.p.Views() {
		if !wanted(s, views) {
			continue
		}
		var list []*touch
		for _, t := range d.order {
			if t.schema == s {
				list = append(list, t)
			}
		}
		slices.SortFunc(list, func(a, b *touch) int { return s.CompareKeys(a.key, b.key) })
		for _, t := range list {
			if r, ok := t.row(d.start[s][keyText(s, t.key)]); ok {
				out = append(out, r)
			}
		}
	}
	return out
}

func (t *touch) row(was []projections.Value) (Row, bool) {
	r := Row{View: t.schema.Name, Key: keyText(t.schema, t.key), Change: Changed, Events: t.events}
	switch {
	case was == nil && t.now == nil:
		return r, false // it came and went
	case was == nil:
		r.Change = Added
	case t.now == nil:
		r.Change = Removed
	}
	for i, c := range t.schema.Columns[t.schema.KeyLen:] {
		i += t.schema.KeyLen
		before, after := "", ""
		if was != nil {
			before = shown(was[i])
		}
		if t.now != nil {
			after = shown(t.now[i])
		}
		if before != after {
			r.Columns = append(r.Columns, Column{c.Name, before, after})
		}
	}
	return r, len(r.Columns) > 0 || r.Change != Changed
}

func shown(v projections.Value) string {
	if v.Null {
		return "null"
	}
	return v.Text
}

// Text writes rows for people.
func Text(w io.Writer, rows []Row) error {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%s %s %s\n", map[string]string{Added: "+", Removed: "-", Changed: "~"}[r.Change], r.View, r.Key)
		for _, c := range r.Columns {
			fmt.Fprintf(&b, "    %s: %s → %s\n", c.Name, orNone(c.Before), orNone(c.After))
		}
		for _, e := range r.Events {
			fmt.Fprintf(&b, "    by %d %s %s\n", e.Position, e.Name, e.ID)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
