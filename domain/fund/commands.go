package fund

import (
	"fmt"
	"strconv"

	"zhitong/domain"
)

// LinesMax is the number of budget lines of a fund.
const LinesMax = 64

// The years that a fund can be for.
const (
	yearMin = 2000
	yearMax = 2200
)

// Open opens the fund of a policy and a year.
type Open struct {
	FundID   domain.ID `json:"fund_id"`
	PolicyID domain.ID `json:"policy_id"`
	Year     int       `json:"year"`
	Lines    []Amount  `json:"lines"`
}

// Adjust changes what is appropriated on a budget line.
type Adjust struct {
	FundID     domain.ID    `json:"fund_id"`
	BudgetID   domain.ID    `json:"budget_id"`
	Delta      domain.Money `json:"delta"`
	DocumentNo domain.ID    `json:"document_no"`
	Reason     domain.Text  `json:"reason"`
}

// AddLine adds a budget line.
type AddLine struct {
	FundID     domain.ID    `json:"fund_id"`
	BudgetID   domain.ID    `json:"budget_id"`
	FunderID   domain.ID    `json:"funder_id"`
	Amount     domain.Money `json:"amount"`
	DocumentNo domain.ID    `json:"document_no"`
}

// Validate refuses data that can't be a command.
func (c *Open) Validate() error {
	if err := domain.First(domain.RequiredID("fund_id", c.FundID), domain.RequiredID("policy_id", c.PolicyID),
		domain.Required("year", c.Year != 0), domain.CheckCount("lines", len(c.Lines), LinesMax)); err != nil {
		return err
	}
	if c.Year < yearMin || c.Year > yearMax {
		return domain.Refuse(domain.Invalid, "fund.invalid_year", "year", strconv.Itoa(c.Year), "from %d to %d", yearMin, yearMax)
	}
	seen := map[domain.ID]bool{}
	for i, a := range c.Lines {
		at := fmt.Sprintf("lines[%d]", i)
		if err := domain.First(domain.RequiredID(at+".budget_id", a.BudgetID), domain.RequiredID(at+".funder_id", a.FunderID),
			domain.Required(at+".amount", !a.Amount.IsZero()), a.Amount.NotNegative(at+".amount")); err != nil {
			return err
		}
		if seen[a.BudgetID] {
			return domain.Refuse(domain.Invalid, "fund.budget_line_exists", at+".budget_id", string(a.BudgetID), "each budget line is named once")
		}
		seen[a.BudgetID] = true
	}
	return nil
}

// Validate refuses data that can't be a command.
func (c *Adjust) Validate() error {
	if err := domain.First(domain.RequiredID("fund_id", c.FundID), domain.RequiredID("budget_id", c.BudgetID),
		domain.Required("delta", !c.Delta.IsZero()), domain.RequiredID("document_no", c.DocumentNo), domain.RequiredText("reason", c.Reason)); err != nil {
		return err
	}
	if c.Delta.Sign() == 0 {
		return domain.Refuse(domain.Invalid, "fund.delta_zero", "delta", c.Delta.String(), "an adjustment changes something")
	}
	return nil
}

// Validate refuses data that can't be a command.
func (c *AddLine) Validate() error {
	return domain.First(domain.RequiredID("fund_id", c.FundID), domain.RequiredID("budget_id", c.BudgetID), domain.RequiredID("funder_id", c.FunderID),
		domain.Required("amount", !c.Amount.IsZero()), c.Amount.NotNegative("amount"), domain.RequiredID("document_no", c.DocumentNo))
}

// Open decides a fund.open on the fund with the given id.
func (s *State) Open(c *Open) (domain.Fact, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "fund.exists", "fund_id", string(c.FundID), "the id is taken by the fund of %q in %d", s.PolicyID, s.Year)
	}
	return Opened{Head{c.FundID, c.PolicyID, c.Year}, c.Lines}, nil
}

// Adjust decides a fund.adjust.
func (s *State) Adjust(c *Adjust) (domain.Fact, error) {
	l, err := s.known(c.FundID, c.BudgetID)
	if err != nil {
		return nil, err
	}
	if l.Available().Add(c.Delta).Sign() < 0 {
		return nil, domain.Refuse(domain.Limit, "fund.below_committed", "delta", c.Delta.String(),
			"would leave %s appropriated on %s, committed are %s", l.Appropriated.Add(c.Delta), l.BudgetID, l.Committed())
	}
	return Adjusted{s.Head, l.BudgetID, l.FunderID, c.Delta, c.DocumentNo, c.Reason}, nil
}

// AddLine decides a fund.add_line.
func (s *State) AddLine(c *AddLine) (domain.Fact, error) {
	if err := s.Known(c.FundID); err != nil {
		return nil, err
	}
	if s.Line(c.BudgetID) != nil {
		return nil, domain.Refuse(domain.Conflict, "fund.budget_line_exists", "budget_id", string(c.BudgetID), "fund %q has this line; fund.adjust changes it", c.FundID)
	}
	if len(s.Lines) >= LinesMax {
		return nil, domain.Refuse(domain.Limit, "fund.too_many_lines", "budget_id", string(c.BudgetID), "at most %d budget lines", LinesMax)
	}
	return LineAdded{s.Head, Amount{c.BudgetID, c.FunderID, c.Amount}, c.DocumentNo}, nil
}

// Known refuses a fund that was not opened.
func (s *State) Known(id domain.ID) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "fund.unknown", "fund_id", string(id), "no fund has this id")
	}
	return nil
}

func (s *State) known(fund, budget domain.ID) (*Line, error) {
	if err := s.Known(fund); err != nil {
		return nil, err
	}
	l := s.Line(budget)
	if l == nil {
		return nil, domain.Refuse(domain.NotFound, "fund.unknown_budget_line", "budget_id", string(budget), "fund %q has no such line", fund)
	}
	return l, nil
}
