package assessment

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// ClaimID is the id of the claim of a shipment under a policy.
func ClaimID(shipment, policy domain.ID) domain.ID { return shipment + "." + policy }

// Assess decides the claim of a sale under a policy version, on its fund. freight
// is needed when [Sale.NeedsFreight]. The facts are the claim's and the fund's; the
// only refusal is a fund that lacks a budget line of the split.
func Assess(p *policy.Policy, f *fund.State, s *Sale, freight *policy.Freighted) ([]domain.Fact, error) {
	draft, err := fund.NewDraft(f, p.Split)
	if err != nil {
		return nil, err
	}
	a := claim.Assessment{
		Head: claim.Head{ClaimID: ClaimID(s.ShipmentID, p.PolicyID), ShipmentID: s.ShipmentID, CooperativeID: s.CooperativeID, BuyerID: s.BuyerID,
			PolicyID: p.PolicyID, PolicyVersion: p.Version, FundID: f.FundID, Year: f.Year},
		Channel: s.Channel, DepartureID: s.DepartureID, InspectedOn: s.InspectedOn, Changes: s.Changes,
	}
	a.Lines = calculate(p, draft.Fork(), s, freight)
	a.Total = total(a.Lines)
	if len(f.Waitlist) > 0 && a.Total.Sign() > 0 {
		return wait(a, draft, f, nil), nil
	}
	whole := draft.Fork()
	short := grant(whole, p, a.Lines, false)
	switch {
	case short == nil:
		return assessed(a, whole), nil
	case p.OnExhausted == policy.Partial:
		grant(draft, p, a.Lines, true)
		capPartial(p, a)
		return assessed(a, draft), nil
	case p.OnExhausted == policy.RefuseIt:
		return refused(a, *short), nil
	}
	return wait(a, draft, f, short), nil
}

// assessed finishes a claim whose lines have their shares, taken from the draft.
func assessed(a claim.Assessment, d *fund.Draft) []domain.Fact {
	a.Total = total(a.Lines)
	var parts []domain.Money
	for i := range a.Lines {
		l := &a.Lines[i]
		countLine(d, subjectOf(a, l), l.Inputs.Tiers, l.AcceptedKg, l.Subsidy)
		parts = plus(parts, l.Shares)
	}
	reserved := d.Reserve(a.ClaimID, parts)
	reserved.Counts = d.Counts()
	return []domain.Fact{claim.Assessed{Assessment: a}, reserved}
}

// capPartial freezes what was granted of each line that got less than was
// calculated, as one more limit of it.
func capPartial(p *policy.Policy, a claim.Assessment) {
	for i := range a.Lines {
		l := &a.Lines[i]
		if l.Subsidy.Cmp(l.Calculated) < 0 {
			l.Inputs.Caps = append(l.Inputs.Caps, policy.Cap{Why: claim.CapPartial, Max: l.Subsidy})
			l.Steps = p.Calculate(subjectOf(a, l), l.Inputs).Steps
		}
	}
}

// wait puts a claim at the end of the waitlist.
func wait(a claim.Assessment, d *fund.Draft, f *fund.State, short *fund.Shortage) []domain.Fact {
	for i := range a.Lines {
		l := &a.Lines[i]
		l.Shares = nil
		countLine(d, subjectOf(a, l), l.Inputs.Tiers, l.AcceptedKg, l.Subsidy)
	}
	return []domain.Fact{
		claim.Waitlisted{Assessment: a, Shortage: short},
		fund.Queued{Head: f.Head, ClaimID: a.ClaimID, Amount: a.Total, Counts: d.Counts()},
	}
}

// refused gives nothing; the calculation stays in the steps. It counts nowhere.
func refused(a claim.Assessment, short fund.Shortage) []domain.Fact {
	for i := range a.Lines {
		a.Lines[i].Subsidy, a.Lines[i].Shares = domain.MoneyFromFen(0), nil
	}
	a.Total = domain.MoneyFromFen(0)
	return []domain.Fact{claim.Refused{Assessment: a, Shortage: short}}
}

// calculate reckons every line, each after the ones before it.
func calculate(p *policy.Policy, d *fund.Draft, s *Sale, freight *policy.Freighted) []claim.Line {
	lines := make([]claim.Line, len(s.Lines))
	var before domain.Money // of the claim
	for i := range s.Lines {
		l := &s.Lines[i]
		subject := s.subject(l)
		in := policy.Inputs{Kg: l.NetKg, UnitPrice: l.UnitPrice, KgPerUnit: l.KgPerUnit, Sale: l.Amount, Returned: l.Returned}
		for _, r := range p.Matching(subject) {
			switch r.Kind {
			case policy.Tiered:
				k := r.Key(subject)
				in.Tiers = append(in.Tiers, policy.TierStart{TierKey: k, StartKg: d.TierTotal(k)})
			case policy.Freight:
				in.Freight = freight
			}
		}
		for _, limit := range p.Limits {
			in.Limits = append(in.Limits, policy.LimitLeft{Per: limit.Per, Left: left(limit, d, subject, before)})
		}
		r := p.Calculate(subject, in)
		lines[i] = claim.Line{LineNo: l.LineNo, OrderID: l.OrderID, OrderLine: l.OrderLine, ItemID: l.ItemID, Category: l.Category,
			AcceptedKg: l.NetKg, Inputs: in, Steps: r.Steps, Calculated: r.Amount, Subsidy: r.Amount}
		before = before.Add(r.Amount)
		countLine(d, subject, in.Tiers, l.NetKg, r.Amount)
	}
	return lines
}

// left is what is left of a limit for a line; not given for a share of its sale.
func left(l policy.Limit, d *fund.Draft, s policy.Subject, claimBefore domain.Money) domain.Money {
	switch {
	case !l.SalesShare.IsZero():
		return domain.Money{}
	case l.Per == policy.PerLine:
		return l.Max
	case l.Per == policy.PerClaim:
		return rest(l.Max, claimBefore)
	}
	return rest(l.Max, d.LimitTotal(limitKey(l.Per, s)))
}

// rest is max(0, most − used).
func rest(most, used domain.Money) domain.Money {
	if most.Cmp(used) <= 0 {
		return domain.MoneyFromFen(0)
	}
	return most.Sub(used)
}

func limitKey(per string, s policy.Subject) fund.LimitKey {
	switch per {
	case policy.PerCooperativeYear:
		return fund.LimitKey{Per: per, Of: s.CooperativeID}
	case policy.PerBuyerYear:
		return fund.LimitKey{Per: per, Of: s.BuyerID}
	}
	return fund.LimitKey{Per: per, Of: s.ItemID}
}

// countLine counts a line in every running total, whether or not the version has
// that limit. Both may be differences.
func countLine(d *fund.Draft, s policy.Subject, tiers []policy.TierStart, kg domain.Kg, granted domain.Money) {
	for _, t := range tiers {
		d.CountKg(t.TierKey, kg)
	}
	for _, per := range [...]string{policy.PerCooperativeYear, policy.PerBuyerYear, policy.PerItemYear} {
		d.CountGrant(limitKey(per, s), granted)
	}
}

// grant splits the lines over the budget lines, in line order. Without partly it
// stops at the first line that does not fit; with it, each line gets the most that
// does.
func grant(d *fund.Draft, p *policy.Policy, lines []claim.Line, partly bool) *fund.Shortage {
	for i := range lines {
		l := &lines[i]
		if partly {
			granted, parts := d.TakePart(l.Calculated)
			l.Subsidy, l.Shares = granted, sharesOf(p, parts)
			continue
		}
		parts, short := d.Take(l.Calculated)
		if short != nil {
			return short
		}
		l.Shares = sharesOf(p, parts)
	}
	return nil
}

// sharesOf names the funders of parts.
func sharesOf(p *policy.Policy, parts []domain.Money) []claim.Share {
	shares := make([]claim.Share, len(parts))
	for i, f := range p.Split {
		shares[i] = claim.Share{FunderID: f.FunderID, BudgetID: f.BudgetID, Amount: parts[i]}
	}
	return shares
}

// plus adds shares to parts, which may be empty.
func plus(parts []domain.Money, shares []claim.Share) []domain.Money {
	if len(parts) == 0 {
		parts = make([]domain.Money, len(shares))
	}
	for i, s := range shares {
		parts[i] = parts[i].Add(s.Amount)
	}
	return parts
}

func total(lines []claim.Line) domain.Money {
	sum := domain.MoneyFromFen(0)
	for _, l := range lines {
		sum = sum.Add(l.Subsidy)
	}
	return sum
}

// subjectOf is what decides which rules match a line of a claim.
func subjectOf(a claim.Assessment, l *claim.Line) policy.Subject {
	return policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: a.Channel, CooperativeID: a.CooperativeID, BuyerID: a.BuyerID}
}
