package projector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhitong/projections"
)

// errPlanChanged says that another process has changed the plan or written rows:
// nothing was written, and the plan must be read again.
var errPlanChanged = errors.New("the projector's plan has changed")

// NotifyChannel is the channel on which a transaction says that positions moved.
const NotifyChannel = "zhitong_position"

const (
	moveCheckpoint = `
UPDATE zhitong_projector.checkpoint
   SET position = $3, commit_sha256 = $4, recorded = $5::timestamptz,
       head = greatest($6::bigint, $3), head_recorded = CASE WHEN $6::bigint > $3 THEN $7::timestamptz ELSE $5::timestamptz END,
       first_commit = CASE WHEN first_commit = '' THEN $8 ELSE first_commit END,
       events_per_s = $9, moved = now()
 WHERE term = $1 AND position = $2`
	moveProjection = `
UPDATE zhitong_projector.projection
   SET position = $3, commit_sha256 = $4, recorded = $5::timestamptz, status = $6,
       error = $7, error_event = $8, error_position = $9
 WHERE name = $1 AND version = $2`
	moveRelation = `
UPDATE zhitong_projector.relation SET rows = $4, digest = $5
 WHERE name = $1 AND version = $2 AND relation = $3`
	notify = "SELECT pg_notify('" + NotifyChannel + "', $1)"
)

// step folds blocks for the live members and writes their rows, the checkpoint and
// whoever stopped in one transaction.
func (l *leader) step(ctx context.Context, blocks []projections.Block) error {
	var outs []outcome
	events := 0
	for i := range blocks {
		events += blocks[i].Events()
	}
	last := &blocks[len(blocks)-1]
	to := markOf(last, len(last.Commits)-1)
	err := l.locked(ctx, func() error {
		w := &writing{session: l.session}
		for _, m := range l.live {
			out, err := m.fold(ctx, blocks, l.checkpoint.mark)
			if err == nil {
				err = l.addOutcome(ctx, w, &out, statusLive)
			}
			if err != nil {
				return err
			}
			outs = append(outs, out)
		}
		seen := l.seen.Load()
		err := w.addOne(ctx, moveCheckpoint, l.checkpoint.term, l.checkpoint.position, to.position, to.sha256, null(to.recorded),
			seen.position, null(seen.recorded), firstHash(blocks), l.p.rate.perSecond(time.Now(), events))
		if err == nil {
			err = w.add(ctx, notify, params([]any{to.position}))
		}
		if err != nil {
			return err
		}
		return w.send(ctx)
	})
	if err != nil {
		return err
	}
	l.checkpoint.mark = to
	l.p.rate.add(time.Now(), events)
	l.p.health.reached(to)
	if l.checkpoint.first == "" {
		l.checkpoint.first = firstHash(blocks)
	}
	l.live = l.live[:0]
	for i := range outs {
		if l.keep(&outs[i]) {
			l.live = append(l.live, outs[i].member)
		}
	}
	return nil
}

// stepBehind does the same for one member that is behind the checkpoint: it has a
// checkpoint of its own until it stands where the others do.
func (l *leader) stepBehind(ctx context.Context, m *member, blocks []projections.Block) error {
	var out outcome
	err := l.locked(ctx, func() error {
		var err error
		if out, err = m.fold(ctx, blocks, m.mark); err != nil {
			return err
		}
		status := statusBuilding
		if out.at.position == l.checkpoint.position {
			status = statusLive
		}
		w := &writing{session: l.session}
		if err = l.addOutcome(ctx, w, &out, status); err == nil {
			err = w.add(ctx, notify, params([]any{out.at.position}))
		}
		if err != nil {
			return err
		}
		return w.send(ctx)
	})
	if err != nil {
		return err
	}
	m.mark = out.at
	if l.keep(&out) && m.position == l.checkpoint.position {
		m.status = statusLive
	}
	return nil
}

// locked runs fn in a transaction that holds the checkpoint, after making sure
// that it is the one that the leader works on.
func (l *leader) locked(ctx context.Context, fn func() error) error {
	err := transact(ctx, l.session.conn, "BEGIN", func() error {
		rows, err := query(ctx, l.session.conn, lockCheckpoint)
		if err != nil {
			return err
		}
		if len(rows) != 1 || number(rows[0][0]) != l.checkpoint.term || number(rows[0][4]) != l.checkpoint.position {
			return errPlanChanged
		}
		return fn()
	})
	if err != nil {
		for _, m := range l.members() {
			m.db.Reset()
		}
	}
	return err
}

// addOutcome adds what a member made of a batch to the transaction. status is the
// one that it has unless it failed.
func (l *leader) addOutcome(ctx context.Context, w *writing, o *outcome, status string) error {
	if err := w.changes(ctx, o.source.schema, o.p, o.changes); err != nil {
		return err
	}
	for _, c := range o.changes {
		if c.Empty() {
			continue
		}
		r := o.relations[c.Schema.Name]
		err := w.addOne(ctx, moveRelation, o.name, o.version, c.Schema.Name, r.rows+c.Rows, r.digest.Add(c.Digest))
		if err != nil {
			return err
		}
	}
	switch {
	case o.failed != nil:
		return w.addOne(ctx, moveProjection, o.name, o.version, o.at.position, o.at.sha256, null(o.at.recorded),
			statusStopped, advice(o.failed), o.failed.EventID, o.failed.Position)
	case o.status == statusLive:
		return nil
	default:
		return w.addOne(ctx, moveProjection, o.name, o.version, o.at.position, o.at.sha256, null(o.at.recorded),
			status, nil, nil, nil)
	}
}

// keep takes over what was written of a member, and reports whether it goes on.
func (l *leader) keep(o *outcome) bool {
	o.keep()
	if o.failed == nil {
		return true
	}
	o.standing.mark, o.status = o.at, statusStopped
	l.p.cfg.Logger.Error("projection stopped", "projection", o.name, "version", o.version,
		"position", o.failed.Position, "event_id", o.failed.EventID, "error", fmt.Sprint(o.failed.Err),
		"stack", string(projections.StackOf(o.failed.Err)))
	return false
}

// firstHash is the hash of the log's first commit, if the blocks hold it.
func firstHash(blocks []projections.Block) string {
	if blocks[0].First != 1 {
		return ""
	}
	return markOf(&blocks[0], 0).sha256
}
