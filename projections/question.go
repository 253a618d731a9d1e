package projections

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
)

// Question is what is asked of a view. Its answer is ordered by the view's key.
type Question struct {
	View  string
	Where []Cond // all must hold
	Limit int    // at most so many rows; 0 is all
	// Cursor is [Rows.Next] of the answer before, to the same question; "" begins at
	// the first row. A page begins behind the last key of the page before, so that no
	// row that stays comes twice or is left out, whatever is written in between; each
	// page says its own position. With AsOf all pages are of one moment.
	Cursor string
	// AsOf is the moment asked about; the zero Until is now.
	AsOf Until
	// WaitFor is a position that must be in the answer, for as long as the caller's
	// context lasts; 0 waits for nothing. A view that has stopped is not waited for:
	// look at [Rows.Position].
	WaitFor uint64
}

// Cond keeps the rows whose column has the value. The value is written as the
// view prints it, or shorter ("13.5" for 13.50). An empty value on a column that
// can be null keeps the rows where it is null.
type Cond struct{ Column, Value string }

// ParseCond reads COL=VALUE. The error is a [*domain.Problem].
func ParseCond(text string) (Cond, error) {
	column, value, ok := strings.Cut(text, "=")
	if !ok || column == "" {
		return Cond{}, domain.Refuse(domain.Invalid, "view.bad_condition", "where", text, "COL=VALUE is needed, such as month=2021-03")
	}
	return Cond{column, value}, nil
}

// Match is a [Cond] made ready: the number of its column and the canonical value.
type Match struct {
	Column int
	Value  Value
}

// Holds reports whether the row meets m.
func (m Match) Holds(row []Value) bool { return row[m.Column] == m.Value }

// Asked is a [Question] made ready for one table.
type Asked struct {
	Matches []Match
	After   []Value // the key behind which the answer begins; nil for the beginning
	schema  *Schema
}

// Holds reports whether the row belongs to the answer, limit aside.
func (a *Asked) Holds(row []Value) bool {
	for _, m := range a.Matches {
		if !m.Holds(row) {
			return false
		}
	}
	return a.After == nil || a.schema.CompareKeys(a.After, row) < 0
}

// Read makes a question ready. An unknown column is an [*UnknownError]; a value
// that is not one of its column, a cursor of another question and a negative limit
// are a [*domain.Problem]: view.bad_value, view.bad_cursor, view.bad_limit.
func (s *Schema) Read(q Question) (*Asked, error) {
	if q.Limit < 0 {
		return nil, domain.Refuse(domain.Invalid, "view.bad_limit", "limit", fmt.Sprint(q.Limit), "a number from 1 on is needed, or 0 for all rows")
	}
	ms, err := s.Matches(q.Where)
	if err != nil {
		return nil, err
	}
	a := &Asked{Matches: ms, schema: s}
	if q.Cursor != "" {
		if a.After, err = s.readCursor(q); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Matches makes conditions ready; see [Schema.Read].
func (s *Schema) Matches(where []Cond) ([]Match, error) {
	ms := make([]Match, 0, len(where))
	for _, c := range where {
		i, ok := s.Column(c.Column)
		if !ok {
			return nil, &UnknownError{"column of " + s.Name, c.Column, s.ColumnNames()}
		}
		m := Match{Column: i}
		switch {
		case c.Value == "" && s.Columns[i].Nullable:
			m.Value.Null = true
		case s.Columns[i].Type == JSON:
			return nil, badValue(c, "column "+c.Column+" holds JSON and can't be compared")
		default:
			text, ok := s.comparable(i, c.Value)
			if !ok {
				return nil, badValue(c, fmt.Sprintf("column %s holds %s", c.Column, s.Columns[i].holds()))
			}
			m.Value.Text = text
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// comparable brings a value into the canonical form of column i, and reports
// whether it is one that the column can hold, also in a database.
func (s *Schema) comparable(i int, text string) (string, bool) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", false
	}
	normal, err := s.NormalColumn(i, text)
	if err == nil && s.Columns[i].Type == Integer {
		_, err = strconv.ParseInt(normal, 10, 64)
	}
	return normal, err == nil
}

func badValue(c Cond, detail string) error {
	return domain.Refuse(domain.Invalid, "view.bad_value", "where."+c.Column, c.Value, "%s", detail)
}

// holds says in words what values a column has.
func (c *Column) holds() string {
	switch c.Type {
	case Integer:
		return "whole numbers"
	case Boolean:
		return "true or false"
	case Numeric:
		return fmt.Sprintf("numbers with up to %d places", c.Places)
	case Date:
		return "days, YYYY-MM-DD"
	default:
		if c.Nullable { // the one text that has a form: a time as it was entered
			return "texts, or times such as 2021-03-31T10:00:00+08:00"
		}
		return "texts"
	}
}

// cursor is what a cursor says, as JSON.
type cursor struct {
	Question string   `json:"q"` // fingerprint of view, conditions and moment
	After    []string `json:"k"` // the last key
}

// End cuts rows that were read for q, one more than its limit where there are
// more, and notes where the next page begins.
func (r *Rows) End(q Question) {
	if q.Limit == 0 || len(r.Values) <= q.Limit {
		return
	}
	r.Values = r.Values[:q.Limit]
	c := cursor{Question: q.fingerprint()}
	for _, v := range r.Values[q.Limit-1][:r.Schema.KeyLen] {
		c.After = append(c.After, v.Text)
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and nothing else
	}
	r.Next = base64.RawURLEncoding.EncodeToString(b)
}

// fingerprint tells questions apart that a cursor can't be carried between.
func (q *Question) fingerprint() string {
	where := slices.Clone(q.Where)
	slices.SortFunc(where, func(a, b Cond) int { return strings.Compare(a.Column+"="+a.Value, b.Column+"="+b.Value) })
	asOf := ""
	if !q.AsOf.Recorded.IsZero() {
		asOf = q.AsOf.Recorded.UTC().Format(time.RFC3339Nano)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %q", q.View, where, q.AsOf.Position, asOf))
	return hex.EncodeToString(sum[:8])
}

func (s *Schema) readCursor(q Question) ([]Value, error) {
	bad := func(why string) error {
		return domain.Refuse(domain.Invalid, "view.bad_cursor", "cursor", q.Cursor, "%s; begin without a cursor", why)
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return nil, bad("not a cursor of this program")
	}
	var c cursor
	if err := json.Unmarshal(raw, &c, json.RejectUnknownMembers(true)); err != nil || len(c.After) != s.KeyLen || s.KeyLen == 0 {
		return nil, bad("not a cursor of this view")
	}
	if c.Question != q.fingerprint() {
		return nil, bad("it is of another view, other conditions or another moment")
	}
	key := make([]Value, s.KeyLen)
	for i, text := range c.After {
		var ok bool
		if key[i].Text, ok = s.comparable(i, text); !ok {
			return nil, bad("its key is not one of this view")
		}
	}
	return key, nil
}
