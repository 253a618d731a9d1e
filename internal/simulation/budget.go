package simulation

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"zhitong/domain"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
)

// Budget is what a budget line has in a year; year 0 is every year that has no
// entry of its own.
type Budget struct {
	Year     int          `yaml:"year"`
	BudgetID domain.ID    `yaml:"budget_id"`
	Amount   domain.Money `yaml:"amount"`
}

// ParseBudget reads a budget file: a list of {budget_id, amount, year?} in YAML or
// JSON. A budget line that it does not name has 0.00.
func ParseBudget(text []byte) ([]Budget, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	list := []Budget{}
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("budget file: %w", err)
	}
	for i, b := range list {
		if b.BudgetID == "" || b.Amount.IsZero() || b.Amount.Sign() < 0 {
			return nil, fmt.Errorf("budget file: entry %d: budget_id and an amount in quotes, not below 0, are needed", i+1)
		}
	}
	return list, nil
}

// Check refuses options that can only be a mistake: a range that ends before it
// begins, a budget line that the draft's split does not name.
func (o *Options) Check() error {
	if o.To.Cmp(o.From) < 0 {
		return fmt.Errorf("the range ends on %s, before it begins on %s", o.To, o.From)
	}
	for _, b := range o.Budget {
		if !slices.ContainsFunc(o.Draft.Split, func(f policy.Funding) bool { return f.BudgetID == b.BudgetID }) {
			return fmt.Errorf("budget file: the split of %q has no budget line %q", o.Draft.PolicyID, b.BudgetID)
		}
	}
	return nil
}

// unlimited is what a budget line has where no budget is given.
var unlimited = domain.MoneyFromFen(99_999_999_999_999)

// fundOf opens the simulation's own fund of a year.
func (s *stage) fundOf(year int) fund.Opened {
	f := fund.Opened{Head: fund.Head{FundID: domain.ID(fmt.Sprintf("~simulation-%d", year)), PolicyID: s.Draft.PolicyID, Year: year}}
	for _, x := range s.Draft.Split {
		f.Lines = append(f.Lines, fund.Amount{BudgetID: x.BudgetID, FunderID: x.FunderID, Amount: s.budgetOf(year, x.BudgetID)})
	}
	return f
}

func (s *stage) budgetOf(year int, budget domain.ID) domain.Money {
	if s.Budget == nil {
		return unlimited
	}
	amount := domain.MoneyFromFen(0)
	for _, b := range s.Budget {
		switch {
		case b.BudgetID == budget && b.Year == year:
			return b.Amount
		case b.BudgetID == budget && b.Year == 0:
			amount = b.Amount
		}
	}
	return amount
}
