package domain

import "github.com/shopspring/decimal"

// The kinds of numbers, each with what a refusal calls it.
var (
	moneyForm    = form{kind: "money", places: 2}
	deltaForm    = form{kind: "money", places: 2, signed: true}
	priceForm    = form{kind: "price", places: 6}
	shareForm    = form{kind: "share", places: 6, unit: true}
	quantityForm = form{kind: "quantity", places: 3}
	kgForm       = form{kind: "weight", places: 3}
	signedKg     = form{kind: "weight", places: 3, signed: true}
)

// Quantity is an amount of goods in the unit of its order line, to three places.
type Quantity struct{ number }

// ParseQuantity reads a quantity; the problem has code value.invalid_quantity.
func ParseQuantity(s string) (Quantity, error) {
	n, err := quantityForm.parse(s)
	return Quantity{n}, err
}

// UnmarshalText reads a quantity.
func (q *Quantity) UnmarshalText(b []byte) (err error) { q.number, err = quantityForm.read(b); return }

// MarshalText writes the quantity with the places it was given with.
func (q Quantity) MarshalText() ([]byte, error) { return []byte(q.written()), nil }

// String is the quantity as written.
func (q Quantity) String() string { return q.written() }

// Add returns q + r.
func (q Quantity) Add(r Quantity) Quantity { return Quantity{known(q.d.add(r.d))} }

// Sub returns q − r, which may be negative.
func (q Quantity) Sub(r Quantity) Quantity { return Quantity{known(q.d.sub(r.d))} }

// Cmp compares q with r.
func (q Quantity) Cmp(r Quantity) int { return q.d.cmp(r.d) }

// Equal reports whether q and r are the same quantity, or neither was given.
func (q Quantity) Equal(r Quantity) bool { return q.same(r.number) }

// Plain is the quantity without the zeros that it may have been written with: the
// same text for the same number.
func (q Quantity) Plain() string { return q.plain() }

// Positive refuses a quantity that was not given or is not above 0, in field.
func (q Quantity) Positive(field string) error {
	switch {
	case !q.d.set:
		return Missing(field)
	case q.d.sign() <= 0:
		return Refuse(Invalid, "value.not_positive", field, q.String(), "a quantity above 0")
	}
	return nil
}

// Excess returns max(0, q − r).
func (q Quantity) Excess(r Quantity) Quantity {
	if q.Cmp(r) <= 0 {
		return Quantity{known(nothing)}
	}
	return q.Sub(r)
}

// CeilDiv returns ⌈q ÷ n⌉. q ≥ 0, n > 0.
func (q Quantity) CeilDiv(n int64) int64 {
	whole, rest := q.d.big().QuoRem(decimal.NewFromInt(n), 0)
	if rest.Sign() > 0 {
		return whole.IntPart() + 1
	}
	return whole.IntPart()
}

// Nominal returns the kg of q: q × kg per unit, half up to the gram. q ≥ 0.
func (q Quantity) Nominal(perUnit Kg) Kg {
	return Kg{known(roundHalfUp(q.d.mul(perUnit.d), 3))}
}

// Ceiling returns q × (1 + tolerance), not rounded: the most that may be
// allocated to an order line.
func (q Quantity) Ceiling(tolerance Share) Quantity {
	return Quantity{known(q.d.mul(one.add(tolerance.d)))}
}

// Kg is a weight in kg to the gram. Differences may be negative.
type Kg struct{ number }

// ParseKg reads a weight; the problem has code value.invalid_weight.
func ParseKg(s string) (Kg, error) {
	n, err := kgForm.parse(s)
	return Kg{n}, err
}

// UnmarshalText reads a weight. A sign is let through, since facts hold
// differences; commands refuse it in [Kg.NotNegative].
func (k *Kg) UnmarshalText(b []byte) (err error) {
	n, err := signedKg.read(b)
	*k = Kg{n}
	return err
}

// NotNegative refuses a weight with a sign, in field.
func (k Kg) NotNegative(field string) error {
	if k.d.set && k.d.sign() < 0 {
		return Refuse(Invalid, "value.invalid_weight", field, k.String(), "a weight has no sign")
	}
	return nil
}

// MarshalText writes the weight with three places.
func (k Kg) MarshalText() ([]byte, error) { return []byte(k.fixed(3)), nil }

// String is the weight with three places.
func (k Kg) String() string { return k.fixed(3) }

// Add returns k + l.
func (k Kg) Add(l Kg) Kg { return Kg{known(k.d.add(l.d))} }

// Sub returns k − l.
func (k Kg) Sub(l Kg) Kg { return Kg{known(k.d.sub(l.d))} }

// Cmp compares k with l.
func (k Kg) Cmp(l Kg) int { return k.d.cmp(l.d) }

// Equal reports whether k and l are the same weight, or neither was given.
func (k Kg) Equal(l Kg) bool { return k.same(l.number) }

// Positive refuses a weight that was not given or is not above 0, in field.
func (k Kg) Positive(field string) error {
	switch {
	case !k.d.set:
		return Missing(field)
	case k.d.sign() < 0:
		return k.NotNegative(field)
	case k.d.sign() == 0:
		return Refuse(Invalid, "value.not_positive", field, k.String(), "a weight above 0")
	}
	return nil
}

// Part returns k × part ÷ whole, half up to the gram: the kg of a part of the
// goods that weigh k. It is 0 where whole is 0.
func (k Kg) Part(part, whole Quantity) Kg {
	if whole.Sign() == 0 {
		return Kg{known(nothing)}
	}
	return Kg{known(k.d.mul(part.d).over(whole.d, 3))}
}

// Grams returns the weight in whole grams.
func (k Kg) Grams() int64 { return k.d.units(3) }

// KgFromGrams returns g grams.
func KgFromGrams(g int64) Kg { return Kg{known(ten(g, -3))} }

// Share is a number from 0 to 1 to six places: a funder's share, a tolerance, a
// loss allowance.
type Share struct{ number }

// ParseShare reads a share; the problem has code value.invalid_share.
func ParseShare(s string) (Share, error) {
	n, err := shareForm.parse(s)
	return Share{n}, err
}

// UnmarshalText reads a share.
func (s *Share) UnmarshalText(b []byte) (err error) { s.number, err = shareForm.read(b); return }

// MarshalText writes the share as given.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.written()), nil }

// String is the share as given.
func (s Share) String() string { return s.written() }

// Add returns s + t.
func (s Share) Add(t Share) Share { return Share{known(s.d.add(t.d))} }

// Equal reports whether s and t are the same share, or neither was given.
func (s Share) Equal(t Share) bool { return s.same(t.number) }

// OnePlus is 1 + s, as text.
func (s Share) OnePlus() string { return known(one.add(s.d)).plain() }

// IsOne reports whether s is exactly 1.
func (s Share) IsOne() bool { return s.d.equal(one) }

// Of returns share × m, half up to the fen. m ≥ 0.
func (s Share) Of(m Money) Money { return Money{known(roundHalfUp(s.d.mul(m.d), 2))} }
