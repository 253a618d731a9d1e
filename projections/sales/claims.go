package sales

import (
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/projections"
)

// foldClaims adds what claims give for the items sold.
func foldClaims(db *projections.DB, e *events.Event) {
	claim.EachMove(e.Fact, func(m *claim.Move) {
		if m.Assessed.Sign() == 0 && m.Paid.Sign() == 0 && m.ClawedBack.Sign() == 0 {
			return
		}
		i := byItem.At(db, ItemKey{m.ItemID})
		i.SubsidyAssessed = i.SubsidyAssessed.Add(m.Assessed)
		i.SubsidyPaid = i.SubsidyPaid.Add(m.Paid)
		i.SubsidyClawedBack = i.SubsidyClawedBack.Add(m.ClawedBack)
		t := total(db)
		t.SubsidyAssessed = t.SubsidyAssessed.Add(m.Assessed)
		t.SubsidyPaid = t.SubsidyPaid.Add(m.Paid)
	})
}
