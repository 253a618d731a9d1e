package app

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"zhitong/events/keys"
	"zhitong/events/log"
)

// Rehearse returns an App on top of the log as it is now, whose commits go nowhere
// but into memory: what would happen. Its Run must be called like any App's; it
// ends with ctx, and everything is forgotten.
func Rehearse(ctx context.Context, o Options) (*App, error) {
	head, err := o.Log.Head(ctx)
	if err != nil {
		return nil, err
	}
	o.Log = &overlay{base: o.Log, under: head}
	o.Snapshots.readOnly = true
	if o.Ring, err = keys.OpenRing(ctx, keys.NewMemory()); err != nil {
		return nil, err
	}
	return Open(ctx, o)
}

// overlay is a log whose first part is another log and whose rest is in memory.
type overlay struct {
	base  log.Log
	under log.Head

	mu     sync.Mutex
	blocks []log.Block // behind under; guarded by mu
}

func (o *overlay) Identity(ctx context.Context) (log.Identity, error) { return o.base.Identity(ctx) }

func (o *overlay) Head(context.Context) (log.Head, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.head(), nil
}

// head is the end of the rehearsal. mu is held.
func (o *overlay) head() log.Head {
	if n := len(o.blocks); n > 0 {
		return log.Head{Seq: o.blocks[n-1].Seq, Position: o.blocks[n-1].Last()}
	}
	return o.under
}

func (o *overlay) Append(_ context.Context, expected log.Head, commits [][]byte) (log.Head, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.head() != expected {
		return log.Head{}, log.ErrConflict
	}
	b := log.Block{Seq: expected.Seq + 1, First: expected.Position + 1}
	for _, c := range commits {
		b.Commits = append(b.Commits, slices.Clone(c))
	}
	o.blocks = append(o.blocks, b)
	return o.head(), nil
}

func (o *overlay) Read(ctx context.Context, from uint64, fn func(log.Block) error) error {
	if from <= o.under.Position {
		err := o.base.Read(ctx, from, func(b log.Block) error {
			if b.First > o.under.Position {
				return errAbove
			}
			return fn(b)
		})
		if err != nil && err != errAbove {
			return err
		}
	}
	o.mu.Lock()
	blocks := o.blocks
	o.mu.Unlock()
	for _, b := range blocks {
		if b.Last() < from {
			continue
		}
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

// errAbove ends a read of the base where the rehearsal begins.
var errAbove = fmt.Errorf("above the rehearsal's base")

func (o *overlay) Follow(ctx context.Context, from uint64, fn func(log.Block) error) error {
	return fmt.Errorf("a rehearsal is not followed: %w", log.ErrUnavailable)
}

func (o *overlay) Load(ctx context.Context, positions []uint64, fn func(uint64, []byte) error) error {
	i, _ := slices.BinarySearch(positions, o.under.Position+1)
	if i > 0 {
		if err := o.base.Load(ctx, positions[:i], fn); err != nil {
			return err
		}
	}
	o.mu.Lock()
	blocks := o.blocks
	o.mu.Unlock()
	for _, p := range positions[i:] {
		k, _ := slices.BinarySearchFunc(blocks, p, func(b log.Block, p uint64) int {
			if b.Last() < p {
				return -1
			}
			return 0
		})
		if k == len(blocks) {
			return fmt.Errorf("position %d is beyond the rehearsal's end", p)
		}
		if err := fn(p, blocks[k].Commits[p-blocks[k].First]); err != nil {
			return err
		}
	}
	return nil
}
