package backup

import (
	"context"
	"errors"
	"fmt"

	"zhitong/audit/merkle"
	"zhitong/events/log"
)

// ErrNotEmpty says that the log to be filled holds something: nothing is ever
// overwritten.
var ErrNotEmpty = errors.New("the log is not empty")

// Commits calls fn with commits from position 1 on, in order.
type Commits func(fn func(position uint64, commit []byte) error) error

// filler is one run of Fill.
type filler struct {
	ctx   context.Context
	log   log.Log
	head  log.Head
	block [][]byte
	size  int
	tell  func(position uint64)
}

// Fill writes commits up to the position to into an empty log, in blocks as the
// committer would. With resume the log may hold the first of them, from a restore that
// was cut short: they are compared, and the rest follows. tell is told how far it is.
func Fill(ctx context.Context, l log.Log, commits Commits, to uint64, resume bool, tell func(position uint64)) (log.Head, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return head, err
	}
	if head.Position > 0 {
		if err := begun(ctx, l, head, commits, to, resume); err != nil {
			return head, err
		}
	}
	f := &filler{ctx: ctx, log: l, head: head, tell: tell}
	err = commits(func(position uint64, commit []byte) error {
		if position <= head.Position {
			return nil
		}
		if position > to {
			return errEnough
		}
		return f.add(commit)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return f.head, err
	}
	return f.head, f.flush()
}

// begun holds what the log has against the first of the commits.
func begun(ctx context.Context, l log.Log, head log.Head, commits Commits, to uint64, resume bool) error {
	if !resume {
		return fmt.Errorf("%w: it has %d positions", ErrNotEmpty, head.Position)
	}
	if head.Position > to {
		return fmt.Errorf("%w: it has %d positions, %d are to be restored", ErrNotEmpty, head.Position, to)
	}
	var have, want merkle.Edge
	err := l.Read(ctx, 1, func(b log.Block) error {
		for _, commit := range b.Commits {
			if err := have.Append(merkle.Leaf(commit), fullTile); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = commits(func(position uint64, commit []byte) error {
		if position > head.Position {
			return errEnough
		}
		return want.Append(merkle.Leaf(commit), fullTile)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if have.Root() != want.Root() {
		return fmt.Errorf("%w: it has %d positions, which are not those of this copy", ErrNotEmpty, head.Position)
	}
	return nil
}

func (f *filler) add(commit []byte) error {
	if len(f.block) == log.BlockCommitsMax || f.size+len(commit) > log.BlockBytesMax {
		if err := f.flush(); err != nil {
			return err
		}
	}
	f.block = append(f.block, append([]byte(nil), commit...))
	f.size += len(commit) + 1
	return nil
}

func (f *filler) flush() error {
	if len(f.block) == 0 {
		return nil
	}
	head, err := f.log.Append(f.ctx, f.head, f.block)
	if err != nil {
		return fmt.Errorf("position %d: %w", f.head.Position+1, err)
	}
	f.head, f.block, f.size = head, nil, 0
	f.tell(head.Position)
	return nil
}
