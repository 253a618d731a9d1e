package app

import (
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
// They are decoded on goroutines of their own, while fn works on those before.
func readAhead(ctx context.Context, l log.Log, from uint64, fn func(decodedBlock) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	blocks := make(chan chan decodedBlock, aheadBlocksMax)
	read := make(chan error, 1)
	go func() {
		defer close(blocks)
		read <- l.Read(ctx, from, func(b log.Block) error {
			lines := make([][]byte, len(b.Commits))
			for i, line := range b.Commits {
				lines[i] = append([]byte(nil), line...) // the block's bytes are its reader's only for now
			}
			decoded := make(chan decodedBlock, 1)
			go func() { decoded <- decodeBlock(b.Seq, b.First, lines) }()
			select {
			case blocks <- decoded:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	for decoded := range blocks {
		b := <-decoded
		if b.err == nil {
			b.err = fn(b)
		}
		if b.err != nil {
			cancel()
			for range blocks { // the reader ends
			}
			return b.err
		}
	}
	return <-read
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
