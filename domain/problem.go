package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Class says what kind of refusal a [Problem] is. Edges map it to exit codes and
// HTTP statuses in one place each.
type Class string

// The classes of refusals.
const (
	Malformed   Class = "malformed"   // the input has not the shape of a command
	Invalid     Class = "invalid"     // a value is not one of its kind
	NotFound    Class = "not_found"   // something named does not exist
	Conflict    Class = "conflict"    // the state does not allow it, or an id is taken
	Denied      Class = "denied"      // this role or this actor may not
	Limit       Class = "limit"       // a quantity, a budget or a named limit is exceeded
	Unavailable Class = "unavailable" // the log is out of reach
)

// Problem is the refusal of a command by a rule: a stable code, the field at
// fault, its value and the figures, in stable English. It is the only error type
// that deciders return.
type Problem struct {
	Class  Class  `json:"-"`
	Code   string `json:"code"`             // stable, e.g. "order.line_unknown_item"
	Line   int    `json:"line,omitzero"`    // the input's line number, 1-based; 0 when there is none
	Field  string `json:"field,omitempty"`  // e.g. "lines[1].item_id"; "" when no field is at fault
	Value  string `json:"value,omitempty"`  // as given; never a personal value
	Detail string `json:"detail,omitempty"` // what was needed and what was there, for people
	Roles  []Role `json:"roles,omitempty"`  // the roles that could, when Class is Denied

	More []*Problem `json:"-"` // further faults of the same values; see First
}

// Error returns code, field, value and detail in one line.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Code)
	if p.Field != "" {
		fmt.Fprintf(&b, ": %s", p.Field)
	}
	if p.Value != "" {
		fmt.Fprintf(&b, " %q", p.Value)
	}
	if p.Detail != "" {
		fmt.Fprintf(&b, ": %s", p.Detail)
	}
	return b.String()
}

// At returns a copy of p whose field stands below prefix: "quantity" at
// "lines[1]" is "lines[1].quantity".
func (p *Problem) At(prefix string) *Problem {
	q := *p
	switch {
	case prefix == "":
	case q.Field == "":
		q.Field = prefix
	case strings.HasPrefix(q.Field, "["):
		q.Field = prefix + q.Field
	default:
		q.Field = prefix + "." + q.Field
	}
	q.More = nil
	for _, m := range p.More {
		q.More = append(q.More, m.At(prefix))
	}
	return &q
}

// Refuse makes a problem. The detail is formatted as by fmt.Sprintf.
func Refuse(class Class, code, field, value, detail string, args ...any) *Problem {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Problem{Class: class, Code: code, Field: field, Value: clip(value), Detail: detail}
}

// Missing refuses a field that was not given.
func Missing(field string) *Problem {
	return Refuse(Invalid, "value.missing", field, "", "the field is required")
}

// AsProblem finds the Problem in err, or nil.
func AsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}

// valueCharsMax is how much of a refused value a problem repeats.
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
