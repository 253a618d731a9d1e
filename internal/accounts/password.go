package accounts

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

const (
	// PasswordCharsMin is the least length of a password in characters.
	PasswordCharsMin = 10
	// PasswordBytesMax is the most of a password in bytes.
	PasswordBytesMax = 256
	// hashingMax is how many hashes are made at once: each takes 19 MiB and a core.
	hashingMax = 2
	// hashingWaitMax is how many may wait for their turn; more are sent away.
	hashingWaitMax = 64
)

// Hasher makes and checks hashes of passwords.
type Hasher interface {
	Hash(password string) (string, error)
	Matches(password, hash string) (bool, error)
}

// argon is argon2id with the parameters below.
type argon struct{}

// The work of one hash, as OWASP recommends for argon2id.
var argonParams = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

func (argon) Hash(password string) (string, error) {
	params := argonParams
	return argon2id.CreateHash(password, &params)
}

func (argon) Matches(password, hash string) (bool, error) {
	return argon2id.ComparePasswordAndHash(password, hash)
}

// noPassword is a hash that no password has, of the same work as any other: what
// the password of an account is compared with that has none or does not exist.
func noPassword() string {
	var salt [16]byte
	var key [32]byte
	_, _ = rand.Read(salt[:]) // never fails
	_, _ = rand.Read(key[:])  // likewise
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonParams.Memory, argonParams.Iterations, argonParams.Parallelism,
		b64.EncodeToString(salt[:]), b64.EncodeToString(key[:]))
}

// ErrBusy says that too many passwords are being checked; ask again in a moment.
var ErrBusy = errors.New("accounts: too many passwords are being checked")

// PasswordError says why something can't be a password.
type PasswordError struct{ Reason string }

func (e *PasswordError) Error() string { return "accounts: password: " + e.Reason }

// normal is a password as it is hashed: in compatibility form, so that different
// keyboards write the same one.
func normal(password string) string { return norm.NFKC.String(password) }

// checkNew refuses what can't be a password of an account.
func checkNew(id, password string) error {
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return &PasswordError{"it is not valid UTF-8 text"}
	case len(password) > PasswordBytesMax:
		return &PasswordError{fmt.Sprintf("it has at most %d bytes", PasswordBytesMax)}
	case utf8.RuneCountInString(normal(password)) < PasswordCharsMin:
		return &PasswordError{fmt.Sprintf("it has at least %d characters", PasswordCharsMin)}
	case strings.EqualFold(password, id):
		return &PasswordError{"it is not the account's name"}
	case len(strings.Trim(password, password[:1])) == 0:
		return &PasswordError{"it is more than one character repeated"}
	}
	return nil
}

// SetPassword sets an account's password and ends its sessions; its tokens stay.
func (s *Store) SetPassword(ctx context.Context, id, password string) error {
	if err := checkNew(id, password); err != nil {
		return err
	}
	if _, err := s.active(ctx, id); err != nil {
		return err
	}
	hash, err := s.hash(ctx, normal(password))
	if err != nil {
		return err
	}
	return s.change(ctx, id, func(now *accountRecord) (*accountRecord, error) {
		switch {
		case now == nil:
			return nil, fmt.Errorf("account %q: %w", id, ErrUnknown)
		case !now.Revoked.IsZero():
			return nil, fmt.Errorf("account %q: %w", id, ErrRevoked)
		case now.Password == hash: // an earlier attempt, whose answer was lost
			return nil, nil
		}
		r := *now
		r.Password = hash
		r.Passwords++
		return &r, nil
	})
}

// CheckPassword returns the account when the password is its own. Whether there is
// such an account can't be told from outside: the same work is done for one that does
// not exist, has no password or was revoked. An error is ErrDenied with its reason,
// ErrBusy or ErrUnavailable.
func (s *Store) CheckPassword(ctx context.Context, id, password string) (Account, error) {
	if err := s.fresh(s.clock()); err != nil {
		return Account{}, err
	}
	if len(password) > PasswordBytesMax {
		return Account{}, ErrUnknown // by its length alone, whoever it is for
	}
	a, _, ok := s.cache.Load().account(id)
	why := error(nil)
	switch {
	case !ok || a.Password == "" && a.Revoked.IsZero():
		why = ErrUnknown
	case !a.Revoked.IsZero():
		why = ErrRevoked
	}
	hash := a.Password
	if why != nil {
		hash = noPassword()
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return Account{}, err
	}
	defer leave()
	right, err := s.hasher.Matches(normal(password), hash)
	switch {
	case why != nil:
		return Account{}, why
	case err != nil:
		return Account{}, fmt.Errorf("account %q: its stored hash: %w", id, err)
	case !right:
		return Account{}, ErrUnknown
	}
	return a.account(), nil
}

func (s *Store) hash(ctx context.Context, password string) (string, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return s.hasher.Hash(password)
}

// enter waits for a place to hash in. Memory and processors stay bounded, however
// many ask.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if s.waiting.Add(1) > hashingWaitMax {
		s.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer s.waiting.Add(-1)
	select {
	case s.hashing <- struct{}{}:
		return func() { <-s.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
