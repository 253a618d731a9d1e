package assessment

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// TakeUp decides whether the waiting claim c, the head of the fund's waitlist, fits
// by now. It returns the facts, or what it is too much for.
func TakeUp(p *policy.Policy, f *fund.State, c *claim.State) ([]domain.Fact, error) {
	draft, err := fund.NewDraft(f, p.Split)
	if err != nil {
		return nil, err
	}
	st := c.Standing()
	var sum []domain.Money
	for i := range st.Lines {
		parts, short := draft.Take(st.Lines[i].Subsidy)
		if short != nil {
			return nil, domain.Refuse(domain.Limit, "claim.does_not_fit", "claim_id", string(c.ClaimID),
				"needs %s, available %s on %s", short.Needs, short.Available, short.BudgetID)
		}
		st.Lines[i].Shares = sharesOf(p, parts)
		sum = add(sum, parts)
	}
	reserved := draft.Reserve(c.ClaimID, sum)
	reserved.FromWaitlist = true
	return []domain.Fact{claim.TakenUp{Head: c.Head, Standing: st}, reserved}, nil
}

// Drop decides the end of a claim before it is authorised: its money is released
// and its kg and amounts go out of the totals.
func Drop(p *policy.Policy, f *fund.State, c *claim.State, reason domain.Text) ([]domain.Fact, error) {
	draft, err := fund.NewDraft(f, p.Split)
	if err != nil {
		return nil, err
	}
	pot, st := c.Status.Pot(), c.Standing()
	facts := []domain.Fact{claim.Rejected{Head: c.Head, Standing: st, Pot: pot, Reason: reason}}
	for _, l := range c.Lines {
		s := policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: c.Channel, CooperativeID: c.CooperativeID, BuyerID: c.BuyerID}
		countLine(draft, s, l.Inputs.Tiers, domain.KgFromGrams(0).Sub(l.AcceptedKg), l.Subsidy.Neg())
	}
	if lines := draft.Amounts(sumOf(st.Lines)); lines != nil {
		facts = append(facts, fund.Released{Movement: fund.Movement{Head: f.Head, ClaimID: c.ClaimID, Lines: lines}, From: fund.Pot(pot)})
	}
	if pot == claim.Waiting {
		facts = append(facts, fund.Unqueued{Head: f.Head, ClaimID: c.ClaimID, WasHead: f.Waitlist[0].ClaimID == c.ClaimID})
	}
	if counts := draft.Counts(); !counts.IsZero() {
		facts = append(facts, fund.Recounted{Head: f.Head, ClaimID: c.ClaimID, Counts: counts})
	}
	return facts, nil
}

// MovementOf is all the money of a claim, on its budget lines.
func MovementOf(c *claim.State) fund.Movement {
	m := fund.Movement{Head: fund.Head{FundID: c.FundID, PolicyID: c.PolicyID, Year: c.Year}, ClaimID: c.ClaimID}
	for _, l := range c.Lines {
		for _, s := range l.Shares {
			m.Lines = addAmount(m.Lines, s)
		}
	}
	return m
}

// addAmount adds a share to the amount of its budget line; 0.00 adds no line.
func addAmount(list []fund.Amount, s claim.Share) []fund.Amount {
	if s.Amount.Sign() == 0 {
		return list
	}
	for i := range list {
		if list[i].BudgetID == s.BudgetID {
			list[i].Amount = list[i].Amount.Add(s.Amount)
			return list
		}
	}
	return append(list, fund.Amount{BudgetID: s.BudgetID, FunderID: s.FunderID, Amount: s.Amount})
}

// MovementOfLines is money that a clawback brings back, on its budget lines.
func MovementOfLines(c *claim.State, lines []claim.ClawbackLine) fund.Movement {
	m := fund.Movement{Head: fund.Head{FundID: c.FundID, PolicyID: c.PolicyID, Year: c.Year}, ClaimID: c.ClaimID}
	for _, l := range lines {
		for _, s := range l.Shares {
			m.Lines = addAmount(m.Lines, s)
		}
	}
	return m
}
