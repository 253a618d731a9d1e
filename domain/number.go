package domain

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// digitsMax is the number of digits allowed before the point.
const digitsMax = 15

// number is an exact decimal that knows whether it was given. The types of this
// package are numbers with a meaning; no other code holds a bare decimal.
type number struct{ d exact }

// IsZero reports whether the number was not given. (The name is what JSON's
// omitzero asks for; whether it equals 0 is Sign.)
func (n number) IsZero() bool { return !n.d.set }

// Sign is -1, 0 or 1. A number that was not given counts as 0.
func (n number) Sign() int { return n.d.sign() }

// Decimal returns the bare decimal, for encoders at the edge.
func (n number) Decimal() decimal.Decimal { return n.d.big() }

// AppendFixed appends the number with exactly places digits after the point. It is
// an error when it has more than that.
func (n number) AppendFixed(b []byte, places int32) ([]byte, error) {
	if !n.fits(places) {
		return b, fmt.Errorf("%s has more than %d places", n.d.big(), places)
	}
	return n.d.append(b, places), nil
}

func known(d exact) number {
	d.set = true
	return number{d}
}

// Writable reports whether the number has no more digits before the point than a
// number of a command or an event may have.
func (n number) Writable() bool { return n.d.abs().cmp(tooLarge) < 0 }

var tooLarge = ten(1, digitsMax)

// same reports whether both are the same number, or neither was given. How many
// places they were written with does not matter.
func (n number) same(o number) bool { return n.d.set == o.d.set && n.d.equal(o.d) }

// form is how a kind of number is written.
type form struct {
	kind   string // for the problem's text
	places int32
	signed bool
	unit   bool // 0 ≤ x ≤ 1
}

// digitsSmall is how many digits certainly fit into 64 bits.
const digitsSmall = 18

// read reads what parse reads, without needing memory where all is well.
func (f form) read(s []byte) (number, error) {
	if d, ok := small(f, s); ok {
		return known(d), nil
	}
	return f.parseAny(string(s))
}

// small reads a number of few digits; false where it is none, or has more.
func small[T string | []byte](f form, s T) (d exact, ok bool) {
	rest := s
	if f.signed && len(s) > 0 && s[0] == '-' {
		rest = s[1:]
	}
	if len(rest) > digitsSmall {
		return d, false
	}
	point := -1
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			d.n = 10*d.n + int64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return d, false
		}
	}
	whole, frac := len(rest), 0
	if point >= 0 {
		whole, frac = point, len(rest)-point-1
	}
	if whole == 0 || whole > digitsMax || point >= 0 && frac == 0 || frac > int(f.places) {
		return d, false
	}
	d.exp = -int32(frac)
	if len(rest) < len(s) {
		if d.n == 0 {
			return d, false
		}
		d.n = -d.n
	}
	return d, !f.unit || d.cmp(one) <= 0
}

// parse reads ASCII digits, optionally a point and more digits, and nothing else.
func (f form) parse(s string) (number, error) {
	if d, ok := small(f, s); ok {
		return known(d), nil
	}
	return f.parseAny(s)
}

// parseAny is parse of a number that may have many digits, or be none.
func (f form) parseAny(s string) (number, error) {
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
	if f.unit && d.GreaterThan(decimal.NewFromInt(1)) {
		return bad("between 0 and 1")
	}
	return known(fromBig(d)), nil
}

var one = ten(1, 0)

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

// fits reports whether n has no more than so many places, zeros apart.
func (n number) fits(places int32) bool {
	return -n.d.exp <= places || n.d.equal(n.d.round(places))
}

// fixed writes n with exactly places digits after the point. n must have no more
// than that: a number with more has escaped its rounding, which is a programmer's
// error.
func (n number) fixed(places int32) string {
	if !n.fits(places) {
		panic("domain: " + n.d.big().String() + " has escaped its rounding")
	}
	return n.d.text(places)
}

// written writes n with the places that it was given with (waybills and prices
// stay as their owners wrote them).
func (n number) written() string { return n.d.text(max(0, -n.d.exp)) }

// plain writes n without zeros at its end: the same text for the same number.
func (n number) plain() string {
	var buf [textBytes]byte
	return string(n.d.appendPlain(buf[:0]))
}

// roundHalfUp is the one rounding of the house: half up, of numbers that are not
// negative (domain rule: nothing negative is ever rounded).
func roundHalfUp(d exact, places int32) exact {
	if d.sign() < 0 {
		panic("domain: a negative number was about to be rounded: " + d.big().String())
	}
	return d.round(places)
}

// ratePlaces is how far a price or freight per kg is divided.
const ratePlaces = 12
