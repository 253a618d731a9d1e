package app

import (
	"bytes"
	"context"
	"fmt"

	"zhitong/events"
	"zhitong/events/log"
)

// aheadBlocksMax is how many blocks are decoded ahead of whoever folds them.
const aheadBlocksMax = 16

// decodedBlock is a block of the log, decoded.
type decodedBlock struct {
	seq     uint64
	first   uint64 // position of the first commit
	commits []events.Commit
	err     error
}

// readAhead calls fn with the log's blocks from a position up to its head, in order.
// They are decoded on goroutines of their own, while fn works on those before; the
// log is asked on this one only.
func readAhead(ctx context.Context, l log.Log, from uint64, fn func(decodedBlock) error) error {
	var ahead []chan decodedBlock
	first := func() error {
		b := <-ahead[0]
		ahead = ahead[1:]
		if b.err != nil {
			return b.err
		}
		return fn(b)
	}
	err := l.Read(ctx, from, func(b log.Block) error {
		lines := make([][]byte, len(b.Commits))
		for i, line := range b.Commits {
			lines[i] = bytes.Clone(line) // the block's bytes are its reader's only for now
		}
		decoded := make(chan decodedBlock, 1)
		go func() { decoded <- decodeBlock(b.Seq, b.First, lines) }()
		if ahead = append(ahead, decoded); len(ahead) < aheadBlocksMax {
			return nil
		}
		return first()
	})
	for err == nil && len(ahead) > 0 {
		err = first()
	}
	return err
}

func decodeBlock(seq, first uint64, lines [][]byte) decodedBlock {
	b := decodedBlock{seq: seq, first: first, commits: make([]events.Commit, len(lines))}
	for i, line := range lines {
		var err error
		if b.commits[i], err = events.Decode(line); err != nil {
			b.err = fmt.Errorf("position %d: %w", first+uint64(i), err)
			return b
		}
	}
	return b
}
