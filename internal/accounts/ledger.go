package accounts

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/domain/account"
	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app"
)

// Which role an account has is the log's to say: account.granted and account.revoked.
// Ledger carries that over into the bucket, where the secrets are, and the other way
// round it has the log record what was given before there was a programme.
type Ledger struct {
	Log   log.Log
	Store *Store
	// Submit hands a command to the application.
	Submit func(context.Context, app.Envelope) *app.Pending
}

// positionEvery is after how many commits without news the position is noted.
const positionEvery = 20_000

// mark is what a commit holds that is looked at; the others are passed over
// without being decoded.
var mark = []byte(`"type":"` + events.TypePrefix + `account.`)

// CatchUp carries over everything that the log holds by now.
func (l Ledger) CatchUp(ctx context.Context) error {
	from, _, _ := l.Store.cache.Load().state()
	head, err := l.Log.Head(ctx)
	if err != nil {
		return err
	}
	if from > head.Position {
		from = 0 // another log than the one that was read
	}
	if from < head.Position {
		if err := l.Log.Read(ctx, from+1, func(b log.Block) error { return l.block(ctx, b) }); err != nil {
			return err
		}
		if err := l.note(ctx, head.Position); err != nil {
			return err
		}
	}
	return l.settle(ctx, head.Position)
}

// Keep catches up and then follows the log until ctx ends.
func (l Ledger) Keep(ctx context.Context) error {
	if err := l.CatchUp(ctx); err != nil {
		return err
	}
	from, _, _ := l.Store.cache.Load().state()
	return l.Log.Follow(ctx, from+1, func(b log.Block) error {
		if err := l.block(ctx, b); err != nil {
			return err
		}
		if at, _, _ := l.Store.cache.Load().state(); b.Last() >= at+positionEvery {
			if err := l.note(ctx, b.Last()); err != nil {
				return err
			}
		}
		return l.settle(ctx, b.Last())
	})
}

// block carries over what a block says of accounts.
func (l Ledger) block(ctx context.Context, b log.Block) error {
	for i, line := range b.Commits {
		if !bytes.Contains(line, mark) {
			continue
		}
		position := b.First + uint64(i)
		c, err := events.Decode(line)
		if err != nil {
			return fmt.Errorf("position %d: %w", position, err)
		}
		for j := range c.Events {
			switch f := c.Events[j].Fact.(type) {
			case account.Granted:
				err = l.Store.Granted(ctx, Account{string(f.AccountID), f.Role, f.PartyID}, position, "")
			case account.Revoked:
				err = l.Store.Revoked(ctx, string(f.AccountID), position)
			}
			if err != nil {
				return fmt.Errorf("position %d: %w", position, err)
			}
		}
		if err := l.note(ctx, position); err != nil {
			return err
		}
	}
	return nil
}

// note notes how far the log has been carried over.
func (l Ledger) note(ctx context.Context, position uint64) error {
	text := strconv.FormatUint(position, 10)
	revision, err := patiently(ctx, func(ctx context.Context) (uint64, error) { return l.Store.kv.Put(ctx, positionKey, []byte(text)) })
	if err != nil {
		return unavailable(err)
	}
	return l.Store.cache.Load().put(positionKey, revision, []byte(text), true)
}

// settle has the log record the roles that were given while it was empty. head is
// where the log is: its first commit opens the programme.
func (l Ledger) settle(ctx context.Context, head uint64) error {
	if _, _, pending := l.Store.cache.Load().state(); head == 0 || pending == 0 || l.Submit == nil {
		return nil
	}
	for _, i := range l.Store.List() {
		if i.Position > 0 {
			continue
		}
		r, _, _ := l.Store.cache.Load().account(i.ID)
		position, err := l.record(ctx, "account.grant", domain.ID(r.By), account.Grant{AccountID: domain.ID(i.ID), Role: i.Role, PartyID: i.Party}, account.CodeGranted)
		if err == nil && i.Status == "revoked" {
			position, err = l.record(ctx, "account.revoke", domain.ID(r.By), account.Revoke{AccountID: domain.ID(i.ID), Reason: "revoked before the programme was open"}, account.CodeRevoked)
		}
		if err != nil {
			return err
		}
		if position == 0 {
			continue // it was in the log already, and will be carried over from there
		}
		if i.Status == "revoked" {
			err = l.Store.Revoked(ctx, i.ID, position)
		} else {
			err = l.Store.Granted(ctx, i.Account, position, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// record sends a command and returns its position. already is the code of the
// refusal that says that it is so; the position is 0 then.
func (l Ledger) record(ctx context.Context, command string, by domain.ID, data any, already string) (uint64, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return 0, err
	}
	r, err := l.Submit(ctx, app.Envelope{
		ID: command + ":" + rand.Text(), Command: command, Actor: by, Role: domain.Operator,
		Time: domain.TimeOf(l.Store.clock()), Data: raw, Principal: string(by), Via: events.ViaCLI,
	}).Wait(ctx)
	switch {
	case err != nil:
		return 0, err
	case r.OK:
		return r.Position, nil
	case r.Problem.Code == already:
		return 0, nil
	}
	return 0, fmt.Errorf("%s: %w", command, r.Problem)
}

// FirstID is the name of the account that is made when there is none.
const FirstID = "admin"

// First makes the first account, an operator, when there never was one, and returns
// its password, "" when there was. It is to be shown once: only its hash is kept.
func (s *Store) First(ctx context.Context) (password string, err error) {
	if len(s.List()) > 0 {
		return "", nil
	}
	password = rand.Text()
	hash, err := s.hash(ctx, password)
	if err != nil {
		return "", err
	}
	r := accountRecord{ID: FirstID, Role: domain.Operator, By: FirstID, Granted: s.now(), Generation: 1, Password: hash, Passwords: 1}
	err = s.write(ctx, accountKey(FirstID), r, 0)
	if !errors.Is(err, errChanged) {
		return password, err
	}
	// Another process was first, or the answer to the first attempt was lost.
	if err := s.read(ctx, accountKey(FirstID)); err != nil {
		return "", err
	}
	if now, _, ok := s.cache.Load().account(FirstID); !ok || now.Password != hash {
		return "", nil
	}
	return password, nil
}
