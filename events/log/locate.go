package log

import (
	"context"
	"fmt"
)

// locate returns the block that holds the position, which must not be behind
// the head. It starts from what is remembered and fetches as few blocks as it
// can: guesses by proportion take turns with halving, so that the number of
// fetches is bounded by the logarithm of the gap whatever the sizes of blocks.
func (l *jetStream) locate(ctx context.Context, position uint64, head Head) (anchor, error) {
	low, high, known := l.anchors.around(position)
	if !known || high.seq > head.Seq+1 {
		high = anchor{seq: head.Seq + 1, first: head.Position + 1, last: head.Position + 1}
	}
	for guess := true; low.last < position; guess = !guess {
		if low.seq+1 >= high.seq {
			return anchor{}, fmt.Errorf("%w: position %d is missing between blocks %d and %d", ErrIdentity, position, low.seq, high.seq)
		}
		probe, err := l.block(ctx, between(low, high, position, guess))
		if err != nil {
			return anchor{}, err
		}
		found := anchor{seq: probe.Seq, first: probe.First, last: probe.Last()}
		if found.first <= low.last || found.last >= high.first {
			return anchor{}, fmt.Errorf("%w: block %d holds positions %d to %d, which are not between those of blocks %d and %d", ErrIdentity, found.seq, found.first, found.last, low.seq, high.seq)
		}
		if found.first <= position {
			low = found
		} else {
			high = found
		}
	}
	return low, nil
}

// between chooses a block strictly between low and high: where the position
// would be if all blocks there were of one size, or the one in the middle.
func between(low, high anchor, position uint64, guess bool) uint64 {
	if !guess {
		return low.seq + (high.seq-low.seq)/2
	}
	gap := high.first - low.last - 1 // positions of the blocks between
	if gap == 0 {
		return low.seq + 1
	}
	seq := low.seq + 1 + (position-low.last-1)*(high.seq-low.seq-1)/gap
	return min(seq, high.seq-1)
}

// Load implements Log.
func (l *jetStream) Load(ctx context.Context, positions []uint64, fn func(position uint64, commit []byte) error) error {
	positions, err := ascending(positions)
	if err != nil || len(positions) == 0 {
		return err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	if last := positions[len(positions)-1]; last > head.Position {
		return behindHead(last, head)
	}
	var b Block
	for _, position := range positions {
		if len(b.Commits) == 0 || position > b.Last() {
			where, err := l.locate(ctx, position, head)
			if err != nil {
				return err
			}
			if b, err = l.block(ctx, where.seq); err != nil {
				return err
			}
		}
		if err := fn(position, b.Commits[position-b.First]); err != nil {
			return err
		}
	}
	return nil
}
