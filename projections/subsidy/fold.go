package subsidy

import (
	"fmt"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of claims.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "subsidy",
		Version: 1,
		Tables:  []projections.AnyTable{claims, lines, items, postings},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	claim.EachMove(e.Fact, func(m *claim.Move) {
		k := ItemKey{m.ItemID, m.PolicyID, m.PolicyVersion, m.FunderID}
		row := items.At(db, k)
		add(row, m)
		if row.Lines == 0 && row.ClawedBack.Sign() == 0 {
			items.Delete(db, k) // its claims were rejected
		}
	})
	switch f := e.Fact.(type) {
	case claim.Assessed:
		begin(db, e, &f.Assessment, claim.IsAssessed, f.Total)
		return nil
	case claim.Waitlisted:
		begin(db, e, &f.Assessment, claim.IsWaitlisted, domain.Money{})
		return nil
	case claim.Refused:
		begin(db, e, &f.Assessment, claim.IsRefused, domain.Money{})
		return nil
	}
	if e.Subject.Kind != claim.Kind {
		return nil
	}
	k := ClaimKey{e.Subject.ID}
	if !claims.Has(db, k) {
		return fmt.Errorf("claim %q was not assessed", k.ClaimID)
	}
	c := claims.At(db, k)
	if !change(db, e, c) {
		life(e, c)
	}
	posted(db, e, c)
	return nil
}

func add(i *Item, m *claim.Move) {
	i.AcceptedKg = i.AcceptedKg.Add(m.AcceptedKg)
	i.Assessed = i.Assessed.Add(m.Assessed)
	i.Reserved = i.Reserved.Add(m.Reserved)
	i.Approved = i.Approved.Add(m.Approved)
	i.Paid = i.Paid.Add(m.Paid)
	i.ClawedBack = i.ClawedBack.Add(m.ClawedBack)
	i.Net = i.Paid.Sub(i.ClawedBack)
	i.Lines += m.Lines
}

// begin makes the rows of a new claim.
func begin(db *projections.DB, e *events.Event, a *claim.Assessment, status claim.Status, assessed domain.Money) {
	*claims.At(db, ClaimKey{a.ClaimID}) = Claim{ClaimKey: ClaimKey{a.ClaimID}, ShipmentID: a.ShipmentID, CooperativeID: a.CooperativeID,
		PolicyID: a.PolicyID, PolicyVersion: a.PolicyVersion, Status: string(status), Assessed: assessed,
		FundID: a.FundID, Year: a.Year, BuyerID: a.BuyerID, InspectedOn: a.InspectedOn, Supplements: given(a.Supplements)}
	for _, l := range a.Lines {
		row := lines.At(db, LineKey{a.ClaimID, l.LineNo})
		row.OrderID, row.ItemID, row.OrderLine = l.OrderID, l.ItemID, l.OrderLine
		row.AcceptedKg, row.Subsidy, row.Shares, row.EventID = l.AcceptedKg, l.Subsidy, shares(l.Shares), e.ID
	}
}

func given[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

func shares(list []claim.Share) map[domain.ID]domain.Money {
	m := make(map[domain.ID]domain.Money, len(list))
	for _, s := range list {
		m[s.FunderID] = s.Amount
	}
	return m
}

// change folds what changes amounts, and reports whether the fact is of that kind.
func change(db *projections.DB, e *events.Event, c *Claim) bool {
	switch f := e.Fact.(type) {
	case claim.TakenUp:
		c.Status, c.Assessed = string(claim.IsAssessed), f.Total
		for _, p := range f.Lines {
			row := lines.At(db, LineKey{c.ClaimID, p.LineNo})
			row.Subsidy, row.Shares = p.Subsidy, shares(p.Shares)
		}
	case claim.Reassessed:
		if f.Pot != claim.Waiting {
			c.Assessed = f.Total
		}
		if f.Resubmit != nil {
			c.Status, c.Objection = string(claim.IsSubmitted), nil
		}
		for _, l := range f.Lines {
			row := lines.At(db, LineKey{c.ClaimID, l.LineNo})
			row.AcceptedKg, row.Subsidy, row.Shares = l.AcceptedKg, l.Subsidy, shares(l.Shares)
			if l.Steps != nil {
				row.EventID = e.ID
			}
		}
	default:
		return false
	}
	return true
}

// life folds the way of a claim.
func life(e *events.Event, c *Claim) {
	switch f := e.Fact.(type) {
	case claim.Submitted:
		c.Status, c.SubmittedAt = string(claim.IsSubmitted), e.Time
	case claim.Approved:
		c.Status = string(claim.IsApproved)
	case claim.Rejected:
		c.Status, c.Assessed, c.Objection = string(claim.IsRejected), domain.Money{}, nil
	case claim.Publicised:
		c.Status = string(claim.IsPublicised)
	case claim.Objected:
		c.Status, c.Objection = string(claim.IsObjected), given(f.Reason)
	case claim.ObjectionResolved:
		c.Status, c.Objection = string(claim.IsPublicised), nil
	case claim.Authorised:
		c.Status = string(claim.IsAuthorised)
	case claim.Batched:
		c.Status, c.BatchID = string(claim.IsBatched), given(f.BatchID)
	case claim.Paid:
		c.Status, c.Paid, c.Withheld, c.PaidAt = string(claim.IsPaid), f.Total, f.Withheld, e.Time
	case claim.PaymentFailed:
		c.Status = string(claim.IsPaymentFailed)
	case claim.ClawbackSettled:
		if f.Method == claim.Refund {
			c.ClawedBack = c.ClawedBack.Add(f.Amount)
		}
	case claim.ClawbackRecovered:
		c.ClawedBack = c.ClawedBack.Add(f.Amount)
	}
}

// posted keeps the claim's posting beside what it stands at.
func posted(db *projections.DB, e *events.Event, c *Claim) {
	if f, ok := e.Fact.(claim.Publicised); ok {
		p := f.Posting
		*postings.At(db, c.ClaimKey) = Posting{ClaimKey: c.ClaimKey, CooperativeID: p.CooperativeID, ItemIDs: p.ItemIDs, AcceptedKg: p.AcceptedKg,
			AmountPosted: p.Amount, PolicyID: p.PolicyID, PolicyVersion: p.PolicyVersion, From: p.From, To: p.To, ListSHA256: f.ListSHA256, EventID: e.ID}
	}
	if postings.Has(db, c.ClaimKey) {
		row := postings.At(db, c.ClaimKey)
		row.AmountNow, row.Status = c.Assessed, c.Status
	}
}
