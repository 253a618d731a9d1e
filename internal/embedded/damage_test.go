package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhitong/events/log"
	"zhitong/internal/embedded"
)

// written is a data folder whose log has some blocks of two commits.
func written(t *testing.T, blocks int) (dir string, commits map[uint64][]byte) {
	t.Helper()
	dir, commits = shortDir(t), map[uint64][]byte{}
	i := open(t, dir)
	l := openLog(t, i)
	for n := range blocks {
		first := fmt.Appendf(nil, "commit-%d", n)
		second := fmt.Appendf(nil, "commit-%db", n)
		if err := appendAnyway(testContext(t), l, first, second); err != nil {
			t.Fatal(err)
		}
		commits[uint64(2*n+1)], commits[uint64(2*n+2)] = first, second
	}
	closeInstance(t, i)
	return dir, commits
}

// blockFile is the file of the log's blocks.
func blockFile(dir string) string {
	return filepath.Join(dir, "nats", "jetstream", "$G", "streams", "ZHITONG", "msgs", "1.blk")
}

// flip changes a bit of a text in the file of blocks, and returns the file then.
func flip(t *testing.T, dir, text string) []byte {
	t.Helper()
	content, err := os.ReadFile(blockFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte(text))
	if at < 0 {
		t.Fatalf("no block holds %s", text)
	}
	content[at+1] ^= 1
	if err := os.WriteFile(blockFile(dir), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return content
}

// wantDamaged opens the folder, which must be refused with the position, and without
// the broker having touched the file.
func wantDamaged(t *testing.T, dir, position string) {
	t.Helper()
	before, err := os.ReadFile(blockFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	i, err := embedded.Open(testContext(t), embedded.Options{Dir: dir})
	if err == nil {
		closeInstance(t, i)
	}
	var damaged *embedded.DamagedError
	if !errors.As(err, &damaged) || !errors.Is(err, log.ErrIdentity) || !strings.Contains(err.Error(), position) {
		t.Fatalf("open: %v, want damage at %s", err, position)
	}
	if after, err := os.ReadFile(blockFile(dir)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
}

func TestDamageIsFoundBeforeTheBrokerSeesIt(t *testing.T) {
	t.Parallel()
	t.Run("AfterACleanEnd", func(t *testing.T) {
		t.Parallel()
		dir, commits := written(t, 20)
		flip(t, dir, "commit-7b")
		wantDamaged(t, dir, "positions 15 to 16")
		wantMended(t, dir, commits)
	})
	t.Run("AfterACrash", func(t *testing.T) {
		t.Parallel()
		dir := shortDir(t)
		owner := startHelper(t, "append", dir, nil)
		for range 20 {
			owner.await("ack")
		}
		owner.kill()
		commits := map[uint64][]byte{}
		for n, label := range owner.acked {
			commits[uint64(2*n+1)], commits[uint64(2*n+2)] = []byte(label), []byte(label+"b")
		}
		flip(t, dir, owner.acked[6]+"b")
		wantDamaged(t, dir, "positions 13 to 14")
		wantMended(t, dir, commits)
	})
	t.Run("WhenTheEndIsGone", func(t *testing.T) {
		t.Parallel()
		dir, commits := written(t, 20)
		if err := os.Truncate(blockFile(dir), 200); err != nil {
			t.Fatal(err)
		}
		wantDamaged(t, dir, "to 40")
		wantMended(t, dir, commits)
	})
	t.Run("WhenTheStreamIsGone", func(t *testing.T) {
		t.Parallel()
		dir, _ := written(t, 5)
		if err := os.RemoveAll(filepath.Join(dir, "nats", "jetstream", "$G", "streams", "ZHITONG")); err != nil {
			t.Fatal(err)
		}
		_, err := embedded.Open(testContext(t), embedded.Options{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "stream ZHITONG is gone") || !strings.Contains(err.Error(), "positions 1 to 10") {
			t.Errorf("open: %v", err)
		}
	})
}

// wantMended mends the folder and checks that the log is what it was.
func wantMended(t *testing.T, dir string, commits map[uint64][]byte) {
	t.Helper()
	find := func(stream string, position uint64) []byte { return commits[position] }
	m, err := embedded.Mend(dir, find, true)
	if err != nil || len(m.Damage) == 0 || len(m.Lacking) > 0 {
		t.Fatalf("mend: %+v, %v", m, err)
	}
	if kept, err := filepath.Glob(filepath.Join(m.Kept, "ZHITONG", "*.blk")); err != nil || len(kept) == 0 {
		t.Errorf("the damaged files were not kept: %v", err)
	}
	i := open(t, dir)
	l := openLog(t, i)
	if err := log.Verify(testContext(t), l); err != nil {
		t.Fatal(err)
	}
	err = l.Read(testContext(t), 1, func(b log.Block) error {
		for k, commit := range b.Commits {
			if want, known := commits[b.First+uint64(k)]; known && !bytes.Equal(want, commit) {
				return fmt.Errorf("position %d is %q, was %q", b.First+uint64(k), commit, want)
			}
			delete(commits, b.First+uint64(k))
		}
		return nil
	})
	if err != nil || len(commits) > 0 {
		t.Errorf("%v; positions that are not there: %d", err, len(commits))
	}
	closeInstance(t, i)
}

func TestNobodyMendsAFolderThatIsInUse(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	open(t, dir)
	_, err := embedded.Mend(dir, func(string, uint64) []byte { return nil }, true)
	if err == nil || !strings.Contains(err.Error(), "end it first") {
		t.Errorf("mend: %v", err)
	}
}

// Whoever takes over looks at the files as the first owner did, and what was set
// aside meanwhile goes.
func TestATakeoverChecksTheStoreToo(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	owner := startHelper(t, "append", dir, nil)
	owner.await("ack")
	survivor := startHelper(t, "append", dir, nil)
	survivor.await("ack")
	heads := filepath.Join(dir, "nats", "heads.json")
	before, err := os.ReadFile(heads)
	if err != nil {
		t.Fatal(err)
	}
	owner.kill()
	survivor.await("note")
	survivor.await("ack")
	if now, err := os.ReadFile(heads); err != nil || bytes.Equal(now, before) {
		t.Errorf("the note of where the log stands is still %s, %v", now, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nats-aside")); err == nil {
		t.Error("still aside after the check")
	}
	survivor.finish()
}
