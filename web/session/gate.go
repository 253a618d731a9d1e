package session

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"zhitong/internal/accounts"
	"zhitong/web/guard"
	"zhitong/web/limit"
)

// The ways by which an account comes, as the events will say.
const (
	ViaAPI  = "api"  // by a token
	ViaPage = "page" // by a session
)

// The names of the cookie.
const (
	secureCookie = "__Host-zhitong"
	localCookie  = "zhitong_local"
)

// attempts are how often somebody may try a password. An account alone is given more
// room than an account from one place, so that nobody locks out another from afar.
var (
	attemptsHere    = limit.Rate{Every: 30 * time.Second, Burst: 10} // one account from one address
	attemptsAccount = limit.Rate{Every: 6 * time.Second, Burst: 100} // one account
	attemptsAddress = limit.Rate{Every: 3 * time.Second, Burst: 50}  // one address
)

// attemptsKeysMax is how many accounts or addresses the limits of logging in remember.
const attemptsKeysMax = 10_000

// Gate tells whose a request is. It may be used from several goroutines.
type Gate struct {
	store                  *accounts.Store
	clock                  func() time.Time
	here, account, address *limit.Limiter
}

// New returns a gate to the accounts of a store.
func New(store *accounts.Store) *Gate {
	return &Gate{
		store: store, clock: time.Now,
		here:    limit.New(attemptsHere, attemptsKeysMax),
		account: limit.New(attemptsAccount, attemptsKeysMax),
		address: limit.New(attemptsAddress, attemptsKeysMax),
	}
}

// identity is what has been found out about a request.
type identity struct {
	account accounts.Account
	via     string
	session *accounts.Session // nil for a token
	err     error
}

// Identify is the name of the account whose request it is. It is what package guard
// asks for.
func (g *Gate) Identify(r *http.Request) (string, error) {
	i := g.find(r)
	return i.account.ID, i.err
}

// Account is whose the request is, and the way it came: api by a token, page by a
// session. An error is accounts.ErrDenied with its reason, which nobody outside is
// told, or accounts.ErrUnavailable. It is the answer of this moment, from memory: of
// a request that lasts (a stream) it is asked again, since an account, a token or a
// session can be revoked meanwhile.
func (g *Gate) Account(r *http.Request) (accounts.Account, string, error) {
	i := g.find(r)
	return i.account, i.via, i.err
}

// find reads the credential. What is given twice is not valid: nobody can say which
// one was meant.
func (g *Gate) find(r *http.Request) (i identity) {
	if given := r.Header.Values("Authorization"); len(given) > 0 {
		i.via = ViaAPI
		scheme, token, ok := strings.Cut(given[0], " ")
		if len(given) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") {
			i.err = accounts.ErrUnknown
			return i
		}
		i.account, i.err = g.store.ByToken(token)
		return i
	}
	secret, err := secretOf(r)
	if i.via, i.err = ViaPage, err; err != nil {
		return i
	}
	account, session, err := g.store.BySession(secret)
	i.account, i.session, i.err = account, &session, err
	return i
}

// secretOf reads the session's cookie.
func secretOf(r *http.Request) (string, error) {
	name, err := cookieName(r)
	if err != nil {
		return "", accounts.ErrNone
	}
	switch given := r.CookiesNamed(name); len(given) {
	case 0:
		return "", accounts.ErrNone
	case 1:
		return given[0].Value, nil
	}
	return "", accounts.ErrUnknown
}

// errNotSecure says that a password or a session would travel in clear.
var errNotSecure = errors.New("session: the connection is not encrypted")

// cookieName is the name that counts on this connection.
func cookieName(r *http.Request) (string, error) {
	switch p := guard.From(r.Context()); {
	case p.Secure:
		return secureCookie, nil
	case p.Local:
		return localCookie, nil
	}
	return "", errNotSecure
}

// cookie is the cookie that holds a secret, or that takes it away when it is "".
func cookie(name, secret string) *http.Cookie {
	c := &http.Cookie{Name: name, Value: secret, Path: "/", HttpOnly: true, Secure: name == secureCookie, SameSite: http.SameSiteLaxMode,
		MaxAge: int(accounts.SessionMax / time.Second)}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}
