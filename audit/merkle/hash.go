package merkle

import (
	"crypto/sha256"
	"runtime"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the tree.
type Hash = tlog.Hash

// TileWidth is how many hashes a full tile holds: tiles are 8 levels high.
const TileWidth = 256

// Leaf is the hash of a commit's bytes as stored.
func Leaf(commit []byte) Hash { return tlog.RecordHash(commit) }

// LeafPrefix stands before a commit's bytes when they are hashed.
const LeafPrefix = 0

// LeafOfPrefixed is the hash of a commit before whose bytes [LeafPrefix] stands: it
// hashes in place.
func LeafOfPrefixed(b []byte) Hash { return sha256.Sum256(b) }

// Node is the hash of two subtrees.
func Node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Empty is the root of the tree without leaves.
func Empty() Hash { return sha256.Sum256(nil) }

// leavesPerWorker is below which hashing in parallel does not pay.
const leavesPerWorker = 64

// Leaves hashes commits, on all processors when there are many. The result is
// appended to dst.
func Leaves(dst []Hash, commits [][]byte) []Hash {
	start := len(dst)
	dst = append(dst, make([]Hash, len(commits))...)
	out := dst[start:]
	workers := min(runtime.GOMAXPROCS(0), len(commits)/leavesPerWorker)
	if workers <= 1 {
		hashLeaves(out, commits)
		return dst
	}
	var wg sync.WaitGroup
	for w := range workers {
		from, to := w*len(commits)/workers, (w+1)*len(commits)/workers
		wg.Go(func() { hashLeaves(out[from:to], commits[from:to]) })
	}
	wg.Wait()
	return dst
}

func hashLeaves(out []Hash, commits [][]byte) {
	buf := make([]byte, 1, 4096)
	for i, c := range commits {
		buf = append(buf[:1], c...)
		out[i] = sha256.Sum256(buf)
	}
}
