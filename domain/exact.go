package domain

// Exact is a result on the way to an amount: not negative and not rounded. It
// becomes [Money] once, in [Exact.Round].
type Exact struct{ number }

// exactForm takes whatever places an intermediate result has.
var exactForm = form{kind: "exact", places: 64}

// ParseExact reads what [Exact.String] wrote; the problem has code
// value.invalid_exact.
func ParseExact(s string) (Exact, error) {
	n, err := exactForm.parse(s)
	return Exact{n}, err
}

// String writes the number with the places that it needs: equal numbers are
// written alike.
func (e Exact) String() string {
	var buf [textBytes]byte
	return string(e.d.appendPlain(buf[:0]))
}

// Is reports whether s is how the number is written.
func (e Exact) Is(s string) bool {
	var buf [textBytes]byte
	return string(e.d.appendPlain(buf[:0])) == s
}

// Is reports whether s is how the amount is written.
func (m Money) Is(s string) bool {
	var buf [textBytes]byte
	return string(m.d.append(buf[:0], 2)) == s
}

// Exact is the amount as an intermediate result. m ≥ 0.
func (m Money) Exact() Exact { return Exact(m) }

// Exact is the price as an intermediate result.
func (p Price) Exact() Exact { return Exact(p) }

// Exact is the weight as an intermediate result. k ≥ 0.
func (k Kg) Exact() Exact { return Exact(k) }

// Exact is the share as an intermediate result.
func (s Share) Exact() Exact { return Exact(s) }

// Plus returns e + f.
func (e Exact) Plus(f Exact) Exact { return Exact{known(e.d.add(f.d))} }

// Times returns e × f.
func (e Exact) Times(f Exact) Exact { return Exact{known(e.d.mul(f.d))} }

// Excess returns max(0, e − f).
func (e Exact) Excess(f Exact) Exact {
	if e.d.cmp(f.d) <= 0 {
		return Exact{known(nothing)}
	}
	return Exact{known(e.d.sub(f.d))}
}

// Min returns the smaller of e and f.
func (e Exact) Min(f Exact) Exact {
	if f.d.cmp(e.d) < 0 {
		return f
	}
	return e
}

// Max returns the larger of e and f.
func (e Exact) Max(f Exact) Exact {
	if f.d.cmp(e.d) > 0 {
		return f
	}
	return e
}

// Over returns e ÷ f half up to twelve places: a price or a freight per kg. It is
// 0 where f is 0.
func (e Exact) Over(f Exact) Exact {
	if f.Sign() == 0 {
		return Exact{known(nothing)}
	}
	return Exact{known(e.d.over(f.d, ratePlaces))}
}

// Cmp compares e with f.
func (e Exact) Cmp(f Exact) int { return e.d.cmp(f.d) }

// Round returns e half up to the fen.
func (e Exact) Round() Money { return Money{known(roundHalfUp(e.d, 2))} }
