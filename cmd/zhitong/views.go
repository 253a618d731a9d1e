package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/internal/embedded/pgcluster"
	"zhitong/projections/projector"
)

// projector returns a projector on the house's log. Without a database it can only
// describe views and fold in memory.
func (h *house) projector(dsn string) (*projector.Projector, error) {
	return projector.New(projector.Config{
		Postgres: dsn, Log: h.log, Projections: everyProjection(), Logger: h.p.logger(),
		Past: filepath.Join(h.p.cfg.Data, "snapshots", "views"),
	})
}

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
	return fn(ctx, views)
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
