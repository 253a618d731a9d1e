package accounts

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// SessionIdleMax is how long a session lasts without being used.
	SessionIdleMax = 2 * time.Hour
	// SessionMax is how long a session lasts in any case.
	SessionMax = 24 * time.Hour
	// sessionsMax is how many sessions one account has; the oldest gives way.
	sessionsMax = 20
	// agentCharsMax is how much is kept of what a browser calls itself.
	agentCharsMax = 120
)

// Session is a session as it is listed: nothing of it is secret.
type Session struct {
	ID       string // names it to people
	Account  string
	Agent    string // what the browser calls itself
	Created  time.Time
	Expires  time.Time // at the latest
	LastUsed time.Time
}

// BeginSession begins a session for an account whose password was right just now
// (see [Store.CheckPassword]). The secret is new, whatever the browser had before.
func (s *Store) BeginSession(ctx context.Context, id, agent string) (string, Session, error) {
	a, err := s.active(ctx, id)
	if err != nil {
		return "", Session{}, err
	}
	if err := s.makeRoom(ctx, id); err != nil {
		return "", Session{}, err
	}
	now, secret := s.now(), newSecret("")
	r := credential{Account: id, Generation: a.Generation, Passwords: a.Passwords, Created: now, Expires: now.Add(SessionMax), LastUsed: now, Agent: clip(agent)}
	if err := s.add(ctx, sessionPrefix+hashOf(secret), r); err != nil {
		return "", Session{}, err
	}
	return secret, sessionOf(hashOf(secret), &r, 0), nil
}

// makeRoom ends the oldest sessions of an account that has as many as it may have.
func (s *Store) makeRoom(ctx context.Context, id string) error {
	list := s.Sessions(id)
	for len(list) >= sessionsMax {
		oldest := list[len(list)-1]
		if err := s.RevokeSession(ctx, id, oldest.ID); err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
		list = list[:len(list)-1]
	}
	return nil
}

// BySession returns the account that a session belongs to, and the session. An error
// is ErrDenied with its reason, or ErrUnavailable.
func (s *Store) BySession(secret string) (Account, Session, error) {
	if !plausible(secret, "") {
		return Account{}, Session{}, ErrUnknown
	}
	now := s.clock()
	if err := s.fresh(now); err != nil {
		return Account{}, Session{}, err
	}
	c := s.cache.Load()
	hash := hashOf(secret)
	e, a, ok := c.find(c.sessions, hash)
	if !ok {
		return Account{}, Session{}, ErrUnknown
	}
	if err := s.ofSession(e, &a, now); err != nil {
		return Account{}, Session{}, err
	}
	touch(e, now)
	return a.account(), sessionOf(hash, e.value, e.seen.Load()), nil
}

// ofSession is why a session does not let in, or nil. a is looked up when it is nil.
func (s *Store) ofSession(e entry[credential], a *accountRecord, now time.Time) error {
	if a == nil {
		r, _, ok := s.cache.Load().account(e.value.Account)
		if !ok {
			return ErrUnknown
		}
		a = &r
	}
	switch {
	case !a.Revoked.IsZero() || e.value.Generation != a.Generation || e.value.Passwords != a.Passwords:
		return ErrRevoked
	case !now.Before(e.value.Expires), now.Sub(lastUse(e.value, e.seen.Load())) >= SessionIdleMax:
		return ErrExpired
	}
	return nil
}

// EndSession ends the session of a secret. One that is unknown has ended already.
func (s *Store) EndSession(ctx context.Context, secret string) error {
	c := s.cache.Load()
	if !plausible(secret, "") {
		return nil
	}
	if _, _, ok := c.find(c.sessions, hashOf(secret)); !ok {
		return nil
	}
	return s.remove(ctx, sessionPrefix+hashOf(secret))
}

// RevokeSession ends the session of an account that the id names; of any account
// when it is "".
func (s *Store) RevokeSession(ctx context.Context, account, id string) error {
	c := s.cache.Load()
	return s.removeNamed(ctx, sessionPrefix, c.all(c.sessions, account), id)
}

// Sessions lists the sessions of an account that let in, or of all when it is "",
// the newest first.
func (s *Store) Sessions(account string) []Session {
	c, now := s.cache.Load(), s.clock()
	list := []Session{}
	for hash, e := range c.all(c.sessions, account) {
		if s.ofSession(e, nil, now) == nil {
			list = append(list, sessionOf(hash, e.value, e.seen.Load()))
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return newestFirst(a.Created, b.Created, a.ID, b.ID) })
	return list
}

func sessionOf(hash string, r *credential, seen int64) Session {
	return Session{hash[:idChars], r.Account, r.Agent, r.Created, r.Expires, lastUse(r, seen)}
}

func clip(s string) string {
	n := 0
	for i := range s {
		if n == agentCharsMax {
			return s[:i]
		}
		n++
	}
	return s
}
