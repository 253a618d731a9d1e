// Package log is the log of record: one ordered stream of commits, written in
// blocks on the expected head and never changed afterwards.
//
// It owns the order and the durability of bytes. It refuses to know what a
// commit says: a commit is one line of JSON whose meaning belongs to package
// events. Start reading at [Log]; [OpenJetStream] is the real one, [NewMemory]
// the one for tests and rehearsals, and both pass the suite in logtest.
//
// # Format
//
// A block is one message of the stream. Its payload is its commits, each followed
// by one line feed; no commit is empty or holds one. The log as a file is the
// payloads one after the other. Two headers repeat what could be counted, and are
// checked against it whenever a block is read: Zt-First, the position of the
// first commit, and Zt-Commits, their number. Block n is the message with stream
// sequence n; the stream has one subject, see [Subject], and nothing else in it.
// A block is published with the expectation that block n-1 is the last, and
// carries no message id of the broker's.
//
// # Compatibility
//
// What is stored stays readable for ever: a change of the format would be another
// header, and old blocks would be read by the rules above.
package log

import (
	"context"
	"errors"
	"time"
)

// Limits of what one append may carry.
const (
	// BlockBytesMax is the size at which a block is closed for further commits.
	BlockBytesMax = 512 << 10
	// BlockCommitsMax is the largest number of commits of a block.
	BlockCommitsMax = 512
	// CommitBytesMax is the largest size of one commit: a commit larger than
	// BlockBytesMax travels in a block of its own. The broker's payload limit
	// must be above it (the embedded server allows PayloadBytesMax).
	CommitBytesMax = 2 << 20
	// PayloadBytesMax is the payload limit that the broker must grant.
	PayloadBytesMax = 8 << 20
)

// Errors that a caller branches on.
var (
	// ErrConflict says that the head was not the expected one: somebody else
	// appended. Nothing of the block is stored. Catch up and decide again.
	ErrConflict = errors.New("log: the head has moved")
	// ErrUnknown says that the outcome could not be learnt before the context
	// ended: the block may or may not be stored, and may still become so.
	ErrUnknown = errors.New("log: outcome unknown")
	// ErrUnavailable says that the log could not be reached; nothing was sent.
	ErrUnavailable = errors.New("log: out of reach")
	// ErrFull says that the disk or the stream takes no more; nothing is stored.
	ErrFull = errors.New("log: no room")
	// ErrIdentity says that the stream is not the one it is supposed to be:
	// another programme's, re-created, truncated, or not contiguous.
	ErrIdentity = errors.New("log: not the stream it was")
)

// Head names the end of the log. The zero Head is the end of an empty log.
type Head struct {
	// Seq is the number of the last block (the stream's sequence).
	Seq uint64
	// Position is the position of the last commit.
	Position uint64
}

// Identity tells one stream from every other, also from one of the same name
// that was made anew.
type Identity struct {
	Stream  string
	Created time.Time
	// First is the SHA-256 of the first commit's bytes, all zero while empty.
	First [32]byte
}

// Block is what one append stored: commits with the positions First, First+1, …
// Each commit is its bytes without the line end. The slices belong to the
// reader until the next block; whoever keeps them copies them.
type Block struct {
	Seq     uint64
	First   uint64
	Commits [][]byte
}

// Last is the position of the block's last commit.
func (b Block) Last() uint64 { return b.First + uint64(len(b.Commits)) - 1 }

// Log is the log of record. All methods may be called from several goroutines.
type Log interface {
	// Identity returns the stream's identity as it is now.
	Identity(ctx context.Context) (Identity, error)
	// Head asks the broker for the head as it is now (not a cached one).
	Head(ctx context.Context) (Head, error)
	// Append stores the commits as one block right behind expected, durably, and
	// returns the new head. It returns ErrConflict when the head is another one.
	// A lost answer is resolved by looking at what stands behind expected: if it
	// is this block, byte for byte, the append has succeeded; so an append may also
	// be repeated by the caller. After ErrUnknown the block may still arrive: only
	// the next head says.
	Append(ctx context.Context, expected Head, commits [][]byte) (Head, error)
	// Read calls fn with the blocks from the one holding position from up to the
	// head at the moment of the call, in order; commits before from are cut off.
	// from 0 counts as 1. An error of fn ends the read and is returned. What is not
	// contiguous is ErrIdentity, naming the position. fn may call the log.
	Read(ctx context.Context, from uint64, fn func(Block) error) error
	// Follow is Read that goes on with blocks as they are appended, by whichever
	// process, until ctx ends (it then returns ctx.Err()) or fn fails.
	Follow(ctx context.Context, from uint64, fn func(Block) error) error
	// Load calls fn once for each given position, in ascending order, with the
	// commit's bytes, which belong to the reader until the next call. A position
	// given twice counts once; 0 and positions behind the head are refused before
	// fn is called. It is for few positions anywhere in the log.
	Load(ctx context.Context, positions []uint64, fn func(position uint64, commit []byte) error) error
}
