package projector

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"zhitong/domain"
	"zhitong/projections"
	"zhitong/projections/past"
)

// AsOf folds the log up to a moment, in memory, for the projections that have the
// given views (all, if none is given), from the latest earlier place that is kept.
// A position behind the head is refused (a [*domain.Problem], view.future), since
// nothing is there yet; a time behind the head's is the head.
func (p *Projector) AsOf(ctx context.Context, until projections.Until, views ...string) (*projections.Folded, error) {
	set, err := p.owners(views)
	if err != nil {
		return nil, err
	}
	head, err := p.cfg.Log.Head(ctx)
	if err != nil {
		return nil, err
	}
	if until.Position > head.Position {
		return nil, domain.Refuse(domain.Invalid, "view.future", "as_of", fmt.Sprint(until.Position),
			"the log ends at position %d", head.Position)
	}
	select {
	case p.lookBacks <- struct{}{}:
		defer func() { <-p.lookBacks }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	k, err := p.keeper(ctx, set)
	if err != nil {
		return nil, err
	}
	from, err := k.load(ctx, until)
	if err != nil {
		return nil, err
	}
	return k.fold(ctx, until, from)
}

// foldAll folds the whole log for the set, and keeps places on the way.
func (p *Projector) foldAll(ctx context.Context, set []*projections.Projection, until projections.Until) (*projections.Folded, error) {
	k, err := p.keeper(ctx, set)
	if err != nil {
		return nil, err
	}
	return k.fold(ctx, until, nil)
}

// keeper folds projections and keeps what they were at some places, if there is a
// folder for that.
type keeper struct {
	p     *Projector
	set   []projections.Projection
	store *past.Store // nil where nothing is kept
	// kept is, for each projection, up to where it is kept without a gap. Each
	// belongs to the goroutine of its fold.
	kept []keeping
}

// keeping is how far one projection is kept.
type keeping struct {
	projections.Mark
	ended bool // a file could not be written: what follows would not fit
}

func (p *Projector) keeper(ctx context.Context, set []*projections.Projection) (*keeper, error) {
	k := &keeper{p: p, kept: make([]keeping, len(set))}
	for _, q := range set {
		k.set = append(k.set, *q)
	}
	if p.cfg.Past == "" {
		return k, nil
	}
	store, err := p.pastStore(ctx)
	k.store = store
	return k, err
}

// pastStore is the store of the log's stream.
func (p *Projector) pastStore(ctx context.Context) (*past.Store, error) {
	id, err := p.cfg.Log.Identity(ctx)
	if err != nil {
		return nil, err
	}
	return past.Open(p.cfg.Past, past.Stream{Name: id.Stream, Created: id.Created, First: streamOf(id).first}, p.cfg.PastStepCommits), nil
}

// load loads the latest place that is kept of each projection and not behind until.
// A place that is not the log's is as if it weren't there.
func (k *keeper) load(ctx context.Context, until projections.Until) ([]projections.Start, error) {
	if k.store == nil {
		return nil, nil
	}
	from := make([]projections.Start, len(k.set))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range k.set {
		g.Go(func() error {
			chain := k.store.Chain(&k.set[i], until)
			if chain.Position == 0 {
				return nil
			}
			db, err := chain.Load()
			if err != nil {
				k.p.cfg.Logger.Warn("what was kept of a projection can't be read, folding the whole log", "projection", k.set[i].Name, "error", err)
				return gctx.Err()
			}
			m := mark{position: chain.Position, sha256: hexOf(chain.Hash)}
			switch err := checkHashes(gctx, k.p.cfg.Log, []uint64{m.position}, map[uint64]string{m.position: m.sha256}); {
			case errors.Is(err, ErrStream):
				k.p.cfg.Logger.Warn("what was kept of a projection is of another log, folding the whole log", "projection", k.set[i].Name)
				return nil
			case err != nil:
				return err
			}
			from[i] = projections.Start{Mark: chain.Mark, DB: db}
			k.kept[i].Mark = chain.Mark
			return nil
		})
	}
	return from, g.Wait()
}

// fold folds up to until.
func (k *keeper) fold(ctx context.Context, until projections.Until, from []projections.Start) (*projections.Folded, error) {
	f := projections.Folding{Until: until, From: from}
	if k.store != nil {
		f.Next, f.Look = k.store.Next, k.look
	}
	return f.Fold(ctx, k.p.readLog, k.set)
}

// look keeps what projection i was at a place, unless that is kept already. A disk
// that takes nothing hinders nobody.
func (k *keeper) look(i int, at projections.Mark, db *projections.DB) error {
	kept := &k.kept[i]
	switch {
	case kept.ended:
		return db.Touched(nil)
	case k.store.Has(&k.set[i], kept.Mark, at):
		kept.Mark = at
		return db.Touched(nil)
	}
	err := k.store.Write(&k.set[i], kept.Mark, at, func(row past.Row) error { return db.Touched(row) })
	if err != nil {
		k.p.cfg.Logger.Warn("a place can't be kept, looking back will take longer", "projection", k.set[i].Name, "position", at.Position, "error", err)
		kept.ended = true
		return db.Touched(nil)
	}
	kept.Mark = at
	return nil
}
