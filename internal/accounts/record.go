package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"zhitong/domain"
)

// What the bucket holds, one JSON object a key:
//
//	a.<base64url of the account's id>  accountRecord
//	t.<hex SHA-256 of the token>       credential
//	s.<hex SHA-256 of the session>     credential
//	m.position                         how far the log's grants have been carried over
const (
	accountPrefix = "a."
	tokenPrefix   = "t."
	sessionPrefix = "s."
	positionKey   = "m.position"
)

// TokenPrefix begins every token, so that one that leaks can be recognised.
const TokenPrefix = "zt_"

// secretBytes is the length of what is random in a token or a session.
const secretBytes = 32

// accountRecord is an account as the bucket has it. Role and party are what the log
// says at Position; the rest is here only.
type accountRecord struct {
	ID    string      `json:"id"`
	Role  domain.Role `json:"role"`
	Party domain.ID   `json:"party,omitzero"`
	// Position is that of the event that gave or took the role; 0 while the log does
	// not know it, since the programme is not open yet.
	Position uint64    `json:"position,omitzero"`
	By       domain.ID `json:"by,omitzero"` // who gave the role, while Position is 0
	Granted  time.Time `json:"granted"`
	Revoked  time.Time `json:"revoked,omitzero"` // zero while it is not
	// Generation counts grants and revocations: a credential of another generation
	// is worth nothing.
	Generation uint64 `json:"generation"`
	Password   string `json:"password,omitzero"` // PHC form of argon2id
	Passwords  uint64 `json:"passwords"`         // how often one was set: ends the sessions of earlier ones
}

func (r *accountRecord) account() Account { return Account{r.ID, r.Role, r.Party} }

// status is a word for people.
func (r *accountRecord) status() string {
	switch {
	case !r.Revoked.IsZero():
		return "revoked"
	case r.Position == 0:
		return "pending"
	}
	return "active"
}

// credential is a token or a session, under the hash of its secret.
type credential struct {
	Account    string    `json:"account"`
	Generation uint64    `json:"generation"`
	Passwords  uint64    `json:"passwords,omitzero"` // of a session
	Created    time.Time `json:"created"`
	Expires    time.Time `json:"expires"`
	LastUsed   time.Time `json:"last_used,omitzero"`
	Agent      string    `json:"agent,omitzero"` // of a session: what the browser calls itself
}

// newSecret makes a secret with 32 bytes of randomness.
func newSecret(prefix string) string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// hashOf is the key that a secret is kept under. The secret has 256 random bits, so
// a fast hash without salt is enough.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// plausible reports whether s has the form of a secret; what has not need not be
// hashed and looked for.
func plausible(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return false
	}
	return strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// idChars is how much of a hash names a credential to people: enough to tell them
// apart, no help in finding the secret.
const idChars = 16

func accountKey(id string) string {
	return accountPrefix + base64.RawURLEncoding.EncodeToString([]byte(id))
}
