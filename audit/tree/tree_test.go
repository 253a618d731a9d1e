package tree_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
)

// bundleOf is a Merkle log in a temporary folder.
type bundleOf struct {
	dir  string
	keys *checkpoint.Keys
	w    *tree.Writer
}

func setup(t *testing.T) *bundleOf {
	t.Helper()
	b := &bundleOf{dir: filepath.Join(t.TempDir(), "audit")}
	var err error
	if b.keys, err = checkpoint.OpenKeys(filepath.Join(t.TempDir(), "log.key"), "zhitong.example/log"); err != nil {
		t.Fatal(err)
	}
	b.open(t)
	return b
}

func (b *bundleOf) open(t *testing.T) {
	t.Helper()
	if b.w != nil {
		if err := b.w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if b.w, err = tree.OpenWriter(b.dir, b.keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.w.Close() })
}

// commit is the commit at a position; every 97th is too large for a bundle.
func commit(position uint64) []byte {
	if position%97 == 0 {
		return fmt.Appendf(nil, `[{"position":%d,"note":%q}]`, position, strings.Repeat("大", 25_000))
	}
	return fmt.Appendf(nil, `[{"position":%d}]`, position)
}

func (b *bundleOf) grow(t *testing.T, to uint64) {
	t.Helper()
	for from := b.w.Size() + 1; from <= to; {
		var block [][]byte
		for first := from; from <= to && from < first+7; from++ {
			block = append(block, commit(from))
		}
		if err := b.w.Add(from-uint64(len(block)), block); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bundleOf) sign(t *testing.T) checkpoint.Signed {
	t.Helper()
	s, err := b.w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check reads the whole folder and checks every leaf, every kept checkpoint and
// every commit's bytes.
func (b *bundleOf) check(t *testing.T) {
	t.Helper()
	r := tree.NewReader(os.DirFS(b.dir))
	verifiers, err := checkpoint.Verifiers(strings.Join(b.keys.VKeys(), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	notes, err := r.Checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	last, err := checkpoint.Open(notes[len(notes)-1], verifiers)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		s, err := checkpoint.Open(n, verifiers)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := r.Consistency(s.Size, last.Checkpoint)
		if err != nil {
			t.Fatalf("size %d: %v", s.Size, err)
		}
		if err := merkle.CheckConsistency(s.Size, last.Size, s.Root, last.Root, proof); err != nil {
			t.Fatalf("size %d to %d: %v", s.Size, last.Size, err)
		}
	}
	for p := uint64(1); p <= last.Size; p++ {
		if p > 600 && p%131 != 0 && p < last.Size-3 {
			continue
		}
		proof, err := r.Prove(p, last)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proof.Check(commit(p), verifiers); err != nil || !bytes.Equal(proof.Commit, commit(p)) {
			t.Fatalf("position %d: %v", p, err)
		}
	}
}

func TestGrowsAndSurvivesRestarts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sizes := []uint64{1, 2, 3, 200, 255, 256, 257, 300, 511, 512, 513, 1000, 2048}
	for _, size := range sizes {
		b.grow(t, size)
		s := b.sign(t)
		if s.Size != size {
			t.Fatalf("signed size %d, want %d", s.Size, size)
		}
		b.grow(t, size+1) // added, not signed: a restart forgets it
		b.open(t)
		if got := b.w.Size(); got != size {
			t.Fatalf("after a restart the tree has %d leaves, want %d", got, size)
		}
		b.check(t)
	}
}

func TestEveryKeptCheckpointHasItsTiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, size := range []uint64{1, 100, 255, 300, 512} {
		b.grow(t, size)
		b.sign(t)
	}
	for _, want := range []struct {
		path   string
		hashes int
	}{{"tile/0/000", 256}, {"tile/0/000.p/1", 1}, {"tile/0/000.p/100", 100}, {"tile/0/001.p/44", 44}, {"tile/0/001", 256}, {"tile/1/000.p/1", 1}, {"tile/1/000.p/2", 2}} {
		raw, err := b.w.Reader().Raw(want.path)
		if err != nil || len(raw) != 32*want.hashes {
			t.Errorf("%s: %d bytes (%v), want %d hashes", want.path, len(raw), err, want.hashes)
		}
	}
	for _, path := range []string{"tile/0/002", "tile/1/000.p/3", "tile/8/0/000", "tile/0/0", "tile/0/000.p/256", "tile/../checkpoint", "lock"} {
		if _, err := b.w.Reader().Raw(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want none", path, err)
		}
	}
	if got, want := storedPaths(t, b.dir), []string{"checkpoint", "checkpoints", "lock", "tile/0/000", "tile/0/001", "tile/1/000.p/2",
		"tile/entries/000", "tile/entries/001", "tile/large/096", "tile/large/193", "tile/large/290", "tile/large/387", "tile/large/484", "vkeys"}; !slices.Equal(got, want) {
		t.Errorf("stored\n%v, want\n%v", got, want)
	}
}

func storedPaths(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestLostTilesAreMadeAgain damages each stored file in turn.
func TestLostTilesAreMadeAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, size := range []uint64{100, 600} {
		b.grow(t, size)
		b.sign(t)
	}
	for _, name := range storedPaths(t, b.dir) {
		if !strings.HasPrefix(name, "tile/0/002") && !strings.HasPrefix(name, "tile/1") && !strings.HasPrefix(name, "tile/entries/002") {
			continue
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte("damaged"), 0o644); err != nil {
			t.Fatal(err)
		}
		b.open(t)
		if got := b.w.Size(); got != 0 {
			t.Fatalf("%s damaged: the tree has %d leaves, want to begin again", name, got)
		}
		b.grow(t, 600)
		if s := b.sign(t); s.Size != 600 {
			t.Fatalf("signed %d", s.Size)
		}
		b.check(t)
	}
}

func TestARewrittenLogIsNeverSigned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grow(t, 300)
	b.sign(t)
	if err := os.RemoveAll(filepath.Join(b.dir, "tile")); err != nil {
		t.Fatal(err)
	}
	b.open(t)
	var err error
	for p := uint64(1); p <= 400 && err == nil; p++ {
		c := commit(p)
		if p == 17 {
			c = []byte("[another]")
		}
		err = b.w.Add(p, [][]byte{c})
	}
	if !errors.Is(err, tree.ErrRewritten) {
		t.Fatalf("got %v, want %v", err, tree.ErrRewritten)
	}
	if _, err := b.w.Checkpoint(); !errors.Is(err, tree.ErrRewritten) {
		t.Errorf("a checkpoint after it: %v", err)
	}
}

func TestATornCheckpointIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grow(t, 10)
	b.sign(t)
	f, err := os.OpenFile(filepath.Join(b.dir, "checkpoints"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("zhitong.example/log\n11\nAAAA\n\n— zhitong"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b.open(t)
	b.grow(t, 12)
	b.sign(t)
	b.check(t)
}

func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := tree.OpenWriter(b.dir, b.keys); err == nil {
		t.Fatal("a second writer was opened")
	}
}

// TestTilesAreReadByTlog reads the whole tree as a client of package tlog does.
func TestTilesAreReadByTlog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grow(t, 70_001)
	s := b.sign(t)
	reader := tlog.TileHashReader(tlog.Tree{N: int64(s.Size), Hash: s.Root}, fileTiles{b.dir})
	for _, n := range []int64{0, 255, 256, 65_535, 65_536, 70_000} {
		proof, err := tlog.ProveRecord(int64(s.Size), n, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, int64(s.Size), s.Root, n, tlog.RecordHash(commit(uint64(n+1)))); err != nil {
			t.Errorf("record %d: %v", n, err)
		}
	}
}

// fileTiles reads the paths of C2SP tlog-tiles, which are those of package tlog
// without the height.
type fileTiles struct{ dir string }

func (f fileTiles) Height() int                     { return 8 }
func (f fileTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (f fileTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		b, err := os.ReadFile(filepath.Join(f.dir, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// BenchmarkWriter measures hashing, tiles, bundles and durable checkpoints of
// commits of 575 bytes, a checkpoint every 100,000.
func BenchmarkWriter(b *testing.B) {
	keys, err := checkpoint.OpenKeys(filepath.Join(b.TempDir(), "key"), "bench")
	if err != nil {
		b.Fatal(err)
	}
	w, err := tree.OpenWriter(b.TempDir(), keys)
	if err != nil {
		b.Fatal(err)
	}
	block := make([][]byte, 512)
	for i := range block {
		block[i] = bytes.Repeat([]byte{byte('a' + i%26)}, 575)
	}
	first, signed := uint64(1), uint64(0)
	for b.Loop() {
		if err := w.Add(first, block); err != nil {
			b.Fatal(err)
		}
		first += uint64(len(block))
		if first-signed > 100_000 {
			signed = first
			if _, err := w.Checkpoint(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(first-1)/b.Elapsed().Seconds(), "commits/s")
}
