// Package keeper lets the Merkle log follow the log of record.
//
// It owns the order of things: what the log has is hashed, made durable, signed,
// shown to witnesses. It refuses to go on behind a log that is not the one that
// was signed. Start reading at [Keeper.Run].
package keeper

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
	"zhitong/events/log"
)

// EveryDefault is the time between two checkpoints.
const EveryDefault = time.Second

// Options are what can be set.
type Options struct {
	// Every is the time between two checkpoints. Defaults to EveryDefault.
	Every time.Duration
	// OnSigned is called with each new checkpoint, outside of any lock; it asks
	// witnesses, for instance. Hashing does not wait for it, the next checkpoint
	// does. Defaults to nothing.
	OnSigned func(ctx context.Context, s checkpoint.Signed)
}

// Keeper grows a Merkle log behind a log.
type Keeper struct {
	log  log.Log
	w    *tree.Writer
	opts Options

	mu     sync.Mutex
	seen   uint64 // guarded by mu; the last position that was hashed
	reason error  // guarded by mu; why Run ended
}

// New makes a Keeper that does nothing yet.
func New(l log.Log, w *tree.Writer, opts Options) *Keeper {
	if opts.Every <= 0 {
		opts.Every = EveryDefault
	}
	if opts.OnSigned == nil {
		opts.OnSigned = func(context.Context, checkpoint.Signed) {}
	}
	return &Keeper{log: l, w: w, opts: opts}
}

// Status is how far a Keeper is.
type Status struct {
	Hashed uint64            // position up to which commits are hashed
	Signed checkpoint.Signed // the latest checkpoint
	Err    error             // why it has stopped; nil while it runs
}

// Status tells how far it is.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Status{Hashed: k.seen, Signed: k.w.Last(), Err: k.reason}
}

// Run follows the log until ctx ends or something is wrong: tree.ErrRewritten
// when the log is not the one that was signed. Before it ends it signs what it
// has hashed. It is single-use.
func (k *Keeper) Run(ctx context.Context) error {
	err := k.run(ctx)
	k.mu.Lock()
	k.reason = err
	k.mu.Unlock()
	return err
}

func (k *Keeper) run(ctx context.Context) error {
	from, tail, err := k.begin(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return k.log.Follow(ctx, from, func(b log.Block) error { return k.add(b, &tail) })
	})
	group.Go(func() error { return k.sign(ctx) })
	return group.Wait()
}

// CatchUp hashes and signs what the log has now, and returns: for a process that
// does not stay.
func (k *Keeper) CatchUp(ctx context.Context) (checkpoint.Signed, error) {
	from, tail, err := k.begin(ctx)
	if err == nil {
		err = k.log.Read(ctx, from, func(b log.Block) error { return k.add(b, &tail) })
	}
	if err != nil {
		return checkpoint.Signed{}, err
	}
	return k.w.Checkpoint()
}

// add hashes a block.
func (k *Keeper) add(b log.Block, tail *[]merkle.Hash) error {
	first, commits, err := k.checkTail(b, tail)
	if err != nil || len(commits) == 0 {
		return err
	}
	if err := k.w.Add(first, commits); err != nil {
		return err
	}
	k.mu.Lock()
	k.seen = first + uint64(len(commits)) - 1
	k.mu.Unlock()
	return nil
}

// sign makes a checkpoint whenever the time has come.
func (k *Keeper) sign(ctx context.Context) error {
	tick := time.NewTicker(k.opts.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			_, err := k.w.Checkpoint()
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
		before := k.w.Last().Size
		s, err := k.w.Checkpoint()
		if err != nil {
			return err
		}
		if s.Size != before {
			k.opts.OnSigned(ctx, s)
		}
	}
}

// begin finds where to go on: from is the position to follow from, tail the
// hashes that the first commits from there must have.
func (k *Keeper) begin(ctx context.Context) (from uint64, tail []merkle.Hash, err error) {
	head, err := k.log.Head(ctx)
	if err != nil {
		return 0, nil, err
	}
	if last := k.w.Last(); head.Position < last.Size {
		return 0, nil, fmt.Errorf("%w: it ends at position %d, signed were %d", tree.ErrRewritten, head.Position, last.Size)
	}
	size := k.w.Size()
	k.mu.Lock()
	k.seen = size
	k.mu.Unlock()
	from, tail = k.w.Edge()
	if size > 0 && len(tail) == 0 {
		tail, err = k.w.Reader().Tile(0, size/merkle.TileWidth-1, 0)
		from = size - merkle.TileWidth + 1
	}
	return from, tail, err
}

// checkTail takes off what the tree has already, and holds it against the tree.
func (k *Keeper) checkTail(b log.Block, tail *[]merkle.Hash) (first uint64, commits [][]byte, err error) {
	n := min(len(*tail), len(b.Commits))
	for i := range n {
		if merkle.Leaf(b.Commits[i]) != (*tail)[i] {
			return 0, nil, fmt.Errorf("%w: the commit at position %d is another one", tree.ErrRewritten, b.First+uint64(i))
		}
	}
	*tail = (*tail)[n:]
	return b.First + uint64(n), b.Commits[n:], nil
}
