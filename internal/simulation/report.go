package simulation

import (
	"cmp"
	"maps"
	"slices"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// Report is what a draft would have given, beside what was assessed.
type Report struct {
	Compared   []Compared // by item, cooperative, funder and month, then in total
	Bounds     []Bound    // one for each limit of the draft, in its order
	Budgets    []Drain    // by year and the order of the fund
	Waitlisted []Left     // claims that wait in the end, in the order of their assessment
	Partial    []Left     // claims that the budget let have a part; Amount is what it did not
	Refused    []Left
}

// Compared is an amount of the draft beside the recorded one.
type Compared struct {
	By, Key         string // item, cooperative, funder, month, total
	Draft, Recorded domain.Money
}

// Bound says how often a limit bound and what it cut at first assessments.
type Bound struct {
	Limit policy.Limit
	Lines int
	Cut   domain.Money
}

// Drain is a budget line in the end. DryOn is the day of the first inspection for
// which it was too small, or which emptied it.
type Drain struct {
	Year                    int
	BudgetID, FunderID      domain.ID
	Appropriated, Committed domain.Money // committed: reserved, obligated or spent, less what came back
	DryOn                   domain.Day
	Limited                 bool // false: it had as much as it needed
}

// Left is a claim that does not get all that was calculated, beside what it had in
// the record.
type Left struct {
	ClaimID          domain.ID
	Amount, Recorded domain.Money
}

func (s *stage) report() (*Report, error) {
	r := &Report{Bounds: s.watch.bounds, Compared: compare(s.draft.sums, s.was.sums)}
	r.Budgets = s.drains()
	recorded := map[domain.ID]domain.Money{} // of the claims on stage
	for id, amount := range s.was.total {
		on := s.was.staged(s, id)
		recorded[on] = recorded[on].Add(amount)
	}
	for _, id := range s.draft.order {
		c, err := s.replay.Book().Claim(id)
		if err != nil {
			return nil, err
		}
		left := Left{ClaimID: id, Recorded: recorded[id].Add(domain.MoneyFromFen(0))}
		switch {
		case c.Status == claim.IsWaitlisted:
			left.Amount = c.Total()
			r.Waitlisted = append(r.Waitlisted, left)
		case c.Status == claim.IsRefused:
			left.Amount = s.calculated(c)
			r.Refused = append(r.Refused, left)
		case !s.watch.part[id].IsZero() && c.Status != claim.IsRejected:
			left.Amount = s.watch.part[id]
			r.Partial = append(r.Partial, left)
		}
	}
	return r, nil
}

func compare(draft, was sums) []Compared {
	var list []Compared
	for _, by := range comparedBy {
		keys := []string{""}
		if by != "total" {
			all := maps.Clone(draft[by])
			maps.Copy(all, was[by])
			keys = slices.Sorted(maps.Keys(all))
		}
		for _, k := range keys {
			list = append(list, Compared{by, k, draft[by][k].Add(domain.MoneyFromFen(0)), was[by][k].Add(domain.MoneyFromFen(0))})
		}
	}
	return list
}

// drains are the budget lines of the range's years.
func (s *stage) drains() []Drain {
	var list []Drain
	funds := slices.SortedFunc(maps.Values(s.watch.funds), func(a, b *fund.State) int { return cmp.Compare(a.Year, b.Year) })
	for _, f := range funds {
		if f.Year < s.From.Year() || f.Year > s.To.Year() {
			continue
		}
		for _, l := range f.Lines {
			list = append(list, Drain{f.Year, l.BudgetID, l.FunderID, l.Appropriated, l.Committed().Add(domain.MoneyFromFen(0)),
				s.watch.dry[budgetKey{f.FundID, l.BudgetID}], s.Budget != nil || s.Recorded})
		}
	}
	return list
}

// calculated is what a refused claim would have got.
func (s *stage) calculated(c *claim.State) domain.Money {
	sum := domain.MoneyFromFen(0)
	for _, l := range c.Lines {
		subject := policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: c.Channel, CooperativeID: c.CooperativeID, BuyerID: c.BuyerID}
		sum = sum.Add(s.Draft.Calculate(subject, l.Inputs).Amount)
	}
	return sum
}
