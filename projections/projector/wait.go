package projector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// waits lets many wait for positions over one connection: one of them listens and
// tells the others.
type waits struct {
	listening chan struct{}  // holds one element while somebody listens
	conn      *pgconn.PgConn // of the one who listens, kept for the next; nil when there is none
	noted     bool           // of the one who listens: a notification has come in

	mu      sync.Mutex
	reached int64         // guarded by mu; see Projector.reached
	told    chan struct{} // guarded by mu; closed and replaced whenever reached was looked at
}

func newWaits() *waits {
	return &waits{listening: make(chan struct{}, 1), told: make(chan struct{})}
}

// tell says what position was reached just now.
func (w *waits) tell(reached int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reached = reached
	close(w.told)
	w.told = make(chan struct{})
}

// next returns a channel that is closed when something is told, and what was told
// last.
func (w *waits) next() (<-chan struct{}, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told, w.reached
}

// WaitFor returns once every view that isn't stopped has the commit at position,
// whichever process folds it. Somebody must run a projector.
func (p *Projector) WaitFor(ctx context.Context, position uint64) error {
	pause := p.cfg.RetryAfterMin
	for {
		err := p.waitFor(ctx, int64(position))
		switch {
		case err == nil, ctx.Err() != nil, !mayPass(err):
			return cmp.Or(ctx.Err(), err)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, p.cfg.RetryAfterMax)
	}
}

// waitFor is WaitFor as long as the database is there. What was told before the
// call doesn't count: a view may have been set back.
func (p *Projector) waitFor(ctx context.Context, position int64) error {
	told, _ := p.waits.next()
	reached := int64(notThere)
	err := p.withTables(ctx, func(conn *pgconn.PgConn) (err error) {
		reached, err = p.reached(ctx, conn)
		return err
	})
	for err == nil && reached < position {
		select {
		case <-told:
			told, reached = p.waits.next()
		case p.waits.listening <- struct{}{}:
			reached, err = p.listen(ctx, position)
			<-p.waits.listening
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return err
}

// listen tells what projectors write until the position is reached, which it
// returns.
func (p *Projector) listen(ctx context.Context, position int64) (int64, error) {
	conn, err := p.listener(ctx)
	if err != nil {
		return 0, err
	}
	for {
		p.waits.noted = false
		reached, err := p.reached(ctx, conn)
		if err != nil {
			return 0, err
		}
		p.waits.tell(reached)
		if reached >= position {
			return reached, nil
		}
		if p.waits.noted {
			continue // it came with the answer, which may be older
		}
		if err := notification(ctx, conn); err != nil {
			return 0, err
		}
	}
}

// listenCheckPeriod is how long a listener believes a silent connection.
const listenCheckPeriod = 5 * time.Second

// notification waits for one, or until it is time to look again.
func notification(ctx context.Context, conn *pgconn.PgConn) error {
	soon, cancel := context.WithTimeout(ctx, listenCheckPeriod)
	defer cancel()
	if err := conn.WaitForNotification(soon); err != nil && (ctx.Err() != nil || soon.Err() == nil) {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// listener returns the connection to listen on, for who holds the place.
func (p *Projector) listener(ctx context.Context) (*pgconn.PgConn, error) {
	if c := p.waits.conn; c != nil && !c.IsClosed() {
		return c, nil
	}
	conn, err := p.conns.openNotified(ctx, func() { p.waits.noted = true })
	if err != nil {
		return nil, err
	}
	if err := run(ctx, conn, "LISTEN "+NotifyChannel); err != nil {
		shut(conn)
		return nil, err
	}
	p.waits.conn = conn
	return conn, nil
}

// close closes the connection to listen on; nobody may wait any more.
func (w *waits) close() {
	w.listening <- struct{}{}
	if w.conn != nil {
		shut(w.conn)
	}
	<-w.listening
}

// notThere is the position reached as long as a view is missing.
const notThere = -1

const readReached = `
SELECT p.name, p.version, CASE WHEN p.status = 'building' THEN least(p.position, c.position) - 1 ELSE c.position END
  FROM zhitong_projector.projection p CROSS JOIN zhitong_projector.checkpoint c`

// reached is the position that all known views have that are not stopped, or
// notThere. One that is building counts its last commit only once it has joined the
// others, so that nobody goes before that.
func (p *Projector) reached(ctx context.Context, conn *pgconn.PgConn) (int64, error) {
	rows, err := query(ctx, conn, readReached)
	if err != nil {
		return 0, err
	}
	reached, known := int64(math.MaxInt64), 0
	for _, r := range rows {
		if p.known(r[0].Text, int(number(r[1]))) != nil {
			known++
			reached = min(reached, int64(number(r[2])))
		}
	}
	if known < len(p.cfg.Projections) {
		return notThere, nil
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
	if err := p.checkStream(ctx); err != nil {
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

// checkStream refuses a log that is not the one that the views were folded from.
func (p *Projector) checkStream(ctx context.Context) error {
	var c checkpoint
	err := p.withTables(ctx, func(conn *pgconn.PgConn) error {
		return transact(ctx, conn, snapshot, func() (err error) {
			c, _, err = newSession(conn).readPlan(ctx, readCheckpoint)
			return err
		})
	})
	if err != nil {
		return err
	}
	return checkStream(ctx, p.cfg.Log, c.stream, []mark{c.mark})
}
