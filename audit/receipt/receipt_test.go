package receipt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhitong/audit/audittest"
	"zhitong/audit/checkpoint"
	"zhitong/audit/receipt"
	"zhitong/audit/tree"
	"zhitong/events"
)

func setup(t *testing.T) (*tree.Writer, *checkpoint.Keys) {
	t.Helper()
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	w, err := tree.OpenWriter(filepath.Join(t.TempDir(), "audit"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w, keys
}

func grow(t *testing.T, w *tree.Writer, n int) {
	t.Helper()
	for range n {
		p := w.Size() + 1
		if err := w.Add(p, [][]byte{commit(p)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
}

func commit(p uint64) []byte { return fmt.Appendf(nil, "[%d]", p) }

func TestAReceiptIsReadyOnceACheckpointCoversIt(t *testing.T) {
	t.Parallel()
	w, keys := setup(t)
	desk := receipt.NewDesk(w.Reader())
	verifiers, err := checkpoint.Verifiers(keys.VKeys()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, ready, err := desk.At(t.Context(), 1); ready || err != nil {
		t.Errorf("of an empty log: ready %v, %v", ready, err)
	}
	grow(t, w, 300)
	for _, p := range []uint64{1, 256, 257, 300} {
		b, ready, err := desk.At(t.Context(), p)
		if err != nil || !ready {
			t.Fatalf("position %d: ready %v, %v", p, ready, err)
		}
		proof, err := checkpoint.ParseProof(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proof.Check(commit(p), verifiers); err != nil || !bytes.Equal(proof.Commit, commit(p)) {
			t.Errorf("position %d: its holder finds %v, %s", p, err, proof.Commit)
		}
		if _, err := proof.Check(commit(p+1), verifiers); err == nil {
			t.Errorf("position %d: the receipt fits another commit", p)
		}
	}
	if _, ready, err := desk.At(t.Context(), 301); ready || err != nil {
		t.Errorf("of a position that is not signed yet: ready %v, %v", ready, err)
	}
	if _, _, err := desk.At(t.Context(), 0); !errors.Is(err, receipt.ErrUnknown) {
		t.Errorf("of position 0: %v", err)
	}
	ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := desk.Await(ended, 301); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("awaited in vain: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := desk.Await(t.Context(), 301)
		got <- err
	}()
	grow(t, w, 1)
	if err := <-got; err != nil {
		t.Errorf("awaited: %v", err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	w := audittest.Short(t)
	commits := audittest.Commits(t, w)
	read := audittest.Reader(audittest.Encode(t, commits))
	several := 0
	for i, c := range commits {
		if len(c.Events) > 1 {
			several = i
			break
		}
	}
	c := commits[several]
	for name, id := range map[string]string{
		"Position": fmt.Sprint(c.Position), "FirstEvent": c.Events[0].ID, "SecondEvent": c.Events[1].ID, "Command": c.Events[0].CommandID,
	} {
		if got, err := receipt.Find(t.Context(), read, id); err != nil || got != c.Position {
			t.Errorf("%s %q: got %d, %v, want %d", name, id, got, err, c.Position)
		}
	}
	stem, _, _ := strings.Cut(c.Events[0].ID, "-")
	for _, id := range []string{"", "0", "nobody", stem, stem + "-99", events.IDOf("nobody", 1), "-1"} {
		if got, err := receipt.Find(t.Context(), read, id); !errors.Is(err, receipt.ErrUnknown) {
			t.Errorf("%q: got %d, %v", id, got, err)
		}
	}
}
