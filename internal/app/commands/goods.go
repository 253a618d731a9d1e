package commands

import (
	"zhitong/domain/item"
	"zhitong/domain/pairing"
	"zhitong/domain/route"
	"zhitong/internal/app"
)

// goods are the commands of what is sold, where it goes and who is paired.
func goods() []app.Command {
	return []app.Command{
		define("pairing.set", func(u *app.Unit, c *pairing.SetPairing) error {
			s, err := u.Pairing(c.Division)
			if err != nil {
				return err
			}
			facts, err := s.Set(c)
			return emit(u, facts, err)
		}),
		define("item.register", func(u *app.Unit, c *item.Register) error {
			s, err := u.Item(c.ItemID)
			if err != nil {
				return err
			}
			facts, err := s.Register(c)
			return emit(u, facts, err)
		}),
		define("item.update", func(u *app.Unit, c *item.Update) error {
			s, err := u.Item(c.ItemID)
			if err != nil {
				return err
			}
			facts, err := s.Update(c)
			return emit(u, facts, err)
		}),
		define("route.open", func(u *app.Unit, c *route.Open) error {
			s, err := u.Route(c.RouteID)
			if err != nil {
				return err
			}
			facts, err := s.Open(c)
			return emit(u, facts, err)
		}),
		define("route.revise", func(u *app.Unit, c *route.Revise) error {
			s, err := u.Route(c.RouteID)
			if err != nil {
				return err
			}
			facts, err := s.Revise(c)
			return emit(u, facts, err)
		}),
	}
}
