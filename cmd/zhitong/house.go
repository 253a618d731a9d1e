package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/trace"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/embedded"
	"zhitong/internal/metrics"
	"zhitong/internal/telemetry"
)

// masterKeyFile is where the operator's master key lies in the data folder, unless
// the settings name another file.
const masterKeyFile = "master.key"

// snapshotsFolder is where snapshots of the folds lie in the data folder. It may be
// removed at any time.
const snapshotsFolder = "snapshots"

// house is this process's hold on a data folder: the log, and what works on it.
type house struct {
	p        *program
	instance *embedded.Instance
	log      log.Log
	ring     *keys.Ring           // nil until the application's options are made
	serves   bool                 // this process stays, and may decide for others
	metrics  *metrics.Metrics     // nil where nobody looks
	traces   trace.TracerProvider // nil where no collector is named
}

// reachMax bounds the first connection to servers of others.
const reachMax = 20 * time.Second

// open opens the data folder and the log. The caller closes the house.
func (p *program) open(ctx context.Context) (*house, error) {
	if err := p.unfinished(); err != nil {
		return nil, err
	}
	return p.openHouse(ctx)
}

// openHouse is open, also for a folder that is being restored.
func (p *program) openHouse(ctx context.Context) (*house, error) {
	opening := ctx
	if p.cfg.NATSURL != "" {
		var cancel context.CancelFunc
		opening, cancel = context.WithTimeout(ctx, reachMax)
		defer cancel()
	}
	access, err := accessOf(p.cfg)
	if err != nil {
		return nil, err
	}
	inst, err := embedded.Open(opening, embedded.Options{
		Dir: p.cfg.Data, NATSURL: access.natsURL, NATS: access.nats, PostgresURL: access.postgresURL,
		Note: p.note, Logger: p.logger(), Getenv: p.lookup,
	})
	if err != nil {
		return nil, p.withRepairHint(fmt.Errorf("open %s: %w", p.cfg.Data, err))
	}
	h := &house{p: p, instance: inst}
	h.log, err = log.OpenJetStream(ctx, inst.NATS(), log.Options{Replicas: p.cfg.Replicas})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the log: %w", err), h.close(ctx))
	}
	return h, nil
}

// lookup is the environment with the settings that package embedded reads there.
func (p *program) lookup(name string) string {
	if name == "ZHITONG_PG_BIN" && p.cfg.PGBin != "" {
		return p.cfg.PGBin
	}
	return p.getenv(name)
}

// close gives the data folder back.
func (h *house) close(ctx context.Context) error { return h.instance.Close(ctx) }

// with runs fn in an open house, and closes it whatever happens.
func (p *program) with(ctx context.Context, fn func(context.Context, *house) error) error {
	h, err := p.open(ctx)
	if err != nil {
		return err
	}
	err = fn(ctx, h)
	return errors.Join(err, h.close(ctx))
}

// masterKey is the path of the operator's master key.
func (p *program) masterKey() string {
	if p.cfg.MasterKey != "" {
		return p.cfg.MasterKey
	}
	return filepath.Join(p.cfg.Data, masterKeyFile)
}

// signingKey is the path of the log's signing key.
func (p *program) signingKey() string {
	return filepath.Join(p.cfg.Data, filepath.FromSlash(signingKeyFile))
}

// openRing opens the keys of personal values. While they wait for the master key it is
// without keys, and a note says so.
func (h *house) openRing(ctx context.Context) (*keys.Ring, error) {
	store, _, err := h.keyStream(ctx)
	if errors.Is(err, errKeysWait) {
		h.p.report(err)
		return keys.NewLockedRing(err), nil
	}
	if err != nil {
		return nil, err
	}
	ring, err := keys.OpenRing(ctx, store)
	if err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	return ring, nil
}

// appOptions are what an App is made of.
func (h *house) appOptions(ctx context.Context) (app.Options, error) {
	ring, err := h.openRing(ctx)
	if err != nil {
		return app.Options{}, err
	}
	l := h.log
	if h.metrics != nil {
		l = h.metrics.Log(l)
	}
	if h.traces != nil {
		l = telemetry.Log(l, h.traces)
	}
	h.ring = ring
	o := assembly.Options(l, ring)
	if h.metrics != nil {
		o.Observe = h.metrics.Command
	}
	o.Snapshots.Disk = app.Folder(filepath.Join(h.p.cfg.Data, snapshotsFolder))
	if o.Snapshots.Code, err = app.ProgramCode(); err != nil {
		return app.Options{}, err
	}
	return o, nil
}

// withApp runs fn beside a running App and ends the App afterwards: what fn has
// submitted is answered first.
func (h *house) withApp(ctx context.Context, fn func(context.Context, *app.App) error) error {
	if err := h.checkSigned(ctx); err != nil {
		return err
	}
	o, err := h.appOptions(ctx)
	if err != nil {
		return err
	}
	place, err := h.joinCluster(ctx, &o)
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, o)
	if err != nil {
		return err
	}
	return beside(ctx, func(ctx context.Context) error { return place.run(ctx, a) }, func(ctx context.Context) error { return fn(ctx, a) })
}

// beside runs work while service runs, then ends the service and waits for it. A
// service that ends by itself ends the work.
func beside(ctx context.Context, service, work func(context.Context) error) error {
	// The service outlives an interrupt: the work ends first.
	serviceCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	workCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := service(serviceCtx)
		cancel()
		ended <- err
	}()
	err := work(workCtx)
	stop()
	return errors.Join(err, <-ended)
}
