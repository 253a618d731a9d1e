package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// TokenLifeDefault is how long a token lets in unless said otherwise.
	TokenLifeDefault = 90 * 24 * time.Hour
	// TokenLifeMax is the longest that can be asked for.
	TokenLifeMax = 10 * 366 * 24 * time.Hour
	// tokensMax is how many valid tokens one account has.
	tokensMax = 100
)

// Token is a token as it is listed: nothing of it is secret.
type Token struct {
	ID       string // names it to people
	Account  string
	Created  time.Time
	Expires  time.Time
	LastUsed time.Time // zero for never
	revoked  bool
}

// Status says whether the token would let in: valid, expired or revoked.
func (t Token) Status(now time.Time) string {
	switch {
	case t.revoked:
		return "revoked"
	case !now.Before(t.Expires):
		return "expired"
	}
	return "valid"
}

// IssueToken makes a token for an account. It is returned this once: what is kept
// is its hash.
func (s *Store) IssueToken(ctx context.Context, id string, life time.Duration) (string, Token, error) {
	if life <= 0 || life > TokenLifeMax {
		return "", Token{}, fmt.Errorf("accounts: a token lives longer than nothing and at most %d days", TokenLifeMax/(24*time.Hour))
	}
	a, err := s.active(ctx, id)
	if err != nil {
		return "", Token{}, err
	}
	valid := 0
	for _, t := range s.Tokens(id) {
		if t.Status(s.now()) == "valid" {
			valid++
		}
	}
	if valid >= tokensMax {
		return "", Token{}, fmt.Errorf("account %q: %w: it has %d valid tokens", id, ErrTooMany, valid)
	}
	secret := newSecret(TokenPrefix)
	r := credential{Account: id, Generation: a.Generation, Created: s.now(), Expires: s.now().Add(life)}
	if err := s.add(ctx, tokenPrefix+hashOf(secret), r); err != nil {
		return "", Token{}, err
	}
	return secret, tokenOf(hashOf(secret), &r, 0, false), nil
}

// ErrTooMany says that an account has as many tokens as it may have.
var ErrTooMany = errors.New("accounts: too many tokens")

// add stores a new credential. That its key is taken can only be the first attempt,
// whose answer was lost.
func (s *Store) add(ctx context.Context, key string, r credential) error {
	err := s.write(ctx, key, r, 0)
	if errors.Is(err, errChanged) {
		return s.read(ctx, key)
	}
	return err
}

// ByToken returns the account that a token belongs to. An error is ErrDenied with
// its reason, or ErrUnavailable.
func (s *Store) ByToken(token string) (Account, error) {
	if !plausible(token, TokenPrefix) {
		return Account{}, ErrUnknown
	}
	now := s.clock()
	if err := s.fresh(now); err != nil {
		return Account{}, err
	}
	c := s.cache.Load()
	e, a, ok := c.find(c.tokens, hashOf(token))
	switch {
	case !ok:
		return Account{}, ErrUnknown
	case !a.Revoked.IsZero() || e.value.Generation != a.Generation:
		return Account{}, ErrRevoked
	case !now.Before(e.value.Expires):
		return Account{}, ErrExpired
	}
	touch(e, now)
	return a.account(), nil
}

// touch notes that a credential was used; the note is written now and then.
func touch(e entry[credential], now time.Time) {
	if at := now.Unix(); e.seen.Load() < at {
		e.seen.Store(at)
	}
}

// Tokens lists the tokens of an account, or of all when it is "", the newest first.
// Expired ones are listed for 30 days more.
func (s *Store) Tokens(account string) []Token {
	c := s.cache.Load()
	list := []Token{}
	for hash, e := range c.all(c.tokens, account) {
		a, _, ok := c.account(e.value.Account)
		list = append(list, tokenOf(hash, e.value, e.seen.Load(), !ok || !a.Revoked.IsZero() || a.Generation != e.value.Generation))
	}
	slices.SortFunc(list, func(a, b Token) int { return newestFirst(a.Created, b.Created, a.ID, b.ID) })
	return list
}

func tokenOf(hash string, r *credential, seen int64, revoked bool) Token {
	return Token{hash[:idChars], r.Account, r.Created, r.Expires, lastUse(r, seen), revoked}
}

// lastUse is the later of what is written and what this process has seen.
func lastUse(r *credential, seen int64) time.Time {
	if at := time.Unix(seen, 0).UTC(); seen > 0 && at.After(r.LastUsed) {
		return at
	}
	return r.LastUsed
}

func newestFirst(a, b time.Time, aID, bID string) int {
	if d := b.Compare(a); d != 0 {
		return d
	}
	if aID < bID {
		return -1
	}
	return 1
}

// RevokeToken ends the token of an account that the id names.
func (s *Store) RevokeToken(ctx context.Context, account, id string) error {
	c := s.cache.Load()
	return s.removeNamed(ctx, tokenPrefix, c.all(c.tokens, account), id)
}

// removeNamed removes the credential whose id is given.
func (s *Store) removeNamed(ctx context.Context, prefix string, of map[string]entry[credential], id string) error {
	for hash := range of {
		if hash[:idChars] == id {
			return s.remove(ctx, prefix+hash)
		}
	}
	return ErrUnknown
}
