package app

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events"
)

// reaction makes the submission of an owed reaction.
func (a *App) reaction(d *debt) *submission {
	p := &prepared{
		env:     Envelope{ID: d.id, Command: d.command.Name, Actor: systemActor, Role: domain.System, Time: d.cause.Time, Via: events.ViaReaction},
		command: a.commands[d.command.Name], data: d.command.Data, cause: &d.cause,
	}
	content, err := json.Marshal(d.command.Data, json.Deterministic(true))
	if err != nil || p.command == nil {
		panic("app: the reaction to " + d.cause.Name() + " makes the command " + d.command.Name + ", which can't be carried out")
	}
	sum := sha256.Sum256(append([]byte(d.command.Name+"\n"), content...))
	p.hash = hex.EncodeToString(sum[:])
	return &submission{prepared: p, debt: d}
}
