package domain

import "math/big"

// PrefixSplit splits amount over weights in line order: T_k = amount × (w₁+…+w_k)
// ÷ W rounded half up to the fen, share k = T_k − T_{k−1}. The shares sum to
// amount. It is used for freight. amount ≥ 0, weights ≥ 0; where all weights are
// 0 the last line bears the amount, and with no line there is no share.
func PrefixSplit(amount Money, weights []Kg) []Money {
	grams := make([]int64, len(weights))
	for i, w := range weights {
		grams[i] = w.Grams()
	}
	return prefix(amount, grams, true)
}

// ReductionSplit splits a reduction r over what is left of each share: T_k rounded
// down, so that nothing is negative, never more than is left is taken, and all of
// it in the end. 0 ≤ r ≤ Σ left.
func ReductionSplit(r Money, left []Money) []Money {
	fen := make([]int64, len(left))
	for i, m := range left {
		fen[i] = m.Fen()
	}
	return prefix(r, fen, false)
}

func prefix(amount Money, weights []int64, halfUp bool) []Money {
	total := new(big.Int)
	for _, w := range weights {
		total.Add(total, big.NewInt(w))
	}
	shares := make([]Money, len(weights))
	if total.Sign() == 0 {
		for i := range shares {
			shares[i] = MoneyFromFen(0)
		}
		if len(shares) > 0 {
			shares[len(shares)-1] = amount
		}
		return shares
	}
	a := big.NewInt(amount.Fen())
	sum, before := new(big.Int), int64(0)
	for i, w := range weights {
		sum.Add(sum, big.NewInt(w))
		t := new(big.Int).Mul(a, sum)
		if halfUp { // (2·a·s + W) ÷ 2W
			t.Lsh(t, 1).Add(t, total)
			t.Quo(t, new(big.Int).Lsh(total, 1))
		} else {
			t.Quo(t, total)
		}
		shares[i] = MoneyFromFen(t.Int64() - before)
		before = t.Int64()
	}
	return shares
}
