package claim

import (
	"slices"
	"strings"

	"zhitong/domain"
)

// ClaimOf is the claim that a clawback id belongs to: the id without ".C<n>".
func ClaimOf(clawback domain.ID) domain.ID {
	if i := strings.LastIndex(string(clawback), ".C"); i >= 0 {
		return clawback[:i]
	}
	return clawback
}

// KnownClawback returns the clawback, or refuses one that does not exist.
func (s *State) KnownClawback(id domain.ID) (*Clawback, error) {
	if c := s.Clawback(id); c != nil {
		return c, nil
	}
	return nil, domain.Refuse(domain.NotFound, "clawback.unknown", "clawback_id", string(id), "no clawback has this id")
}

func (c *Clawback) needs(status ClawbackStatus) error {
	if c.Status == status {
		return nil
	}
	return domain.Refuse(domain.Conflict, "clawback.wrong_status", "clawback_id", string(c.ID), "the clawback is %s, it must be %s", c.Status, status)
}

func (c *Clawback) apart(distinct bool, command, step string, actor domain.ID, before ...domain.ID) error {
	if distinct && slices.Contains(before, actor) {
		return domain.Refuse(domain.Denied, "two_persons."+command, "actor", string(actor), "%s of %q by %q, who %s; another person is needed", command, c.ID, actor, step)
	}
	return nil
}

// ApproveClawback decides clawback.approve.
func (s *State) ApproveClawback(id domain.ID, by domain.By, distinct bool) (domain.Fact, error) {
	c, err := s.KnownClawback(id)
	if err != nil {
		return nil, err
	}
	if err := domain.First(c.needs(ClawbackIsProposed), c.apart(distinct, "clawback.approve", "recorded the return or correction", by.Actor, c.CausedBy...)); err != nil {
		return nil, err
	}
	return ClawbackApproved{s.Head, id, c.Amount, by.Actor}, nil
}

// SettleClawback decides clawback.settle.
func (s *State) SettleClawback(d *SettleClawback, by domain.By, distinct bool) (ClawbackSettled, error) {
	c, err := s.KnownClawback(d.ClawbackID)
	if err != nil {
		return ClawbackSettled{}, err
	}
	if err := domain.First(c.needs(ClawbackIsApproved), c.apart(distinct, "clawback.settle", "approved it", by.Actor, c.Approver)); err != nil {
		return ClawbackSettled{}, err
	}
	return ClawbackSettled{s.Head, c.ID, d.Method, d.Reference, c.Amount, c.Lines}, nil
}

// Recover says where an amount that was withheld for the clawback goes back to: it
// is split over what has not come back yet, its lines in order, in each the funders
// in policy order, by the rule of a reduction. left is what has not come back, as in
// [Clawback]; it is changed.
func (s *State) Recover(c *Clawback, left [][]domain.Money, amount domain.Money, batch, from domain.ID) ClawbackRecovered {
	flat := slices.Concat(left...)
	parts := domain.ReductionSplit(amount, flat)
	f := ClawbackRecovered{Head: s.Head, ClawbackID: c.ID, BatchID: batch, FromClaimID: from, Amount: amount}
	for i, l := range c.Lines {
		line := ClawbackLine{LineNo: l.LineNo, ItemID: l.ItemID, Shares: slices.Clone(l.Shares)}
		for k := range line.Shares {
			line.Shares[k].Amount = parts[k]
			line.Amount = line.Amount.Add(parts[k])
			left[i][k] = left[i][k].Sub(parts[k])
		}
		parts = parts[len(l.Shares):]
		f.Lines = append(f.Lines, line)
	}
	return f
}
