package merkle_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"zhitong/audit/merkle"
)

// oracle is a tree as the tlog package keeps it.
type oracle struct{ stored []tlog.Hash }

func (o *oracle) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = o.stored[x]
	}
	return out, nil
}

func (o *oracle) add(t *testing.T, n int64, data []byte) {
	t.Helper()
	hashes, err := tlog.StoredHashes(n, data, o)
	if err != nil {
		t.Fatal(err)
	}
	o.stored = append(o.stored, hashes...)
}

func noTile(int, uint64, []merkle.Hash) error { return nil }

// TestSmallTreesExhaustively proves and checks every leaf of every tree of 1 to
// 130 leaves, and every earlier size, and flips a bit in each hash of each proof.
func TestSmallTreesExhaustively(t *testing.T) {
	t.Parallel()
	const sizes = 130
	var edge merkle.Edge
	o := &oracle{}
	var leaves, roots []merkle.Hash
	for size := int64(1); size <= sizes; size++ {
		data := fmt.Appendf(nil, "leaf %d", size)
		o.add(t, size-1, data)
		leaves = append(leaves, merkle.Leaf(data))
		if err := edge.Append(leaves[size-1], noTile); err != nil {
			t.Fatal(err)
		}
		root, err := tlog.TreeHash(size, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := edge.Root(); got != root {
			t.Fatalf("size %d: root %v, want %v", size, got, root)
		}
		roots = append(roots, root)
		for i := range size {
			proof, err := tlog.ProveRecord(size, i, o)
			if err != nil {
				t.Fatal(err)
			}
			checkAndFlip(t, fmt.Sprintf("leaf %d of %d", i, size), proof, func(p []merkle.Hash) error {
				return merkle.CheckInclusion(uint64(i), uint64(size), leaves[i], root, p)
			})
			earlier, err := tlog.ProveTree(size, i+1, o)
			if err != nil {
				t.Fatal(err)
			}
			checkAndFlip(t, fmt.Sprintf("%d to %d", i+1, size), earlier, func(p []merkle.Hash) error {
				return merkle.CheckConsistency(uint64(i+1), uint64(size), roots[i], root, p)
			})
			if i > 0 && merkle.CheckInclusion(uint64(i-1), uint64(size), leaves[i], root, proof) == nil {
				t.Fatalf("leaf %d of %d proves itself at index %d", i, size, i-1)
			}
		}
	}
}

func checkAndFlip(t *testing.T, what string, proof []merkle.Hash, check func([]merkle.Hash) error) {
	t.Helper()
	if err := check(proof); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for k := range proof {
		proof[k][k%32] ^= 1 << (k % 8)
		if check(proof) == nil {
			t.Fatalf("%s: hash %d flipped and not refused", what, k)
		}
		proof[k][k%32] ^= 1 << (k % 8)
	}
	if check(append(proof[:len(proof):len(proof)], merkle.Hash{})) == nil {
		t.Fatalf("%s: one hash more and not refused", what)
	}
	if len(proof) > 0 && check(proof[:len(proof)-1]) == nil {
		t.Fatalf("%s: one hash fewer and not refused", what)
	}
}

// TestEdgeIsRestoredFromItsTiles crosses the borders of the tiles of three levels.
func TestEdgeIsRestoredFromItsTiles(t *testing.T) {
	t.Parallel()
	type key struct {
		level int
		index uint64
	}
	tiles := map[key][]merkle.Hash{}
	var edge, again merkle.Edge
	for n := range uint64(66_000) {
		leaf := merkle.Leaf(binary.BigEndian.AppendUint64(nil, n))
		err := edge.Append(leaf, func(level int, index uint64, hashes []merkle.Hash) error {
			tiles[key{level, index}] = append([]merkle.Hash(nil), hashes...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n%509 != 0 && n < 65_530 {
			continue
		}
		err = again.Restore(n+1, func(level int, _ uint64, width int) ([]merkle.Hash, error) {
			return edge.Partial(level)[:width], nil
		})
		if err != nil || again.Root() != edge.Root() {
			t.Fatalf("size %d: root %v, want %v (%v)", n+1, again.Root(), edge.Root(), err)
		}
	}
	if got, want := len(tiles), 257+1; got != want {
		t.Errorf("%d full tiles, want %d", got, want)
	}
}

// BenchmarkHashing measures leaves and nodes of commits of 575 bytes.
func BenchmarkHashing(b *testing.B) {
	commits := make([][]byte, 512)
	for i := range commits {
		commits[i] = make([]byte, 575)
		binary.BigEndian.PutUint64(commits[i], uint64(i))
	}
	var edge merkle.Edge
	var hashes []merkle.Hash
	n := 0
	for b.Loop() {
		hashes = merkle.Leaves(hashes[:0], commits)
		for _, h := range hashes {
			if err := edge.Append(h, noTile); err != nil {
				b.Fatal(err)
			}
		}
		n += len(commits)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "commits/s")
}
