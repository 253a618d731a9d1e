package domain

// Money is an amount in yuan to the fen. Differences may be negative.
type Money struct{ number }

// ParseMoney reads an amount that is not negative; the problem has code
// value.invalid_money.
func ParseMoney(s string) (Money, error) {
	n, err := moneyForm.parse(s)
	return Money{n}, err
}

// UnmarshalText reads an amount. A sign is let through, since facts hold
// differences; commands refuse it in [Money.NotNegative].
func (m *Money) UnmarshalText(b []byte) (err error) {
	n, err := deltaForm.read(b)
	*m = Money{n}
	return err
}

// NotNegative refuses an amount with a sign, in field.
func (m Money) NotNegative(field string) error {
	if m.d.set && m.d.sign() < 0 {
		return Refuse(Invalid, "value.invalid_money", field, m.String(), "an amount has no sign")
	}
	return nil
}

// MarshalText writes the amount with two places.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.fixed(2)), nil }

// String is the amount with two places.
func (m Money) String() string { return m.fixed(2) }

// Add returns m + o.
func (m Money) Add(o Money) Money { return Money{known(m.d.add(o.d))} }

// Sub returns m − o.
func (m Money) Sub(o Money) Money { return Money{known(m.d.sub(o.d))} }

// Neg returns −m.
func (m Money) Neg() Money { return Money{known(m.d.neg())} }

// Cmp compares m with o.
func (m Money) Cmp(o Money) int { return m.d.cmp(o.d) }

// Equal reports whether m and o are the same amount, or neither was given.
func (m Money) Equal(o Money) bool { return m.same(o.number) }

// Min returns the smaller of m and o.
func (m Money) Min(o Money) Money {
	if m.Cmp(o) <= 0 {
		return m
	}
	return o
}

// Fen returns the amount in whole fen.
func (m Money) Fen() int64 { return m.d.units(2) }

// MoneyFromFen returns f fen.
func MoneyFromFen(f int64) Money { return Money{known(ten(f, -2))} }

// Price is yuan per unit, or any rate, to six places; a price per kg that was
// divided has twelve.
type Price struct{ number }

// ParsePrice reads a price; the problem has code value.invalid_price.
func ParsePrice(s string) (Price, error) {
	n, err := priceForm.parse(s)
	return Price{n}, err
}

// UnmarshalText reads a price.
func (p *Price) UnmarshalText(b []byte) (err error) { p.number, err = priceForm.read(b); return }

// MarshalText writes the price as given.
func (p Price) MarshalText() ([]byte, error) { return []byte(p.written()), nil }

// String is the price as given.
func (p Price) String() string { return p.written() }

// Cmp compares p with o.
func (p Price) Cmp(o Price) int { return p.d.cmp(o.d) }

// Equal reports whether p and o are the same price, or neither was given.
func (p Price) Equal(o Price) bool { return p.same(o.number) }

// Times returns p × q, half up to the fen: what q costs. q ≥ 0.
func (p Price) Times(q Quantity) Money { return Money{known(roundHalfUp(p.d.mul(q.d), 2))} }

// PerKg returns amount ÷ kg, half up to six places, and false when kg is 0. A
// negative quotient keeps the rounding of its magnitude.
func PerKg(amount Money, kg Kg) (Price, bool) {
	if kg.Sign() == 0 {
		return Price{}, false
	}
	q := amount.d.abs().over(kg.d.abs(), 6)
	if amount.Sign()*kg.Sign() < 0 {
		q = q.neg()
	}
	return Price{known(q)}, true
}

// Fixed writes the price with six places, as the views show it.
func (p Price) Fixed() string { return p.fixed(6) }
