package commands

import (
	"zhitong/domain/account"
	"zhitong/domain/party"
	"zhitong/internal/app"
)

func accounts() []app.Command {
	return []app.Command{
		define("account.grant", func(u *app.Unit, c *account.Grant) error {
			s, err := u.Account(c.AccountID)
			if err != nil {
				return err
			}
			p := new(party.State)
			if account.PartyKind(c.Role) != "" {
				if p, err = u.Party(c.PartyID); err != nil {
					return err
				}
			}
			facts, err := s.Grant(c, p)
			return emit(u, facts, err)
		}),
		define("account.revoke", func(u *app.Unit, c *account.Revoke) error {
			s, err := u.Account(c.AccountID)
			if err != nil {
				return err
			}
			facts, err := s.Revoke(c)
			return emit(u, facts, err)
		}),
	}
}
