package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/keys"
)

// prepared is a command that was read: everything that can be done before its
// turn, off the committer's goroutine.
type prepared struct {
	env     Envelope
	command *Command
	data    any    // typed
	hash    string // of the canonical content
	device  *events.Device
	problem *domain.Problem // a refusal that needs no state
	cause   *events.Event   // for reactions
}

// prepare reads a command. An error says that keys could not be made.
func (a *App) prepare(ctx context.Context, env Envelope) (*prepared, error) {
	p := &prepared{env: env}
	if p.problem = env.check(); p.problem != nil {
		return p, nil
	}
	device, rest, problem := deviceOf(env.Data)
	if p.device, p.problem = device, problem; problem != nil {
		return p, nil
	}
	p.command = a.commands[env.Command]
	if p.command == nil {
		p.problem = domain.Refuse(domain.Invalid, "command.unknown", "command", env.Command, "see the list of commands in the documentation")
	} else if p.problem = a.allowed(env.Command, env.Role); p.problem == nil {
		p.data = p.command.New()
		if err := json.Unmarshal(rest, p.data, strict); err != nil {
			p.problem = problemOf(err, "")
			a.redact(p)
		}
	}
	if err := a.ensureKeys(ctx, p); err != nil {
		return nil, err
	}
	a.fillHash(p)
	return p, nil
}

// fillHash reckons the command's hash. Where a personal value can't be compared any
// more, since its person was erased, the command is refused.
func (a *App) fillHash(p *prepared) {
	hash, err := a.hash(p)
	switch {
	case errors.Is(err, keys.ErrNoKey):
		p.problem = domain.Refuse(domain.Conflict, "person.erased", p.command.Personal[0], "", "the person was erased; nothing personal is kept of them any more")
	case err != nil:
		p.problem = problemOf(err, "data")
	}
	p.hash = hash
}

// redact takes the value out of a problem that lies in a personal field.
func (a *App) redact(p *prepared) {
	for _, path := range p.command.Personal {
		if p.problem.Field == path || strings.HasPrefix(path, p.problem.Field+".") {
			p.problem.Value = ""
		}
	}
}

// ensureKeys makes the keys that the command's personal values are sealed under,
// unless it will be refused anyway.
func (a *App) ensureKeys(ctx context.Context, p *prepared) error {
	if p.problem != nil && p.device != nil && p.personal() { // the entry is kept, sealed
		return a.ensureNamed(ctx, p)
	}
	if p.command == nil || p.command.Persons == nil || p.problem != nil {
		return nil
	}
	for _, person := range p.command.Persons(p.data) {
		if err := a.ring.Ensure(ctx, person); err != nil {
			return err
		}
	}
	return nil
}

// hash returns the command's hash: the SHA-256 of the JCS form (RFC 8785) of
// command, actor, role, time and data, in which each personal value is replaced
// by its fingerprint under the person's key.
func (a *App) hash(p *prepared) (string, error) {
	data, err := a.withoutPersonal(p)
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(struct {
		Command string         `json:"command"`
		Actor   domain.ID      `json:"actor"`
		Role    domain.Role    `json:"role"`
		Time    domain.Time    `json:"time"`
		Data    jsontext.Value `json:"data"`
	}{p.env.Command, p.env.Actor, p.env.Role, p.env.Time, data})
	if err != nil {
		return "", err
	}
	canonical := jsontext.Value(content)
	if err := canonical.Canonicalize(); err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// withoutPersonal returns the raw data with fingerprints in the place of personal
// values.
func (a *App) withoutPersonal(p *prepared) (jsontext.Value, error) {
	switch {
	case !p.personal():
		return p.env.Data, nil
	case p.problem != nil:
		return a.refusedData(p)
	}
	var tree map[string]any
	if err := json.Unmarshal(p.env.Data, &tree); err != nil {
		return nil, err
	}
	var person domain.Ref
	if p.command.Persons != nil {
		if persons := p.command.Persons(p.data); len(persons) > 0 {
			person = persons[0]
		}
	}
	for _, path := range p.command.Personal {
		if err := a.fingerprint(tree, strings.Split(path, "."), person); err != nil {
			return nil, err
		}
	}
	return json.Marshal(tree)
}

// fingerprint replaces the value at path, if there is one. Without a key (the
// command is refused) the value is dropped.
func (a *App) fingerprint(tree map[string]any, path []string, person domain.Ref) error {
	v, ok := tree[path[0]]
	if !ok {
		return nil
	}
	if len(path) > 1 {
		if below, ok := v.(map[string]any); ok {
			return a.fingerprint(below, path[1:], person)
		}
		tree[path[0]] = nil
		return nil
	}
	if person.ID == "" {
		delete(tree, path[0])
		return nil
	}
	print, err := a.ring.Fingerprint(person, fmt.Sprint(v))
	if err != nil {
		return err
	}
	tree[path[0]] = print
	return nil
}
