package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/projections"
)

// contribute adds what a claim contributes to item_subsidy, or takes it out. A
// claim that waits, was refused or rejected contributes nothing.
func contribute(db *projections.DB, h claim.Head, s *State, out bool) {
	if s.Pot == "" || s.Pot == claim.Waiting || s.Pot == claim.Nowhere {
		return
	}
	for _, p := range s.Lines {
		for _, share := range p.Shares {
			k := ItemKey{p.ItemID, h.PolicyID, h.PolicyVersion, share.FunderID}
			row := items.At(db, k)
			kg, amount, one := p.Kg, share.Amount, 1
			if out {
				kg, amount, one = domain.KgFromGrams(0).Sub(kg), amount.Neg(), -1
			}
			row.AcceptedKg, row.Assessed, row.Lines = row.AcceptedKg.Add(kg), row.Assessed.Add(amount), row.Lines+one
			switch s.Pot {
			case claim.Reserved:
				row.Reserved = row.Reserved.Add(amount)
			case claim.Obligated:
				row.Approved = row.Approved.Add(amount)
			case claim.PaidOut:
				row.Paid = row.Paid.Add(amount)
			}
			row.settle()
			if row.Lines == 0 && row.ClawedBack.Sign() == 0 {
				items.Delete(db, k)
			}
		}
	}
}

func (r *Item) settle() { r.Net = r.Paid.Sub(r.ClawedBack) }

// clawedBack adds what came back of a paid claim, in the month of e.
func clawedBack(db *projections.DB, e *events.Event, h claim.Head, lines []claim.ClawbackLine) {
	row := claims.At(db, ClaimKey{h.ClaimID})
	for _, l := range lines {
		for _, share := range l.Shares {
			row.ClawedBack = row.ClawedBack.Add(share.Amount)
			i := items.At(db, ItemKey{l.ItemID, h.PolicyID, h.PolicyVersion, share.FunderID})
			i.ClawedBack = i.ClawedBack.Add(share.Amount)
			i.settle()
			addFlow(db, FlowKey{share.FunderID, h.CooperativeID, l.ItemID, e.Month()}, clawedBackFlow, share.Amount)
		}
	}
}

// flow says which column of funds_flow an amount belongs to.
type flow int

const (
	assessedFlow flow = iota
	paidFlow
	clawedBackFlow
)

// flowOf adds the shares of a claim's lines to the flow of funds, or takes them
// out.
func flowOf(db *projections.DB, e *events.Event, h claim.Head, lines []Portion, to flow, out bool) {
	for _, p := range lines {
		for _, share := range p.Shares {
			amount := share.Amount
			if out {
				amount = amount.Neg()
			}
			addFlow(db, FlowKey{share.FunderID, h.CooperativeID, p.ItemID, e.Month()}, to, amount)
		}
	}
}

// addFlow adds an amount; nothing makes no row.
func addFlow(db *projections.DB, k FlowKey, to flow, amount domain.Money) {
	if amount.Sign() == 0 {
		return
	}
	row := flows.At(db, k)
	switch to {
	case assessedFlow:
		row.Assessed = row.Assessed.Add(amount)
	case paidFlow:
		row.Paid = row.Paid.Add(amount)
	case clawedBackFlow:
		row.ClawedBack = row.ClawedBack.Add(amount)
	}
}
