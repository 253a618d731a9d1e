package sheet

import (
	"fmt"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/policy"
)

// check does every step of the sheet once more, and every calculation as a whole
// where the policy is known.
func check(s *Sheet, p *policy.Policy) Check {
	c := checker{sheet: s, policy: p}
	c.Differs, c.Unknown = []string{}, p == nil
	for i := range s.Lines {
		l := &s.Lines[i]
		at := fmt.Sprintf("line %d, event %s", l.LineNo, l.EventID)
		// A supplement's steps reckon the line with what it had before; those of a
		// partial grant end with what was granted.
		want := l.Calculated.Add(l.Before)
		whole := len(l.Inputs.Caps) == 0 || s.Supplements != ""
		c.calculation(at, l.Category, l.ItemID, l.Inputs, l.Steps, want, whole)
	}
	for _, r := range s.Reassessments {
		for i := range r.Lines {
			l := &r.Lines[i]
			at := fmt.Sprintf("line %d, event %s", l.LineNo, r.EventID)
			in := l.Inputs
			whole := l.Used == nil // else the steps are of what limits leave now
			if !whole {
				in = *l.Used
			}
			if whole && l.Why == claim.WhyBudget {
				// The cap that this very reassessment froze binds from now on, not in its steps.
				in.Caps = in.Caps[:len(in.Caps)-1]
			}
			c.calculation(at, c.category(l.LineNo), l.ItemID, in, l.Steps, l.Calculated, whole)
		}
	}
	c.Complete = len(c.Differs) == 0 && !c.Unknown
	return c.Check
}

type checker struct {
	Check
	sheet  *Sheet
	policy *policy.Policy
}

func (c *checker) category(line int) domain.ID {
	for i := range c.sheet.Lines {
		if c.sheet.Lines[i].LineNo == line {
			return c.sheet.Lines[i].Category
		}
	}
	return ""
}

// calculation checks one list of steps, and that the inputs give the same again.
func (c *checker) calculation(at string, category, item domain.ID, in policy.Inputs, steps []policy.Step, want domain.Money, whole bool) {
	for i, s := range steps {
		c.Steps++
		again, err := s.Again()
		switch {
		case err != nil:
			c.Differs = append(c.Differs, fmt.Sprintf("%s, step %d: %v", at, i+1, err))
		case again != s.Result:
			c.Differs = append(c.Differs, fmt.Sprintf("%s, step %d: %s is recorded, %s comes out", at, i+1, s.Result, again))
		}
	}
	if c.policy == nil || len(steps) == 0 {
		return
	}
	c.Amounts++
	r := c.policy.Calculate(policy.Subject{ItemID: item, Category: category, Channel: c.sheet.Channel, CooperativeID: c.sheet.CooperativeID, BuyerID: c.sheet.BuyerID}, in)
	if last := steps[len(steps)-1].Result; whole && r.Amount.Cmp(want) != 0 || r.Steps[len(r.Steps)-1].Result != last {
		c.Differs = append(c.Differs, fmt.Sprintf("%s: %s is recorded, the frozen inputs give %s", at, want, r.Amount))
	}
}
