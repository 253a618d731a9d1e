package simulation

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
)

// sums adds amounts up by each thing that a report compares.
type sums map[string]map[string]domain.Money

// comparedBy is the order of the report.
var comparedBy = [...]string{"item", "cooperative", "funder", "month", "total"}

func newSums() sums {
	s := sums{}
	for _, by := range comparedBy {
		s[by] = map[string]domain.Money{}
	}
	return s
}

func (s sums) add(item, cooperative, funder domain.ID, month string, amount domain.Money) {
	if amount.Sign() == 0 {
		return
	}
	for by, key := range map[string]string{"item": string(item), "cooperative": string(cooperative), "funder": string(funder), "month": month, "total": ""} {
		s[by][key] = s[by][key].Add(amount)
	}
}

// tally adds up what one history assessed, of the claims that are wanted.
type tally struct {
	want  func(*claim.Assessment) bool
	sums  sums
	heads map[domain.ID]claim.Head // of every claim
	in    map[domain.ID]bool       // those that are wanted
	order []domain.ID              // of these, without supplements, as they came
	total map[domain.ID]domain.Money
}

func newTally(want func(*claim.Assessment) bool) *tally {
	return &tally{want: want, sums: newSums(), heads: map[domain.ID]claim.Head{}, in: map[domain.ID]bool{}, total: map[domain.ID]domain.Money{}}
}

// add takes a commit.
func (t *tally) add(c *events.Commit) {
	for i := range c.Events {
		e := &c.Events[i]
		switch f := e.Fact.(type) {
		case claim.Assessed:
			t.begin(&f.Assessment)
		case claim.Waitlisted:
			t.begin(&f.Assessment)
		case claim.Refused:
			t.begin(&f.Assessment)
		case claim.ClawbackProposed:
			for _, l := range f.Lines {
				for _, x := range l.Shares {
					t.move(f.Head, l.ItemID, x.FunderID, e.Month(), x.Amount.Neg())
				}
			}
		}
		for _, m := range claim.Moves(e.Fact) {
			t.move(m.Head, m.ItemID, m.FunderID, e.Month(), m.Assessed)
		}
	}
}

func (t *tally) begin(a *claim.Assessment) {
	t.heads[a.ClaimID] = a.Head
	if !t.want(a) {
		return
	}
	t.in[a.ClaimID] = true
	if a.Supplements == "" {
		t.order = append(t.order, a.ClaimID)
	}
}

func (t *tally) move(h claim.Head, item, funder domain.ID, month string, amount domain.Money) {
	if t.in[h.ClaimID] {
		t.sums.add(item, h.CooperativeID, funder, month, amount)
		t.total[h.ClaimID] = t.total[h.ClaimID].Add(amount)
	}
}

// staged is the claim on stage for a recorded one.
func (t *tally) staged(s *stage, recorded domain.ID) domain.ID {
	return s.claimID(t.heads[recorded], recorded)
}
