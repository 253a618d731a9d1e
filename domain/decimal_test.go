package domain

import (
	"math"
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// drawExact draws a number that may or may not stay within 64 bits.
func drawExact(t *rapid.T, name string) exact {
	n := rapid.OneOf(rapid.Int64Range(-1000, 1000), rapid.Int64Range(-1e15, 1e15), rapid.Int64(), rapid.SampledFrom([]int64{0, math.MaxInt64, -math.MaxInt64, math.MinInt64})).Draw(t, name)
	d := fromBig(decimal.New(n, rapid.Int32Range(-12, 2).Draw(t, name+" exponent")))
	if rapid.IntRange(0, 9).Draw(t, name+" wide") == 0 {
		d = fromBig(decimal.NewFromBigInt(new(big.Int).Mul(big.NewInt(n), big.NewInt(1e15)), d.exp))
	}
	return d
}

// TestExactReckonsAsDecimal holds the arithmetic within 64 bits, and its way out of
// them, against package decimal: digits and exponents.
func TestExactReckonsAsDecimal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawExact(t, "a"), drawExact(t, "b")
		places := rapid.Int32Range(0, 12).Draw(t, "places")
		same := func(what string, got exact, want decimal.Decimal) {
			t.Helper()
			if got.exp != want.Exponent() || got.big().Cmp(want) != 0 || got.wide != nil && fromBig(want).wide == nil {
				t.Fatalf("%s of %s and %s: %s (exponent %d, wide %v), want %s (exponent %d)", what, a.big(), b.big(), got.big(), got.exp, got.wide, want, want.Exponent())
			}
		}
		same("sum", a.add(b), a.big().Add(b.big()))
		same("difference", a.sub(b), a.big().Add(b.big().Neg()))
		same("product", a.mul(b), a.big().Mul(b.big()))
		same("negative", a.neg(), a.big().Neg())
		same("rounding", a.round(places), a.big().Round(places))
		if got, want := a.cmp(b), a.big().Cmp(b.big()); got != want {
			t.Fatalf("cmp %s %s: %d, want %d", a.big(), b.big(), got, want)
		}
		if got, want := a.sign(), a.big().Sign(); got != want {
			t.Fatalf("sign %s: %d, want %d", a.big(), got, want)
		}
		if got, want := a.text(places), a.big().StringFixed(places); got != want {
			t.Fatalf("%s with %d places: %q, want %q", a.big(), places, got, want)
		}
		if got, want := a.units(places), a.big().Shift(places).IntPart(); got != want {
			t.Fatalf("%s in units of %d places: %d, want %d", a.big(), places, got, want)
		}
		if x, y := a.abs(), b.abs(); y.sign() > 0 {
			q, r := x.big().QuoRem(y.big(), places)
			if r.Add(r).Cmp(y.big().Mul(decimal.New(1, -places))) >= 0 {
				q = q.Add(decimal.New(1, -places))
			}
			same("quotient", x.over(y, places), q)
		}
	})
}

// TestReadingIsParsing holds the reading without memory against the one that says
// what is wrong.
func TestReadingIsParsing(t *testing.T) {
	t.Parallel()
	forms := []form{moneyForm, deltaForm, priceForm, shareForm, quantityForm, kgForm, signedKg, exactForm}
	text := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,20}(\.[0-9]{0,14})?`), rapid.StringMatching(`-?0?0?[01](\.0{1,3})?`), rapid.StringMatching(`[-+0-9.e ٣]{0,6}`))
	rapid.Check(t, func(t *rapid.T) {
		f, s := rapid.SampledFrom(forms).Draw(t, "form"), text.Draw(t, "text")
		want, wantErr := f.parseAny(s)
		got, err := f.read([]byte(s))
		if (err == nil) != (wantErr == nil) || err == nil && (got.d.exp != want.d.exp || !got.same(want)) {
			t.Fatalf("%s %q: %s %v, want %s %v", f.kind, s, got.d.big(), err, want.d.big(), wantErr)
		}
	})
}
