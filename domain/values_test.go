package domain_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhitong/domain"
)

// decimals draws a decimal string with at most so many digits and places.
func decimals(digits, places int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringMatching(`[0-9]{1,`+string(rune('0'+digits))+`}`).Draw(t, "whole")
		if n := rapid.IntRange(0, places).Draw(t, "places"); n > 0 {
			s += "." + rapid.StringMatching(`[0-9]{`+string(rune('0'+n))+`}`).Draw(t, "fraction")
		}
		return s
	})
}

func draw[V any](t *rapid.T, name string, g *rapid.Generator[string], parse func(string) (V, error)) V {
	s := g.Draw(t, name)
	v, err := parse(s)
	if err != nil {
		t.Fatalf("parse %q: %v", s, err)
	}
	return v
}

func rat(t interface {
	Fatalf(string, ...any)
}, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("not a number: %q", s)
	}
	return r
}

// halfUp rounds a fraction that is not negative, in another way than the house:
// ⌊x × 10^places + ½⌋.
func halfUp(x *big.Rat, places int64) *big.Rat {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil))
	y := new(big.Rat).Mul(x, scale)
	y.Add(y, big.NewRat(1, 2))
	whole := new(big.Int).Quo(y.Num(), y.Denom())
	return new(big.Rat).Quo(new(big.Rat).SetInt(whole), scale)
}

func TestRoundingAgreesWithExactFractions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := draw(t, "quantity", decimals(8, 3), domain.ParseQuantity)
		part := draw(t, "part", decimals(8, 3), domain.ParseQuantity)
		price := draw(t, "price", decimals(6, 6), domain.ParsePrice)
		kg := draw(t, "kg", decimals(8, 3), domain.ParseKg)
		share := draw(t, "share", rapid.StringMatching(`0\.[0-9]{1,6}`), domain.ParseShare)
		money := draw(t, "money", decimals(9, 2), domain.ParseMoney)

		check := func(what, got string, exact *big.Rat, places int64) {
			if want := halfUp(exact, places); rat(t, got).Cmp(want) != 0 {
				t.Fatalf("%s = %s, want %s", what, got, want.FloatString(int(places)))
			}
		}
		mul := func(a, b string) *big.Rat { return new(big.Rat).Mul(rat(t, a), rat(t, b)) }
		check("price × quantity", price.Times(q).String(), mul(price.String(), q.String()), 2)
		check("nominal", q.Nominal(kg).String(), mul(q.String(), kg.String()), 3)
		check("share of", share.Of(money).String(), mul(share.String(), money.String()), 2)
		if q.Sign() > 0 {
			check("part", kg.Part(part, q).String(), new(big.Rat).Quo(mul(kg.String(), part.String()), rat(t, q.String())), 3)
		}
		if per, ok := domain.PerKg(money, kg); ok {
			check("per kg", per.Fixed(), new(big.Rat).Quo(rat(t, money.String()), rat(t, kg.String())), 6)
		}
		ceiling := new(big.Rat).Mul(rat(t, q.String()), new(big.Rat).Add(big.NewRat(1, 1), rat(t, share.String())))
		if got := q.Ceiling(share); rat(t, got.String()).Cmp(ceiling) != 0 {
			t.Fatalf("ceiling %s × (1 + %s) = %s", q, share, got)
		}
		if n := q.CeilDiv(24); new(big.Rat).SetInt64(n*24).Cmp(rat(t, q.String())) < 0 || new(big.Rat).SetInt64((n-1)*24).Cmp(rat(t, q.String())) >= 0 {
			t.Fatalf("⌈%s ÷ 24⌉ = %d", q, n)
		}
	})
}

func TestPrintingReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := decimals(8, 3).Draw(t, "text")
		q, err := domain.ParseQuantity(s)
		again, err2 := domain.ParseQuantity(q.String())
		plain, err3 := domain.ParseQuantity(q.Plain())
		if err != nil || err2 != nil || err3 != nil || !q.Equal(again) || !q.Equal(plain) {
			t.Fatalf("quantity %q prints as %q and %q", s, q, q.Plain())
		}
		if strings.Contains(q.Plain(), ".") && strings.HasSuffix(q.Plain(), "0") {
			t.Fatalf("plain %q has zeros at its end", q.Plain())
		}
		k, err := domain.ParseKg(s)
		if kg, err2 := domain.ParseKg(k.String()); err != nil || err2 != nil || !kg.Equal(k) || domain.KgFromGrams(k.Grams()).Cmp(k) != 0 {
			t.Fatalf("weight %q prints as %q", s, k)
		}
		cents := decimals(9, 2).Draw(t, "money")
		m, err := domain.ParseMoney(cents)
		if back, err2 := domain.ParseMoney(m.String()); err != nil || err2 != nil || !m.Equal(back) || domain.MoneyFromFen(m.Fen()).Cmp(m) != 0 {
			t.Fatalf("money %q prints as %q", cents, m)
		}
		var neg domain.Money
		if err := neg.UnmarshalText([]byte(m.Neg().String())); err != nil || !neg.Equal(m.Neg()) {
			t.Fatalf("the difference %s does not read back: %v", m.Neg(), err)
		}
	})
}

func TestDaysReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := domain.NewDay(1, 1, 1).Add(rapid.IntRange(0, 3652058).Draw(t, "n"))
		back, err := domain.ParseDay(d.String())
		if err != nil || back != d || d.IsZero() {
			t.Fatalf("day %q reads back as %q, %v", d, back, err)
		}
		if n := rapid.IntRange(-1000, 1000).Draw(t, "days"); d.Add(n).Sub(d) != n {
			t.Fatalf("%s + %d days", d, n)
		}
	})
	if (domain.Day{}).String() != "" || !(domain.Day{}).IsZero() {
		t.Error("the zero day is not given")
	}
}

func TestPrefixSplitSumsAndRises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := domain.MoneyFromFen(rapid.Int64Range(0, 1e15).Draw(t, "fen"))
		weights := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.Kg {
			return domain.KgFromGrams(rapid.Int64Range(0, 1e12).Draw(t, "grams"))
		}), 1, 40).Draw(t, "weights")
		sum := domain.MoneyFromFen(0)
		for i, share := range domain.PrefixSplit(amount, weights) {
			if share.Sign() < 0 {
				t.Fatalf("share %d of %s over %v is %s", i, amount, weights, share)
			}
			sum = sum.Add(share)
		}
		if sum.Cmp(amount) != 0 {
			t.Fatalf("%s over %v sums to %s", amount, weights, sum)
		}
	})
}

func TestReductionNeverTakesMoreThanIsLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.SliceOfN(rapid.Int64Range(0, 1e9), 1, 8).Draw(t, "left")
		left := make([]domain.Money, len(fen))
		total := int64(0)
		for i, f := range fen {
			left[i], total = domain.MoneyFromFen(f), total+f
		}
		for total > 0 { // reduce until nothing is left
			r := rapid.Int64Range(1, total).Draw(t, "reduction")
			sum := domain.MoneyFromFen(0)
			for i, share := range domain.ReductionSplit(domain.MoneyFromFen(r), left) {
				if share.Sign() < 0 || share.Cmp(left[i]) > 0 {
					t.Fatalf("takes %s of %s", share, left[i])
				}
				left[i], sum = left[i].Sub(share), sum.Add(share)
			}
			if sum.Fen() != r {
				t.Fatalf("takes %s, not %d fen", sum, r)
			}
			total -= r
		}
	})
}

func TestAFullReturnGivesBackExactlyAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := draw(t, "price", decimals(4, 6), domain.ParsePrice)
		kg := draw(t, "kg", decimals(5, 3), domain.ParseKg)
		var accepted domain.Quantity
		parts := rapid.SliceOfN(decimals(3, 3), 1, 8).Draw(t, "parts")
		for _, p := range parts {
			q, _ := domain.ParseQuantity(p)
			accepted = accepted.Add(q)
		}
		var back domain.Quantity
		returnedKg, returned := domain.KgFromGrams(0), domain.MoneyFromFen(0)
		for _, p := range parts {
			q, _ := domain.ParseQuantity(p)
			back = back.Add(q)
			moreKg, more := kg.Part(back, accepted).Sub(returnedKg), price.Times(back).Sub(returned)
			if moreKg.Sign() < 0 || more.Sign() < 0 {
				t.Fatalf("a return of %s gives %s kg and %s", q, moreKg, more)
			}
			returnedKg, returned = returnedKg.Add(moreKg), returned.Add(more)
		}
		if accepted.Sign() > 0 && (returnedKg.Cmp(kg) != 0 || returned.Cmp(price.Times(accepted)) != 0) {
			t.Fatalf("all of %s is back, but %s of %s kg and %s of %s", accepted, returnedKg, kg, returned, price.Times(accepted))
		}
	})
}

func TestNumbersNotGivenDifferFromZero(t *testing.T) {
	t.Parallel()
	zero, _ := domain.ParseMoney("0")
	if zero.Equal(domain.Money{}) || !zero.Equal(domain.MoneyFromFen(0)) || zero.IsZero() || !(domain.Money{}).IsZero() {
		t.Error("0.00 is an amount, the zero Money was not given")
	}
}
