package subsidy

import (
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/projections"
)

// foldClaims folds the life of claims up to their payment.
func foldClaims(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		return begin(db, e, &f.Assessment, "assessed", claim.Reserved)
	case claim.Waitlisted:
		return begin(db, e, &f.Assessment, "waitlisted", claim.Waiting)
	case claim.Refused:
		return begin(db, e, &f.Assessment, "refused", claim.Nowhere)
	case claim.TakenUp:
		return change(db, e, f.Head, func(s *State) string {
			s.Pot = claim.Reserved
			s.stand(f.Lines)
			flowOf(db, e, f.Head, s.Lines, assessedFlow, false)
			return "assessed"
		})
	case claim.Reassessed:
		return reassessed(db, e, &f)
	case claim.Submitted:
		claims.At(db, ClaimKey{f.ClaimID}).SubmittedAt = e.Time
		return change(db, e, f.Head, func(*State) string { return "submitted" })
	case claim.Approved:
		return change(db, e, f.Head, func(s *State) string { s.Pot = claim.Obligated; return "approved" })
	case claim.Rejected:
		return change(db, e, f.Head, func(s *State) string {
			if s.Pot == claim.Reserved || s.Pot == claim.Obligated {
				flowOf(db, e, f.Head, s.Lines, assessedFlow, true)
			}
			s.Pot = claim.Nowhere
			return "rejected"
		})
	case claim.Publicised:
		post(db, e, &f)
		return change(db, e, f.Head, func(*State) string { return "publicised" })
	case claim.Objected:
		return change(db, e, f.Head, func(*State) string { return "objected" })
	case claim.ObjectionResolved:
		if f.Upheld {
			return nil // the rejection in the same commit says the rest
		}
		return change(db, e, f.Head, func(*State) string { return "publicised" })
	case claim.Authorised:
		return change(db, e, f.Head, func(*State) string { return "authorised" })
	case claim.Batched:
		return change(db, e, f.Head, func(*State) string { return "batched" })
	case claim.PaymentFailed:
		return change(db, e, f.Head, func(*State) string { return "payment_failed" })
	case claim.Paid:
		row := claims.At(db, ClaimKey{f.ClaimID})
		row.PaidAt, row.Paid, row.Withheld = e.Time, f.Total, f.Withheld
		return change(db, e, f.Head, func(s *State) string {
			s.Pot = claim.PaidOut
			flowOf(db, e, f.Head, s.Lines, paidFlow, false)
			return "paid"
		})
	}
	return nil
}

// begin adds a claim.
func begin(db *projections.DB, e *events.Event, a *claim.Assessment, status string, pot claim.Pot) error {
	row := claims.At(db, ClaimKey{a.ClaimID})
	row.ShipmentID, row.CooperativeID, row.BuyerID = a.ShipmentID, a.CooperativeID, a.BuyerID
	row.PolicyID, row.PolicyVersion, row.FundID, row.Year = a.PolicyID, a.PolicyVersion, a.FundID, a.Year
	for _, l := range a.Lines {
		line := claimLines.At(db, LineKey{a.ClaimID, l.LineNo})
		line.OrderID, line.OrderLine, line.ItemID, line.EventID = l.OrderID, l.OrderLine, l.ItemID, e.ID
	}
	return change(db, e, a.Head, func(s *State) string {
		s.Pot = pot
		for _, l := range a.Lines {
			s.Lines = append(s.Lines, Portion{l.LineNo, l.ItemID, l.AcceptedKg, l.Subsidy, l.Shares})
		}
		if pot == claim.Reserved {
			flowOf(db, e, a.Head, s.Lines, assessedFlow, false)
		}
		return status
	})
}

// change takes the claim's contribution out, lets fn change it, and puts the new
// one in; fn returns the new status, or "" for the old one.
func change(db *projections.DB, e *events.Event, h claim.Head, fn func(*State) string) error {
	k := ClaimKey{h.ClaimID}
	before, known := states.Find(db, k)
	contribute(db, h, &before, true)
	s := states.At(db, k)
	s.Lines = slices.Clone(s.Lines)
	status := fn(s)
	contribute(db, h, s, false)

	row := claims.At(db, k)
	if !known && row.Status != "" {
		return fmt.Errorf("claim %q has a row and no state", h.ClaimID)
	}
	if status != "" {
		row.Status = status
	}
	row.Assessed = s.assessed()
	for _, p := range s.Lines {
		line := claimLines.At(db, LineKey{h.ClaimID, p.LineNo})
		line.AcceptedKg, line.Subsidy, line.Shares = p.Kg, p.Subsidy, sharesOf(p.Shares)
	}
	if publicity.Has(db, PublicityKey(k)) {
		p := publicity.At(db, PublicityKey(k))
		p.AmountNow, p.Status = row.Assessed, row.Status
	}
	return nil
}

// reassessed changes the lines that a return or a correction changed. Of a paid
// claim only the kg change.
func reassessed(db *projections.DB, e *events.Event, f *claim.Reassessed) error {
	return change(db, e, f.Head, func(s *State) string {
		for _, l := range f.Lines {
			p := s.line(l.LineNo)
			if p == nil {
				continue
			}
			p.Kg = l.AcceptedKg
			if f.Pot == claim.PaidOut {
				continue
			}
			p.Subsidy, p.Shares = l.Subsidy, l.Shares
			claimLines.At(db, LineKey{f.ClaimID, l.LineNo}).EventID = e.ID
			for _, d := range l.Differences {
				addFlow(db, FlowKey{d.FunderID, f.CooperativeID, l.ItemID, e.Month()}, assessedFlow, d.Amount)
			}
		}
		if len(f.Resubmit) > 0 {
			s.Pot = claim.Reserved
			return "submitted"
		}
		return ""
	})
}

// stand sets the present amounts of the lines named.
func (s *State) stand(lines []claim.Portion) {
	for _, l := range lines {
		if p := s.line(l.LineNo); p != nil {
			p.Kg, p.Subsidy, p.Shares = l.AcceptedKg, l.Subsidy, l.Shares
		}
	}
}

func (s *State) line(no int) *Portion {
	for i := range s.Lines {
		if s.Lines[i].LineNo == no {
			return &s.Lines[i]
		}
	}
	return nil
}

// assessed is what claims.assessed shows.
func (s *State) assessed() domain.Money {
	sum := domain.MoneyFromFen(0)
	if s.Pot == claim.Waiting || s.Pot == claim.Nowhere {
		return sum
	}
	for _, p := range s.Lines {
		sum = sum.Add(p.Subsidy)
	}
	return sum
}

func sharesOf(shares []claim.Share) map[string]domain.Money {
	m := make(map[string]domain.Money, len(shares))
	for _, s := range shares {
		m[string(s.FunderID)] = m[string(s.FunderID)].Add(s.Amount)
	}
	return m
}

// post notes a posting; a later one of the same claim takes its place.
func post(db *projections.DB, e *events.Event, f *claim.Publicised) {
	p := publicity.At(db, PublicityKey{f.ClaimID})
	p.CooperativeID, p.ItemIDs, p.AcceptedKg, p.AmountPosted = f.Posting.CooperativeID, f.Posting.ItemIDs, f.Posting.AcceptedKg, f.Posting.Amount
	p.PolicyID, p.PolicyVersion, p.From, p.To = f.Posting.PolicyID, f.Posting.PolicyVersion, f.Posting.From, f.Posting.To
	p.ListSHA256, p.EventID = f.ListSHA256, e.ID
}
