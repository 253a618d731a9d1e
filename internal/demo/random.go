package demo

// random is SplitMix64: a few lines that give the same numbers for ever, which
// the standard library does not promise of its helpers.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// below returns a number from 0 to n−1; n > 0.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// between returns a number from lo to hi, both included.
func (r *random) between(lo, hi int) int { return lo + r.below(hi-lo+1) }

// perMille reports true n times in a thousand.
func (r *random) perMille(n int) bool { return r.below(1000) < n }

// part returns between lo and hi thousandths of n.
func (r *random) part(n int64, lo, hi int) int64 { return n * int64(r.between(lo, hi)) / 1000 }

// pick returns one of the indexes by weight; at least one weight is above 0.
func (r *random) pick(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := r.below(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return len(weights) - 1
}
