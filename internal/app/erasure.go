package app

import (
	"context"
	"log/slog"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/events"
)

// erasure destroys a person's key once the request is durable, then has it said.
func (a *App) erasure() Reaction {
	return Reaction{
		On: []string{party.ErasureRequested{}.FactName()},
		React: func(_ *Registries, _ States, e *events.Event) ([]SystemCommand, error) {
			id := e.Fact.(party.ErasureRequested).PartyID
			return []SystemCommand{{
				Name:   "person.complete_erasure",
				Data:   &party.CompleteErasure{PartyID: id},
				Effect: func(ctx context.Context) error { return a.ring.Destroy(ctx, party.Ref(id)) },
			}}, nil
		},
	}
}

// forgetErased drops the keys of everybody whose erasure the folds know.
func (a *App) forgetErased(r *Registries) {
	for id := range r.erasing.t.all() {
		a.ring.Forget(party.Ref(id))
	}
}

// sweep destroys keys of erased persons that came back with an older copy of the key
// stream. Where it can't, the keys are out of use all the same, and the next start
// tries again.
func (a *App) sweep(ctx context.Context) {
	if err := a.ring.Sweep(ctx); err != nil && ctx.Err() == nil {
		slog.Error("keys of erased persons are still stored; tried again at the next start", "error", err)
	}
}

// forgetIn drops the keys of the persons whose erasure a durable commit asks for.
func (f *folds) forgetIn(c *events.Commit) {
	for i := range c.Events {
		if r, ok := c.Events[i].Fact.(party.ErasureRequested); ok {
			f.forget(r.Subject())
		}
	}
}

// applyPersons folds who is erased or about to be.
func (r *Registries) applyPersons(e *events.Event) {
	if f, ok := e.Fact.(party.ErasureRequested); ok {
		r.erasing.Put(f.PartyID, struct{}{})
	}
}

// entryData is the data of a kept entry that names a person: nothing of it can be
// read once the person is erased, also not with the device's key.
type entryData struct {
	PartyID domain.ID     `json:"party_id,omitzero"`
	Sealed  domain.Sealed `json:"sealed,omitzero"` // the data as they came, under the person's key; absent where there is none
}

// entryContent is what is kept of a refused entry, before it is sealed under the
// device's key for the event with the given id.
func (a *App) entryContent(ctx context.Context, p *prepared, eventID string) ([]byte, error) {
	kept := line{p.env.ID, p.env.Command, p.env.Actor, p.env.Role, p.env.Time, p.env.Data}
	if p.personal() {
		d := entryData{PartyID: p.named()}
		if err := a.ensureNamed(ctx, p); err != nil {
			return nil, err
		}
		var err error
		if person := party.Ref(d.PartyID); a.ring.Has(person) {
			d.Sealed, err = a.ring.Seal(person, eventID, "content.data", domain.Personal(p.env.Data))
		}
		if err == nil {
			kept.Data, err = json.Marshal(d)
		}
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(kept)
}

// personal reports whether the command's data may hold personal values.
func (p *prepared) personal() bool { return p.command != nil && len(p.command.Personal) > 0 }

// named is the party that the raw data name, "" where they name none.
func (p *prepared) named() domain.ID {
	var d struct {
		PartyID domain.ID `json:"party_id"`
	}
	if json.Unmarshal(p.env.Data, &d) != nil {
		return ""
	}
	return d.PartyID
}

// ensureNamed makes the key of the party that the raw data name.
func (a *App) ensureNamed(ctx context.Context, p *prepared) error {
	id := p.named()
	if id == "" {
		return nil
	}
	return a.ring.Ensure(ctx, party.Ref(id))
}

// refusedData stands, in the hash of a command that could not be read whole, for data
// that may hold personal values in any place.
func (a *App) refusedData(p *prepared) (jsontext.Value, error) {
	id := p.named()
	d := struct {
		PartyID domain.ID `json:"party_id"`
		Data    string    `json:"data"`
	}{PartyID: id}
	if person := party.Ref(id); a.ring.Has(person) {
		canonical := p.env.Data.Clone()
		if err := canonical.Canonicalize(); err != nil {
			return nil, err
		}
		var err error
		if d.Data, err = a.ring.Fingerprint(person, string(canonical)); err != nil {
			return nil, err
		}
	}
	return json.Marshal(d)
}
