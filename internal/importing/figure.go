package importing

import (
	"fmt"
	"math/big"
	"strings"
)

// figure is an exact decimal that is not negative, for what profiles reckon. What
// becomes a command's value goes through the types of package domain.
type figure struct {
	n      *big.Int
	places int // n is the figure times 10^places
}

// digitsMax is the number of digits that a cell's number may have before the point
// and after it.
const digitsMax = 15

// checkNumber says why s is not a number with at most places digits behind the
// point, or "".
func checkNumber(s string, places int) string {
	whole, frac, point := strings.Cut(s, ".")
	switch {
	case !allDigits(whole) || (point && !allDigits(frac)):
		return "not a number: digits, optionally a point and more digits; no sign, no separators"
	case len(whole) > digitsMax:
		return fmt.Sprintf("more than %d digits before the point", digitsMax)
	case len(strings.TrimRight(frac, "0")) > places:
		return fmt.Sprintf("more than %d places after the point; nothing is rounded silently", places)
	}
	return ""
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// plainNumber writes a number without zeros that say nothing: the same text for
// the same number.
func plainNumber(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	s = strings.TrimLeft(s, "0")
	if s == "" || s[0] == '.' {
		s = "0" + s
	}
	return s
}

// newFigure reads what checkNumber has passed.
func newFigure(s string) figure {
	whole, frac, _ := strings.Cut(s, ".")
	n, _ := new(big.Int).SetString(whole+frac, 10)
	return figure{n, len(frac)}
}

// raised returns the figure's integer with places digits behind the point.
func (f figure) raised(places int) *big.Int {
	if places == f.places {
		return f.n
	}
	return new(big.Int).Mul(f.n, pow10(places-f.places))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func (f figure) cmp(g figure) int {
	places := max(f.places, g.places)
	return f.raised(places).Cmp(g.raised(places))
}

func (f figure) add(g figure) figure {
	places := max(f.places, g.places)
	return figure{new(big.Int).Add(f.raised(places), g.raised(places)), places}
}

func (f figure) times(g figure) figure {
	return figure{new(big.Int).Mul(f.n, g.n), f.places + g.places}
}

// over returns f ÷ g, g above 0, half up to places.
func (f figure) over(g figure, places int) figure {
	num := new(big.Int).Mul(f.n, pow10(places+g.places))
	den := new(big.Int).Mul(g.n, pow10(f.places))
	num.Add(num.Lsh(num, 1), den) // (2·num + den) ÷ (2·den), rounded down
	return figure{num.Quo(num, new(big.Int).Lsh(den, 1)), places}
}

// String writes the figure as plainNumber does.
func (f figure) String() string {
	s := f.n.String()
	if f.places == 0 {
		return s
	}
	if len(s) <= f.places {
		s = strings.Repeat("0", f.places-len(s)+1) + s
	}
	return plainNumber(s[:len(s)-f.places] + "." + s[len(s)-f.places:])
}
