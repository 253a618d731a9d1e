package assessment

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// Family is a claim with its supplements, oldest first.
type Family struct {
	Base      *claim.State
	Followers []*claim.State
}

// InBatch reports whether a claim of the family is in an open batch, so that what
// happens to it is reckoned when the batch is confirmed.
func (f Family) InBatch() bool {
	for _, c := range f.members() {
		if c.Status == claim.IsBatched {
			return true
		}
	}
	return false
}

func (f Family) members() []*claim.State { return append([]*claim.State{f.Base}, f.Followers...) }

// Change is the returns and corrections that a claim is reckoned anew for.
type Change struct {
	Causes    []string    // event ids
	CausedBy  []domain.ID // their actors
	Corrected []int       // the lines that a correction changed: only they may grow
	Batch     domain.ID   // the batch whose confirmation let it be reckoned; "" for none
}

// Reassess decides what a change of the sale means for a claim and its
// supplements: reductions of what is unpaid, clawbacks of what is paid, increases.
// No facts means that nothing changed.
func Reassess(p *policy.Policy, f *fund.State, fam Family, s *Sale, ch Change) ([]domain.Fact, error) {
	draft, err := fund.NewDraft(f, p.Split)
	if err != nil {
		return nil, err
	}
	r := &reckoning{policy: p, fund: f, draft: draft, sale: s, change: ch}
	for _, c := range fam.members() {
		if c.Status.Pot() != claim.Nowhere {
			r.members = append(r.members, &member{State: c})
		} else if c != fam.Base {
			r.rejected = append(r.rejected, c)
		}
	}
	if fam.Base.Status.Pot() == claim.Nowhere {
		return nil, nil // refused and rejected claims stay as they are
	}
	for _, l := range fam.Base.Lines {
		r.line(l)
	}
	if len(r.base().lines) == 0 {
		return nil, nil
	}
	return r.facts()
}

// reckoning is one run of [Reassess].
type reckoning struct {
	policy   *policy.Policy
	fund     *fund.State
	draft    *fund.Draft
	sale     *Sale
	change   Change
	members  []*member // the base first; without those that are rejected
	rejected []*claim.State

	grown      []domain.Money // reserved for increases, by funder
	supplement []claim.Line
}

// member is a claim of the family with what becomes of it.
type member struct {
	*claim.State
	lines    []claim.ReassessedLine
	released []domain.Money // by funder
	clawback []claim.ClawbackLine
	changed  domain.Money // of the total: signed
}

func (r *reckoning) base() *member { return r.members[0] }

func (r *reckoning) subject(l *claim.LineState) policy.Subject {
	b := r.base()
	return policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: b.Channel, CooperativeID: b.CooperativeID, BuyerID: b.BuyerID}
}

// line reckons one line of the base anew, from its own frozen inputs.
func (r *reckoning) line(l *claim.LineState) {
	now := r.sale.Line(l.LineNo)
	in := l.Inputs
	// By amount: an amount of 0 that the log says is not told from one never given.
	if in.Kg.Cmp(now.NetKg) == 0 && in.Sale.Cmp(now.Amount) == 0 && in.Returned.Cmp(now.Returned) == 0 {
		return
	}
	in.Kg, in.Sale, in.Returned = now.NetKg, now.Amount, now.Returned
	in.Caps = r.caps(l)
	result := r.policy.Calculate(r.subject(l), in)
	before := r.present(l.LineNo)
	out := claim.ReassessedLine{LineNo: l.LineNo, ItemID: l.ItemID, OldKg: l.AcceptedKg, AcceptedKg: now.NetKg,
		OldSubsidy: l.Subsidy, Subsidy: l.Subsidy, Shares: l.Shares, Inputs: in, Steps: result.Steps, Calculated: result.Amount}
	after := result.Amount
	switch cmp := result.Amount.Cmp(before); {
	case cmp < 0:
		r.reduce(l, before.Sub(result.Amount), &out)
	case cmp > 0 && !slices.Contains(r.change.Corrected, l.LineNo):
		after, out.Why = before, claim.WhyReturn
	case cmp > 0:
		after = before.Add(r.grow(l, before, &out))
	}
	r.base().lines = append(r.base().lines, out)
	countLine(r.draft, r.subject(l), in.Tiers, now.NetKg.Sub(l.AcceptedKg), after.Sub(before))
}

// caps are the line's frozen caps with those that rejected supplements leave.
func (r *reckoning) caps(l *claim.LineState) []policy.Cap {
	caps := slices.Clone(l.Inputs.Caps)
	for _, c := range r.rejected {
		k := c.Line(l.LineNo)
		if k == nil {
			continue
		}
		limit := policy.Cap{Why: claim.CapRejected, Max: k.Before}
		if !slices.ContainsFunc(caps, func(c policy.Cap) bool { return c.Why == limit.Why && c.Max.Cmp(limit.Max) == 0 }) {
			caps = append(caps, limit)
		}
	}
	return caps
}

// present is what the family gives for a line before this reckoning.
func (r *reckoning) present(no int) domain.Money {
	sum := domain.MoneyFromFen(0)
	for _, m := range r.members {
		if l := m.Line(no); l != nil {
			sum = sum.Add(l.Remaining())
		}
	}
	return sum
}

// reduce takes an amount from a line, from the newest supplement first.
func (r *reckoning) reduce(base *claim.LineState, amount domain.Money, out *claim.ReassessedLine) {
	for i := len(r.members) - 1; i >= 0 && amount.Sign() > 0; i-- {
		m := r.members[i]
		l := m.Line(base.LineNo)
		if l == nil {
			continue
		}
		t := amount.Min(l.Remaining())
		amount = amount.Sub(t)
		switch {
		case t.Sign() == 0:
		case m.Status == claim.IsPaid:
			parts := domain.ReductionSplit(t, l.Left)
			m.clawback = append(m.clawback, claim.ClawbackLine{LineNo: l.LineNo, ItemID: l.ItemID, Amount: t, Shares: sharesOf(r.policy, parts)})
		case i == 0:
			r.shrink(m, l, t, out)
		default:
			line := claim.ReassessedLine{LineNo: l.LineNo, ItemID: l.ItemID, OldKg: l.AcceptedKg, AcceptedKg: l.AcceptedKg,
				OldSubsidy: l.Subsidy, Inputs: l.Inputs, Calculated: l.Subsidy.Sub(t)}
			r.shrink(m, l, t, &line)
			m.lines = append(m.lines, line)
		}
	}
}

// shrink takes t from an unpaid line.
func (r *reckoning) shrink(m *member, l *claim.LineState, t domain.Money, out *claim.ReassessedLine) {
	out.Subsidy = l.Subsidy.Sub(t)
	m.changed = m.changed.Sub(t)
	if m.Status == claim.IsWaitlisted {
		return
	}
	parts := domain.ReductionSplit(t, l.Left)
	r.draft.GiveBack(parts)
	m.released = add(m.released, parts)
	out.Shares, out.Differences = changed(r.policy, l.Left, parts, domain.Money.Sub)
}

// grow gives a line what it gained, as far as limits and budget lines allow by now,
// and returns what it got.
func (r *reckoning) grow(l *claim.LineState, before domain.Money, out *claim.ReassessedLine) domain.Money {
	used := out.Inputs
	used.Limits = r.limitsNow(l, before, used.Limits)
	result := r.policy.Calculate(r.subject(l), used)
	if result.Amount.Cmp(out.Calculated) < 0 {
		out.Used, out.Steps, out.Why = &used, result.Steps, claim.WhyLimitNow
	}
	wanted := result.Amount.Sub(before)
	if wanted.Sign() <= 0 {
		return domain.MoneyFromFen(0)
	}
	base := r.base()
	if base.Status == claim.IsWaitlisted {
		out.Subsidy = l.Subsidy.Add(wanted)
		base.changed = base.changed.Add(wanted)
		return wanted
	}
	granted := wanted
	parts, short := r.draft.Take(wanted)
	if short != nil {
		why := claim.CapBudget
		granted = domain.MoneyFromFen(0)
		if r.policy.OnExhausted == policy.Partial {
			why = claim.CapPartial
			granted, parts = r.draft.TakePart(wanted)
		}
		out.Used, out.Steps, out.Why, out.Shortage = &used, result.Steps, claim.WhyBudget, short
		out.Inputs.Caps = append(out.Inputs.Caps, policy.Cap{Why: why, Max: before.Add(granted)})
	}
	if granted.Sign() > 0 {
		r.give(l, before, granted, parts, result, used, out)
	}
	return granted
}

// give books an increase: on the claim itself, or on a supplement of a paid one.
func (r *reckoning) give(l *claim.LineState, before, granted domain.Money, parts []domain.Money, result policy.Result, used policy.Inputs, out *claim.ReassessedLine) {
	base := r.base()
	r.grown = add(r.grown, parts)
	if base.Status != claim.IsPaid {
		out.Subsidy = l.Subsidy.Add(granted)
		base.changed = base.changed.Add(granted)
		out.Shares, out.Differences = changed(r.policy, l.Left, parts, domain.Money.Add)
		return
	}
	sold := r.sale.Line(l.LineNo)
	r.supplement = append(r.supplement, claim.Line{LineNo: l.LineNo, OrderID: sold.OrderID, OrderLine: sold.OrderLine, ItemID: l.ItemID, Category: l.Category,
		AcceptedKg: domain.KgFromGrams(0), Inputs: used, Steps: result.Steps, Calculated: result.Amount.Sub(before), Subsidy: granted,
		Shares: sharesOf(r.policy, parts), Before: before})
}

// limitsNow are the line's frozen limits, each at most what is left of it now and
// the line's own grant.
func (r *reckoning) limitsNow(l *claim.LineState, own domain.Money, then []policy.LimitLeft) []policy.LimitLeft {
	now := slices.Clone(then)
	for i, limit := range r.policy.Limits {
		if !limit.SalesShare.IsZero() || limit.Per == policy.PerLine {
			continue
		}
		now[i].Left = then[i].Left.Min(left(limit, r.draft, r.subject(l), r.claimNow()).Add(own))
	}
	return now
}

// claimNow is the sum of the present subsidies of the claim's lines, with what this
// reckoning has changed so far.
func (r *reckoning) claimNow() domain.Money {
	sum := domain.MoneyFromFen(0)
	for _, m := range r.members {
		sum = sum.Add(m.changed)
		for _, l := range m.Lines {
			sum = sum.Add(l.Remaining())
		}
		for _, c := range m.clawback {
			sum = sum.Sub(c.Amount)
		}
	}
	return sum.Add(total(r.supplement))
}

// changed returns the shares after parts were added to or taken from left, and the
// signed differences.
func changed(p *policy.Policy, left, parts []domain.Money, op func(domain.Money, domain.Money) domain.Money) (now, differences []claim.Share) {
	after, diff := make([]domain.Money, len(left)), make([]domain.Money, len(left))
	for i := range left {
		after[i] = op(left[i], parts[i])
		diff[i] = after[i].Sub(left[i])
	}
	return sharesOf(p, after), sharesOf(p, diff)
}

func add(sum, parts []domain.Money) []domain.Money {
	if sum == nil {
		sum = make([]domain.Money, len(parts))
	}
	for i, m := range parts {
		sum[i] = sum[i].Add(m)
	}
	return sum
}

// childID is the id of the n-th clawback (C) or supplement (S) of a claim.
func childID(claim domain.ID, kind string, n int) (domain.ID, error) {
	id := claim + "." + domain.ID(kind+strconv.Itoa(n))
	if utf8.RuneCountInString(string(id)) > domain.IDCharsMax {
		return "", domain.Refuse(domain.Limit, "claim.too_many_changes", "", string(id), "the id would have more than %d characters", domain.IDCharsMax)
	}
	return id, nil
}
