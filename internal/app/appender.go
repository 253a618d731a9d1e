package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhitong/events"
	"zhitong/events/log"
)

// appendTimeout bounds one append with all its looking after a lost answer: long
// enough for another process to take over the log's server.
const appendTimeout = 60 * time.Second

// errTooLarge says that a commit of the block is larger than one may be. Nothing
// of it, and of what follows it, is stored.
var errTooLarge = errors.New("the commit is too large")

// written is the outcome of a block.
type written struct {
	head     log.Head
	err      error
	tooLarge string // the command whose commit is too large
}

// appender encodes and appends blocks on a goroutine of its own.
type appender struct {
	log    log.Log
	source string
	buffer []byte
}

func (a *appender) run(blocks <-chan *block, wrote chan<- written) {
	for b := range blocks {
		wrote <- a.write(b)
	}
}

// write appends the commits of a block, in several messages if they are large. A
// block without commits asserts that the head is still the one that its answers
// rest on.
func (a *appender) write(b *block) written {
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	if len(b.commits) == 0 {
		head, err := a.log.Head(ctx)
		if err == nil && head != b.expected {
			err = log.ErrConflict
		}
		return written{head: head, err: err}
	}
	head := b.expected
	for rest := b.commits; len(rest) > 0; {
		lines, n, err := a.encode(rest)
		if err != nil {
			return written{head: head, err: err, tooLarge: rest[0].Events[0].CommandID}
		}
		if head, err = a.log.Append(ctx, head, lines); err != nil {
			return written{head: head, err: err}
		}
		rest = rest[n:]
	}
	return written{head: head}
}

// encode returns the lines of as many commits as fit into one message.
func (a *appender) encode(commits []events.Commit) (lines [][]byte, n int, err error) {
	a.buffer = a.buffer[:0]
	var ends []int
	for i := range commits {
		start := len(a.buffer)
		b, err := events.Encode(a.buffer, a.source, commits[i])
		if err != nil {
			return nil, 0, err
		}
		size := len(b) - start
		switch {
		case size > log.CommitBytesMax && i == 0:
			return nil, 0, fmt.Errorf("%w: %d bytes, at most %d", errTooLarge, size, log.CommitBytesMax)
		case i > 0 && (len(b) > log.BlockBytesMax || i == log.BlockCommitsMax):
			return a.cut(ends), i, nil
		}
		a.buffer, ends = b, append(ends, len(b))
	}
	return a.cut(ends), len(commits), nil
}

// cut returns the lines that end at ends.
func (a *appender) cut(ends []int) [][]byte {
	lines, start := make([][]byte, len(ends)), 0
	for i, end := range ends {
		lines[i] = a.buffer[start:end:end]
		start = end
	}
	return lines
}
