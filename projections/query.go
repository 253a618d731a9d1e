package projections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
)

// Rows is a part of a view at a position, ordered by key.
type Rows struct {
	View     string
	Position uint64 // of the last commit that is in it
	Schema   *Schema
	Values   [][]Value
	// Next is the cursor that goes on behind the last row, "" where there is
	// nothing more; see [Question].
	Next string
}

// AppendLine appends row i as a JSON object on one line, without a line end.
func (r *Rows) AppendLine(dst []byte, i int) []byte { return r.Schema.AppendLine(dst, r.Values[i]) }

// Cell returns the value of row i in column j as Go knows it; see [Schema.Cell].
func (r *Rows) Cell(i, j int) any { return r.Schema.Cell(r.Values[i], j) }

// Cell returns the value of a row in column j as Go knows it: nil, bool, a string,
// or jsontext.Value for an integer or a JSON column.
func (s *Schema) Cell(row []Value, j int) any {
	v, t := row[j], s.Columns[j].Type
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

// Unwrap is the same as a [*domain.Problem], with the code view.unknown or
// view.unknown_column.
func (e *UnknownError) Unwrap() error {
	detail := "there are: " + strings.Join(e.Known, ", ")
	if strings.HasPrefix(e.Kind, "column") {
		return domain.Refuse(domain.Invalid, "view.unknown_column", "where", e.Name, "%s", detail)
	}
	return domain.Refuse(domain.NotFound, "view.unknown", "view", e.Name, "%s", detail)
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
	return db.Answer(s, Question{View: s.Name, Where: where, Limit: limit})
}

// Answer answers a question about s from the rows that db holds: conditions,
// cursor and limit. Which moment they are of is the caller's business.
func (db *DB) Answer(s *Schema, q Question) (*Rows, error) {
	if q.Scope != nil {
		return nil, fmt.Errorf("view %q: a scope may look at other views, which one DB does not have", s.Name)
	}
	return db.answer(s, q, nil)
}

// answer is Answer with what keeps a row.
func (db *DB) answer(s *Schema, q Question, keep func([]Value) bool) (*Rows, error) {
	asked, err := s.Read(q)
	if err != nil {
		return nil, err
	}
	asked.keep = keep
	r := &Rows{View: s.Name, Schema: s}
	err = db.Rows(s, func(vs []Value) error {
		if asked.Holds(vs) && (q.Limit == 0 || len(r.Values) <= q.Limit) {
			r.Values = append(r.Values, vs)
		}
		return nil
	})
	if err == nil {
		r.End(q)
	}
	return r, err
}
