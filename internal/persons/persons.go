// Package persons opens the personal values of parties for those who may see them.
//
// It owns the joining of what the log holds sealed with the keys, at the moment of
// reading: no view, no file and no message has a personal value in clear. It refuses
// to decide who may see one: that is the table in domain/roles. Start at [Directory].
package persons

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/domain/roles"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/history"
)

// Payee is an account in clear.
type Payee struct {
	AccountName domain.Personal
	Bank        domain.Personal
	AccountNo   domain.Personal
	EventID     string // of the event that holds it sealed
}

// Card is what is personal of a party.
type Card struct {
	PartyID    domain.ID
	Payee      *Payee    // confirmed; nil when there is none
	Proposed   *Payee    // waits for another officer; nil when none does
	ProposedBy domain.ID // the officer who proposed it; "" when nobody did
	// Erased says that the party's personal values are gone for good, or that their
	// destruction is under way: there are none to show.
	Erased bool
}

// Directory knows where in the log the sealed values of each party are. It may be
// used by several goroutines.
type Directory struct {
	log  log.Log
	ring *keys.Ring
	keep history.Keep

	mu      sync.Mutex
	at      uint64                    // guarded by mu; the last position folded
	parties map[domain.ID]*sealedCard // guarded by mu
}

// sealedCard is a party as the log has it.
type sealedCard struct {
	payee, proposed *sealedPayee
	by              domain.ID
	erased          bool
}

type sealedPayee struct {
	event string
	payee party.Payee
}

// New returns a Directory that has read nothing yet.
func New(l log.Log, ring *keys.Ring) *Directory {
	return &Directory{log: l, ring: ring, parties: make(map[domain.ID]*sealedCard),
		keep: history.Of(party.Registered{}, party.PayeeChanged{}, party.PayeeConfirmed{}, party.ErasureRequested{})}
}

// Open opens the personal values of a party for by, as of the log's head at the call.
// It returns a *domain.Problem when by may not see them (personal.denied), which says
// nothing of whether the party exists, or when there is no such party (party.unknown).
// The first call reads the log, later ones what came since.
func (d *Directory) Open(ctx context.Context, by domain.By, id domain.ID) (Card, error) {
	if p := roles.CheckPersonal(by, id); p != nil {
		return Card{}, p
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return Card{}, err
	}
	sealed := d.parties[id]
	if sealed == nil {
		return Card{}, domain.Refuse(domain.NotFound, "party.unknown", "party_id", string(id), "no party has this id")
	}
	card, err := d.card(id, sealed)
	if errors.Is(err, keys.ErrNoKey) { // made by another process since
		if err = d.ring.Reload(ctx); err == nil {
			card, err = d.card(id, sealed)
		}
	}
	if err != nil {
		return Card{}, fmt.Errorf("personal values of party %q: %w", id, err)
	}
	return card, nil
}

func (d *Directory) card(id domain.ID, sealed *sealedCard) (card Card, err error) {
	card = Card{PartyID: id, ProposedBy: sealed.by, Erased: sealed.erased}
	if card.Payee, err = d.open(id, sealed.payee); err == nil {
		card.Proposed, err = d.open(id, sealed.proposed)
	}
	return card, err
}

// open opens a payee; nil stays nil.
func (d *Directory) open(id domain.ID, s *sealedPayee) (*Payee, error) {
	if s == nil {
		return nil, nil
	}
	p := &Payee{EventID: s.event}
	for _, field := range []struct {
		path   string
		sealed domain.Sealed
		into   *domain.Personal
	}{
		{"payee.account_name", s.payee.AccountName, &p.AccountName},
		{"payee.bank", s.payee.Bank, &p.Bank},
		{"payee.account_no", s.payee.AccountNo, &p.AccountNo},
	} {
		clear, err := d.ring.Open(party.Ref(id), s.event, field.path, field.sealed)
		if err != nil {
			return nil, err
		}
		*field.into = clear
	}
	return p, nil
}

// catchUp folds what came since the last call. mu is held.
func (d *Directory) catchUp(ctx context.Context) error {
	return d.log.Read(ctx, d.at+1, func(b log.Block) error {
		for i, line := range b.Commits {
			if !d.keep(line) {
				continue
			}
			c, err := events.Decode(line)
			if err != nil {
				return fmt.Errorf("position %d: %w", b.First+uint64(i), err)
			}
			for k := range c.Events {
				d.fold(&c.Events[k])
			}
		}
		d.at = b.Last()
		return nil
	})
}

func (d *Directory) fold(e *events.Event) {
	switch f := e.Fact.(type) {
	case party.Registered:
		s := &sealedCard{}
		if f.Payee != nil {
			s.payee = &sealedPayee{e.ID, *f.Payee}
		}
		d.parties[f.PartyID] = s
	case party.PayeeChanged:
		if s := d.parties[f.PartyID]; s != nil {
			s.proposed, s.by = &sealedPayee{e.ID, f.Payee}, f.ChangedBy
		}
	case party.PayeeConfirmed:
		if s := d.parties[f.PartyID]; s != nil && s.proposed != nil {
			s.payee, s.proposed, s.by = s.proposed, nil, ""
		}
	case party.ErasureRequested:
		d.ring.Forget(f.Subject())
		if s := d.parties[f.PartyID]; s != nil {
			*s = sealedCard{erased: true}
		}
	}
}
