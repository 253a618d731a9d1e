package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/forward"
	"zhitong/internal/lease"
)

// leaseCommands is the lease of the process that decides the commands of all.
const leaseCommands = "commands"

// place is this process's place among those of a cluster; alone in a data folder it
// is empty.
type place struct {
	house     *house
	name      string
	lease     *lease.Lease
	forwarder *forward.Forwarder
}

// processName names this process among those of a cluster.
func processName() string { return fmt.Sprintf("%d-%s", os.Getpid(), rand.Text()) }

// joinCluster lets commands be decided by whoever holds the lease. A data folder's
// own server needs none of it: who works beside its owner does so for a short time.
func (h *house) joinCluster(ctx context.Context, o *app.Options) (*place, error) {
	if h.p.cfg.NATSURL == "" {
		return &place{house: h}, nil
	}
	c := &place{house: h, name: processName()}
	var err error
	if c.lease, err = lease.Open(ctx, h.instance.NATS(), log.StreamDefault, leaseCommands, c.name, h.p.cfg.Replicas); err != nil {
		return nil, err
	}
	c.forwarder = forward.Open(h.instance.NATS(), c.lease, log.StreamDefault)
	o.Elsewhere = c.forwarder
	return c, nil
}

// run runs the App, and beside it what lets the processes of a cluster work for each
// other. Only one that stays asks for the lease.
func (c *place) run(ctx context.Context, a *app.App) error {
	if c.lease == nil {
		return a.Run(ctx)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(ctx) })
	g.Go(func() error { return c.forwarder.Run(ctx) })
	g.Go(func() error {
		if !c.house.serves {
			return c.lease.Watch(ctx)
		}
		return c.lease.Run(ctx, func(ctx context.Context) error {
			return forward.Serve(ctx, c.house.instance.NATS(), log.StreamDefault, c.name, a)
		})
	})
	return g.Wait()
}
