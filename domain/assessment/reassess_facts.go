package assessment

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
)

// facts says what the reckoning came to: first the base, then its supplements,
// then a new supplement, then the running totals.
func (r *reckoning) facts() ([]domain.Fact, error) {
	facts, err := r.memberFacts(r.base())
	if err != nil {
		return nil, err
	}
	for _, m := range r.members[1:] {
		more, err := r.memberFacts(m)
		if err != nil {
			return nil, err
		}
		facts = append(facts, more...)
	}
	if r.supplement != nil {
		id, err := r.supplementID()
		if err != nil {
			return nil, err
		}
		facts = append(facts, claim.Assessed{Assessment: r.supplementOf(id)}, r.reserved(id))
	}
	if c := r.draft.Counts(); !c.IsZero() {
		facts = append(facts, fund.Recounted{Head: r.fund.Head, ClaimID: r.base().ClaimID, Counts: c})
	}
	return facts, nil
}

func (r *reckoning) memberFacts(m *member) ([]domain.Fact, error) {
	var facts []domain.Fact
	pot, base := m.Status.Pot(), m == r.base()
	if m.lines != nil {
		re := claim.Reassessed{Head: m.Head, Pot: pot, Changes: r.sale.Changes, Causes: r.change.Causes, Lines: m.lines,
			Total: m.Total().Add(m.changed), Batch: r.change.Batch}
		grew := base && pot == claim.Obligated && r.grown != nil
		if grew {
			re.Resubmit = r.resubmit()
		}
		if base && r.supplement != nil {
			id, err := r.supplementID()
			if err != nil {
				return nil, err
			}
			re.Supplement = id
		}
		facts = append(facts, re)
		facts = append(facts, r.moneyFacts(m, pot)...)
		if grew {
			facts = append(facts, fund.Unobligated{Movement: r.movement(m.ClaimID, sumOf(re.Resubmit))})
		}
		if base && r.grown != nil && r.supplement == nil {
			facts = append(facts, r.reserved(m.ClaimID))
		}
	}
	if m.clawback != nil {
		id, err := childID(m.ClaimID, "C", len(m.Clawbacks)+1)
		if err != nil {
			return nil, err
		}
		c := claim.ClawbackProposed{Head: m.Head, ClawbackID: id, Lines: m.clawback, Causes: r.change.Causes, CausedBy: r.change.CausedBy, Batch: r.change.Batch}
		for _, l := range m.clawback {
			c.Amount = c.Amount.Add(l.Amount)
		}
		facts = append(facts, c)
	}
	return facts, nil
}

// moneyFacts releases what an unpaid claim lost, or changes its place in the queue.
func (r *reckoning) moneyFacts(m *member, pot claim.Pot) []domain.Fact {
	switch {
	case pot == claim.Waiting && m.changed.Sign() != 0:
		return []domain.Fact{fund.QueueChanged{Head: r.fund.Head, ClaimID: m.ClaimID, Was: m.Total(), Amount: m.Total().Add(m.changed), Batch: r.change.Batch}}
	case m.released == nil:
		return nil
	}
	return []domain.Fact{fund.Released{Movement: r.movement(m.ClaimID, m.released), From: fund.Pot(pot), Batch: r.change.Batch}}
}

func (r *reckoning) movement(id domain.ID, parts []domain.Money) fund.Movement {
	return fund.Movement{Head: r.fund.Head, ClaimID: id, Lines: r.draft.Amounts(parts)}
}

func (r *reckoning) reserved(id domain.ID) domain.Fact {
	return r.draft.Reserve(id, r.grown)
}

// resubmit is what turns from obligated back into reserved: the base's lines after
// reductions and before increases.
func (r *reckoning) resubmit() []claim.Portion {
	b := r.base()
	portions := make([]claim.Portion, len(b.Lines))
	for i, l := range b.Lines {
		portions[i] = claim.Portion{LineNo: l.LineNo, ItemID: l.ItemID, AcceptedKg: l.AcceptedKg, Subsidy: l.Subsidy, Shares: l.Shares}
		for _, c := range b.lines {
			if c.LineNo != l.LineNo {
				continue
			}
			portions[i].AcceptedKg = c.AcceptedKg
			if c.Subsidy.Cmp(l.Subsidy) < 0 {
				portions[i].Subsidy, portions[i].Shares = c.Subsidy, c.Shares
			}
		}
	}
	return portions
}

func sumOf(portions []claim.Portion) []domain.Money {
	var parts []domain.Money
	for _, p := range portions {
		parts = plus(parts, p.Shares)
	}
	return parts
}

func (r *reckoning) supplementID() (domain.ID, error) {
	return childID(r.base().ClaimID, "S", len(r.base().Followers)+1)
}

func (r *reckoning) supplementOf(id domain.ID) claim.Assessment {
	b := r.base()
	head := b.Head
	head.ClaimID = id
	return claim.Assessment{Head: head, Channel: b.Channel, DepartureID: r.sale.DepartureID, InspectedOn: b.InspectedOn,
		Changes: r.sale.Changes, Supplements: b.ClaimID, Lines: r.supplement, Total: total(r.supplement)}
}
