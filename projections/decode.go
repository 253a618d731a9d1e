package projections

import (
	"crypto/sha256"
	"fmt"

	"zhitong/events"
)

// Block is a run of commits, decoded, each with the SHA-256 of its bytes.
type Block struct {
	First   uint64 // position of the first commit
	Commits []events.Commit
	Hashes  [][32]byte
}

// Last is the position of the last commit.
func (b *Block) Last() uint64 { return b.First + uint64(len(b.Commits)) - 1 }

// Decode reads stored commits that begin at position first. It keeps none of the
// bytes. A commit that can't be read, or stands at a place that it doesn't name,
// is an error: the log is not what it was.
func Decode(first uint64, lines [][]byte) (Block, error) {
	b := Block{First: first, Commits: make([]events.Commit, len(lines)), Hashes: make([][32]byte, len(lines))}
	for i, line := range lines {
		at := first + uint64(i)
		c, err := events.Decode(line)
		if err != nil {
			return Block{}, fmt.Errorf("commit at position %d: %w", at, err)
		}
		if c.Position != at {
			return Block{}, fmt.Errorf("commit at position %d says that it is at %d", at, c.Position)
		}
		b.Commits[i], b.Hashes[i] = c, sha256.Sum256(line)
	}
	return b, nil
}

// Events is the number of events.
func (b *Block) Events() int {
	n := 0
	for i := range b.Commits {
		n += len(b.Commits[i].Events)
	}
	return n
}

// Behind returns the part of b that stands behind a position.
func (b Block) Behind(position uint64) Block {
	if b.First > position {
		return b
	}
	n := min(position+1-b.First, uint64(len(b.Commits)))
	return Block{First: b.First + n, Commits: b.Commits[n:], Hashes: b.Hashes[n:]}
}
