package domain

import (
	"strings"

	"github.com/shopspring/decimal"
)

// digitsMax is the number of digits allowed before the point.
const digitsMax = 15

// number is an exact decimal that knows whether it was given. The types of this
// package are numbers with a meaning; no other code holds a bare decimal.
type number struct {
	d   decimal.Decimal
	set bool
}

// IsZero reports whether the number was not given. (The name is what JSON's
// omitzero asks for; whether it equals 0 is Sign.)
func (n number) IsZero() bool { return !n.set }

// Sign is -1, 0 or 1. A number that was not given counts as 0.
func (n number) Sign() int { return n.d.Sign() }

// Decimal returns the bare decimal, for encoders at the edge.
func (n number) Decimal() decimal.Decimal { return n.d }

func known(d decimal.Decimal) number { return number{d, true} }

// Writable reports whether the number has no more digits before the point than a
// number of a command or an event may have.
func (n number) Writable() bool { return n.d.Abs().LessThan(tooLarge) }

var tooLarge = decimal.New(1, digitsMax)

// same reports whether both are the same number, or neither was given. How many
// places they were written with does not matter.
func (n number) same(o number) bool { return n.set == o.set && n.d.Equal(o.d) }

// form is how a kind of number is written.
type form struct {
	kind   string // for the problem's text
	places int32
	signed bool
	unit   bool // 0 ≤ x ≤ 1
}

// parse reads ASCII digits, optionally a point and more digits, and nothing else.
func (f form) parse(s string) (number, error) {
	bad := func(why string, args ...any) (number, error) {
		return number{}, Refuse(Invalid, "value.invalid_"+f.kind, "", s, why, args...)
	}
	rest := s
	if f.signed {
		rest = strings.TrimPrefix(rest, "-")
	}
	whole, frac, point := strings.Cut(rest, ".")
	if !allDigits(whole) || (point && !allDigits(frac)) {
		return bad("a decimal string: ASCII digits, optionally a point and 1–%d more digits", f.places)
	}
	if len(whole) > digitsMax {
		return bad("at most %d digits before the point, given %d", digitsMax, len(whole))
	}
	if len(frac) > int(f.places) {
		return bad("at most %d places after the point, given %d; nothing is rounded silently", f.places, len(frac))
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return bad("a decimal string")
	}
	if rest != s && d.Sign() == 0 {
		return bad("a zero has no sign")
	}
	if f.unit && d.GreaterThan(one) {
		return bad("between 0 and 1")
	}
	return known(d), nil
}

var one = decimal.NewFromInt(1)

func allDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// fixed writes n with exactly places digits after the point. n must have no more
// than that: a number with more has escaped its rounding, which is a programmer's
// error.
func (n number) fixed(places int32) string {
	if -n.d.Exponent() > places && !n.d.Equal(n.d.Truncate(places)) {
		panic("domain: " + n.d.String() + " has escaped its rounding")
	}
	return n.d.StringFixed(places)
}

// written writes n with the places that it was given with (waybills and prices
// stay as their owners wrote them).
func (n number) written() string {
	if e := n.d.Exponent(); e < 0 {
		return n.d.StringFixed(-e)
	}
	return n.d.StringFixed(0)
}

// plain writes n without zeros at its end: the same text for the same number.
func (n number) plain() string {
	s := n.written()
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// roundHalfUp is the one rounding of the house: half up, of numbers that are not
// negative (domain rule: nothing negative is ever rounded).
func roundHalfUp(d decimal.Decimal, places int32) decimal.Decimal {
	if d.Sign() < 0 {
		panic("domain: a negative number was about to be rounded: " + d.String())
	}
	return d.Round(places)
}

// ratePlaces is how far a price or freight per kg is divided.
const ratePlaces = 12

// divide returns a ÷ b rounded half up to places, exactly (not via a longer
// quotient that is rounded twice). a ≥ 0, b > 0.
func divide(a, b decimal.Decimal, places int32) decimal.Decimal {
	q, r := a.QuoRem(b, places)
	if r.Add(r).Cmp(b.Mul(decimal.New(1, -places))) >= 0 {
		q = q.Add(decimal.New(1, -places))
	}
	return q
}
