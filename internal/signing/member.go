package signing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/tree"
	"zhitong/events/log"
	"zhitong/internal/lease"
)

const (
	// followEvery is how often one that follows looks whether the chain has grown.
	followEvery = 200 * time.Millisecond
	// patience is how long a process that does not stay waits for the signer before
	// it signs by itself.
	patience = 3 * keeper.EveryDefault
	// approveMax bounds the asking for a signature, also of a process that ends.
	approveMax = 8 * time.Second
)

// Member is one process's part in the signing. Run and CatchUp are not called at the
// same time, and each from one goroutine.
type Member struct {
	log   log.Log
	w     *tree.Writer
	chain *Chain
	opts  keeper.Options
	note  func(string)
	noted string // what was noted last

	next   uint64 // number of the next entry of the chain; 0 when it is still to be found
	shared bool   // the chain has what this process had signed before
}

// NewMember makes a member over this process's own Merkle log. From now on the
// Writer signs what the chain takes. note is told why nothing can be signed for now.
func NewMember(l log.Log, w *tree.Writer, chain *Chain, opts keeper.Options, note func(string)) *Member {
	m := &Member{log: l, w: w, chain: chain, opts: opts, note: note}
	w.Through(m.approve)
	return m
}

// approve puts a signed note into the chain behind what this process knows of it.
func (m *Member) approve(note []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), approveMax) // also while the process ends
	defer cancel()
	seq, err := m.chain.Append(ctx, m.next-1, note)
	if err != nil {
		return err
	}
	m.next = seq + 1
	return nil
}

// turn is a time in which this process signs.
type turn struct {
	ctx  context.Context
	done chan error
}

// Run follows the chain, and signs while this process has its turn, until ctx ends or
// something is wrong: tree.ErrRewritten when the log is not the one that was signed.
func (m *Member) Run(ctx context.Context, turns *lease.Lease) error {
	mine := make(chan turn)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return turns.Run(ctx, func(ctx context.Context) error {
			t := turn{ctx, make(chan error, 1)}
			select {
			case mine <- t:
				return <-t.done
			case <-ctx.Done():
				return nil
			}
		})
	})
	g.Go(func() error {
		for {
			t, err := m.follow(ctx, mine)
			if err != nil || ctx.Err() != nil {
				return err
			}
			err = m.lead(t.ctx)
			t.done <- err
			if err != nil {
				return err
			}
		}
	})
	return g.Wait()
}

// follow keeps up with the chain until this process has its turn or ctx ends. A
// broker that does not answer is asked again.
func (m *Member) follow(ctx context.Context, mine <-chan turn) (turn, error) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		if err := m.passing(ctx, m.catchUp(ctx)); err != nil {
			return turn{}, err
		}
		select {
		case t := <-mine:
			return t, nil
		case <-tick.C:
		case <-ctx.Done():
			return turn{}, nil
		}
	}
}

// lead signs until ctx ends. When another process signed meanwhile, or the broker
// does not answer, it begins again behind what stands in the chain.
func (m *Member) lead(ctx context.Context) error {
	for ctx.Err() == nil {
		err := m.catchUp(ctx)
		if err == nil {
			err = m.share(ctx)
		}
		if err == nil {
			err = keeper.New(m.log, m.w, m.opts).Run(ctx)
		}
		if err := m.passing(ctx, err); err != nil {
			return err
		}
		if err := m.w.Reset(); err != nil {
			return err
		}
		_ = pause(ctx) // the loop looks
	}
	return nil
}

// passing returns an error that trying again does not help, and notes any other.
func (m *Member) passing(ctx context.Context, err error) error {
	if err == nil {
		m.noted = ""
		return nil
	}
	passes := errors.Is(err, tree.ErrNotApproved) || errors.Is(err, ErrMoved) || errors.Is(err, errUnknown) ||
		errors.Is(err, log.ErrUnavailable) || ctx.Err() != nil
	if !passes || errors.Is(err, tree.ErrRewritten) {
		return err
	}
	if text := err.Error(); text != m.noted && ctx.Err() == nil && !errors.Is(err, ErrMoved) {
		m.noted = text
		m.note("signing: " + text)
	}
	return nil
}

// CatchUp has the log signed up to its present head and returns the checkpoint, for
// a process that does not stay. It leaves the signing to the process whose turn it
// is, if there is one.
func (m *Member) CatchUp(ctx context.Context) (checkpoint.Signed, error) {
	head, err := m.log.Head(ctx)
	if err != nil {
		return checkpoint.Signed{}, err
	}
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if err := m.catchUp(ctx); err != nil {
			return checkpoint.Signed{}, err
		}
		if last := m.w.Last(); last.Size >= head.Position {
			return last, nil
		}
		if m.next > 1 && pause(patient) == nil {
			continue // a chain that somebody writes
		}
		if err := m.share(ctx); err != nil {
			return checkpoint.Signed{}, err
		}
		last, err := keeper.New(m.log, m.w, m.opts).CatchUp(ctx)
		if err == nil {
			return last, nil
		}
		if !errors.Is(err, tree.ErrNotApproved) || ctx.Err() != nil {
			return checkpoint.Signed{}, err
		}
		if err := m.w.Reset(); err != nil {
			return checkpoint.Signed{}, err
		}
	}
}

// catchUp accepts what the chain has and this process has not.
func (m *Member) catchUp(ctx context.Context) error {
	if last := m.w.Last().Size; m.w.Size() < last { // its tiles were damaged: they are made again
		if err := m.hash(ctx, last); err != nil {
			return err
		}
		if _, err := m.w.Checkpoint(); err != nil {
			return err
		}
	}
	if m.next == 0 {
		first, err := m.chain.firstFrom(ctx, m.w.Last().Size)
		if err != nil {
			return err
		}
		if first > 1 {
			first-- // it must be a checkpoint of this tree too
		}
		m.next = first
	}
	return m.chain.Read(ctx, m.next, func(e Entry) error {
		if err := m.accept(ctx, e); err != nil {
			return err
		}
		m.next = e.Seq + 1
		return nil
	})
}

// errThere ends a reading of the log.
var errThere = errors.New("there")

// accept hashes the log up to a checkpoint and keeps that.
func (m *Member) accept(ctx context.Context, e Entry) error {
	c, err := checkpoint.Peek(e.Note)
	if err != nil {
		return fmt.Errorf("chain of checkpoints, entry %d: %w", e.Seq, err)
	}
	if err := m.hash(ctx, c.Size); err != nil {
		return err
	}
	return m.w.Accept(e.Note)
}

// hash adds commits of the log up to a size.
func (m *Member) hash(ctx context.Context, to uint64) error {
	if m.w.Size() >= to {
		return nil
	}
	err := m.log.Read(ctx, m.w.Size()+1, func(b log.Block) error {
		if err := m.w.Add(b.First, b.Commits[:min(uint64(len(b.Commits)), to-b.First+1)]); err != nil {
			return err
		}
		if b.Last() >= to {
			return errThere
		}
		return nil
	})
	if err != nil && !errors.Is(err, errThere) {
		return err
	}
	if size := m.w.Size(); size < to {
		return fmt.Errorf("%w: it ends at position %d, signed were %d", tree.ErrRewritten, size, to)
	}
	return nil
}

// share puts into the chain what this process signed before there was one.
func (m *Member) share(ctx context.Context) error {
	if m.next > 1 || m.shared {
		return nil
	}
	own, err := m.w.Reader().Checkpoints()
	if err != nil {
		return err
	}
	for _, note := range own {
		seq, err := m.chain.Append(ctx, m.next-1, note)
		if err != nil {
			return err
		}
		m.next = seq + 1
	}
	m.shared = true
	return nil
}
