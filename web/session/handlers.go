package session

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/internal/accounts"
	"zhitong/web/guard"
	"zhitong/web/problem"
)

const (
	// loginBytesMax is the size of the body of a login.
	loginBytesMax = 4 << 10
	// answerMax is how long the bucket may take to note a session or its end.
	answerMax = 10 * time.Second
)

// Login is the body of POST /api/v1/session.
type Login struct {
	Account  string `json:"account"`
	Password string `json:"password"`
}

// Who is whose a request is.
type Who struct {
	Account string      `json:"account"`
	Role    domain.Role `json:"role"`
	Party   domain.ID   `json:"party,omitzero"` // who the account acts for
	Actor   domain.ID   `json:"actor"`          // who the events will say has acted
	Via     string      `json:"via"`            // api or page
	Session *Session    `json:"session,omitzero"`
}

// Session is a session as its owner sees it. The id is no secret.
type Session struct {
	ID       string    `json:"id"`
	Account  string    `json:"account"`
	Agent    string    `json:"agent,omitzero"` // what the browser calls itself
	Created  time.Time `json:"created"`
	LastUsed time.Time `json:"last_used"`
	Expires  time.Time `json:"expires"`      // at the latest
	Idle     time.Time `json:"expires_idle"` // unless it is used before
	Current  bool      `json:"current"`      // the one that asks
}

// Sessions is a list of sessions.
type Sessions struct {
	Sessions []Session `json:"sessions"`
}

// Routes adds the addresses of sessions.
func (g *Gate) Routes(mux *http.ServeMux) {
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /api/v1/session":         g.login,
		"GET /api/v1/session":          g.who,
		"DELETE /api/v1/session":       g.logout,
		"GET /api/v1/sessions":         g.list,
		"DELETE /api/v1/sessions/{id}": g.revoke,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), answerMax)
			defer cancel()
			if err := handle(w, r.WithContext(ctx)); err != nil {
				problem.Write(w, r, err)
			}
		})
	}
	for path, allow := range map[string]string{"/api/v1/session": "DELETE, GET, HEAD, POST", "/api/v1/sessions": "GET, HEAD", "/api/v1/sessions/{id}": "DELETE"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { problem.Write(w, r, problem.MethodNotAllowed(allow)) })
	}
}

// login checks a password and begins a session. Whatever session the browser had
// ends, and whatever it brought is not taken up: the new one has a new secret.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) error {
	name, err := cookieName(r)
	if err != nil {
		return problem.New(http.StatusForbidden, "session.not_secure", "log in over https, or on the machine itself")
	}
	in, err := readLogin(r)
	if err != nil {
		return err
	}
	account, err := g.check(r, in)
	if err != nil {
		return err
	}
	if old, err := secretOf(r); err == nil {
		if err := g.store.EndSession(r.Context(), old); err != nil {
			return err
		}
	}
	secret, session, err := g.store.BeginSession(r.Context(), account.ID, r.UserAgent())
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie(name, secret))
	return answer(w, whoIs(&identity{account: account, via: ViaPage, session: &session}))
}

// readLogin reads the body strictly. What is wrong with it is said without its
// values.
func readLogin(r *http.Request) (in Login, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return in, problem.UnsupportedType(r.Header.Get("Content-Type"), "application/json")
	}
	body := http.MaxBytesReader(nil, r.Body, loginBytesMax)
	if err := json.UnmarshalRead(body, &in, json.RejectUnknownMembers(true)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return in, problem.TooLarge(tooLarge.Limit)
		}
		return in, problem.New(http.StatusBadRequest, "malformed", `a JSON object with account and password is needed`)
	}
	if in.Account == "" || in.Password == "" {
		return in, problem.New(http.StatusBadRequest, "malformed", `account and password are needed`)
	}
	return in, nil
}

// check checks a password within the limits. Every refusal is the same one, and
// limits count names, not accounts: nothing tells whether the account exists.
func (g *Gate) check(r *http.Request, in Login) (accounts.Account, error) {
	now, crowd := g.clock(), guard.From(r.Context()).Crowd()
	here := crowd + " " + in.Account
	if wait, ok := g.address.Take(crowd, now); !ok {
		return accounts.Account{}, problem.TooMany(wait)
	}
	if wait, ok := g.here.Take(here, now); !ok {
		return accounts.Account{}, problem.TooMany(wait)
	}
	if wait, ok := g.account.Take(in.Account, now); !ok {
		return accounts.Account{}, problem.TooMany(wait)
	}
	account, err := g.store.CheckPassword(r.Context(), in.Account, in.Password)
	switch {
	case err == nil:
		g.address.Return(crowd)
		g.here.Return(here)
		g.account.Return(in.Account)
	case errors.Is(err, accounts.ErrBusy):
		err = problem.New(http.StatusServiceUnavailable, "accounts.busy", "").After(time.Second)
	case errors.Is(err, accounts.ErrDenied):
		p := problem.New(http.StatusUnauthorized, "session.refused", "")
		p.Challenge = "Bearer"
		err = p
	}
	return account, err
}

// who answers whose the request is.
func (g *Gate) who(w http.ResponseWriter, r *http.Request) error {
	i := g.find(r)
	if i.err != nil {
		return i.err
	}
	return answer(w, whoIs(&i))
}

// logout ends the session that asks. One that has ended already is out too.
func (g *Gate) logout(w http.ResponseWriter, r *http.Request) error {
	name, err := cookieName(r)
	if err == nil {
		http.SetCookie(w, cookie(name, ""))
	}
	if secret, err := secretOf(r); err == nil && len(r.Header.Values("Authorization")) == 0 {
		if err := g.store.EndSession(r.Context(), secret); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// list lists the asker's own sessions; an operator may ask for those of an account,
// or of all with account=*.
func (g *Gate) list(w http.ResponseWriter, r *http.Request) error {
	i := g.find(r)
	if i.err != nil {
		return i.err
	}
	of := i.account.ID
	if asked := r.URL.Query().Get("account"); asked != "" && asked != of {
		if i.account.Role != domain.Operator {
			return notYours()
		}
		if of = asked; asked == "*" {
			of = ""
		}
	}
	out := Sessions{[]Session{}}
	for _, s := range g.store.Sessions(of) {
		out.Sessions = append(out.Sessions, *shown(&s, &i))
	}
	return answer(w, out)
}

func notYours() error {
	p := problem.New(http.StatusForbidden, "role.denied", "the sessions of others are for the operator")
	p.Roles = []domain.Role{domain.Operator}
	return p
}

// revoke ends a session of the asker's own; an operator ends any.
func (g *Gate) revoke(w http.ResponseWriter, r *http.Request) error {
	i := g.find(r)
	if i.err != nil {
		return i.err
	}
	of := i.account.ID
	if i.account.Role == domain.Operator {
		of = ""
	}
	err := g.store.RevokeSession(r.Context(), of, r.PathValue("id"))
	switch {
	case errors.Is(err, accounts.ErrUnknown):
		return problem.New(http.StatusNotFound, "session.unknown", "")
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func whoIs(i *identity) Who {
	w := Who{Account: i.account.ID, Role: i.account.Role, Party: i.account.Party, Actor: i.account.Actor(), Via: i.via}
	if i.session != nil {
		w.Session = shown(i.session, i)
	}
	return w
}

func shown(s *accounts.Session, asker *identity) *Session {
	return &Session{s.ID, s.Account, s.Agent, s.Created, s.LastUsed, s.Expires, s.LastUsed.Add(accounts.SessionIdleMax),
		asker.session != nil && asker.session.ID == s.ID}
}

func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, v) // the client has gone
	return nil
}
