package tree

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
)

// Missing is a run of positions whose commits cannot be recovered, with the reason.
type Missing struct {
	First, Last uint64
	Why         string
}

// Recover reads every commit under a checkpoint from the entry bundles, each checked
// against the tree: what fn gets is exactly what was signed. fn is called in order
// of position; a commit that cannot be read is nil, and is named in the result.
// instead, if not nil, is asked for such a commit (another copy, what is left of the
// stream); its answer counts only if it hashes to the leaf.
func (r Reader) Recover(c checkpoint.Checkpoint, instead func(position uint64) []byte, fn func(position uint64, commit []byte) error) ([]Missing, error) {
	var missing []Missing
	miss := func(position uint64, why string) {
		if n := len(missing); n > 0 && missing[n-1].Last == position-1 && missing[n-1].Why == why {
			missing[n-1].Last = position
			return
		}
		missing = append(missing, Missing{position, position, why})
	}
	for n := uint64(0); n*merkle.TileWidth < c.Size; n++ {
		first := n * merkle.TileWidth
		count := min(c.Size-first, merkle.TileWidth)
		leaves, treeErr := r.leaves(first, count, c)
		entries, err := r.Bundle(n, bundleWidth(n, c.Size))
		for i := range count {
			position := first + i + 1
			var commit []byte
			if i < uint64(len(entries)) {
				commit = entries[i]
			}
			why := whyNot(commit, i, leaves, treeErr, err)
			if why != "" && treeErr == nil && instead != nil {
				if other := instead(position); other != nil && merkle.Leaf(other) == leaves[i] {
					commit, why = other, ""
				}
			}
			if why != "" {
				commit = nil
				miss(position, why)
			}
			if err := fn(position, commit); err != nil {
				return missing, err
			}
		}
	}
	return missing, nil
}

// whyNot says why a commit is not the one that was signed; "" when it is.
func whyNot(commit []byte, i uint64, leaves []merkle.Hash, treeErr, bundleErr error) string {
	switch {
	case treeErr != nil:
		return fmt.Sprintf("its leaf cannot be read: %v", treeErr)
	case commit == nil && bundleErr != nil:
		return fmt.Sprintf("its bundle cannot be read: %v", bundleErr)
	case commit == nil:
		return "it is not in its bundle"
	case merkle.Leaf(commit) != leaves[i]:
		return "the bundle's bytes are not those that were signed"
	}
	return ""
}

// leaves reads the leaves of a bundle, each checked against the checkpoint.
func (r Reader) leaves(first, count uint64, c checkpoint.Checkpoint) ([]merkle.Hash, error) {
	indexes := make([]int64, count)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(first)+int64(i))
	}
	hashes, err := r.hashes(c).ReadHashes(indexes)
	if err == nil && len(hashes) != len(indexes) {
		err = errors.New("too few hashes")
	}
	return hashes, err
}
