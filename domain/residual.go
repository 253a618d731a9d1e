package domain

import (
	"bytes"
	"math/bits"
)

// residualPlaces is how exact a residual is: shares have six places, a fen two.
const residualPlaces = 8

// residualsPerFen is a fen in the unit of a [Residual].
const residualsPerFen = 1_000_000

// Residual is by how much a funder has so far borne less (positive) or more
// (negative) than its exact share, in 10⁻⁸ yuan. It is never rounded.
type Residual int64

// String writes the residual with eight places.
func (r Residual) String() string {
	return ten(int64(r), -residualPlaces).text(residualPlaces)
}

// MarshalText writes the residual with eight places.
func (r Residual) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a residual.
func (r *Residual) UnmarshalText(b []byte) error {
	s, neg := bytes.CutPrefix(b, []byte("-"))
	n, err := form{kind: "residual", places: residualPlaces}.read(s)
	if err != nil {
		return err
	}
	*r = Residual(n.d.units(residualPlaces))
	if neg {
		*r = -*r
	}
	return nil
}

// ResidualSplit splits an amount over shares that sum to 1, carrying residuals
// from line to line: wantᵢ = amount × shareᵢ + rᵢ; xᵢ = max(0, wantᵢ rounded down
// to the fen); then one fen at a time is given to the largest wantᵢ − xᵢ or taken
// from the smallest with xᵢ > 0 until Σx = amount, ties in the order of the shares;
// the new rᵢ = wantᵢ − xᵢ. It is exact. amount ≥ 0; residuals has one entry for
// each share and is not changed.
func ResidualSplit(amount Money, shares []Share, residuals []Residual) ([]Money, []Residual) {
	x := make([]int64, len(shares))
	rest := make([]int64, len(shares)) // want − x, in the unit of a residual
	left := amount.Fen()
	for i, s := range shares {
		// Amount and share are below 10¹⁷ and 10⁶, so their product is below 2⁷⁷ and
		// the quotient by a fen fits.
		hi, lo := bits.Mul64(uint64(amount.Fen()), uint64(s.d.units(6)))
		fen, frac := bits.Div64(hi, lo, residualsPerFen)
		want := int64(frac) + int64(residuals[i])
		x[i] = int64(fen) + floorDiv(want, residualsPerFen)
		rest[i] = want - floorDiv(want, residualsPerFen)*residualsPerFen
		if x[i] < 0 {
			rest[i] += x[i] * residualsPerFen
			x[i] = 0
		}
		left -= x[i]
	}
	for ; left > 0; left-- {
		k := 0
		for i := range rest {
			if rest[i] > rest[k] {
				k = i
			}
		}
		x[k]++
		rest[k] -= residualsPerFen
	}
	for ; left < 0; left++ {
		k := -1
		for i := range rest {
			if x[i] > 0 && (k < 0 || rest[i] < rest[k]) {
				k = i
			}
		}
		x[k]--
		rest[k] += residualsPerFen
	}
	parts, next := make([]Money, len(x)), make([]Residual, len(x))
	for i := range x {
		parts[i], next[i] = MoneyFromFen(x[i]), Residual(rest[i])
	}
	return parts, next
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// PartialSplit returns the largest amount, not above the given one, whose split
// every payer can bear out of available, with that split. What can be borne is not
// monotone in the amount, so every amount below a safe bound is tried in turn.
func PartialSplit(amount Money, shares []Share, residuals []Residual, available []Money) (Money, []Money, []Residual) {
	for fen := min(amount.Fen(), partialBound(shares, residuals, available)); fen > 0; fen-- {
		granted := MoneyFromFen(fen)
		parts, next := ResidualSplit(granted, shares, residuals)
		if allWithin(parts, available) {
			return granted, parts, next
		}
	}
	zero := MoneyFromFen(0)
	parts, next := ResidualSplit(zero, shares, residuals)
	return zero, parts, next
}

// residualBoundFen is above every residual that up to eight shares can reach.
const residualBoundFen = 2

// partialBound returns an amount in fen above which nothing can be borne: payer i
// bears at least amount × shareᵢ + rᵢ − residualBoundFen.
func partialBound(shares []Share, residuals []Residual, available []Money) int64 {
	bound := int64(1) << 62
	for i, s := range shares {
		micro := s.d.units(6)
		if micro == 0 {
			continue
		}
		room := available[i].Fen() + residualBoundFen + 1 - floorDiv(int64(residuals[i]), residualsPerFen)
		hi, lo := bits.Mul64(uint64(max(room, 0)), 1_000_000)
		if hi >= uint64(micro) {
			continue
		}
		if q, _ := bits.Div64(hi, lo, uint64(micro)); q < uint64(bound) {
			bound = int64(q)
		}
	}
	return bound
}

func allWithin(parts, available []Money) bool {
	for i, p := range parts {
		if p.Cmp(available[i]) > 0 {
			return false
		}
	}
	return true
}
