package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
	"zhitong/internal/metrics"
	"zhitong/projections/projector"
	"zhitong/web/api"
	"zhitong/web/guard"
	"zhitong/web/health"
	"zhitong/web/limit"
	"zhitong/web/problem"
	"zhitong/web/server"
	"zhitong/web/session"
)

func (p *program) serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the log, the projectors and the HTTP server until interrupted",
		Long: `Run the log, the projectors and the HTTP server in one process. The address is
printed on standard output once everything is ready. An interrupt ends it cleanly.`,
		Example: `  zhitong serve
  zhitong serve --listen 0.0.0.0:8369 --nats-url nats://n1:4222,nats://n2:4222 --postgres-url postgres://zhitong@db/zhitong`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), p.serve)
		},
	}
	listenFlag(c)
	return c
}

func listenFlag(c *cobra.Command) {
	c.Flags().String("listen", "127.0.0.1:8369", "address of the HTTP server")
}

// serve runs until ctx ends or a part fails.
func (p *program) serve(ctx context.Context, h *house) error {
	listener, err := net.Listen("tcp", p.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	h.serves = true
	defer h.startDatabase(ctx)()
	s := &serving{p: p, house: h, listener: listener}
	s.metrics = metrics.New(version, metrics.Sources{Head: s.head, Queue: s.queue, Views: s.status, Audit: s.verified})
	h.metrics = s.metrics
	closeTelemetry, err := s.openTelemetry(ctx)
	if err != nil {
		return err
	}
	defer closeTelemetry()
	if s.accounts, err = h.openAccounts(ctx); err != nil {
		return err
	}
	defer s.accounts.Close()
	return h.withApp(ctx, func(ctx context.Context, a *app.App) error {
		s.app = a
		return h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error {
			s.views = views
			return s.run(ctx)
		})
	})
}

// serving is one run of serve: what the HTTP server stands on.
type serving struct {
	p        *program
	house    *house
	listener net.Listener
	metrics  *metrics.Metrics
	accounts *accounts.Store
	app      *app.App
	views    *projector.Projector
	audit    *auditing
	health   *health.Health
	server   *server.Server
}

// The figures are asked for by a handler, so that everything is there by then.
func (s *serving) head() log.Head { return s.app.Head() }
func (s *serving) queue() int     { return s.app.Queued() }
func (s *serving) status(ctx context.Context) ([]projector.Status, error) {
	return s.views.Status(ctx)
}
func (s *serving) verified() (time.Time, bool) { return s.audit.last() }

func (s *serving) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	var err error
	if s.audit, err = s.house.keepMerkle(ctx, g); err != nil {
		return err
	}
	if err := s.build(); err != nil {
		return err
	}
	g.Go(func() error {
		if err := s.views.Run(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("projector: %w", err)
		}
		return nil
	})
	g.Go(func() error { return s.house.keepAccounts(ctx, s.accounts, s.app) })
	g.Go(func() error { return s.server.Serve(ctx, s.listener) })
	g.Go(func() error { return giveMemoryBack(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		s.health.Draining()
		return nil
	})
	g.Go(func() error { return s.announce(ctx) })
	return g.Wait()
}

// build puts handlers, guard and server together.
func (s *serving) build() error {
	gate := session.New(s.accounts)
	s.health = &health.Health{Head: s.house.log.Head, Views: s.views.Status, Audit: s.audit.last, Account: gate.Account, Metrics: s.metrics.Handler()}
	mux := http.NewServeMux()
	s.health.Routes(mux)
	gate.Routes(mux)
	mux.Handle(logPrefix+"/", problem.Instead(s.audit.handler))
	cfg := s.p.cfg
	limits := guard.LimitsDefault
	limits.Account, limits.Address = limit.PerSecond(cfg.RateAccount, 2*cfg.RateAccount), limit.PerSecond(cfg.RateAddress, 2*cfg.RateAddress)
	g := guard.New(guard.Options{
		Identify: gate.Identify, Proxies: cfg.TrustedProxies, Hosts: cfg.Hosts, Limits: limits, Logger: s.p.logger(),
		Observe: func(x guard.Seen) { s.metrics.Request(x.Route, x.Method, x.Status, x.Took) },
	})
	var err error
	s.server, err = server.New(server.Options{Handler: s.traced(g.Wrap(mux)), Cert: cfg.TLSCert, Key: cfg.TLSKey, Logger: s.p.logger()})
	if err != nil {
		return usageError{fmt.Errorf("tls: %w", err)}
	}
	handler, err := s.api(gate)
	if err != nil {
		return err
	}
	mux.Handle(api.Prefix+"/", handler)
	if a, ok := s.listener.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() && s.server.Scheme() == "http" && len(cfg.TrustedProxies) == 0 {
		s.p.note(s.p.text.Say("serve.in_clear", "address", a))
	}
	return nil
}

// announce says the address once everything that was there is in the views.
func (s *serving) announce(ctx context.Context) error {
	head, err := s.house.log.Head(ctx)
	if err == nil {
		err = s.views.WaitFor(ctx, head.Position)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	s.health.Started()
	_, err = fmt.Fprintf(s.p.stdout, "%s://%s\n", s.server.Scheme(), s.listener.Addr())
	return err
}
