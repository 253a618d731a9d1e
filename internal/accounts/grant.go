package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhitong/domain"
)

// Info is an account as it is listed: nothing of it is secret.
type Info struct {
	Account
	Status   string // active, revoked, or pending: the log will know it once the programme is open
	Position uint64 // of the event that gave or took the role; 0 while pending
	Granted  time.Time
	Revoked  time.Time // zero while it is not
	Password bool      // one is set
	Tokens   int       // that would let in
	Sessions int       // likewise
	LastUsed time.Time // of any of them; zero for never
}

// Granted takes over that the log has given a role at position. Saying it again, or
// of a position that is older than what is known, changes nothing. Position 0 gives
// a role that the log can't know yet; it is kept and recorded later, see [Keep].
func (s *Store) Granted(ctx context.Context, a Account, position uint64, by domain.ID) error {
	return s.change(ctx, a.ID, func(now *accountRecord) (*accountRecord, error) {
		r := accountRecord{ID: a.ID, Role: a.Role, Party: a.Party, Position: position, By: by, Granted: s.now(), Generation: 1}
		switch {
		case now == nil:
			return &r, nil
		case now.Revoked.IsZero() && now.account() == a:
			if now.Position >= position {
				return nil, nil
			}
			same := *now
			same.Position = position
			return &same, nil
		case position > 0 && now.Position >= position:
			return nil, nil
		case position == 0 && now.Revoked.IsZero():
			return nil, fmt.Errorf("account %q: %w", a.ID, ErrTaken)
		}
		r.Generation, r.Passwords = now.Generation+1, now.Passwords+1
		return &r, nil
	})
}

// ErrTaken says that the account has a role already.
var ErrTaken = fmt.Errorf("accounts: there is an account of this name")

// Revoked ends every token and session of an account, and forgets its password.
// position is that of the log's event; 0 is before the log knows it, so that nobody
// comes in from this moment on.
func (s *Store) Revoked(ctx context.Context, id string, position uint64) error {
	return s.change(ctx, id, func(now *accountRecord) (*accountRecord, error) {
		switch {
		case now == nil && position == 0:
			return nil, fmt.Errorf("account %q: %w", id, ErrUnknown)
		case now == nil, position > 0 && now.Position >= position, position == 0 && !now.Revoked.IsZero():
			return nil, nil
		}
		r := *now
		r.Position = max(r.Position, position)
		if r.Revoked.IsZero() {
			r.Revoked, r.Password = s.now(), ""
			r.Generation++
		}
		return &r, nil
	})
}

// Known reports whether an account of that name was ever given a role.
func (s *Store) Known(id string) bool {
	_, _, ok := s.cache.Load().account(id)
	return ok
}

// active finds an account that may be given credentials.
func (s *Store) active(ctx context.Context, id string) (accountRecord, error) {
	if err := s.read(ctx, accountKey(id)); err != nil {
		return accountRecord{}, err
	}
	r, _, ok := s.cache.Load().account(id)
	switch {
	case !ok:
		return r, fmt.Errorf("account %q: %w", id, ErrUnknown)
	case !r.Revoked.IsZero():
		return r, fmt.Errorf("account %q: %w", id, ErrRevoked)
	}
	return r, nil
}

// List lists the accounts by their ids.
func (s *Store) List() []Info {
	c, now := s.cache.Load(), s.now()
	c.mu.RLock()
	list := make([]Info, 0, len(c.accounts))
	index := make(map[string]int, len(c.accounts))
	for id, e := range c.accounts {
		r := e.value
		index[id] = len(list)
		list = append(list, Info{Account: r.account(), Status: r.status(), Position: r.Position, Granted: r.Granted, Revoked: r.Revoked, Password: r.Password != ""})
	}
	c.mu.RUnlock()
	for _, t := range s.Tokens("") {
		if i, ok := index[t.Account]; ok {
			list[i].used(t.LastUsed)
			if t.Status(now) == "valid" {
				list[i].Tokens++
			}
		}
	}
	for _, t := range s.Sessions("") {
		if i, ok := index[t.Account]; ok {
			list[i].used(t.LastUsed)
			list[i].Sessions++
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.ID, b.ID) })
	return list
}

func (i *Info) used(at time.Time) {
	if at.After(i.LastUsed) {
		i.LastUsed = at
	}
}
