package commands

import (
	"zhitong/domain/programme"
	"zhitong/internal/app"
)

func programmes() []app.Command {
	return []app.Command{
		app.Define("programme.open", func(u *app.Unit, c *programme.Open) error {
			if err := c.Validate(); err != nil {
				return err
			}
			facts, err := programme.Begin(u.Registries.Programme(), c)
			return emit(u, facts, err)
		}),
		define("programme.confirm_clock", func(u *app.Unit, c *programme.ConfirmClock) error {
			facts, err := programme.Confirm(u.Registries.Programme(), c, u.Recorded, u.Now, app.AheadMax)
			return emit(u, facts, err)
		}),
	}
}
