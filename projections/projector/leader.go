package projector

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"zhitong/events/log"
	"zhitong/projections"
)

// Run keeps the views until ctx ends, and returns why it stopped. Of several that
// run, in whatever processes, one is active; the others wait to take over. Where
// Postgres or the log is out of reach it tries again. It gives up only where trying
// again can't help: a stream that is not the one it was, a commit that can't be
// read, a database of another program.
func (p *Projector) Run(ctx context.Context) error {
	pause := p.cfg.RetryAfterMin
	for {
		moved, err := p.lead(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.health.failed(err)
		if !mayPass(err) {
			return err
		}
		if moved {
			pause = p.cfg.RetryAfterMin
		}
		p.cfg.Logger.Warn("projector interrupted, trying again", "error", err, "after", pause)
		if err := wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, p.cfg.RetryAfterMax)
	}
}

// wait waits for d or the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errDamaged says that a commit can't be read.
var errDamaged = errors.New("the log can't be read")

// leader is the active projector: it holds the lock as long as its connection
// lives. It belongs to one goroutine.
type leader struct {
	p          *Projector
	session    *session
	checkpoint checkpoint
	live       []*member // stand at the checkpoint
	behind     []*member // have a checkpoint of their own
	seen       atomic.Pointer[mark]
	rebuilding chan error // where the rebuild under way will answer; nil when none is
	moved      bool       // something was written
}

func (l *leader) members() []*member { return append(l.live[:len(l.live):len(l.live)], l.behind...) }

// lead waits until it is the active projector and then works until something
// fails. It reports whether it wrote anything.
func (p *Projector) lead(ctx context.Context) (moved bool, err error) {
	conn, err := p.conns.open(ctx)
	if err != nil {
		return false, err
	}
	defer shut(conn)
	if err := migrate(ctx, conn); err != nil {
		return false, err
	}
	if err := run(ctx, conn, fmt.Sprintf("SELECT pg_advisory_lock(%d)", lockLead)); err != nil {
		return false, err
	}
	if err := run(ctx, conn, grants+mortal(p.cfg.SilenceMax)); err != nil {
		return false, err
	}
	l := &leader{p: p, session: newSession(conn)}
	ctx, cancel := context.WithCancel(ctx)
	history := make(chan struct{})
	go func() {
		defer close(history)
		if p.cfg.Past != "" {
			p.keepHistory(ctx)
		}
	}()
	defer func() {
		cancel()
		<-history
		if l.rebuilding != nil {
			<-l.rebuilding
		}
	}()
	for {
		if err := l.serve(ctx); !errors.Is(err, errPlanChanged) {
			return l.moved, err
		}
	}
}

// mortal lets Postgres end a session that says nothing for so long, within a
// transaction or outside: a process that is paused, or cut off, must not keep the
// lock. Servers before version 14 only know the first.
func mortal(silenceMax time.Duration) string {
	return fmt.Sprintf(`;
SET idle_in_transaction_session_timeout = %[1]d;
DO $$
BEGIN
	IF current_setting('server_version_num')::int >= 140000 THEN
		SET idle_session_timeout = %[1]d;
	END IF;
END $$`, silenceMax.Milliseconds())
}

// stayAlive says something to Postgres until done is closed or ctx ends, so that the
// session is not taken for a dead one while it waits for other work.
func (l *leader) stayAlive(ctx context.Context, done <-chan struct{}) error {
	every := time.NewTicker(max(time.Millisecond, min(l.p.cfg.SilenceMax/4, idleCheckPeriod)))
	defer every.Stop()
	for {
		select {
		case <-every.C:
			if err := run(ctx, l.session.conn, "SELECT 1"); err != nil {
				return err
			}
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// serve reads the plan and works on it until it changes or something fails.
func (l *leader) serve(ctx context.Context) error {
	if err := l.plan(ctx); err != nil {
		return err
	}
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	blocks, ended := make(chan projections.Block, blocksAheadMax), make(chan error, 1)
	go func() { ended <- l.follow(ctx, l.checkpoint.position+1, blocks) }()
	err := l.work(ctx, blocks, ended)
	cancel()
	for range blocks { // until follow has ended
	}
	return err
}

// follow decodes the log ahead of the fold.
func (l *leader) follow(ctx context.Context, from uint64, out chan<- projections.Block) error {
	defer close(out)
	return l.p.cfg.Log.Follow(ctx, from, func(b log.Block) error {
		d, err := projections.Decode(b.First, b.Commits)
		if err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		last := markOf(&d, len(d.Commits)-1)
		l.seen.Store(&last)
		select {
		case out <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// work folds what comes, as much as is there at a time, and looks at the plan when
// there is nothing to do.
func (l *leader) work(ctx context.Context, blocks <-chan projections.Block, ended <-chan error) error {
	idle := time.NewTicker(idleCheckPeriod)
	defer idle.Stop()
	for {
		select {
		case b, ok := <-blocks:
			if !ok {
				return <-ended
			}
			batch, err := gather(b, blocks, l.checkpoint.position)
			if err != nil {
				return err
			}
			if len(batch) == 0 {
				continue
			}
			if err := l.step(ctx, batch); err != nil {
				return err
			}
			l.moved = true
		case err := <-l.rebuilding:
			l.rebuilding = nil
			if err != nil {
				return err
			}
			return errPlanChanged
		case <-idle.C:
			rows, err := query(ctx, l.session.conn, "SELECT term FROM zhitong_projector.checkpoint")
			if err != nil {
				return err
			}
			if len(rows) != 1 || number(rows[0][0]) != l.checkpoint.term {
				return errPlanChanged
			}
		}
	}
}

// gather takes what else is there, up to the size of a batch. What is not behind
// position is dropped: a block that comes twice counts once.
func gather(b projections.Block, more <-chan projections.Block, position uint64) ([]projections.Block, error) {
	var batch []projections.Block
	events := 0
	for {
		b = b.Behind(position)
		if len(b.Commits) > 0 {
			if b.First != position+1 {
				return nil, fmt.Errorf("%w: position %d follows %d", ErrStream, b.First, position)
			}
			batch = append(batch, b)
			position, events = b.Last(), events+b.Events()
		}
		if events >= batchEventsMax {
			return batch, nil
		}
		var ok bool
		select {
		case b, ok = <-more:
			if !ok {
				return batch, nil
			}
		default:
			return batch, nil
		}
	}
}
