package logtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"

	"zhitong/events/log"
)

func emptyLog(t *testing.T, l log.Log) {
	ctx := Context(t)
	head, err := l.Head(ctx)
	if err != nil || head != (log.Head{}) {
		t.Errorf("head %+v, %v", head, err)
	}
	wantEqual(t, "commits", All(t, l, 0), []string(nil))
	id, err := l.Identity(ctx)
	if err != nil || id.First != [32]byte{} || id.Created.IsZero() || id.Stream == "" {
		t.Errorf("identity %+v, %v", id, err)
	}
	if err := log.Verify(ctx, l); err != nil {
		t.Errorf("verify: %v", err)
	}
}

func appendMovesHead(t *testing.T, l log.Log) {
	_, want := fill(t, l, 1, 3, 64, 1)
	got, err := l.Head(Context(t))
	if err != nil || got != want {
		t.Errorf("head %+v, %v, want %+v", got, err, want)
	}
}

func readsBack(t *testing.T, l log.Log) {
	want, _ := fill(t, l, 1, 3, 64, 1, 512)
	wantEqual(t, "commits", All(t, l, 0), want)
	if err := log.Verify(Context(t), l); err != nil {
		t.Errorf("verify: %v", err)
	}
}

func readsFromAnywhere(t *testing.T, l log.Log) {
	sizes := make([]int, 40)
	for i := range sizes {
		sizes[i] = 1 + i%5
	}
	want, head := fill(t, l, sizes...)
	for from := uint64(1); from <= head.Position; from++ {
		wantEqual(t, fmt.Sprintf("commits from %d", from), All(t, l, from), want[from-1:])
	}
	wantEqual(t, "commits behind the head", All(t, l, head.Position+1), []string(nil))
}

func readEndsAtHead(t *testing.T, l log.Log) {
	want, head := fill(t, l, 2, 2)
	var got []string
	err := l.Read(Context(t), 1, func(b log.Block) error {
		if b.Seq == 1 {
			MustAppend(t, l, head, Commits("later", 1))
		}
		got = append(got, texts(b.Commits)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "commits", got, want)
}

func readStops(t *testing.T, l log.Log) {
	fill(t, l, 1, 1, 1)
	stop := errors.New("stop")
	calls := 0
	err := l.Read(Context(t), 1, func(log.Block) error {
		calls++
		return stop
	})
	wantError(t, "read", err, stop)
	wantEqual(t, "calls", calls, 1)
	wantError(t, "follow", l.Follow(Context(t), 1, func(log.Block) error { return stop }), stop)
}

func loads(t *testing.T, l log.Log) {
	sizes := make([]int, 60)
	for i := range sizes {
		sizes[i] = 1 + (i*i)%17
	}
	all, head := fill(t, l, sizes...)
	given := []uint64{head.Position, 1, 7, 7, head.Position / 2, head.Position - 1}
	var positions []uint64
	err := l.Load(Context(t), given, func(position uint64, commit []byte) error {
		positions = append(positions, position)
		if got, want := string(commit), all[position-1]; got != want {
			return fmt.Errorf("position %d: %q, want %q", position, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "positions", positions, []uint64{1, 7, head.Position / 2, head.Position - 1, head.Position})
	wantEqual(t, "given positions are left alone", given[0], head.Position)
	if err := l.Load(Context(t), nil, nil); err != nil {
		t.Errorf("load of nothing: %v", err)
	}
}

func loadRefuses(t *testing.T, l log.Log) {
	_, head := fill(t, l, 2)
	for _, position := range []uint64{0, head.Position + 1} {
		err := l.Load(Context(t), []uint64{position}, func(uint64, []byte) error { return nil })
		if err == nil {
			t.Errorf("load of position %d: no error", position)
		}
	}
}

func staleHead(t *testing.T, l log.Log) {
	want, head := fill(t, l, 1, 2)
	for _, stale := range []log.Head{{}, {Seq: 1, Position: 1}} {
		_, err := l.Append(Context(t), stale, Commits("stale", 1))
		wantError(t, fmt.Sprintf("append behind %+v", stale), err, log.ErrConflict)
	}
	wantEqual(t, "commits", All(t, l, 1), want)
	MustAppend(t, l, head, Commits("next", 1))
}

func inventedHead(t *testing.T, l log.Log) {
	want, head := fill(t, l, 1, 2)
	_, err := l.Append(Context(t), log.Head{Seq: head.Seq, Position: head.Position + 1}, Commits("x", 1))
	wantError(t, "wrong position", err, log.ErrConflict)
	_, err = l.Append(Context(t), log.Head{Position: 3}, Commits("x", 1))
	wantError(t, "position without a block", err, log.ErrConflict)
	_, err = l.Append(Context(t), log.Head{Seq: head.Seq + 9, Position: head.Position + 9}, Commits("x", 1))
	wantError(t, "head behind the end", err, log.ErrIdentity)
	wantEqual(t, "commits", All(t, l, 1), want)
}

func sameBlockAgain(t *testing.T, l log.Log) {
	_, before := fill(t, l, 2)
	after := MustAppend(t, l, before, Commits("same", 3))
	again := MustAppend(t, l, before, Commits("same", 3))
	wantEqual(t, "head", again, after)
	MustAppend(t, l, after, Commits("next", 1))
	MustAppend(t, l, before, Commits("same", 3))
	if got := len(All(t, l, 1)); got != 6 {
		t.Errorf("%d commits, want 6", got)
	}
}

func blockLimits(t *testing.T, l log.Log) {
	for name, commits := range map[string][][]byte{
		"no commits":   {},
		"empty commit": {[]byte("a"), nil},
		"line feed":    {[]byte("a\nb")},
		"too many":     Commits("x", log.BlockCommitsMax+1),
		"too large":    {bytes.Repeat([]byte("x"), log.CommitBytesMax+1)},
		"too large together": {
			bytes.Repeat([]byte("x"), log.CommitBytesMax),
			bytes.Repeat([]byte("x"), log.BlockBytesMax),
		},
	} {
		if _, err := l.Append(Context(t), log.Head{}, commits); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	wantEqual(t, "commits", All(t, l, 1), []string(nil))
	MustAppend(t, l, log.Head{}, Commits("x", log.BlockCommitsMax))
}

func largestCommit(t *testing.T, l log.Log) {
	large := bytes.Repeat([]byte("x"), log.CommitBytesMax)
	head := MustAppend(t, l, log.Head{}, [][]byte{large})
	head = MustAppend(t, l, head, [][]byte{bytes.Repeat([]byte("y"), log.BlockBytesMax-2), large})
	got := All(t, l, 1)
	if len(got) != 3 || got[0] != string(large) || got[2] != string(large) {
		t.Errorf("%d commits, not as written", len(got))
	}
	err := l.Load(Context(t), []uint64{head.Position}, func(_ uint64, commit []byte) error {
		if !bytes.Equal(commit, large) {
			return errors.New("not as written")
		}
		return nil
	})
	if err != nil {
		t.Errorf("load: %v", err)
	}
}

func concurrentAppenders(t *testing.T, l log.Log) {
	const appenders, each = 4, 25
	ctx := Context(t)
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for i := range each {
				if err := appendAnyway(ctx, l, Commits(fmt.Sprintf("a%d-%d", a, i), 1+i%3)); err != nil {
					t.Errorf("appender %d: %v", a, err)
					return
				}
			}
		})
	}
	wg.Wait()
	head, err := l.Head(ctx)
	if err != nil || head.Seq != appenders*each {
		t.Errorf("head %+v, %v, want %d blocks", head, err, appenders*each)
	}
	seen := map[string]bool{}
	for _, commit := range All(t, l, 1) {
		if seen[commit] {
			t.Errorf("%s twice", commit)
		}
		seen[commit] = true
	}
	if uint64(len(seen)) != head.Position {
		t.Errorf("%d commits, head at %d", len(seen), head.Position)
	}
}

// appendAnyway appends at whatever the head is, as a committer would.
func appendAnyway(ctx context.Context, l log.Log, commits [][]byte) error {
	for {
		head, err := l.Head(ctx)
		if err != nil {
			return err
		}
		if _, err = l.Append(ctx, head, commits); !errors.Is(err, log.ErrConflict) {
			return err
		}
	}
}

// errSeen ends a Follow when all that was wanted was seen.
var errSeen = errors.New("seen")

// follow returns the commits from a position until there are n.
func follow(ctx context.Context, l log.Log, from uint64, n int) ([]string, error) {
	var got []string
	next := max(from, 1)
	err := l.Follow(ctx, from, func(b log.Block) error {
		if b.First != next {
			return fmt.Errorf("block %d begins at %d, want %d", b.Seq, b.First, next)
		}
		next = b.Last() + 1
		got = append(got, texts(b.Commits)...)
		if len(got) >= n {
			return errSeen
		}
		return nil
	})
	if errors.Is(err, errSeen) {
		err = nil
	}
	return got, err
}

func followSeesAll(t *testing.T, l log.Log) {
	ctx := Context(t)
	want, head := fill(t, l, 3, 1)
	for i := range 60 {
		want = append(want, texts(Commits(fmt.Sprintf("f%d", i), 1+i%4))...)
	}
	type result struct {
		got []string
		err error
	}
	results := make(chan result, 3)
	for range cap(results) {
		go func() {
			got, err := follow(ctx, l, 2, len(want)-1)
			results <- result{got, err}
		}()
	}
	for i := range 60 {
		head = MustAppend(t, l, head, Commits(fmt.Sprintf("f%d", i), 1+i%4))
	}
	for range cap(results) {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		wantEqual(t, "followed", r.got, want[1:])
	}
}

// slowFollower stands still at its first block while many large ones are appended.
func slowFollower(t *testing.T, l log.Log) {
	const blocks = 60
	_, head := fill(t, l, 1)
	ctx := Context(t)
	began, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	next := uint64(1)
	go func() {
		ended <- l.Follow(ctx, 1, func(b log.Block) error {
			if b.First == 1 {
				close(began)
				<-goOn
			}
			if b.First != next {
				return fmt.Errorf("block %d begins at %d, want %d", b.Seq, b.First, next)
			}
			if next = b.Last() + 1; next > 2*blocks {
				return errSeen
			}
			return nil
		})
	}()
	<-began
	for range blocks {
		head = MustAppend(t, l, head, [][]byte{bytes.Repeat([]byte("x"), 64<<10), []byte("y")})
	}
	close(goOn)
	wantError(t, "follow", <-ended, errSeen)
}

func followBehindHead(t *testing.T, l log.Log) {
	_, head := fill(t, l, 2)
	type result struct {
		got []string
		err error
	}
	done := make(chan result, 1)
	ctx := Context(t)
	go func() {
		got, err := follow(ctx, l, 5, 2)
		done <- result{got, err}
	}()
	head = MustAppend(t, l, head, Commits("x", 1))
	head = MustAppend(t, l, head, Commits("y", 2))
	MustAppend(t, l, head, Commits("z", 1))
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	wantEqual(t, "followed from 5", r.got, []string{string(Commits("y", 2)[1]), string(Commits("z", 1)[0])})
}

func followEnds(t *testing.T, l log.Log) {
	fill(t, l, 1)
	ctx, cancel := context.WithCancel(Context(t))
	err := l.Follow(ctx, 1, func(log.Block) error {
		cancel()
		return nil
	})
	wantError(t, "follow", err, context.Canceled)
}

func identity(t *testing.T, l log.Log) {
	ctx := Context(t)
	empty, err := l.Identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	first := Commits("first", 2)
	head := MustAppend(t, l, log.Head{}, first)
	one, err := l.Identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := empty
	want.First = sha256.Sum256(first[0])
	wantEqual(t, "identity", one, want)
	MustAppend(t, l, head, Commits("more", 1))
	two, err := l.Identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "identity later", two, one)
}

func endedContext(t *testing.T, l log.Log) {
	ctx, cancel := context.WithCancel(Context(t))
	cancel()
	_, err := l.Append(ctx, log.Head{}, Commits("x", 1))
	wantError(t, "append", err, log.ErrUnavailable)
	wantError(t, "append", err, context.Canceled)
	_, err = l.Head(ctx)
	wantError(t, "head", err, context.Canceled)
	wantError(t, "follow", l.Follow(ctx, 1, nil), context.Canceled)
}
