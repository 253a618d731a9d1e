package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/internal/app"
)

func clawbacks() []app.Command {
	return []app.Command{
		define("clawback.approve", func(u *app.Unit, c *claim.ApproveClawback) error {
			s, err := clawedOf(u, c.ClawbackID)
			if err != nil {
				return err
			}
			f, err := s.ApproveClawback(c.ClawbackID, u.By, distinct(u, s))
			return one(u, f, err)
		}),
		define("clawback.settle", settle),
	}
}

// clawedOf returns the claim that has the clawback.
func clawedOf(u *app.Unit, id domain.ID) (*claim.State, error) {
	s, err := u.Book().Claim(claim.ClaimOf(id))
	if err != nil {
		return nil, err
	}
	_, err = s.KnownClawback(id)
	return s, err
}

func settle(u *app.Unit, c *claim.SettleClawback) error {
	s, err := clawedOf(u, c.ClawbackID)
	if err != nil {
		return err
	}
	f, err := s.SettleClawback(c, u.By, distinct(u, s))
	if err != nil {
		return err
	}
	u.Emit(f)
	if f.Method == claim.Refund {
		u.Emit(fund.Refunded{Movement: assessment.MovementOfLines(s, f.Lines), ClawbackID: f.ClawbackID})
	}
	return nil
}
