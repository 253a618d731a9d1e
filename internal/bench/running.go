package bench

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

// onApp runs fn beside the application on the log of nc; disk is where its snapshots
// lie, nil for nowhere.
func onApp(ctx context.Context, nc *nats.Conn, disk app.Disk, fn func(context.Context, log.Log, *app.App) error) error {
	l, err := log.OpenJetStream(ctx, nc, log.Options{})
	if err != nil {
		return err
	}
	a, err := openApp(ctx, l, disk)
	if err != nil {
		return err
	}
	return alongside(ctx, a.Run, func(ctx context.Context) error { return fn(ctx, l, a) })
}

// openApp opens the application with keys in memory.
func openApp(ctx context.Context, l log.Log, disk app.Disk) (*app.App, error) {
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		return nil, err
	}
	o := assembly.Options(l, ring)
	o.Snapshots.Disk = disk
	return app.Open(ctx, o)
}

// beside runs fn beside projectors of all views that have caught up.
func beside(ctx context.Context, l log.Log, dsn string, fn func(context.Context, *projector.Projector) error) error {
	views, err := projector.New(projector.Config{Postgres: dsn, Log: l, Projections: catalogue.All()})
	if err != nil {
		return err
	}
	defer views.Close()
	if err := views.CatchUp(ctx); err != nil {
		return err
	}
	return alongside(ctx, func(ctx context.Context) error {
		err := views.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		return err
	}, func(ctx context.Context) error { return fn(ctx, views) })
}

// alongside runs work while service runs, then ends the service.
func alongside(ctx context.Context, service, work func(context.Context) error) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- service(serving)
		cancel()
	}()
	err := work(working)
	stop()
	return errors.Join(err, <-ended)
}
