package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhitong/internal/app"
	"zhitong/projections/projector"
)

const (
	// requestMax bounds the reading of a request and the writing of its answer.
	requestMax = 30 * time.Second
	// drainMax is how long open requests may take when the server ends.
	drainMax = 5 * time.Second
	// readyMax bounds the questions of /readyz.
	readyMax = 3 * time.Second
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
	return h.withApp(ctx, func(ctx context.Context, a *app.App) error {
		return h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error {
			return p.serveOn(ctx, h, views, listener)
		})
	})
}

func (p *program) serveOn(ctx context.Context, h *house, views *projector.Projector, listener net.Listener) error {
	health := &health{house: h, views: views}
	g, ctx := errgroup.WithContext(ctx)
	merkle, err := h.keepMerkle(ctx, g)
	if err != nil {
		return err
	}
	mux := health.routes()
	mux.Handle(logPrefix+"/", merkle)
	server := &http.Server{Handler: mux, ReadTimeout: requestMax, WriteTimeout: requestMax, ErrorLog: nil}
	g.Go(func() error {
		if err := views.Run(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("projector: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainMax)
		defer cancel()
		return server.Shutdown(drain)
	})
	g.Go(func() error {
		head, err := h.log.Head(ctx)
		if err == nil {
			err = views.WaitFor(ctx, head.Position)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		health.started.Store(true)
		_, err = fmt.Fprintf(p.stdout, "http://%s\n", listener.Addr())
		return err
	})
	return g.Wait()
}

// health answers whether the process lives and whether it can work.
type health struct {
	house   *house
	views   *projector.Projector
	started atomic.Bool
}

func (s *health) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	return mux
}

// ready answers 200 when the log answers and no view has stopped. It tells no
// details: those are for doctor and projection status.
func (s *health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyMax)
	defer cancel()
	if !s.started.Load() {
		answer(w, http.StatusServiceUnavailable, "starting")
		return
	}
	if _, err := s.house.log.Head(ctx); err != nil {
		answer(w, http.StatusServiceUnavailable, "log out of reach")
		return
	}
	states, err := s.views.Status(ctx)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, "views out of reach")
		return
	}
	for _, v := range states {
		if v.Serving && v.Status == "stopped" {
			answer(w, http.StatusServiceUnavailable, "a view has stopped")
			return
		}
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
