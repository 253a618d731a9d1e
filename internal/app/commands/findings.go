package commands

import (
	"zhitong/domain/finding"
	"zhitong/internal/app"
)

func findings() []app.Command {
	return []app.Command{
		define("finding.note", func(u *app.Unit, c *finding.Note) error {
			return emit(u, finding.Decide(c), nil)
		}),
	}
}
