package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/tree"
	"zhitong/events/log"
)

type bundle struct {
	dir  string
	keys *checkpoint.Keys
	log  *log.Memory
}

func setup(t *testing.T) *bundle {
	t.Helper()
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "log.key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	return &bundle{dir: filepath.Join(t.TempDir(), "audit"), keys: keys, log: log.NewMemory()}
}

func commits(from, to int, text string) [][]byte {
	var list [][]byte
	for p := from; p <= to; p++ {
		list = append(list, fmt.Appendf(nil, "[%d %s]", p, text))
	}
	return list
}

func (b *bundle) append(t *testing.T, l *log.Memory, from, to int, text string) {
	t.Helper()
	for ; from <= to; from += 10 {
		if _, err := l.Inject(commits(from, min(from+9, to), text)...); err != nil {
			t.Fatal(err)
		}
	}
}

// runUntil runs a keeper on l until a checkpoint covers the position, and returns
// why it ended if it ended before.
func (b *bundle) runUntil(t *testing.T, l log.Log, position uint64) error {
	t.Helper()
	w, err := tree.OpenWriter(b.dir, b.keys)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := keeper.New(l, w, keeper.Options{Every: time.Millisecond})
	ended := make(chan error, 1)
	go func() {
		ended <- k.Run(ctx)
		cancel()
	}()
	if _, err := w.Covering(ctx, position); err == nil {
		cancel()
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func TestFollowsOverRestarts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, size := range []int{1, 9, 256, 300, 512, 700} {
		head, err := b.log.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.append(t, b.log, int(head.Position)+1, size, "a")
		if err := b.runUntil(t, b.log, uint64(size)); err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
	}
}

func TestRefusesALogThatIsNotTheSignedOne(t *testing.T) {
	t.Parallel()
	for _, size := range []int{300, 512} {
		for name, forge := range map[string]func(b *bundle, l *log.Memory){
			"TailDropped":       func(b *bundle, l *log.Memory) { b.append(t, l, 1, size-1, "a") },
			"Empty":             func(*bundle, *log.Memory) {},
			"LastCommitChanged": func(b *bundle, l *log.Memory) { b.append(t, l, 1, size-1, "a"); b.append(t, l, size, size, "b") },
		} {
			t.Run(fmt.Sprintf("%s%d", name, size), func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				b.append(t, b.log, 1, size, "a")
				if err := b.runUntil(t, b.log, uint64(size)); err != nil {
					t.Fatal(err)
				}
				forged := log.NewMemory()
				forge(b, forged)
				if err := b.runUntil(t, forged, uint64(size+1)); !errors.Is(err, tree.ErrRewritten) {
					t.Errorf("got %v, want %v", err, tree.ErrRewritten)
				}
			})
		}
	}
}
