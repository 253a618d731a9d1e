package embedded_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhitong/events/log"
	"zhitong/internal/embedded"
)

func TestSecondProcessUsesTheFirstsServer(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	first, second := open(t, dir), open(t, dir)
	if !first.Owns() || second.Owns() {
		t.Fatalf("owners: first %v, second %v", first.Owns(), second.Owns())
	}
	if err := appendAnyway(testContext(t), openLog(t, first), []byte("a"), []byte("ab")); err != nil {
		t.Fatal(err)
	}
	l := openLog(t, second)
	if err := appendAnyway(testContext(t), l, []byte("b"), []byte("bb")); err != nil {
		t.Fatal(err)
	}
	wantAcked(t, l, "a", "b")
}

func TestSurvivorTakesOver(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*helper){"AfterKill": (*helper).kill, "AfterCleanEnd": (*helper).finish} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := shortDir(t)
			owner := startHelper(t, "append", dir, nil)
			owner.await("ack")
			survivor := startHelper(t, "append", dir, nil)
			if got := survivor.await("open"); got != "false" {
				t.Fatalf("second process owns: %s", got)
			}
			survivor.await("ack")
			owner.await("ack")
			end(owner)
			before := len(survivor.acked)
			survivor.await("note")
			for range 50 {
				survivor.await("ack")
			}
			survivor.finish()
			if len(survivor.acked) < before+50 {
				t.Errorf("survivor acknowledged %d", len(survivor.acked))
			}
			last := open(t, dir)
			if !last.Owns() {
				t.Error("nobody is left, yet this process is not the owner")
			}
			wantAcked(t, openLog(t, last), append(owner.acked, survivor.acked...)...)
		})
	}
}

func TestFollowGoesOnAcrossATakeover(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	owner := open(t, dir)
	writer := openLog(t, owner)
	ctx := testContext(t)
	if err := appendAnyway(ctx, writer, []byte("1"), []byte("1b")); err != nil {
		t.Fatal(err)
	}
	l := openLog(t, open(t, dir))
	seen := make(chan string)
	go func() {
		_ = l.Follow(ctx, 1, func(b log.Block) error {
			select {
			case seen <- string(b.Commits[0]):
			case <-ctx.Done():
			}
			return nil
		})
	}()
	for n := 1; n <= 6; n++ {
		if got := <-seen; got != fmt.Sprint(n) {
			t.Fatalf("followed %s, want %d", got, n)
		}
		if n == 3 {
			closeInstance(t, owner)
		}
		if err := appendAnyway(ctx, l, fmt.Append(nil, n+1), fmt.Append(nil, n+1, "b")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolderWithALongPathHasItsSocketElsewhere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(shortDir(t), strings.Repeat("long/", 30))
	open(t, dir)
	second := open(t, dir)
	if second.Owns() {
		t.Error("two owners")
	}
	note, err := os.ReadFile(filepath.Join(dir, "bridge"))
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.TrimSpace(string(note))
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Dir(socket)); err != nil {
			t.Error(err)
		}
	})
	if strings.HasPrefix(socket, dir) {
		t.Errorf("socket is %s", socket)
	}
	wantMode(t, filepath.Dir(socket), 0o700)
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %v, want %v", path, got, want)
	}
}

func TestCloseAgainChangesNothing(t *testing.T) {
	t.Parallel()
	i, err := embedded.Open(testContext(t), embedded.Options{Dir: shortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range 2 {
		if err := i.Close(ended); err != nil {
			t.Error(err)
		}
	}
	if _, err := i.Connect(testContext(t)); err == nil {
		t.Error("connected after the end")
	}
	if _, err := i.Postgres(testContext(t)); err == nil {
		t.Error("postgres after the end")
	}
}
