// Package commands is the table of commands: for each its name, its data and its
// handler.
//
// A handler orchestrates: it reads states through the unit of work, calls the pure
// deciders of package domain, and emits the facts they return. It refuses to hold
// rules: which aggregates take part in a command, and in which order they are
// asked, is all that is decided here. Start at [Trade].
package commands

import (
	"slices"

	"zhitong/domain"
	"zhitong/internal/app"
)

// Trade returns the commands of the programme's master data and of its trade.
func Trade() []app.Command {
	return slices.Concat(programmes(), accounts(), parties(), goods(), orders(), departures(), shipments(), inspections(), findings())
}

// validator is a pointer to a command's data that can check its own values.
type validator[T any] interface {
	*T
	Validate() error
}

// define makes a command whose values are checked before its handler runs, and
// which is refused before the programme is open.
func define[T any, P validator[T]](name string, handle func(u *app.Unit, c *T) error) app.Command {
	return app.Define(name, func(u *app.Unit, c *T) error {
		if u.Registries.Programme() == "" {
			return domain.Refuse(domain.Conflict, "programme.not_open", "", "", "programme.open comes first")
		}
		if err := P(c).Validate(); err != nil {
			return err
		}
		return handle(u, c)
	})
}

// emit hands on a decider's answer.
func emit(u *app.Unit, facts []domain.Fact, err error) error {
	if err != nil {
		return err
	}
	u.Emit(facts...)
	return nil
}
