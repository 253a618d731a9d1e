package projector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhitong/events/log"
	"zhitong/projections"
	"zhitong/projections/past"
)

// historyEvery is how often it is looked whether a further place is to be kept, and
// how long after the start for the first time.
const historyEvery = 20 * time.Second

// keepHistory keeps, from time to time, what the projections were at a further place,
// until ctx ends. It holds in memory only what changed since the place before, and
// hinders nobody: what goes wrong is noted, and a look back takes longer.
func (p *Projector) keepHistory(ctx context.Context) {
	for wait(ctx, p.cfg.HistoryEvery) == nil {
		for i := range p.cfg.Projections {
			err := p.keepPlaces(ctx, &p.cfg.Projections[i])
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				p.cfg.Logger.Warn("a place of the past can't be kept, looking back will take longer",
					"projection", p.cfg.Projections[i].Name, "error", err)
			}
		}
	}
}

// keepPlaces keeps every place of a projection that the log has passed.
func (p *Projector) keepPlaces(ctx context.Context, q *projections.Projection) error {
	store, err := p.pastStore(ctx)
	if err != nil {
		return err
	}
	for {
		head, err := p.cfg.Log.Head(ctx)
		if err != nil {
			return err
		}
		chain := store.Chain(q, projections.Until{})
		next := store.Next(chain.Position)
		if next > head.Position {
			return nil
		}
		if err := p.keepPlace(ctx, store, q, chain, next); err != nil {
			return err
		}
	}
}

// keepPlace keeps what a projection was at the place behind a chain.
func (p *Projector) keepPlace(ctx context.Context, store *past.Store, q *projections.Projection, chain past.Chain, at uint64) error {
	src, err := chain.Source()
	if err != nil {
		return err
	}
	defer src.Close()
	if next := store.Next(chain.Position); next != at {
		at = next // the chain ended earlier than its names said
	}
	if chain.Position > 0 {
		err := checkHashes(ctx, p.cfg.Log, []uint64{chain.Position}, map[uint64]string{chain.Position: hexOf(chain.Hash)})
		if err != nil {
			return err
		}
	}
	db := projections.NewCached(q, src, historyRowsMax)
	to, err := p.foldTo(ctx, q, db, chain.Position+1, at)
	if err != nil {
		return err
	}
	changes, err := db.Changes()
	if err != nil {
		return err
	}
	return store.Write(q, chain.Mark, to, func(row past.Row) error {
		for _, c := range changes {
			for _, key := range c.Delete {
				if err := row(c.Schema, key, true); err != nil {
					return err
				}
			}
			for _, vs := range c.Upsert {
				if err := row(c.Schema, vs, false); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// historyRowsMax is beyond what changes between two places: nothing is forgotten.
const historyRowsMax = 1 << 30

// foldTo folds the commits from one position to another.
func (p *Projector) foldTo(ctx context.Context, q *projections.Projection, db *projections.DB, from, to uint64) (at projections.Mark, err error) {
	err = p.cfg.Log.Read(ctx, from, func(b log.Block) error {
		lines := b.Commits
		if b.Last() > to {
			lines = lines[:to+1-b.First]
		}
		d, err := projections.Decode(b.First, lines)
		if err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		for i := range d.Commits {
			if err := q.Apply(db, &d.Commits[i]); err != nil {
				return err
			}
		}
		at = d.Mark(len(d.Commits) - 1)
		if at.Position == to {
			return errThere
		}
		return ctx.Err()
	})
	if errors.Is(err, errThere) {
		return at, nil
	}
	if err == nil {
		err = fmt.Errorf("the log ends at position %d, before %d", at.Position, to)
	}
	return at, err
}
