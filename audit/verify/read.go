package verify

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"

	"zhitong/projections"
)

// lineBytesMax bounds a line of an exported log: a commit is below 2 MiB.
const lineBytesMax = 8 << 20

// Lines reads an exported log: a commit a line (`export log`), or an event a line
// (`export events` without a selection), which are joined to the commits that they
// were. The reader is read once.
func Lines(r io.Reader) projections.Reader {
	return func(ctx context.Context, from uint64, fn func(first uint64, commits [][]byte) error) error {
		s := bufio.NewScanner(r)
		s.Buffer(nil, lineBytesMax)
		j := joiner{next: 1, from: max(from, 1), fn: fn}
		for n := 1; s.Scan(); n++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := j.line(s.Bytes()); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
		if err := s.Err(); err != nil {
			return err
		}
		if j.missing > 0 {
			return fmt.Errorf("the last commit ends within its events: %d are missing", j.missing)
		}
		return j.flush()
	}
}

// joiner collects lines to runs of commits.
type joiner struct {
	next, from uint64
	run        [][]byte
	first      uint64 // of the run
	commit     []byte // from events
	missing    int    // events of it
	fn         func(uint64, [][]byte) error
}

// runMax is how many commits are handed on at once.
const runMax = 256

func (j *joiner) line(b []byte) error {
	switch {
	case len(b) == 0:
		return nil
	case b[0] == '[':
		return j.add(bytes.Clone(b))
	}
	var head struct {
		Index int `json:"index"`
		Of    int `json:"of"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	if head.Index < 1 || head.Index > head.Of || (head.Index == 1) != (j.missing == 0) {
		return fmt.Errorf("event %d of %d does not follow", head.Index, head.Of)
	}
	if head.Index == 1 {
		j.commit, j.missing = []byte{'['}, head.Of
	} else {
		j.commit = append(j.commit, ',')
	}
	j.commit = append(j.commit, b...)
	if j.missing--; j.missing > 0 {
		return nil
	}
	return j.add(append(j.commit, ']'))
}

func (j *joiner) add(commit []byte) error {
	if len(j.run) == 0 {
		j.first = j.next
	}
	if j.next++; j.next > j.from {
		j.run = append(j.run, commit)
	} else {
		j.first = j.next
	}
	if len(j.run) < runMax {
		return nil
	}
	return j.flush()
}

func (j *joiner) flush() error {
	if len(j.run) == 0 {
		return nil
	}
	run := j.run
	j.run = nil
	return j.fn(j.first, run)
}
