package log

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
)

// A block is stored as one message. Its payload is its commits, each followed
// by one line feed, so that the log as a file is the payloads one after the
// other. Two headers say what could also be counted, and are checked against
// it: the position of the first commit and the number of commits.
const (
	headerFirst   = "Zt-First"
	headerCommits = "Zt-Commits"
)

// blockPayloadMax is the size above which no payload can have been written: a
// block is closed at BlockBytesMax, and its last commit may cross that line.
const blockPayloadMax = BlockBytesMax + CommitBytesMax

// payloadSlack is what the broker needs beside the payload, for headers.
const payloadSlack = 4 << 10

// encodeBlock checks what one append may carry and joins it to a payload of its
// own, which shares no memory with the commits.
func encodeBlock(commits [][]byte) ([]byte, error) {
	if len(commits) == 0 {
		return nil, fmt.Errorf("log: append: no commits")
	}
	if len(commits) > BlockCommitsMax {
		return nil, fmt.Errorf("log: append: %d commits in one block, at most %d", len(commits), BlockCommitsMax)
	}
	size := 0
	for i, commit := range commits {
		switch {
		case len(commit) == 0:
			return nil, fmt.Errorf("log: append: commit %d of the block is empty", i+1)
		case len(commit) > CommitBytesMax:
			return nil, fmt.Errorf("log: append: commit %d of the block has %d bytes, at most %d", i+1, len(commit), CommitBytesMax)
		case bytes.IndexByte(commit, '\n') >= 0:
			return nil, fmt.Errorf("log: append: commit %d of the block holds a line feed", i+1)
		}
		size += len(commit) + 1
	}
	if size > blockPayloadMax {
		return nil, fmt.Errorf("log: append: block of %d bytes, at most %d", size, blockPayloadMax)
	}
	payload := make([]byte, 0, size)
	for _, commit := range commits {
		payload = append(payload, commit...)
		payload = append(payload, '\n')
	}
	return payload, nil
}

// blockHeader says in headers where a block of n commits stands.
func blockHeader(first uint64, n int) nats.Header {
	return nats.Header{
		headerFirst:   []string{strconv.FormatUint(first, 10)},
		headerCommits: []string{strconv.Itoa(n)},
	}
}

// parseHeader reads a block's first position and number of commits.
func parseHeader(seq uint64, header nats.Header) (first uint64, n int, err error) {
	first, err = strconv.ParseUint(header.Get(headerFirst), 10, 64)
	if err != nil || first == 0 {
		return 0, 0, fmt.Errorf("%w: message %d is not a block: its header %s is %q", ErrIdentity, seq, headerFirst, header.Get(headerFirst))
	}
	n, err = strconv.Atoi(header.Get(headerCommits))
	if err != nil || n < 1 || n > BlockCommitsMax {
		return 0, 0, fmt.Errorf("%w: message %d (position %d) is not a block: its header %s is %q", ErrIdentity, seq, first, headerCommits, header.Get(headerCommits))
	}
	return first, n, nil
}

// ParseMessage reads a stored message as a block of a log: what a reader of the
// broker's own files does. The commits share memory with payload. An error wraps
// ErrIdentity.
func ParseMessage(seq uint64, header nats.Header, payload []byte) (Block, error) {
	return parseBlock(seq, header, payload)
}

// FormatMessage is the header and the payload that a block is stored with; an error
// says which limit it breaks.
func FormatMessage(b Block) (nats.Header, []byte, error) {
	payload, err := encodeBlock(b.Commits)
	return blockHeader(b.First, len(b.Commits)), payload, err
}

// parseBlock cuts a stored message into its commits, which share memory with
// payload. Whatever does not fit exactly is not a block of this log.
func parseBlock(seq uint64, header nats.Header, payload []byte) (Block, error) {
	first, n, err := parseHeader(seq, header)
	if err != nil {
		return Block{}, err
	}
	commits := make([][]byte, 0, n)
	for rest := payload; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		if !ended || len(line) == 0 || len(commits) == n {
			return Block{}, fmt.Errorf("%w: block %d (position %d): its payload is not %d lines", ErrIdentity, seq, first, n)
		}
		commits = append(commits, line)
		rest = after
	}
	if len(commits) != n {
		return Block{}, fmt.Errorf("%w: block %d (position %d): %d commits, its header says %d", ErrIdentity, seq, first, len(commits), n)
	}
	return Block{Seq: seq, First: first, Commits: commits}, nil
}

// cursor walks blocks and holds that each stands right behind the one before.
type cursor struct {
	seq   uint64 // of the next block
	first uint64 // position of its first commit
	from  uint64 // commits before it are cut off
}

// step checks that b is the next block and passes on what fn is to see of it.
func (c *cursor) step(b Block, fn func(Block) error) error {
	if b.Seq != c.seq || b.First != c.first {
		return fmt.Errorf("%w: block %d should begin at position %d, found block %d at position %d", ErrIdentity, c.seq, c.first, b.Seq, b.First)
	}
	c.seq, c.first = b.Seq+1, b.Last()+1
	if c.from >= c.first {
		return nil
	}
	if c.from > b.First {
		b.Commits = b.Commits[c.from-b.First:]
		b.First = c.from
	}
	return fn(b)
}
