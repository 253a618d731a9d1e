package domain

import "github.com/shopspring/decimal"

// RoundHalfUp is the house's one rounding, for its vectors.
func RoundHalfUp(d decimal.Decimal, places int32) decimal.Decimal {
	return roundHalfUp(fromBig(d), places).big()
}
