package subsidy_test

import (
	"fmt"
	"math/big"
	"slices"
	"sort"
)

// The model is the subsidy's rules once more, as simply as possible: fractions,
// strings and whole fen, one fund, no events. It shares no code with package domain.
// What the engine must agree with is what stands in these fields.
type model struct {
	rules   []mRule
	limits  []mLimit
	mode    string // waitlist, partial, refuse
	funders []string
	shares  []*big.Rat

	budget map[string]*mBudget // by funder
	rest   []*big.Rat          // residuals
	tiers  map[string]*big.Rat // kg by rule and scope
	grants map[string]int64    // fen by per and scope
	queue  []string
	claims map[string]*mClaim
	sales  map[string]*mSale
	debts  map[string][]*mDebt // by cooperative
	backs  map[string]*mBack
	batch  map[string]*mBatch
	room   bool // something may have made room for the queue
	quiet  bool // a confirmation is under way: the queue is tried in its end
}

type mRule struct {
	id, group, kind, item string
	rate, share, ref, cap *big.Rat // cap nil: none
	per                   string
	tiers                 []mTier
}

type mTier struct{ upTo, rate *big.Rat } // upTo nil: no end

type mLimit struct {
	per   string
	max   int64
	share *big.Rat // of the sale; nil: max counts
}

type mBudget struct{ given, reserved, obligated, spent, refunded int64 }

func (b *mBudget) available() int64 { return b.given - b.reserved - b.obligated - b.spent + b.refunded }

type mSale struct {
	id, coop, buyer, departure string
	lines                      []*mSold
	inspected                  bool
	changes                    int
	corrections                []int // which of the changes were corrections
}

type mSold struct {
	item               string
	price              *big.Rat // per kg: every unit is kg
	accepted, returned *big.Rat // kg
	sale, back         int64    // fen
	loaded             *big.Rat
}

func (s *mSold) net() *big.Rat { return sub(s.accepted, s.returned) }

type mClaim struct {
	id, shipment, coop, buyer, status string
	lines                             []*mLine
	base                              string // of a supplement
	supplements, clawbacks            int
	seen                              int
	paid, withheld, clawed            int64
	submitter, batch                  string
	approvers                         []string
}

type mLine struct {
	no              int
	item            string
	kg              *big.Rat // shown: 0 on a supplement
	reckonedKg      *big.Rat
	sale, back      int64
	tierStart       map[string]*big.Rat
	left            []int64 // by limit
	caps            []int64
	freight, loaded *big.Rat
	price           *big.Rat
	subsidy         int64
	shares, keep    []int64 // keep: shares less clawbacks; nil while waiting or refused
	before          int64
}

func (l *mLine) remaining() int64 {
	if l.shares == nil {
		return l.subsidy
	}
	return sumFen(l.keep)
}

type mDebt struct {
	clawback string
	open     int64
}

type mBack struct {
	id, claim, status, method string
	amount                    int64
	parts                     [][]int64 // by line, by funder
	keep                      [][]int64
	approver                  string
}

type mBatch struct {
	maker  string
	claims []string
	taken  [][]mTaken
	closed bool
}

type mTaken struct {
	clawback string
	amount   int64
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

func fen(n int64) *big.Rat         { return big.NewRat(n, 100) }
func sub(a, b *big.Rat) *big.Rat   { return new(big.Rat).Sub(a, b) }
func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func least(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// half rounds half up to places and returns the units.
func half(r *big.Rat, places int) *big.Int {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	n := new(big.Int).Mul(r.Num(), scale)
	n.Mul(n, big.NewInt(2)).Add(n, r.Denom())
	return n.Div(n, new(big.Int).Mul(r.Denom(), big.NewInt(2)))
}

func toFen(r *big.Rat) int64 { return half(r, 2).Int64() }

func over(a, b *big.Rat) *big.Rat {
	return new(big.Rat).SetFrac(half(new(big.Rat).Quo(a, b), 12), new(big.Int).Exp(big.NewInt(10), big.NewInt(12), nil))
}

func sumFen(list []int64) int64 {
	var n int64
	for _, v := range list {
		n += v
	}
	return n
}

// applies returns the rule of each group that counts for an item.
func (m *model) applies(item string) []mRule {
	var out []mRule
	done := map[string]bool{}
	for _, r := range m.rules {
		if !done[r.group] && (r.item == "" || r.item == item) {
			done[r.group] = true
			out = append(out, r)
		}
	}
	return out
}

func (m *model) waits(s *mSale) bool {
	for _, l := range s.lines {
		for _, r := range m.applies(l.item) {
			if r.kind == "freight" {
				return true
			}
		}
	}
	return false
}

// reckon gives a line its amount from what is frozen in it; left may be another
// reading of the limits.
func (m *model) reckon(l *mLine, left []int64) int64 {
	sum := new(big.Rat)
	for _, r := range m.applies(l.item) {
		switch r.kind {
		case "per_kg":
			sum = plus(sum, times(r.rate, l.reckonedKg))
		case "price_gap":
			gap := sub(r.ref, l.price)
			if gap.Sign() < 0 {
				gap = new(big.Rat)
			}
			sum = plus(sum, times(m.capped(r, times(r.share, gap)), l.reckonedKg))
		case "freight":
			sum = plus(sum, times(m.capped(r, over(times(r.share, l.freight), l.loaded)), l.reckonedKg))
		case "tiered":
			at, end := l.tierStart[r.id], plus(l.tierStart[r.id], l.reckonedKg)
			for _, t := range r.tiers {
				stop := end
				if t.upTo != nil {
					stop = least(end, t.upTo)
				}
				if stop.Cmp(at) > 0 {
					sum, at = plus(sum, times(t.rate, sub(stop, at))), stop
				}
			}
		}
	}
	amount := toFen(sum)
	for i, lim := range m.limits {
		most := left[i]
		if lim.share != nil {
			most = toFen(times(lim.share, fen(l.sale-l.back)))
		}
		amount = min(amount, most)
	}
	for _, c := range l.caps {
		amount = min(amount, c)
	}
	return amount
}

func (m *model) capped(r mRule, rate *big.Rat) *big.Rat {
	if r.cap == nil {
		return rate
	}
	return least(rate, r.cap)
}

func tierScope(r mRule, coop, buyer, item string) string {
	switch r.per {
	case "cooperative_year":
		return r.id + "|" + coop
	case "buyer_year":
		return r.id + "|" + buyer
	case "item_year":
		return r.id + "|" + item
	}
	return r.id + "|" + coop + "|" + item
}

func grantScopes(coop, buyer, item string) map[string]string {
	return map[string]string{"cooperative_year": "c|" + coop, "buyer_year": "b|" + buyer, "item_year": "i|" + item}
}

// leftNow is what is left of each limit for a line, with extra added back to it.
func (m *model) leftNow(c *mClaim, item string, claimUsed, extra int64) []int64 {
	left := make([]int64, len(m.limits))
	for i, lim := range m.limits {
		switch {
		case lim.share != nil:
		case lim.per == "line":
			left[i] = lim.max
		case lim.per == "claim":
			left[i] = max(0, lim.max-claimUsed) + extra
		default:
			left[i] = max(0, lim.max-m.grants[grantScopes(c.coop, c.buyer, item)[lim.per]]) + extra
		}
	}
	return left
}

func (m *model) count(c *mClaim, l *mLine, kg *big.Rat, amount int64) {
	for _, r := range m.applies(l.item) {
		if r.kind == "tiered" {
			k := tierScope(r, c.coop, c.buyer, l.item)
			m.tiers[k] = plus(m.tierTotal(k), kg)
		}
	}
	for _, k := range grantScopes(c.coop, c.buyer, l.item) {
		m.grants[k] += amount
	}
}

func (m *model) tierTotal(k string) *big.Rat {
	if m.tiers[k] == nil {
		return new(big.Rat)
	}
	return m.tiers[k]
}

// split is the split with carried residuals, in fractions of a yuan.
func (m *model) split(amount int64, rest []*big.Rat) ([]int64, []*big.Rat) {
	n := len(m.funders)
	want, x, sum := make([]*big.Rat, n), make([]int64, n), int64(0)
	for i := range want {
		want[i] = plus(times(fen(amount), m.shares[i]), rest[i])
		f := new(big.Rat).Mul(want[i], big.NewRat(100, 1))
		x[i] = max(0, new(big.Int).Div(f.Num(), f.Denom()).Int64())
		sum += x[i]
	}
	diff := func(i int) *big.Rat { return sub(want[i], fen(x[i])) }
	for ; sum < amount; sum++ {
		k := 0
		for i := 1; i < n; i++ {
			if diff(i).Cmp(diff(k)) > 0 {
				k = i
			}
		}
		x[k]++
	}
	for ; sum > amount; sum-- {
		k := -1
		for i := 0; i < n; i++ {
			if x[i] > 0 && (k < 0 || diff(i).Cmp(diff(k)) < 0) {
				k = i
			}
		}
		x[k]--
	}
	next := make([]*big.Rat, n)
	for i := range next {
		next[i] = diff(i)
	}
	return x, next
}

// reduce splits a reduction over what is left, rounded down.
func reduce(r int64, left []int64) []int64 {
	total, run, before := sumFen(left), int64(0), int64(0)
	out := make([]int64, len(left))
	for i, w := range left {
		run += w
		if total > 0 {
			t := r * run / total
			out[i], before = t-before, t
		}
	}
	return out
}

func (m *model) fits(x, used []int64) bool {
	for i, f := range m.funders {
		if used[i]+x[i] > m.budget[f].available() {
			return false
		}
	}
	return true
}

func (m *model) reserve(x []int64) {
	for i, f := range m.funders {
		m.budget[f].reserved += x[i]
	}
}

func addFen(a, b []int64) []int64 {
	out := make([]int64, len(b))
	for i := range b {
		out[i] = b[i]
		if a != nil {
			out[i] += a[i]
		}
	}
	return out
}

// partly is the largest amount whose split fits.
func (m *model) partly(amount int64, used []int64) (int64, []int64, []*big.Rat) {
	for a := amount; a > 0; a-- {
		if x, next := m.split(a, m.rest); m.fits(x, used) {
			return a, x, next
		}
	}
	x, next := m.split(0, m.rest)
	return 0, x, next
}

// assess makes the claim of a sale.
func (m *model) assess(s *mSale, freight, loaded *big.Rat) {
	c := &mClaim{id: s.id + ".P", shipment: s.id, coop: s.coop, buyer: s.buyer, seen: s.changes}
	m.claims[c.id] = c
	tiers, grants := cloneRats(m.tiers), cloneInts(m.grants)
	var total int64
	for i, sold := range s.lines {
		l := &mLine{no: i + 1, item: sold.item, kg: sold.net(), reckonedKg: sold.net(), sale: sold.sale, back: sold.back, price: sold.price,
			freight: freight, loaded: loaded, tierStart: map[string]*big.Rat{}}
		for _, r := range m.applies(l.item) {
			if r.kind == "tiered" {
				l.tierStart[r.id] = m.tierTotal(tierScope(r, c.coop, c.buyer, l.item))
			}
		}
		l.left = m.leftNow(c, l.item, total, 0)
		l.subsidy = m.reckon(l, l.left)
		total += l.subsidy
		m.count(c, l, l.kg, l.subsidy)
		c.lines = append(c.lines, l)
	}
	if len(m.queue) > 0 && total > 0 {
		c.status = "waitlisted"
		m.queue = append(m.queue, c.id)
		return
	}
	if m.tryTake(c) {
		c.status = "assessed"
		return
	}
	switch m.mode {
	case "waitlist":
		c.status = "waitlisted"
		m.queue = append(m.queue, c.id)
	case "refuse":
		c.status = "refused"
		m.tiers, m.grants = tiers, grants
		for _, l := range c.lines {
			l.subsidy = 0
		}
	case "partial":
		c.status = "assessed"
		for _, l := range c.lines {
			got, x, next := m.partly(l.subsidy, make([]int64, len(m.funders)))
			m.rest = next
			m.reserve(x)
			if got < l.subsidy {
				l.caps = append(l.caps, got)
				m.count(c, l, new(big.Rat), got-l.subsidy)
				l.subsidy = got
			}
			l.shares, l.keep = x, slices.Clone(x)
		}
	}
}

// tryTake reserves the whole claim, or nothing.
func (m *model) tryTake(c *mClaim) bool {
	rest, used := m.rest, make([]int64, len(m.funders))
	all := make([][]int64, len(c.lines))
	for i, l := range c.lines {
		var x []int64
		x, rest = m.split(l.subsidy, rest)
		if !m.fits(x, used) {
			return false
		}
		used, all[i] = addFen(used, x), x
	}
	m.rest = rest
	m.reserve(used)
	for i, l := range c.lines {
		l.shares, l.keep = all[i], slices.Clone(all[i])
	}
	return true
}

// serve takes up who waits, in order, if there may be room.
func (m *model) serve() {
	for m.room && !m.quiet && len(m.queue) > 0 {
		c := m.claims[m.queue[0]]
		if !m.tryTake(c) {
			break
		}
		c.status = "assessed"
		m.queue = m.queue[1:]
	}
	if !m.quiet {
		m.room = false
	}
}

func cloneRats(in map[string]*big.Rat) map[string]*big.Rat {
	out := map[string]*big.Rat{}
	for k, v := range in {
		out[k] = v
	}
	return out
}

func cloneInts(in map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, v := range in {
		out[k] = v
	}
	return out
}

func (m *model) pot(c *mClaim) func(*mBudget) *int64 {
	switch c.status {
	case "assessed", "submitted":
		return func(b *mBudget) *int64 { return &b.reserved }
	}
	return func(b *mBudget) *int64 { return &b.obligated }
}

// family is the base with its supplements that are not rejected.
func (m *model) family(base *mClaim) []*mClaim {
	list := []*mClaim{base}
	for i := 1; i <= base.supplements; i++ {
		if c := m.claims[fmt.Sprintf("%s.S%d", base.id, i)]; c.status != "rejected" {
			list = append(list, c)
		}
	}
	return list
}

func (m *model) inBatch(base *mClaim) bool {
	for _, c := range m.family(base) {
		if c.status == "batched" {
			return true
		}
	}
	return false
}

// line finds a line by the shipment's number: supplements have only some.
func (c *mClaim) line(no int) *mLine {
	for _, l := range c.lines {
		if l.no == no {
			return l
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	return ks
}
