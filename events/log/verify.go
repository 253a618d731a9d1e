package log

import (
	"context"
	"fmt"
	"slices"
)

// Verify reads the whole log up to its head and returns ErrIdentity, naming the
// position, unless every commit from 1 to the head's position is there, once
// and in order. What the commits say is not its business.
func Verify(ctx context.Context, l Log) error {
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	c := cursor{seq: 1, first: 1}
	err = l.Read(ctx, 1, func(b Block) error {
		return c.step(b, func(Block) error { return nil })
	})
	if err != nil {
		return err
	}
	if c.first <= head.Position {
		return fmt.Errorf("%w: it ends at position %d, its head is %d", ErrIdentity, c.first-1, head.Position)
	}
	return nil
}

// ascending sorts the positions of a Load into a slice of its own, each once.
func ascending(positions []uint64) ([]uint64, error) {
	positions = slices.Compact(slices.Sorted(slices.Values(positions)))
	if len(positions) > 0 && positions[0] == 0 {
		return nil, fmt.Errorf("log: load: position 0 (the first is 1)")
	}
	return positions, nil
}

// behindHead refuses a position of a Load.
func behindHead(position uint64, head Head) error {
	return fmt.Errorf("log: load: position %d is behind the head %d", position, head.Position)
}
