package importing

import (
	"fmt"
	"strings"
)

// Reason says why a row is refused. Its codes are stable:
//
//	row.cells            not as many cells as the header
//	cell.empty           a required cell is empty
//	cell.invalid_text, cell.invalid_id, cell.invalid_integer,
//	cell.invalid_decimal, cell.invalid_date
//	                     the column's format does not read the cell
//	cell.too_small       a number that is not above the column's bound
//	key.repeated         a value of a unique column that another row has
//	reference.unknown    a reference to a line that does not exist
//	reference.elsewhere  a reference to a line of another group
//	reference.chained    a reference to a line that refers on
//	group.differs        two values where a group has one
//	group.divided        a group that lies in two documents
//	group.too_large      more lines than a group may have
//	price.not_exact      no unit price gives back the value
//	command.no_time, command.no_actor
//	                     a command would have no time, actor or role
//	document.refused     another row of the document is refused
//
// The codes of rules that refused a command are those of the domain.
type Reason struct {
	Code   string `json:"code"`
	Row    int    `json:"row,omitzero"`    // data row, from 1; 0 when it is the whole document
	Line   int    `json:"line,omitzero"`   // physical line or sheet row
	Column string `json:"column,omitzero"` // the header
	Value  string `json:"value,omitzero"`
	Detail string `json:"detail"`
}

// text is the reason for people, in one line.
func (r *Reason) text() string { return r.Code + ": " + r.Detail }

// valueCharsMax is how much of a refused cell a reason repeats.
const valueCharsMax = 120

func clip(s string) string {
	n := 0
	for i := range s {
		if n == valueCharsMax {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// reason makes a reason at this row. The column may be nil.
func (r *row) reason(code string, c *column, value, detail string, args ...any) *Reason {
	reason := &Reason{Code: code, Row: r.record.Row, Line: r.record.Line, Value: clip(value), Detail: detail}
	if len(args) > 0 {
		reason.Detail = fmt.Sprintf(detail, args...)
	}
	if c != nil {
		reason.Column = c.header
	}
	return reason
}

// refuse adds a reason to the row.
func (r *row) refuse(code string, c *column, value, detail string, args ...any) {
	r.reasons = append(r.reasons, r.reason(code, c, value, detail, args...))
}

// joined writes several parts of reasons into one cell, each once.
func joined(reasons []*Reason, part func(*Reason) string) string {
	var list []string
	seen := map[string]bool{"": true}
	for _, r := range reasons {
		if s := part(r); !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	return strings.Join(list, "; ")
}
