package subsidy

import (
	"strconv"

	"zhitong/domain"
	"zhitong/domain/fund"
	"zhitong/internal/app"
)

func funds() []app.Command {
	return []app.Command{
		define("fund.open", openFund),
		define("fund.adjust", func(u *app.Unit, c *fund.Adjust) error {
			s, err := u.Book().Fund(c.FundID)
			if err != nil {
				return err
			}
			f, err := s.Adjust(c)
			return one(u, f, err)
		}),
		define("fund.add_line", func(u *app.Unit, c *fund.AddLine) error {
			s, err := u.Book().Fund(c.FundID)
			if err != nil {
				return err
			}
			if err := funder(u, "funder_id", c.FunderID); err != nil {
				return err
			}
			f, err := s.AddLine(c)
			return one(u, f, err)
		}),
	}
}

func openFund(u *app.Unit, c *fund.Open) error {
	if u.Registries.Policy(c.PolicyID) == nil {
		return unknownPolicy(c.PolicyID)
	}
	if id, ok := u.Registries.FundOf(c.PolicyID, c.Year); ok {
		return domain.Refuse(domain.Conflict, "fund.year_exists", "year", strconv.Itoa(c.Year), "policy %q has fund %q in %d", c.PolicyID, id, c.Year)
	}
	for i, l := range c.Lines {
		if err := funder(u, domain.Path("lines", i, "funder_id"), l.FunderID); err != nil {
			return err
		}
	}
	s, err := u.Book().Fund(c.FundID)
	if err != nil {
		return err
	}
	f, err := s.Open(c)
	return one(u, f, err)
}
