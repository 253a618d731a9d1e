// Package projectionstest makes logs for tests of views: histories that the real
// application wrote, as commits that can be appended to a log in any cut.
//
// It owns no expectation: what rows should come out is each test's business. It
// never enters the binary.
package projectionstest

import (
	"context"
	"testing"

	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app/apptest"
)

// Source is the source attribute of the histories' events.
var Source = events.SourceOf("TEST")

// Lines returns every commit of the world as it is stored.
func Lines(t apptest.TB, w *apptest.World) [][]byte {
	t.Helper()
	var lines [][]byte
	for at := range w.Position() {
		lines = append(lines, Encode(t, *w.Commit(at + 1)))
	}
	return lines
}

// Encode writes a commit as it is stored.
func Encode(t apptest.TB, c events.Commit) []byte {
	t.Helper()
	b, err := events.Encode(nil, Source, c)
	if err != nil {
		t.Fatalf("encode commit %d: %v", c.Position, err)
	}
	return b
}

// NewLog returns a log in memory that holds the commits, in blocks of up to size.
func NewLog(t testing.TB, lines [][]byte, size int) *log.Memory {
	t.Helper()
	l := log.NewMemory()
	Append(t, l, lines, size)
	return l
}

// Append appends the commits in blocks of up to size.
func Append(t testing.TB, l log.Log, lines [][]byte, size int) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	head, err := l.Head(ctx)
	for len(lines) > 0 && err == nil {
		n := min(size, len(lines))
		head, err = l.Append(ctx, head, lines[:n])
		lines = lines[n:]
	}
	if err != nil {
		t.Fatalf("append: %v", err)
	}
}

// Reader reads the log as a fold wants it.
func Reader(l log.Log) func(context.Context, uint64, func(uint64, [][]byte) error) error {
	return func(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
		return l.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
	}
}
