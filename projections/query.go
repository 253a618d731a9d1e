package projections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Cond keeps the rows whose column has the value. The value is written as the
// view prints it, or shorter ("13.5" for 13.50). An empty value on a column that
// can be null keeps the rows where it is null.
type Cond struct{ Column, Value string }

// Rows is a part of a view at a position, ordered by key.
type Rows struct {
	View     string
	Position uint64 // of the last commit that is in it
	Schema   *Schema
	Values   [][]Value
}

// AppendLine appends row i as a JSON object on one line, without a line end.
func (r *Rows) AppendLine(dst []byte, i int) []byte { return r.Schema.AppendLine(dst, r.Values[i]) }

// Cell returns the value of row i in column j as Go knows it: nil, bool, a string,
// or jsontext.Value for an integer or a JSON column.
func (r *Rows) Cell(i, j int) any {
	v, t := r.Values[i][j], r.Schema.Columns[j].Type
	switch {
	case v.Null:
		return nil
	case t == Boolean:
		return v.Text == "true"
	case t == Integer || t == JSON:
		return jsontext.Value(v.Text)
	default:
		return v.Text
	}
}

// UnknownError says that a view or a column does not exist, and which do.
type UnknownError struct {
	Kind  string // "view", "column of sales_volume", "projection"
	Name  string
	Known []string
}

// Error names what was asked for and what there is.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("no %s %q; there are: %s", e.Kind, e.Name, strings.Join(e.Known, ", "))
}

// FindView returns the projection of the highest version that has the view, and
// the view's table; the error is an [*UnknownError].
func FindView(ps []Projection, name string) (*Projection, *Schema, error) {
	var owner *Projection
	var view *Schema
	var known []string
	for i := range ps {
		for _, s := range ps[i].Views() {
			known = append(known, s.Name)
			if s.Name == name && (owner == nil || ps[i].Version > owner.Version) {
				owner, view = &ps[i], s
			}
		}
	}
	if owner == nil {
		slices.Sort(known)
		return nil, nil, &UnknownError{"view", name, slices.Compact(known)}
	}
	return owner, view, nil
}

// Match is a [Cond] made ready: the number of its column and the canonical value.
type Match struct {
	Column int
	Value  Value
}

// Holds reports whether the row meets m.
func (m Match) Holds(row []Value) bool { return row[m.Column] == m.Value }

// Matches makes conditions ready; it refuses an unknown column and a value that
// is not one of the column.
func (s *Schema) Matches(where []Cond) ([]Match, error) {
	ms := make([]Match, 0, len(where))
	for _, c := range where {
		i, ok := s.Column(c.Column)
		if !ok {
			return nil, &UnknownError{"column of " + s.Name, c.Column, s.ColumnNames()}
		}
		m := Match{Column: i}
		if c.Value == "" && s.Columns[i].Nullable {
			m.Value.Null = true
		} else if s.Columns[i].Type == JSON {
			return nil, fmt.Errorf("column %s holds JSON and can't be compared", c.Column)
		} else {
			text, err := s.NormalColumn(i, c.Value)
			if err != nil {
				return nil, err
			}
			m.Value.Text = text
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// ColumnNames returns the names of the columns in their order.
func (s *Schema) ColumnNames() []string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return names
}

// Select returns the rows of s held by db that meet all conditions, ordered by
// key; at most limit, or all where limit is 0.
func (db *DB) Select(s *Schema, where []Cond, limit int) (*Rows, error) {
	ms, err := s.Matches(where)
	if err != nil {
		return nil, err
	}
	r := &Rows{View: s.Name, Schema: s}
	err = db.Rows(s, func(vs []Value) error {
		for _, m := range ms {
			if !m.Holds(vs) {
				return nil
			}
		}
		if limit == 0 || len(r.Values) < limit {
			r.Values = append(r.Values, vs)
		}
		return nil
	})
	return r, err
}
