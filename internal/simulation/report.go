package simulation

import (
	"maps"
	"slices"
	"strings"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/policy"
)

// Report is what a draft would have given, beside what was assessed.
type Report struct {
	Compared   []Compared // by item, cooperative, funder and month, then in total
	Bounds     []Bound    // one for each limit of the draft, in its order
	Budgets    []Drain    // by year and the order of the split
	Waitlisted []Left     // claims that wait in the end, in the order of their ids
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

// Drain is a budget line in the end. DryOn is the day on which it was first too
// small or empty.
type Drain struct {
	Year                   int
	BudgetID, FunderID     domain.ID
	Appropriated, Reserved domain.Money
	DryOn                  domain.Day
	Limited                bool // false: it had as much as it needed
}

// Left is a claim that gets nothing in the end.
type Left struct {
	ClaimID domain.ID
	Amount  domain.Money // as calculated
}

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

// limits notes which limits bound in a first assessment.
func (s *run) limits(lines []claim.Line) {
	for _, l := range lines {
		i := 0
		for _, step := range l.Steps {
			if !strings.HasPrefix(step.What, "limit:") {
				continue
			}
			before, _ := domain.ParseExact(step.With[0].Value)
			after, _ := domain.ParseExact(step.Result)
			if after.Cmp(before) < 0 {
				s.bounds[i].Lines++
				s.bounds[i].Cut = s.bounds[i].Cut.Add(before.Round().Sub(after.Round()))
			}
			i++
		}
	}
}

func (s *run) report() *Report {
	was := s.was
	if !s.known {
		was = s.all
	}
	r := &Report{Bounds: s.bounds}
	for _, by := range comparedBy {
		keys := slices.Sorted(maps.Keys(s.draft[by]))
		for _, k := range slices.Sorted(maps.Keys(was[by])) {
			if _, both := s.draft[by][k]; !both {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		if by == "total" {
			keys = []string{""}
		}
		for _, k := range keys {
			r.Compared = append(r.Compared, Compared{by, k, s.draft[by][k], was[by][k]})
		}
	}
	for i := range r.Bounds {
		r.Bounds[i].Limit = s.Draft.Limits[i]
	}
	for _, year := range slices.Sorted(maps.Keys(s.funds)) {
		for _, l := range s.funds[year].Lines {
			r.Budgets = append(r.Budgets, Drain{year, l.BudgetID, l.FunderID, l.Appropriated, l.Reserved, s.dry[budgetKey{year, l.BudgetID}], s.Budget != nil})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.claims)) {
		switch c := s.claims[id]; c.Status {
		case claim.IsWaitlisted:
			r.Waitlisted = append(r.Waitlisted, Left{id, c.Total()})
		case claim.IsRefused:
			r.Refused = append(r.Refused, Left{id, s.calculated(c)})
		}
	}
	return r
}

// calculated is what a refused claim would have got.
func (s *run) calculated(c *claim.State) domain.Money {
	var sum domain.Money
	for _, l := range c.Lines {
		subject := policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: c.Channel, CooperativeID: c.CooperativeID, BuyerID: c.BuyerID}
		sum = sum.Add(s.Draft.Calculate(subject, l.Inputs).Amount)
	}
	return sum
}
