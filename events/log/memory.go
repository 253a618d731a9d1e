package log

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"
)

// Fault is what befalls one attempt of an append to a [Memory].
type Fault int

const (
	// FaultNone lets the attempt through.
	FaultNone Fault = iota
	// FaultRequestLost loses the attempt before anything is stored. Append looks,
	// finds nothing and tries again.
	FaultRequestLost
	// FaultAnswerLost stores the block and loses the answer. Append looks and
	// finds its block.
	FaultAnswerLost
	// FaultUnknownAbsent ends the append with ErrUnknown; nothing is stored.
	FaultUnknownAbsent
	// FaultUnknownStored ends the append with ErrUnknown; the block is stored.
	FaultUnknownStored
	// FaultUnavailable ends the append with ErrUnavailable; nothing is stored.
	FaultUnavailable
	// FaultFull ends the append with ErrFull; nothing is stored.
	FaultFull
	// FaultDuplicated delivers the attempt twice: the second finds the first.
	FaultDuplicated
	// FaultDelayed holds the attempt back until [Memory.Deliver]. Append looks,
	// finds nothing and tries again.
	FaultDelayed
	// FaultUnknownDelayed holds the attempt back and ends the append with ErrUnknown.
	FaultUnknownDelayed
	// FaultFalseAnswer ends the append as if the block were stored, which it is not:
	// what a broker that answers before it syncs does when the power fails. No log of
	// record may do this; it is for testing that checkers notice.
	FaultFalseAnswer
)

// errFault is the cause of what a Fault brings about.
var errFault = errors.New("injected fault")

// Memory is a log in memory, for tests and rehearsals. It keeps the contract of
// [Log] and can be made to fail.
type Memory struct {
	created time.Time
	// onAppend is called before each attempt, without the lock.
	onAppend func(ctx context.Context, expected Head, commits [][]byte) Fault

	mu     sync.Mutex
	blocks []Block       // guarded by mu; the Seq of blocks[i] is i+1
	grown  chan struct{} // guarded by mu; closed and replaced when a block comes
	held   []heldBack    // guarded by mu; attempts that arrive later, oldest first
}

// heldBack is an attempt that is still on its way.
type heldBack struct {
	expected Head
	payload  []byte
}

var _ Log = (*Memory)(nil)

// MemoryOption changes a Memory.
type MemoryOption func(*Memory)

// OnAppend has hook called before each attempt of an append; its result befalls
// the attempt. The hook may block, for instance on a channel, which delays the
// append; it may call [Memory.Inject], which makes the append a conflict. It may
// be called from several goroutines.
func OnAppend(hook func(ctx context.Context, expected Head, commits [][]byte) Fault) MemoryOption {
	return func(m *Memory) { m.onAppend = hook }
}

// NewMemory returns an empty log.
func NewMemory(opts ...MemoryOption) *Memory {
	m := &Memory{
		created:  time.Now().UTC(),
		onAppend: func(context.Context, Head, [][]byte) Fault { return FaultNone },
		grown:    make(chan struct{}),
	}
	for _, opt := range opts {
		opt(m)
	}
	return m
}

// Identity implements Log.
func (m *Memory) Identity(ctx context.Context) (Identity, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := Identity{Stream: "memory", Created: m.created}
	if len(m.blocks) > 0 {
		id.First = sha256.Sum256(m.blocks[0].Commits[0])
	}
	return id, ctx.Err()
}

// Head implements Log.
func (m *Memory) Head(ctx context.Context) (Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head(), ctx.Err()
}

// head is the head. The caller holds mu.
func (m *Memory) head() Head {
	if len(m.blocks) == 0 {
		return Head{}
	}
	last := m.blocks[len(m.blocks)-1]
	return Head{Seq: last.Seq, Position: last.Last()}
}

// Inject appends the commits at the head as it is, as another process would,
// and calls no hook.
func (m *Memory) Inject(commits ...[]byte) (Head, error) {
	payload, err := encodeBlock(commits)
	if err != nil {
		return Head{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.store(payload), nil
}

// store appends a block. The caller holds mu.
func (m *Memory) store(payload []byte) Head {
	head := m.head()
	commits := bytes.Split(payload[:len(payload)-1], []byte{'\n'})
	m.blocks = append(m.blocks, Block{Seq: head.Seq + 1, First: head.Position + 1, Commits: commits})
	close(m.grown)
	m.grown = make(chan struct{})
	return m.head()
}

// Append implements Log.
func (m *Memory) Append(ctx context.Context, expected Head, commits [][]byte) (Head, error) {
	payload, err := encodeBlock(commits)
	if err != nil {
		return Head{}, err
	}
	fail := func(err error) (Head, error) {
		return Head{}, fmt.Errorf("append block %d: %w", expected.Seq+1, err)
	}
	for sent := false; ; sent = true {
		fault := m.onAppend(ctx, expected, commits)
		if err := ctx.Err(); err != nil || fault == FaultUnavailable {
			return fail(notWritten(ctx, sent, unavailable(errors.Join(errFault, err))))
		}
		switch fault {
		case FaultRequestLost:
			continue
		case FaultUnknownAbsent:
			return fail(ErrUnknown)
		case FaultFull:
			return fail(ErrFull)
		case FaultDelayed:
			m.hold(expected, payload)
			continue
		case FaultUnknownDelayed:
			m.hold(expected, payload)
			return fail(ErrUnknown)
		case FaultFalseAnswer:
			return Head{Seq: expected.Seq + 1, Position: expected.Position + uint64(len(commits))}, nil
		case FaultDuplicated:
			if _, err := m.storeBehind(expected, payload, commits); err != nil {
				return fail(err)
			}
		}
		head, err := m.storeBehind(expected, payload, commits)
		switch {
		case err != nil:
			return fail(err)
		case fault == FaultUnknownStored:
			return fail(ErrUnknown)
		case fault == FaultAnswerLost:
			continue // the next attempt finds it
		}
		return head, nil
	}
}

// hold keeps an attempt that arrives later.
func (m *Memory) hold(expected Head, payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = append(m.held, heldBack{expected, payload})
}

// Deliver lets the oldest attempt that was held back arrive: it is stored if the
// head is still the one that it expects, and otherwise comes to nothing. waiting is
// false when there was none.
func (m *Memory) Deliver() (stored, waiting bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.held) == 0 {
		return false, false
	}
	late := m.held[0]
	m.held = m.held[1:]
	if late.expected != m.head() {
		return false, true
	}
	m.store(late.payload)
	return true, true
}

// storeBehind stores the block behind expected, or finds that it is there.
func (m *Memory) storeBehind(expected Head, payload []byte, commits [][]byte) (Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	head := m.head()
	if expected.Seq > head.Seq {
		return Head{}, fmt.Errorf("%w: the log ends at block %d, before the expected head %d", ErrIdentity, head.Seq, expected.Seq)
	}
	if at := m.at(expected.Seq); at != expected {
		return Head{}, fmt.Errorf("%w: block %d ends at position %d, not %d", ErrConflict, expected.Seq, at.Position, expected.Position)
	}
	if expected == head {
		return m.store(payload), nil
	}
	if b := m.blocks[expected.Seq]; !slices.EqualFunc(b.Commits, commits, bytes.Equal) {
		return Head{}, fmt.Errorf("%w: another block stands there", ErrConflict)
	}
	return m.at(expected.Seq + 1), nil
}

// at is the head as it was at a block. The caller holds mu.
func (m *Memory) at(seq uint64) Head {
	if seq == 0 {
		return Head{}
	}
	return Head{Seq: seq, Position: m.blocks[seq-1].Last()}
}

// Read implements Log.
func (m *Memory) Read(ctx context.Context, from uint64, fn func(Block) error) error {
	m.mu.Lock()
	until := len(m.blocks)
	m.mu.Unlock()
	c := cursor{seq: 1, first: 1, from: from}
	for c.seq <= uint64(until) {
		if err := m.next(ctx, &c, fn); err != nil {
			return err
		}
	}
	return nil
}

// Follow implements Log.
func (m *Memory) Follow(ctx context.Context, from uint64, fn func(Block) error) error {
	c := cursor{seq: 1, first: 1, from: from}
	for {
		if err := m.next(ctx, &c, fn); err != nil {
			return err
		}
	}
}

// next passes on the cursor's next block, and waits for it. The block's outer
// slice is a copy, so that fn may do with it what it may with any log's.
func (m *Memory) next(ctx context.Context, c *cursor, fn func(Block) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.mu.Lock()
		grown := m.grown
		if c.seq <= uint64(len(m.blocks)) {
			b := m.blocks[c.seq-1]
			m.mu.Unlock()
			b.Commits = slices.Clone(b.Commits)
			return c.step(b, fn)
		}
		m.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
		}
	}
}

// Load implements Log.
func (m *Memory) Load(ctx context.Context, positions []uint64, fn func(position uint64, commit []byte) error) error {
	positions, err := ascending(positions)
	if err != nil || len(positions) == 0 {
		return err
	}
	m.mu.Lock()
	blocks := m.blocks
	head := m.head()
	m.mu.Unlock()
	if last := positions[len(positions)-1]; last > head.Position {
		return behindHead(last, head)
	}
	for _, position := range positions {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := sort.Search(len(blocks), func(i int) bool { return blocks[i].Last() >= position })
		if err := fn(position, blocks[i].Commits[position-blocks[i].First]); err != nil {
			return err
		}
	}
	return nil
}
