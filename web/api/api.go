package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"zhitong/audit/receipt"
	"zhitong/domain"
	"zhitong/domain/roles"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
	"zhitong/projections"
	"zhitong/web/problem"
)

// Prefix is where everything of the API stands.
const Prefix = "/api/v1"

// Limits of requests.
const (
	// commandBytesMax is the size of one command's body.
	commandBytesMax = app.LineBytesMax
	// answerMax is how long a command's answer is awaited. Whether it was recorded is
	// then unknown, and asked again with the same id.
	answerMax = 20 * time.Second
	// askMax is how long a question to a view may take, waiting for a position included.
	askMax = 20 * time.Second
	// chunkMax is how long one part of a long answer may take to be sent, or of a long
	// body to come in.
	chunkMax = 30 * time.Second
)

// Gate says who sent a request, and the way: api with a token, page with a session.
// An error is the answer: [accounts.ErrDenied] for nobody who is known.
type Gate interface {
	Account(r *http.Request) (accounts.Account, string, error)
}

// Committer takes commands: one that is offered is turned away when too many wait,
// those of a batch wait themselves.
type Committer interface {
	Offer(context.Context, app.Envelope) *app.Pending
	Submit(context.Context, app.Envelope) *app.Pending
	DryRun(context.Context, app.Envelope) (app.Result, error)
}

// Views answers questions.
type Views interface {
	Views() []*projections.Schema
	Ask(context.Context, projections.Question) (*projections.Rows, error)
}

// Log is what is read of the log of record.
type Log interface {
	Head(context.Context) (log.Head, error)
	Read(ctx context.Context, from uint64, fn func(log.Block) error) error
	Follow(ctx context.Context, from uint64, fn func(log.Block) error) error
	Load(ctx context.Context, positions []uint64, fn func(uint64, []byte) error) error
}

// Config is what the API stands on. Every field without a default is required.
type Config struct {
	Committer Committer
	Commands  []app.Command // the table
	Views     Views
	Log       Log
	Gate      Gate
	// Persons opens personal values. Defaults to none: the address is not there.
	Persons Persons
	// Receipts hands out receipts. Defaults to none: the address is not there.
	Receipts *receipt.Desk
	// Description is the OpenAPI description in JSON. Defaults to none.
	Description []byte
	// Stopping ends what would go on for ever, so that a server can drain. Defaults to
	// never.
	Stopping <-chan struct{}
	// GapWait is how long an entry of a device is held back when the one before is
	// missing. Defaults to 30 s.
	GapWait time.Duration
	// HeartbeatEvery is how often a silent stream says that it is there. Defaults to
	// 15 s.
	HeartbeatEvery time.Duration
	// Clock is the time by which devices wait. Defaults to time.Now.
	Clock func() time.Time
}

func (c Config) withDefaults() Config {
	if c.GapWait == 0 {
		c.GapWait = 30 * time.Second
	}
	if c.HeartbeatEvery == 0 {
		c.HeartbeatEvery = 15 * time.Second
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// API is the handler of everything below [Prefix].
type API struct {
	Config
	mux      *http.ServeMux
	commands map[string]*app.Command
	schemas  []*projections.Schema // of the views, by name
	gaps     *gaps
	last     *positions
	back     chan struct{} // places for questions about the past
	streams  chan struct{} // places for streams
}

// New makes the API. It starts nothing.
func New(c Config) (*API, error) {
	a := &API{Config: c.withDefaults(), mux: http.NewServeMux(), commands: make(map[string]*app.Command), last: newPositions(),
		back: make(chan struct{}, backMax), streams: make(chan struct{}, streamsMax)}
	a.gaps = newGaps(a.GapWait, a.Clock)
	a.schemas = c.Views.Views()
	if err := checkRights(a.schemas); err != nil {
		return nil, err
	}
	a.commandRoutes()
	a.handle("GET "+Prefix+"/views", a.listViews)
	a.handle("GET "+Prefix+"/views/{view}", a.view)
	a.handle("GET "+Prefix+"/events", a.events)
	a.handle("GET "+Prefix+"/events/stream", a.stream)
	if c.Receipts != nil {
		a.handle("GET "+Prefix+"/receipts/{id}", a.receipt)
	}
	if c.Persons != nil {
		a.handle("GET "+Prefix+"/persons/{party}", a.person)
	}
	if c.Description != nil {
		a.mux.HandleFunc("GET "+Prefix+"/openapi.json", a.describe)
	}
	a.mux.HandleFunc(Prefix+"/", a.nothing)
	return a, nil
}

// commandRoutes gives every command of the table that a client can send its address.
func (a *API) commandRoutes() {
	for i := range a.Commands {
		c := &a.Commands[i]
		if !Sendable(c.Name) {
			continue
		}
		a.commands[c.Name] = c
		a.handle("POST "+Prefix+"/commands/"+c.Name, func(w http.ResponseWriter, r *http.Request, by caller) error {
			return a.command(w, r, by, c.Name)
		})
	}
	a.handle("POST "+Prefix+"/commands/{command}", func(_ http.ResponseWriter, r *http.Request, _ caller) error {
		return noSuchCommand(r.PathValue("command"))
	})
	a.handle("POST "+Prefix+"/commands:batch", a.batch)
}

// Sendable reports whether a client can be in a role that may send the command.
func Sendable(command string) bool {
	return slices.ContainsFunc(roles.May(command), func(r domain.Role) bool { return r != domain.System })
}

func noSuchCommand(name string) error {
	return domain.Refuse(domain.Invalid, "command.unknown", "command", name, "see the list of commands in the documentation")
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// caller is who asks.
type caller struct {
	accounts.Account
	via string
}

// handle mounts a handler behind the gate. What it returns is answered as a problem;
// then it has written nothing.
func (a *API) handle(pattern string, h func(http.ResponseWriter, *http.Request, caller) error) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		account, via, err := a.Gate.Account(r)
		if err == nil {
			err = h(w, r, caller{account, via})
		}
		if err != nil {
			problem.Write(w, r, err)
		}
	})
}

// still refuses one who was somebody when the request began and is so no more: the
// account, the token or the session was revoked meanwhile.
func (a *API) still(r *http.Request, by caller) error {
	now, _, err := a.Gate.Account(r)
	if err == nil && now != by.Account {
		err = accounts.ErrRevoked
	}
	return err
}

// nothing answers where there is nothing, or not for this method.
func (a *API) nothing(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		q := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(q); pattern != Prefix+"/" {
			allow = append(allow, method)
			if method == http.MethodGet {
				allow = append(allow, http.MethodHead)
			}
		}
	}
	if len(allow) == 0 || slices.Contains(allow, r.Method) {
		problem.Write(w, r, problem.NoSuchPath())
		return
	}
	problem.Write(w, r, problem.MethodNotAllowed(strings.Join(allow, ", ")))
}

// describe serves the API's description.
func (a *API) describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(a.Description) // the client has gone
}

// parameters reads the parameters of an address: each of once is given at most
// once, each of often any number of times, and no other.
func parameters(r *http.Request, once, often []string) (map[string][]string, error) {
	values, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	for name, all := range values {
		switch {
		case slices.Contains(often, name):
		case !slices.Contains(once, name):
			return nil, problem.Parameter(name, "", "there is no such parameter; there are: %s", strings.Join(append(slices.Clone(once), often...), ", "))
		case len(all) > 1:
			return nil, problem.Parameter(name, "", "it is given %d times", len(all))
		}
	}
	return values, nil
}

// first is a parameter's value, or "".
func first(values map[string][]string, name string) string {
	if all := values[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// yes reads a parameter that is 1 or 0.
func yes(values map[string][]string, name string) (bool, error) {
	switch v := first(values, name); v {
	case "", "0", "false":
		return false, nil
	case "1", "true":
		return true, nil
	default:
		return false, problem.Parameter(name, v, "1 or 0 is needed")
	}
}

// position reads a parameter that is a position of the log.
func position(values map[string][]string, name string, otherwise uint64) (uint64, error) {
	v := first(values, name)
	if v == "" {
		return otherwise, nil
	}
	n, err := parsePosition(v)
	if err != nil {
		return 0, problem.Parameter(name, v, "%s", err.Error())
	}
	return n, nil
}

var errPosition = fmt.Errorf("a position is needed: a whole number from 1 on")
