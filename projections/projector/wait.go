package projector

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// waits lets many wait for positions over one connection: one of them listens and
// tells the others.
type waits struct {
	listening chan struct{} // holds one element while somebody listens

	mu      sync.Mutex
	reached int64         // guarded by mu; -1 as long as views are missing
	changed chan struct{} // guarded by mu; closed and replaced with reached
}

func newWaits() *waits {
	return &waits{listening: make(chan struct{}, 1), reached: -1, changed: make(chan struct{})}
}

func (w *waits) set(reached int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reached != reached {
		w.reached = reached
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

func (w *waits) get() (reached int64, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reached, w.changed
}

// WaitFor returns once every view that isn't stopped has the commit at position,
// whichever process folds it. Somebody must run a projector.
func (p *Projector) WaitFor(ctx context.Context, position uint64) error {
	pause := p.cfg.RetryAfterMin
	for {
		reached, changed := p.waits.get()
		if reached >= 0 && uint64(reached) >= position {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case p.waits.listening <- struct{}{}:
			err := p.conns.with(ctx, func(conn *pgconn.PgConn) error { return p.listen(ctx, conn, position) })
			<-p.waits.listening
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil && !isGone(err):
				return err
			case err != nil:
				if err := wait(ctx, pause); err != nil {
					return err
				}
				pause = min(2*pause, p.cfg.RetryAfterMax)
			}
		}
	}
}

// listen follows what projectors write until the position is reached.
func (p *Projector) listen(ctx context.Context, conn *pgconn.PgConn, position uint64) error {
	if err := migrate(ctx, conn); err != nil {
		return err
	}
	if err := run(ctx, conn, "LISTEN "+NotifyChannel); err != nil {
		return err
	}
	for {
		reached, err := p.reached(ctx, conn)
		if err != nil {
			return err
		}
		p.waits.set(reached)
		if reached >= 0 && uint64(reached) >= position {
			return run(ctx, conn, "UNLISTEN "+NotifyChannel)
		}
		if err := conn.WaitForNotification(ctx); err != nil {
			shut(conn)
			return fmt.Errorf("postgres: %w", err)
		}
	}
}

// reached is the position that all known views have, or -1 while one is not there.
func (p *Projector) reached(ctx context.Context, conn *pgconn.PgConn) (int64, error) {
	c, all, err := newSession(conn).readPlan(ctx, readCheckpoint)
	if err != nil {
		return 0, err
	}
	reached, known := int64(c.position), 0
	for _, st := range all {
		if p.known(st.name, st.version) == nil {
			continue
		}
		known++
		if st.status == statusBuilding {
			reached = min(reached, int64(st.position))
		}
	}
	if known < len(p.cfg.Projections) {
		return -1, nil
	}
	return reached, nil
}

// CatchUp returns once the views have everything that is in the log now. It folds
// by itself if nobody else does, and otherwise waits for the one that does.
func (p *Projector) CatchUp(ctx context.Context) error {
	head, err := p.cfg.Log.Head(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cancel(p.Run(ctx)) // a projector that gives up ends the waiting
	}()
	err = p.WaitFor(ctx, head.Position)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(errors.New("caught up"))
	<-ended
	return err
}
