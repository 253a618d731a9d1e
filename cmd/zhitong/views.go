package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/internal/embedded/pgcluster"
	"zhitong/projections/projector"
)

// projector returns a projector on the house's log. Without a database it can only
// describe views and fold in memory.
func (h *house) projector(dsn string) (*projector.Projector, error) {
	return projector.New(projector.Config{
		Postgres: dsn, Log: h.log, Projections: everyProjection(), Logger: h.p.logger(),
		Past: filepath.Join(h.p.cfg.Data, "snapshots", "views"), Progress: h.p.rebuildProgress(),
	})
}

// rebuildProgress tells how far a rebuild is, and how long it will still take.
func (p *program) rebuildProgress() func(projector.Progress) {
	bar := p.newProgress("")
	return func(now projector.Progress) {
		if now.Share >= rebuildWhole {
			bar.end()
			return
		}
		bar.name(p.text.Say("projection.rebuilding", "seconds", int(now.Left/time.Second), "rate", now.EventsPerSecond))
		bar.at(now.Share, rebuildWhole)
	}
}

// rebuildWhole is the share of a rebuild that is done.
const rebuildWhole = 1000

// withViews runs fn with a projector on the database, which is started if need be.
func (h *house) withViews(ctx context.Context, fn func(context.Context, *projector.Projector) error) error {
	dsn, err := h.database(ctx)
	if err != nil {
		return err
	}
	views, err := h.projector(dsn)
	if err != nil {
		return err
	}
	defer views.Close()
	err = fn(ctx, views)
	if errors.Is(err, projector.ErrStream) { // as after a restore
		err = hintError{err, h.p.text.Say("hint.other_log")}
	}
	return err
}

// startDatabase has the database start while something else is being opened; what
// fails of it fails again for whoever needs it. The function it returns waits until
// no attempt is under way.
func (h *house) startDatabase(ctx context.Context) (wait func()) {
	ctx, cancel := context.WithCancel(ctx)
	tried := make(chan struct{})
	go func() {
		defer close(tried)
		_, _ = h.instance.Postgres(ctx)
	}()
	return func() {
		cancel()
		<-tried
	}
}

// database returns how to connect to the views as their owner.
func (h *house) database(ctx context.Context) (string, error) {
	dsn, err := h.instance.Postgres(ctx)
	if err != nil {
		return "", h.p.noPostgres(fmt.Errorf("open the views: %w", err))
	}
	if h.p.cfg.PostgresURL != "" {
		err = reach(ctx, dsn)
	}
	return dsn, err
}

// reach finds out whether somebody else's database is there, since a projector
// would wait for it for ever.
func reach(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, reachMax)
	defer cancel()
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	return conn.Close(ctx)
}

// noPostgres says what to do where no server is installed.
func (p *program) noPostgres(err error) error {
	if errors.Is(err, pgcluster.ErrNoBinaries) {
		return hintError{err, p.text.Say("hint.no_postgres")}
	}
	return err
}
