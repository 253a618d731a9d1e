package demo

import (
	"strconv"
	"strings"

	"zhitong/domain"
)

// thousandths writes n thousandths as people do: "12", "12.5", "0.375".
func thousandths(n int64) string { return fixed(n, 3) }

// yuan writes n fen with two places.
func yuan(n int64) string { return domain.MoneyFromFen(n).String() }

// fixed writes n × 10^−places without trailing zeros.
func fixed(n int64, places int) string {
	s := strconv.FormatInt(n, 10)
	for len(s) <= places {
		s = "0" + s
	}
	whole, frac := s[:len(s)-places], strings.TrimRight(s[len(s)-places:], "0")
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// quantity is n thousandths of a unit.
func quantity(n int64) domain.Quantity {
	q, err := domain.ParseQuantity(thousandths(n))
	if err != nil {
		panic(err) // n is not negative and has at most 15 digits
	}
	return q
}

// price is n fen a unit.
func price(n int64) domain.Price {
	p, err := domain.ParsePrice(fixed(n, 2))
	if err != nil {
		panic(err) // n is not negative and has at most 15 digits
	}
	return p
}

// kilograms writes n grams with three places.
func kilograms(n int64) string { return domain.KgFromGrams(n).String() }
