package app

import (
	"context"

	"zhitong/domain"
	"zhitong/events"
)

// Reaction is what happens by itself after a fact: a pure function from the event
// and the folds as they stand right after its commit to commands. Actor and role
// are system, the claimed time is the cause's, and the id is derived from the
// cause's event id, so a reaction that is run again changes nothing.
type Reaction struct {
	// On names the facts that it reacts to, e.g. "shipment.inspected".
	On []string
	// React returns the commands, in order; none where nothing is to be done. It
	// only reads. get reads a state as [Unit] does.
	React func(r *Registries, get States, e *events.Event) ([]SystemCommand, error)
}

// SystemCommand is a command of a reaction. Its id is "~", the cause's event id,
// and the suffix: ReactionID.
type SystemCommand struct {
	Suffix string // tells the commands of one cause apart; "" if there can be only one
	Name   string // e.g. "claim.assess"
	Data   any    // the command's data struct (a pointer, as Command.New makes it)
	// Effect, if set, is carried out once the cause is durable and before the
	// command is decided (destroying a key). It must be safe to repeat.
	Effect func(context.Context) error
}

// ReactionID is the id of the command that reacts to the event with id cause.
func ReactionID(cause, suffix string) string {
	if suffix == "" {
		return "~" + cause
	}
	return "~" + cause + "/" + suffix
}

// systemActor is the actor of every reaction.
const systemActor = domain.ID("system")
