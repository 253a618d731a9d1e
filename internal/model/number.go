package model

import (
	"math/big"
	"strings"
)

// num is an exact fraction. Values are never changed in place: every helper
// below makes a new one, so that they can be shared freely.
type num = *big.Rat

// whole makes a number of an integer.
func whole(i int64) num { return new(big.Rat).SetInt64(i) }

func zero() num { return new(big.Rat) }

func add(a, b num) num { return new(big.Rat).Add(a, b) }
func sub(a, b num) num { return new(big.Rat).Sub(a, b) }
func mul(a, b num) num { return new(big.Rat).Mul(a, b) }
func quo(a, b num) num { return new(big.Rat).Quo(a, b) }
func neg(a num) num    { return new(big.Rat).Neg(a) }

func less(a, b num) bool { return a.Cmp(b) < 0 }
func same(a, b num) bool { return a.Cmp(b) == 0 }
func positive(a num) bool {
	return a.Sign() > 0
}

func least(a, b num) num {
	if less(b, a) {
		return b
	}
	return a
}

func most(a, b num) num {
	if less(a, b) {
		return b
	}
	return a
}

// floorAt is the largest multiple of 10^-places not above a.
func floorAt(a num, places int) num {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	scaled := new(big.Rat).Mul(a, scale)
	whole := new(big.Int).Div(scaled.Num(), scaled.Denom()) // Euclidean: towards minus infinity, as the denominator is positive
	return new(big.Rat).Quo(new(big.Rat).SetInt(whole), scale)
}

// roundAt rounds half up at that many places. Only numbers ≥ 0 are ever rounded.
func roundAt(a num, places int) num {
	if a.Sign() < 0 {
		panic("model: a negative number would be rounded: " + a.RatString())
	}
	half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)))
	return floorAt(add(a, half), places)
}

func fen(a num) num  { return roundAt(a, 2) }
func gram(a num) num { return roundAt(a, 3) }

// fenStep is the smallest amount of money.
func fenStep() num { return big.NewRat(1, 100) }

// text writes a with fixed places; a must have no more than these.
func text(a num, places int) string {
	s := a.FloatString(places)
	if back, _ := new(big.Rat).SetString(s); !same(back, a) {
		panic("model: " + a.RatString() + " has more places than the column")
	}
	if strings.Trim(s, "-0.") == "" {
		return strings.TrimPrefix(s, "-")
	}
	return s
}

func yuan(a num) string { return text(a, 2) }
func kilo(a num) string { return text(a, 3) }

// parse reads a decimal string: ASCII digits, at most 15 before the point and
// at most places after it.
func parse(s string, places int) (num, error) {
	before, after, point := strings.Cut(s, ".")
	if before == "" || len(before) > 15 || point && after == "" || len(after) > places {
		return nil, refuse("number")
	}
	for _, c := range before + after {
		if c < '0' || c > '9' {
			return nil, refuse("number")
		}
	}
	n, _ := new(big.Rat).SetString(s)
	return n, nil
}

// parsePart reads a share: 0 ≤ x ≤ 1, up to six places.
func parsePart(s string) (num, error) {
	n, err := parse(s, 6)
	if err != nil {
		return nil, err
	}
	if less(whole(1), n) {
		return nil, refuse("number")
	}
	return n, nil
}

// prefixSplit splits an amount over weights in their order, rounding each
// running total half up to the fen. With no weight at all every share is 0.
func prefixSplit(amount num, weights []num) []num {
	return splitBy(amount, weights, fen)
}

// reductionSplit splits a reduction over what is left of each share, rounding
// each running total down.
func reductionSplit(amount num, weights []num) []num {
	return splitBy(amount, weights, func(a num) num { return floorAt(a, 2) })
}

func splitBy(amount num, weights []num, round func(num) num) []num {
	total := zero()
	for _, w := range weights {
		total = add(total, w)
	}
	out := make([]num, len(weights))
	running, before := zero(), zero()
	for i, w := range weights {
		if total.Sign() == 0 {
			out[i] = zero()
			continue
		}
		running = add(running, w)
		now := round(quo(mul(amount, running), total))
		out[i] = sub(now, before)
		before = now
	}
	return out
}
