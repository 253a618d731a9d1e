package bench

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"github.com/nats-io/nats.go"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/demo"
	"zhitong/projections"
)

// inFlightMax is how many commands of the filling wait for their answers.
const inFlightMax = 2048

// demoEvents is about how many events the demo programme has at scale 1.
const demoEvents = 65_000

// filled is a log that is filled with the demo programme as far as is wanted, with
// the programme's own mix and sizes.
type filled struct {
	log      log.Log
	next     func() (app.Envelope, bool)
	stop     func()
	answered int // events that commands were answered with, so without reactions
	events   int // of the log
}

// newFilled opens a fresh log of nc that can be filled with up to about so many
// events. The caller calls stop.
func newFilled(ctx context.Context, nc *nats.Conn, eventsMax int) (*filled, error) {
	if eventsMax < 1 {
		return nil, fmt.Errorf("bench: %d events: at least one is needed", eventsMax)
	}
	scale := max(1, (eventsMax+demoEvents-1)/demoEvents)
	programme, err := demo.New(demo.Options{Scale: strconv.Itoa(scale), Seed: demo.DefaultSeed})
	if err != nil {
		return nil, err
	}
	l, err := log.OpenJetStream(ctx, nc, log.Options{})
	if err != nil {
		return nil, err
	}
	f := &filled{log: l}
	f.next, f.stop = iter.Pull(programme.Commands())
	return f, nil
}

// to fills the log up to at least so many events, if the programme has as many, with
// an application that is gone afterwards.
func (f *filled) to(ctx context.Context, events int) error {
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, assembly.Options(f.log, ring))
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	err = f.send(ctx, a, events)
	stop()
	if runErr := <-ended; err == nil {
		err = runErr
	}
	if err != nil {
		return err
	}
	all, err := projections.Fold(ctx, f.read, nil, projections.Until{})
	if err == nil {
		f.events = int(all.Events)
	}
	return err
}

func (f *filled) send(ctx context.Context, a *app.App, events int) error {
	var queue []*app.Pending
	land := func() error {
		r, err := queue[0].Wait(ctx)
		queue = queue[1:]
		f.answered += len(r.Events)
		if err := done(r, err); err != nil {
			return fmt.Errorf("command %q: %w", r.ID, err)
		}
		return nil
	}
	for f.answered < events {
		env, more := f.next()
		if !more {
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

// read reads the log as a fold wants it.
func (f *filled) read(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
	return f.log.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
}
