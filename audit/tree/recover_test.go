package tree_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zhitong/audit/tree"
)

// TestRecover recovers a whole log from its bundles, also large commits, and names
// what neither the bundles nor another copy hold.
func TestRecover(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const size = 700
	b.grow(t, size)
	signed := b.sign(t)
	recover := func(instead func(uint64) []byte) (missing []tree.Missing, wrong int) {
		n := uint64(0)
		missing, err := b.w.Reader().Recover(signed.Checkpoint, instead, func(position uint64, c []byte) error {
			if n++; position != n {
				t.Fatalf("position %d follows %d", position, n-1)
			}
			if c != nil && !bytes.Equal(c, commit(position)) {
				wrong++
			}
			return nil
		})
		if err != nil || n != size {
			t.Fatalf("%d commits, %v", n, err)
		}
		return missing, wrong
	}
	if missing, wrong := recover(nil); len(missing) != 0 || wrong != 0 {
		t.Fatalf("a whole folder: missing %v, %d wrong", missing, wrong)
	}
	path := filepath.Join(b.dir, "tile", "entries", "001")
	bundle, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bundle[10] ^= 1 // within the commit at position 257
	if err := os.WriteFile(path, bundle, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.dir, "tile", "large", "096")); err != nil {
		t.Fatal(err)
	}
	missing, wrong := recover(nil)
	if wrong != 0 || len(missing) != 2 || missing[0].First != 97 || missing[0].Last != 97 || missing[1].First != 257 || missing[1].Last != 257 {
		t.Errorf("damaged: missing %v, %d wrong; want 97 and 257", missing, wrong)
	}
	if missing, wrong := recover(func(p uint64) []byte { return []byte("made up") }); len(missing) != 2 || wrong != 0 {
		t.Errorf("a false copy: missing %v, %d wrong", missing, wrong)
	}
	if missing, wrong := recover(commit); len(missing) != 0 || wrong != 0 {
		t.Errorf("another copy: missing %v, %d wrong", missing, wrong)
	}
}
