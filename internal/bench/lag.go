package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

// LagOptions are the settings of [Lag].
type LagOptions struct {
	Rate    int           // commands a second
	For     time.Duration // how long
	Writers int           // clients, each with commands of its own
	Floor   bool          // ask Postgres for nothing but a row, too
}

// LagFigures are what [Lag] measured.
type LagFigures struct {
	Rate     int     `json:"commands_per_s"`
	Commands int     `json:"commands"`
	Ack      Latency `json:"ack"`     // from the command to its answer
	Visible  Latency `json:"visible"` // from the answer until a reader of a view was given its row
	// Floor is how long a reader takes that waits for nothing.
	Floor *Latency `json:"floor,omitempty"`
}

// The bounds of [Lag].
const (
	rateMax = 100_000
	lagMax  = 10 * time.Minute
)

// Lag sends commands to a fresh log of nc at a steady rate, with all views followed
// by a projector, and measures from each answer until another projector, as another
// process has it, gives a reader the command's row of a view.
func Lag(ctx context.Context, nc *nats.Conn, dsn string, o LagOptions) (LagFigures, error) {
	if o.Rate < 1 || o.Rate > rateMax || o.Writers < 1 || o.Writers > writersMax || o.For <= 0 || o.For > lagMax {
		return LagFigures{}, fmt.Errorf("bench lag: 1 to %d commands a second, 1 to %d writers and at most %s are needed", rateMax, writersMax, lagMax)
	}
	l, err := log.OpenJetStream(ctx, nc, log.Options{})
	if err != nil {
		return LagFigures{}, err
	}
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		return LagFigures{}, err
	}
	a, err := app.Open(ctx, assembly.Options(l, ring))
	if err != nil {
		return LagFigures{}, err
	}
	cfg := projector.Config{Postgres: dsn, Log: l, Projections: catalogue.All()}
	keeping, err := projector.New(cfg)
	if err != nil {
		return LagFigures{}, err
	}
	defer keeping.Close()
	reading, err := projector.New(cfg)
	if err != nil {
		return LagFigures{}, err
	}
	defer reading.Close()
	running, stop := context.WithCancel(ctx)
	var services sync.WaitGroup
	services.Go(func() { _ = a.Run(running) })       // ends with stop; what fails is seen by whoever waits
	services.Go(func() { _ = keeping.Run(running) }) // likewise
	f, err := lag(ctx, a, reading, o)
	stop()
	services.Wait()
	return f, err
}

func lag(ctx context.Context, a *app.App, views *projector.Projector, o LagOptions) (LagFigures, error) {
	f := LagFigures{Rate: o.Rate}
	if err := lay(ctx, a, o.Writers); err != nil {
		return f, err
	}
	n := int(int64(o.For) * int64(o.Rate) / int64(time.Second))
	acks, seen, errs := make([]time.Duration, n), make([]time.Duration, n), make([]error, n)
	if err := warm(ctx, a, views); err != nil {
		return f, err
	}
	var under sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(int64(i) * int64(time.Second) / int64(o.Rate)))
		if err := pauseUntil(ctx, due); err != nil {
			return f, err
		}
		under.Go(func() { acks[i], seen[i], errs[i] = one(ctx, a, views, i%o.Writers, i, "lag") })
	}
	under.Wait()
	for _, err := range errs {
		if err != nil {
			return f, err
		}
	}
	f.Commands, f.Ack, f.Visible = n, latencyOf(acks), latencyOf(seen)
	if o.Floor {
		floor := make([]time.Duration, n)
		for i := range floor {
			start := time.Now()
			if err := rowOf(ctx, views, shipmentOf(i%o.Writers, i, "lag"), 0); err != nil {
				return f, err
			}
			floor[i] = time.Since(start)
		}
		f.Floor = new(latencyOf(floor))
	}
	return f, nil
}

// warmCommands are sent before anything is measured.
const warmCommands = 200

func warm(ctx context.Context, a *app.App, views *projector.Projector) error {
	for i := range warmCommands {
		if _, _, err := one(ctx, a, views, 0, i, "warm"); err != nil {
			return err
		}
	}
	return nil
}

// one sends a command and reads its shipment's row once it is there.
func one(ctx context.Context, a *app.App, views *projector.Projector, writer, n int, run string) (ack, seen time.Duration, err error) {
	start := time.Now()
	r, err := a.Submit(ctx, logging(writer, n, run)).Wait(ctx)
	if err := done(r, err); err != nil {
		return 0, 0, err
	}
	answered := time.Now()
	err = rowOf(ctx, views, shipmentOf(writer, n, run), r.Position)
	return answered.Sub(start), time.Since(answered), err
}

func shipmentOf(writer, n int, run string) string { return fmt.Sprintf("S-%s-%d-%d", run, writer, n) }

// rowOf reads the row of a shipment once the view has a position.
func rowOf(ctx context.Context, views *projector.Projector, id string, position uint64) error {
	rows, err := views.Ask(ctx, projections.Question{View: "shipments", WaitFor: position,
		Where: []projections.Cond{{Column: "shipment_id", Value: id}}})
	if err == nil && len(rows.Values) != 1 {
		err = fmt.Errorf("view shipments has %d rows of shipment %q at position %d", len(rows.Values), id, rows.Position)
	}
	return err
}

// pauseUntil waits until a moment.
func pauseUntil(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
