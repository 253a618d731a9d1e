package app

import (
	"zhitong/domain"
)

// Command is one entry of the table of commands: its name, its typed data, and
// the handler that turns data into facts.
type Command struct {
	Name string // e.g. "order.submit"
	// New returns a pointer to an empty data struct. Its JSON is decoded strictly:
	// unknown and duplicate fields, and wrong types, are refused with their path.
	New func() any
	// Handle checks the data and emits facts. It returns a *domain.Problem when a
	// rule refuses, any other error when the log failed. It only reads states.
	Handle func(u *Unit, data any) error
	// Persons names the parties or devices whose keys the data's personal values
	// are sealed under, so that the keys exist before the command is decided; nil
	// for a command without personal values.
	Persons func(data any) []domain.Ref
	// Personal lists the dotted paths of the personal values in the data, e.g.
	// "payee.bank". They are sealed under the key of the first of Persons.
	Personal []string
}

// Define makes a command from a typed handler.
func Define[T any](name string, handle func(u *Unit, data *T) error) Command {
	return Command{
		Name:   name,
		New:    func() any { return new(T) },
		Handle: func(u *Unit, data any) error { return handle(u, data.(*T)) },
	}
}
