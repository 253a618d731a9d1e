package projector

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"zhitong/events/log"
	"zhitong/projections"
)

// catchUp brings the members that are behind to the checkpoint: one that is near
// by batches of its own, one that is far by a rebuild in memory, beside the live
// ones if there are any. When the plan has changed by it, it says so.
func (l *leader) catchUp(ctx context.Context) error {
	head, err := l.p.cfg.Log.Head(ctx)
	if err != nil {
		return err
	}
	far := uint64(l.p.cfg.RebuildCommitsMin)
	if l.checkpoint.position == 0 && head.Position >= far && len(l.members()) > 0 {
		return l.rebuildInline(ctx, l.members())
	}
	joined := false
	var distant []*member
	for _, m := range l.behind {
		if l.checkpoint.position-m.position >= far {
			distant = append(distant, m)
			continue
		}
		if err := l.catchUpOne(ctx, m); err != nil {
			return err
		}
		joined = joined || m.status == statusLive
	}
	switch {
	case joined:
		return errPlanChanged
	case len(distant) > 0 && len(l.live) == 0:
		return l.rebuildInline(ctx, distant)
	case len(distant) > 0 && l.rebuilding == nil:
		answer := make(chan error, 1)
		l.rebuilding = answer
		go func() { answer <- l.p.rebuild(ctx, projectionsOf(distant), stopFailed) }()
	}
	return nil
}

// rebuildInline rebuilds while nothing else is to be done: after the rebuild under
// way, if there is one, which then may have done it.
func (l *leader) rebuildInline(ctx context.Context, ms []*member) error {
	work := func(ctx context.Context) error { return l.p.rebuild(ctx, projectionsOf(ms), stopFailed) }
	if l.rebuilding != nil {
		under := l.rebuilding
		l.rebuilding = nil
		work = func(context.Context) error { return <-under }
	}
	l.moved = true
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	var failed error
	go func() {
		defer close(done)
		failed = work(ctx)
	}()
	err := l.stayAlive(ctx, done)
	cancel() // whoever has lost the lead need not finish
	<-done
	if err = cmp.Or(err, failed); err != nil {
		return err
	}
	return errPlanChanged
}

func projectionsOf(ms []*member) []*projections.Projection {
	ps := make([]*projections.Projection, len(ms))
	for i, m := range ms {
		ps[i] = m.p
	}
	return ps
}

// errThere ends a read at the checkpoint.
var errThere = errors.New("read as far as the checkpoint")

// catchUpOne folds what m lacks to stand at the checkpoint.
func (l *leader) catchUpOne(ctx context.Context, m *member) error {
	if m.position == l.checkpoint.position {
		// Nothing to fold; it joins by writing that it does.
		return l.stepBehind(ctx, m, nil)
	}
	err := l.p.cfg.Log.Read(ctx, m.position+1, func(b log.Block) error {
		lines := b.Commits
		if b.Last() > l.checkpoint.position {
			lines = lines[:l.checkpoint.position+1-b.First]
		}
		if len(lines) > 0 {
			d, err := projections.Decode(b.First, lines)
			if err != nil {
				return fmt.Errorf("%w: %w", errDamaged, err)
			}
			if err := l.stepBehind(ctx, m, []projections.Block{d}); err != nil {
				return err
			}
		}
		if m.status != statusBuilding || m.position == l.checkpoint.position {
			return errThere
		}
		return nil
	})
	if errors.Is(err, errThere) {
		return nil
	}
	return err
}
