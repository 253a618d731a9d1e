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
	}
}
