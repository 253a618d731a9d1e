package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/demo"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

// RebuildFigures are what [Rebuild] measured.
type RebuildFigures struct {
	Commits         uint64 `json:"commits"`
	Events          int    `json:"events"`
	Views           int    `json:"views"`
	Took            Millis `json:"took_ms"`
	EventsPerSecond int64  `json:"events_per_s"`
}

// inFlightMax is how many commands of the filling wait for their answers.
const inFlightMax = 2048

// Rebuild fills a fresh log of nc with the demo programme, up to about so many
// events, and measures how long all views take to be made anew in Postgres.
func Rebuild(ctx context.Context, nc *nats.Conn, dsn string, eventsWanted int) (RebuildFigures, error) {
	l, err := log.OpenJetStream(ctx, nc, log.Options{})
	if err != nil {
		return RebuildFigures{}, err
	}
	if err := fill(ctx, l, eventsWanted); err != nil {
		return RebuildFigures{}, err
	}
	views, err := projector.New(projector.Config{Postgres: dsn, Log: l, Projections: catalogue.All()})
	if err != nil {
		return RebuildFigures{}, err
	}
	defer views.Close()
	if err := views.CatchUp(ctx); err != nil {
		return RebuildFigures{}, err
	}
	var f RebuildFigures
	if f.Events, err = count(ctx, l); err != nil {
		return f, err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return f, err
	}
	var names []string
	for _, v := range views.Views() {
		names = append(names, v.Name)
	}
	began := time.Now()
	if err := views.Rebuild(ctx); err != nil {
		return f, err
	}
	took := time.Since(began)
	f.Commits, f.Views, f.Took, f.EventsPerSecond = head.Position, len(names), Millis(took), perSecond(f.Events, took)
	return f, nil
}

// The demo programme at scale 1 has somewhat more events than eventsOfDemo; it can be
// made so many times larger.
const (
	eventsOfDemo = 65_000
	demoScaleMax = 20
)

// fill sends the demo's commands, as many as give about so many events.
func fill(ctx context.Context, l log.Log, eventsWanted int) error {
	scale := 1 + eventsWanted/eventsOfDemo
	programme, err := demo.New(demo.Options{Scale: fmt.Sprint(min(scale, demoScaleMax)), Seed: demo.DefaultSeed})
	if err != nil {
		return err
	}
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, assembly.Options(l, ring))
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	err = sendAll(ctx, a, programme, eventsWanted)
	stop()
	if runErr := <-ended; err == nil {
		err = runErr
	}
	return err
}

func sendAll(ctx context.Context, a *app.App, programme *demo.Programme, eventsWanted int) error {
	var queue []*app.Pending
	recorded := 0
	land := func() error {
		r, err := queue[0].Wait(ctx)
		queue = queue[1:]
		recorded += len(r.Events)
		if err := done(r, err); err != nil {
			return fmt.Errorf("command %q: %w", r.ID, err)
		}
		return nil
	}
	for env := range programme.Commands() {
		if recorded >= eventsWanted {
			break
		}
		if len(queue) == inFlightMax {
			if err := land(); err != nil {
				return err
			}
		}
		queue = append(queue, a.Submit(ctx, env))
	}
	for len(queue) > 0 {
		if err := land(); err != nil {
			return err
		}
	}
	return nil
}

// count counts the events of the log.
func count(ctx context.Context, l log.Log) (int, error) {
	n := 0
	err := l.Read(ctx, 1, func(b log.Block) error {
		for _, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return err
			}
			n += len(c.Events)
		}
		return nil
	})
	return n, err
}
