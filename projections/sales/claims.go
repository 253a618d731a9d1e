package sales

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/projections"
)

// ClaimKey names a claim.
type ClaimKey struct {
	ClaimID domain.ID `col:"claim_id" doc:"the claim"`
}

// Claim is what the fold remembers of a claim.
type Claim struct {
	ClaimKey
	Counts bool       `col:"counts" doc:"it is not waiting, refused or rejected"`
	Lines  []ClaimSum `col:"lines" doc:"its lines' present subsidies"`
}

// ClaimSum is the present subsidy of a claim line.
type ClaimSum struct {
	LineNo  int          `json:"line_no"`
	ItemID  domain.ID    `json:"item_id"`
	Subsidy domain.Money `json:"subsidy"`
}

var claims = projections.State[ClaimKey, Claim]("sales_claim", "What each claim adds to the subsidy of its items at present.")

// foldClaims adds what claims say: assessed, reassessed, rejected, paid, and what
// came back.
func foldClaims(db *projections.DB, e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		begin(db, &f.Assessment, true)
	case claim.Waitlisted:
		begin(db, &f.Assessment, false)
	case claim.TakenUp:
		change(db, f.ClaimID, true, func(sums []ClaimSum) {
			for _, l := range f.Lines {
				set(sums, l.LineNo, l.Subsidy)
			}
		})
	case claim.Reassessed:
		if f.Pot == claim.PaidOut {
			return
		}
		c, _ := claims.Find(db, ClaimKey{f.ClaimID})
		change(db, f.ClaimID, c.Counts, func(sums []ClaimSum) {
			for _, l := range f.Lines {
				set(sums, l.LineNo, l.Subsidy)
			}
		})
	case claim.Rejected:
		change(db, f.ClaimID, false, func([]ClaimSum) {})
	case claim.Paid:
		for _, l := range f.Lines {
			i := byItem.At(db, ItemKey{l.ItemID})
			i.SubsidyPaid = i.SubsidyPaid.Add(l.Subsidy)
			total(db).SubsidyPaid = total(db).SubsidyPaid.Add(l.Subsidy)
		}
	case claim.ClawbackSettled:
		if f.Method == claim.Refund {
			cameBack(db, f.Lines)
		}
	case claim.ClawbackRecovered:
		cameBack(db, f.Lines)
	}
}

func begin(db *projections.DB, a *claim.Assessment, counts bool) {
	var sums []ClaimSum
	for _, l := range a.Lines {
		sums = append(sums, ClaimSum{l.LineNo, l.ItemID, l.Subsidy})
	}
	claims.At(db, ClaimKey{a.ClaimID}).Lines = sums
	change(db, a.ClaimID, counts, func([]ClaimSum) {})
}

// change takes the claim's subsidies out, lets fn change a copy of them, and puts
// them in if the claim counts.
func change(db *projections.DB, id domain.ID, counts bool, fn func([]ClaimSum)) {
	c := claims.At(db, ClaimKey{id})
	if c.Counts {
		for _, s := range c.Lines {
			assess(db, s.ItemID, s.Subsidy.Neg())
		}
	}
	sums := append([]ClaimSum(nil), c.Lines...)
	fn(sums)
	c.Lines, c.Counts = sums, counts
	if counts {
		for _, s := range sums {
			assess(db, s.ItemID, s.Subsidy)
		}
	}
}

func set(sums []ClaimSum, lineNo int, subsidy domain.Money) {
	for i := range sums {
		if sums[i].LineNo == lineNo {
			sums[i].Subsidy = subsidy
		}
	}
}

func assess(db *projections.DB, item domain.ID, amount domain.Money) {
	i := byItem.At(db, ItemKey{item})
	i.SubsidyAssessed = i.SubsidyAssessed.Add(amount)
	i.reckon()
	t := total(db)
	t.SubsidyAssessed = t.SubsidyAssessed.Add(amount)
}

func cameBack(db *projections.DB, lines []claim.ClawbackLine) {
	for _, l := range lines {
		i := byItem.At(db, ItemKey{l.ItemID})
		i.SubsidyClawedBack = i.SubsidyClawedBack.Add(l.Amount)
	}
}
