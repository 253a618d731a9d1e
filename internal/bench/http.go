package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
	"zhitong/web/api"
	"zhitong/web/guard"
	"zhitong/web/limit"
	"zhitong/web/server"
	"zhitong/web/session"
)

// HTTPOptions are the settings of [HTTP].
type HTTPOptions struct {
	Commands int // to send with all clients
	Rows     int // rows to ask for with all clients
	Clients  int // who wait for each answer before they go on
}

// HTTPFigures are what [HTTP] measured.
type HTTPFigures struct {
	Clients  int           `json:"clients"`
	Commands Requests      `json:"commands"`
	Lag      uint64        `json:"views_behind"` // commits, when the last command was answered
	Rows     Requests      `json:"rows_by_key"`
	Append   AppendFigures `json:"append"` // the same commands without HTTP and views
}

// Requests are requests of all clients.
type Requests struct {
	Requests  int     `json:"requests"`
	PerSecond int64   `json:"per_s"`
	Latency   Latency `json:"latency"`
}

// httpStream is the stream of the measurement over HTTP: a fresh log, beside that of
// the appending.
const httpStream = "BENCH_HTTP"

// HTTP measures the API over a listener on loopback, client and server in this
// process: commands, durable, with accounts, guard and projectors as in serve; then
// rows of a view by their keys. Before that it measures the same commands without
// all this, in the same run.
func HTTP(ctx context.Context, nc *nats.Conn, dsn string, o HTTPOptions) (HTTPFigures, error) {
	if o.Clients < 1 || o.Clients > writersMax || o.Commands < o.Clients || o.Rows < o.Clients {
		return HTTPFigures{}, fmt.Errorf("bench http: 1 to %d clients, and a command and a row for each, are needed", writersMax)
	}
	f := HTTPFigures{Clients: o.Clients}
	var err error
	if f.Append, err = Append(ctx, nc, AppendOptions{Commands: o.Commands, Writers: o.Clients}); err != nil {
		return f, err
	}
	s, err := openSite(ctx, nc, dsn, o.Clients)
	if err != nil {
		return f, err
	}
	err = s.measure(ctx, o, &f)
	if ended := s.close(); err == nil {
		err = ended
	}
	return f, err
}

// site is a server with what stands behind it.
type site struct {
	log     log.Log
	store   *accounts.Store
	views   *projector.Projector
	address string
	tokens  []string // of cooperatives
	auditor string   // a token
	stop    context.CancelFunc
	group   *errgroup.Group
}

func openSite(ctx context.Context, nc *nats.Conn, dsn string, clients int) (*site, error) {
	s := &site{}
	var err error
	if s.log, err = log.OpenJetStream(ctx, nc, log.Options{Stream: httpStream}); err != nil {
		return nil, err
	}
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		return nil, err
	}
	options := assembly.Options(s.log, ring)
	a, err := app.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	if s.views, err = projector.New(projector.Config{Postgres: dsn, Log: s.log, Projections: catalogue.All()}); err != nil {
		return nil, err
	}
	if s.store, err = accounts.Open(ctx, nc, accounts.Options{Stream: httpStream}); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	s.stop = stop
	s.group, running = errgroup.WithContext(running)
	s.group.Go(func() error { return a.Run(running) })
	s.group.Go(func() error { return untilEnd(running, s.views.Run(running)) })
	if err := s.begin(running, a, options.Commands); err != nil {
		return nil, err
	}
	if err := lay(ctx, a, clients); err != nil {
		return nil, err
	}
	return s, s.admit(ctx, clients)
}

// untilEnd is err, unless it comes from the end of ctx.
func untilEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// begin serves on loopback, without limits of rate: they are not what is measured.
func (s *site) begin(ctx context.Context, a *app.App, commands []app.Command) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = listener.Addr().String()
	gate := session.New(s.store)
	handler, err := api.New(api.Config{Committer: a, Commands: commands, Views: s.views, Log: s.log, Gate: gate})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(api.Prefix+"/", handler)
	unlimited := limit.PerSecond(unlimitedMax, unlimitedMax)
	g := guard.New(guard.Options{Identify: gate.Identify, Limits: guard.Limits{Account: unlimited, Address: unlimited, Failed: unlimited}})
	web, err := server.New(server.Options{Handler: g.Wrap(mux)})
	if err != nil {
		return err
	}
	s.group.Go(func() error { return untilEnd(ctx, web.Serve(ctx, listener)) })
	return nil
}

// unlimitedMax is a rate that no measurement comes to.
const unlimitedMax = 1_000_000

// admit gives each client the token of a cooperative, and one of an auditor.
func (s *site) admit(ctx context.Context, clients int) error {
	grant := func(a accounts.Account, position uint64) (string, error) {
		if err := s.store.Granted(ctx, a, position, "bench"); err != nil {
			return "", err
		}
		token, _, err := s.store.IssueToken(ctx, a.ID, time.Hour)
		return token, err
	}
	for w := range clients {
		party := fmt.Sprintf("C%d", w)
		token, err := grant(accounts.Account{ID: "u-" + party, Role: domain.Cooperative, Party: domain.ID(party)}, uint64(w+1))
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, token)
	}
	var err error
	s.auditor, err = grant(accounts.Account{ID: "u-auditor", Role: domain.Auditor}, uint64(clients+1))
	return err
}

func (s *site) close() error {
	s.stop()
	err := s.group.Wait()
	s.store.Close()
	s.views.Close()
	return err
}

// measure lets all clients send commands, then ask for rows.
func (s *site) measure(ctx context.Context, o HTTPOptions, f *HTTPFigures) (err error) {
	each := max(1, o.Commands/o.Clients)
	f.Commands, err = s.together(ctx, o.Clients, each, func(w, i int) request {
		env := logging(w, i, "http")
		return request{http.MethodPost, api.Prefix + "/commands/" + env.Command, s.tokens[w],
			fmt.Sprintf(`{"id":%q,"time":%q,"data":%s}`, env.ID, env.Time, env.Data)}
	})
	if err != nil {
		return err
	}
	if f.Lag, err = s.behind(ctx); err != nil {
		return err
	}
	f.Rows, err = s.together(ctx, o.Clients, max(1, o.Rows/o.Clients), func(w, i int) request {
		path := fmt.Sprintf("%s/views/order_fulfilment?where=order_id=PO-%d&where=line_no=%d", api.Prefix, (w+i)%o.Clients, 1+i%2)
		return request{http.MethodGet, path, s.auditor, ""}
	})
	return err
}

// behind is how far the views are behind the log, then waits for them.
func (s *site) behind(ctx context.Context) (uint64, error) {
	head, err := s.log.Head(ctx)
	if err != nil {
		return 0, err
	}
	states, err := s.views.Status(ctx)
	if err != nil {
		return 0, err
	}
	lag := uint64(0)
	for _, v := range states {
		lag = max(lag, head.Position-min(head.Position, v.Position))
	}
	return lag, s.views.WaitFor(ctx, head.Position)
}

// together lets every client send its requests one after the other.
func (s *site) together(ctx context.Context, clients, each int, next func(client, i int) request) (Requests, error) {
	took := make([][]time.Duration, clients)
	conns := []*client{}
	defer func() {
		for _, c := range conns {
			c.conn.Close()
		}
	}()
	for range clients {
		c, err := dial(ctx, s.address)
		if err != nil {
			return Requests{}, err
		}
		conns = append(conns, c)
	}
	errs := make([]error, clients)
	var wg sync.WaitGroup
	began := time.Now()
	for w := range clients {
		wg.Go(func() {
			for i := range each {
				r := next(w, i)
				start := time.Now()
				if errs[w] = conns[w].send(r); errs[w] != nil {
					return
				}
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	wg.Wait()
	lasted := time.Since(began)
	var all []time.Duration
	for w := range took {
		if errs[w] != nil {
			return Requests{}, errs[w]
		}
		all = append(all, took[w]...)
	}
	return Requests{len(all), perSecond(len(all), lasted), latencyOf(all)}, nil
}
