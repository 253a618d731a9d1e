// Package history reads recorded commits in order for those who look something up
// in the log, or go through all of it, without views.
//
// It owns the reading ahead and which commits are looked at. It refuses to fold:
// what the commits come to is the business of whoever reads. Start at [Read].
package history

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/log"
)

// Keep says of the stored bytes of a commit whether they are looked at. It may be
// called from several goroutines.
type Keep func(line []byte) bool

// All looks at every commit.
func All([]byte) bool { return true }

// Of looks at the commits that hold one of the facts.
func Of(facts ...domain.Fact) Keep {
	var parts [][]byte
	for _, f := range facts {
		parts = append(parts, []byte(`"type":"`+events.TypePrefix+f.FactName()+".v"))
	}
	return holding(parts)
}

// Naming looks at the commits that hold one of the ids as a value of its own.
func Naming(ids ...domain.ID) Keep {
	var parts [][]byte
	for _, id := range ids {
		quoted, err := jsontext.AppendQuote(nil, string(id))
		if err != nil {
			continue // no id of the log: those are valid UTF-8
		}
		parts = append(parts, quoted)
	}
	return holding(parts)
}

// Any looks at what one of the others looks at.
func Any(keeps ...Keep) Keep {
	return func(line []byte) bool {
		return slices.ContainsFunc(keeps, func(k Keep) bool { return k(line) })
	}
}

func holding(parts [][]byte) Keep {
	return func(line []byte) bool {
		return slices.ContainsFunc(parts, func(p []byte) bool { return bytes.Contains(line, p) })
	}
}

// aheadMax is the number of blocks that are being decoded while another is looked
// at.
const aheadMax = 16

// Source is a log that is only read; every [log.Log] is one.
type Source interface {
	// Read is as in [log.Log].
	Read(ctx context.Context, from uint64, fn func(log.Block) error) error
}

// Read calls fn with the commits that are kept, from the log's beginning to its
// head, in order. An error of fn ends it. When Read has returned it does not use
// the log any more.
func Read(ctx context.Context, l Source, keep Keep, fn func(*events.Commit) error) error {
	ctx, stop := context.WithCancel(ctx)
	r := &reader{keep: keep, ahead: make(chan *decoding, aheadMax), places: make(chan struct{}, runtime.GOMAXPROCS(0))}
	ended := make(chan error, 1)
	go func() {
		defer close(r.ahead)
		ended <- l.Read(ctx, 1, func(b log.Block) error { return r.start(ctx, b) })
	}()
	err := r.hand(fn)
	stop()
	for range r.ahead {
	}
	if readErr := <-ended; err == nil {
		return readErr
	}
	return err
}

// reader is one run of [Read].
type reader struct {
	keep   Keep
	ahead  chan *decoding
	places chan struct{} // bounds how many blocks are decoded at once
}

// decoding is a block on its way.
type decoding struct {
	done    chan struct{}
	commits []events.Commit
	err     error
}

// hand calls fn with what was decoded, in order.
func (r *reader) hand(fn func(*events.Commit) error) error {
	for d := range r.ahead {
		<-d.done
		if d.err != nil {
			return d.err
		}
		for i := range d.commits {
			if err := fn(&d.commits[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// start decodes the kept commits of a block on a goroutine of its own. The block's
// bytes belong to the log, so they are copied.
func (r *reader) start(ctx context.Context, b log.Block) error {
	lines, at := make([][]byte, 0, len(b.Commits)), make([]uint64, 0, len(b.Commits))
	for i, c := range b.Commits {
		if r.keep(c) {
			lines, at = append(lines, bytes.Clone(c)), append(at, b.First+uint64(i))
		}
	}
	d := &decoding{done: make(chan struct{})}
	select {
	case r.ahead <- d:
	case <-ctx.Done():
		return ctx.Err()
	}
	go func() {
		defer close(d.done)
		r.places <- struct{}{}
		defer func() { <-r.places }()
		d.commits, d.err = decode(lines, at)
	}()
	return nil
}

func decode(lines [][]byte, at []uint64) ([]events.Commit, error) {
	commits := make([]events.Commit, len(lines))
	for i, line := range lines {
		c, err := events.Decode(line)
		if err == nil && c.Position != at[i] {
			err = fmt.Errorf("the commit says that it is at %d: %w", c.Position, log.ErrIdentity)
		}
		if err != nil {
			return nil, fmt.Errorf("position %d: %w", at[i], err)
		}
		commits[i] = c
	}
	return commits, nil
}
