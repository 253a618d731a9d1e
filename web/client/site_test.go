package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
	"zhitong/web/api"
	"zhitong/web/openapi"
)

// site is a server for examples: the API on a log in memory, with the examples of
// the description in it. Its tokens are role|account|party.
type site struct {
	address string
	log     *log.Memory
	close   func()
}

// trouble comes before the server's handler: it answers by itself and returns true,
// or lets the request pass.
type trouble func(http.ResponseWriter, *http.Request) bool

func open(t trouble) *site {
	ctx, cancel := context.WithCancel(context.Background())
	l := log.NewMemory()
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	must(err)
	options := assembly.Options(l, ring)
	a, err := app.Open(ctx, options)
	must(err)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for _, env := range openapi.Examples() {
		r, err := a.Submit(ctx, env).Wait(ctx)
		must(err)
		if !r.OK {
			panic(r.Problem)
		}
	}
	views, err := projector.New(projector.Config{Log: l, Projections: catalogue.All()})
	must(err)
	handler, err := api.New(api.Config{Committer: a, Commands: options.Commands, Views: folded{views, l}, Log: l, Gate: gate{}})
	must(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t == nil || !t(w, r) {
			handler.ServeHTTP(w, r)
		}
	}))
	return &site{server.URL, l, func() {
		server.CloseClientConnections()
		server.Close()
		cancel()
		must(<-ended)
		views.Close()
	}}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// folded answers from the log, without a database.
type folded struct {
	*projector.Projector
	log log.Log
}

func (f folded) Ask(ctx context.Context, q projections.Question) (*projections.Rows, error) {
	if q.AsOf == (projections.Until{}) {
		head, err := f.log.Head(ctx)
		if err != nil {
			return nil, err
		}
		q.AsOf.Position = head.Position
	}
	return f.Projector.Ask(ctx, q)
}

type gate struct{}

func (gate) Account(r *http.Request) (accounts.Account, string, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, "|")
	if len(parts) != 3 {
		return accounts.Account{}, "", accounts.ErrNone
	}
	return accounts.Account{ID: parts[1], Role: domain.Role(parts[0]), Party: domain.ID(parts[2])}, "api", nil
}
