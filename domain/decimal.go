package domain

import (
	"bytes"
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"github.com/shopspring/decimal"
)

// exact is an exact decimal, n × 10^exp. Nearly every number of the programme fits
// into 64 bits, where reckoning needs no memory; one that does not is kept in wide,
// and is reckoned with by package decimal. Both give the same digits and the same
// exponents: the exponent is how a number was written.
type exact struct {
	n    int64
	wide *big.Int // not nil: the coefficient, instead of n
	exp  int32
	set  bool // of number
}

// pow10 are the powers of ten that fit into 64 bits.
var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

func ten(n int64, exp int32) exact { return exact{n: n, exp: exp} }

// nothing is 0 with the exponent of package decimal's own.
var nothing = ten(0, decimal.Zero.Exponent())

// big is the number as package decimal has it.
func (d exact) big() decimal.Decimal {
	if d.wide != nil {
		return decimal.NewFromBigInt(d.wide, d.exp)
	}
	return decimal.New(d.n, d.exp)
}

func fromBig(x decimal.Decimal) exact {
	c := x.Coefficient()
	if c.IsInt64() && c.Int64() != math.MinInt64 {
		return exact{n: c.Int64(), exp: x.Exponent()}
	}
	return exact{wide: c, exp: x.Exponent()}
}

// times10 is n × 10^places, if it fits.
func times10(n int64, places int32) (int64, bool) {
	if n == 0 || places == 0 {
		return n, true
	}
	if places < 0 || int(places) >= len(pow10) {
		return 0, false
	}
	p := pow10[places]
	if n > math.MaxInt64/p || n < -(math.MaxInt64/p) {
		return 0, false
	}
	return n * p, true
}

// aligned are the coefficients of both under the smaller exponent.
func aligned(d, e exact) (a, b int64, exp int32, ok bool) {
	if d.wide != nil || e.wide != nil {
		return 0, 0, 0, false
	}
	a, b, exp, ok = d.n, e.n, d.exp, true
	switch {
	case d.exp > e.exp:
		a, ok = times10(d.n, d.exp-e.exp)
		exp = e.exp
	case d.exp < e.exp:
		b, ok = times10(e.n, e.exp-d.exp)
	}
	return a, b, exp, ok
}

func (d exact) add(e exact) exact {
	if a, b, exp, ok := aligned(d, e); ok {
		if s := a + b; (s > a) == (b > 0) && s != math.MinInt64 {
			return ten(s, exp)
		}
	}
	return fromBig(d.big().Add(e.big()))
}

func (d exact) sub(e exact) exact { return d.add(e.neg()) }

func (d exact) neg() exact {
	if d.wide != nil {
		return fromBig(d.big().Neg())
	}
	return ten(-d.n, d.exp)
}

func (d exact) abs() exact {
	if d.sign() < 0 {
		return d.neg()
	}
	return d
}

func (d exact) mul(e exact) exact {
	if d.wide == nil && e.wide == nil {
		hi, lo := bits.Mul64(magnitude(d.n), magnitude(e.n))
		if hi == 0 && lo <= math.MaxInt64 {
			n := int64(lo)
			if (d.n < 0) != (e.n < 0) {
				n = -n
			}
			return ten(n, d.exp+e.exp)
		}
	}
	return fromBig(d.big().Mul(e.big()))
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

func (d exact) sign() int {
	switch {
	case d.wide != nil:
		return d.wide.Sign()
	case d.n < 0:
		return -1
	case d.n > 0:
		return 1
	}
	return 0
}

func (d exact) cmp(e exact) int {
	a, b, _, ok := aligned(d, e)
	switch {
	case !ok:
		return d.big().Cmp(e.big())
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (d exact) equal(e exact) bool { return d.cmp(e) == 0 }

// round returns the number with so many places, half away from zero.
func (d exact) round(places int32) exact {
	drop := -places - d.exp
	switch {
	case drop == 0:
		return d
	case d.wide != nil || int(drop) >= len(pow10):
		return fromBig(d.big().Round(places))
	case drop < 0:
		n, ok := times10(d.n, -drop)
		if !ok {
			return fromBig(d.big().Round(places))
		}
		return ten(n, -places)
	}
	p := pow10[drop]
	q, r := d.n/p, d.n%p
	switch {
	case 2*r >= p:
		q++
	case 2*r <= -p:
		q--
	}
	return ten(q, -places)
}

// over returns d ÷ e half up to places, exactly (not via a longer quotient that is
// rounded twice). d ≥ 0, e > 0.
func (d exact) over(e exact, places int32) exact {
	if q, ok := d.overSmall(e, places); ok {
		return q
	}
	a, b := d.big(), e.big()
	q, r := a.QuoRem(b, places)
	if r.Add(r).Cmp(b.Mul(decimal.New(1, -places))) >= 0 {
		q = q.Add(decimal.New(1, -places))
	}
	return fromBig(q)
}

func (d exact) overSmall(e exact, places int32) (exact, bool) {
	if d.wide != nil || e.wide != nil || d.n < 0 || e.n <= 0 {
		return exact{}, false
	}
	up := d.exp - e.exp + places // d.n × 10^up ÷ e.n
	den := e.n
	if up < 0 {
		var ok bool
		if den, ok = times10(den, -up); !ok {
			return exact{}, false
		}
		up = 0
	}
	if int(up) >= len(pow10) {
		return exact{}, false
	}
	hi, lo := bits.Mul64(uint64(d.n), uint64(pow10[up]))
	if hi >= uint64(den) {
		return exact{}, false
	}
	q, r := bits.Div64(hi, lo, uint64(den))
	if 2*r >= uint64(den) {
		q++
	}
	if q > math.MaxInt64 {
		return exact{}, false
	}
	return ten(int64(q), -places), true
}

// units is the number in units of 10^-places, what is smaller cut off.
func (d exact) units(places int32) int64 {
	up := d.exp + places
	if d.wide == nil {
		if up < 0 && int(-up) < len(pow10) {
			return d.n / pow10[-up]
		}
		if n, ok := times10(d.n, up); ok {
			return n
		}
	}
	return d.big().Shift(places).IntPart()
}

// append writes the number with so many places.
func (d exact) append(b []byte, places int32) []byte {
	d = d.round(places)
	if d.wide != nil || places < 0 || int(places) >= len(pow10) {
		return append(b, d.big().StringFixed(places)...)
	}
	if d.n < 0 {
		b = append(b, '-')
	}
	m, p := magnitude(d.n), uint64(pow10[places])
	b = strconv.AppendUint(b, m/p, 10)
	if places == 0 {
		return b
	}
	b = append(b, '.')
	for frac, p := m%p, p/10; p > 0; p /= 10 {
		b = append(b, byte('0'+frac/p%10))
	}
	return b
}

// textBytes is as many bytes as a number of 64 bits needs, with sign and point.
const textBytes = 24

// text is the number with so many places.
func (d exact) text(places int32) string {
	var buf [textBytes]byte
	return string(d.append(buf[:0], places))
}

// appendPlain writes the number with the places that it needs.
func (d exact) appendPlain(b []byte) []byte {
	start := len(b)
	b = d.append(b, max(0, -d.exp))
	if bytes.IndexByte(b[start:], '.') >= 0 {
		b = bytes.TrimRight(b, "0")
		b = bytes.TrimSuffix(b, []byte("."))
	}
	return b
}
