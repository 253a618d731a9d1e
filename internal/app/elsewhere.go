package app

import (
	"context"
	"errors"
	"fmt"

	"zhitong/events/log"
)

// Elsewhere is the process of a cluster that decides for the others, so that they
// do not write the same head against each other. Nothing rests on it: a command that
// it does not answer is decided here, and answered the same.
type Elsewhere interface {
	// Decide hands a command over, in the order of the calls. It returns false when
	// this process is the one that decides, or knows of none. Otherwise done is
	// called once: with the answer, or with an error when there is none and the
	// command must be decided here. It may be called from another goroutine, for
	// failed commands in the order in which they were handed over.
	Decide(env Envelope, done func(Result, error)) bool
}

// submitElsewhere hands a command over if another process decides, and returns nil
// otherwise. What this process has been given before is answered first, so that the
// commands of one goroutine stay in order.
func (a *App) submitElsewhere(ctx context.Context, env Envelope) *Pending {
	if last := a.lastHere.Load(); last != nil {
		select {
		case <-last.done:
			a.lastHere.CompareAndSwap(last, nil)
		case <-ctx.Done():
			return nil
		}
	}
	p := a.observed(env.Command)
	taken := a.elsewhere.Decide(env, func(r Result, err error) {
		if err != nil {
			a.enqueue(context.WithoutCancel(ctx), p, env, false, nil)
			return
		}
		p.finish(r, 0, nil)
	})
	if !taken {
		return nil
	}
	return p
}

// SubmitHere is [App.Submit] for commands that another process has handed over:
// they are decided in this one whatever happens.
func (a *App) SubmitHere(ctx context.Context, env Envelope) *Pending {
	p := &Pending{done: make(chan struct{})}
	a.enqueue(ctx, p, env, false, nil)
	return p
}

// follow reads what other processes have written, so that this one can take their
// place at once. It does so only where nothing is under way.
func (c *committer) follow(ctx context.Context) error {
	if c.inFlight != nil || !c.next.empty() || len(c.front) > 0 {
		return nil
	}
	head, err := c.app.log.Head(ctx)
	if err != nil || head.Position <= c.folds.durable.Position {
		return nil // a broker that is away is noticed by the next command
	}
	switch err := c.folds.catchUp(ctx); {
	case errors.Is(err, log.ErrUnavailable), err != nil && ctx.Err() != nil:
	case err != nil:
		return fmt.Errorf("follow the log: %w", err)
	}
	durable := c.folds.durable
	c.app.head.Store(&durable)
	return nil
}
