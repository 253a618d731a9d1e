package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
)

// hashes holds the log against its Merkle tree and everything signed about it.
type hashes struct {
	edge        merkle.Edge
	comparer    tree.Comparer // of size 0 without a tree
	files       *tally
	checkpoints *tally
	due         []due // by size; those that the log has still to pass
	stops       []uint64
	roots       map[uint64]merkle.Hash // at the sizes of stops
	signed      uint64
}

// due is a signed checkpoint.
type due struct {
	checkpoint.Checkpoint
	brought bool // by the auditor
}

func newHashes(o Options) (*hashes, error) {
	h := &hashes{roots: map[uint64]merkle.Hash{}, files: newTally("hashes", "tiles and entry bundles"), checkpoints: newTally("checkpoints", "signed checkpoints")}
	if o.Tree == nil && len(o.Since) == 0 {
		h.files.Not, h.checkpoints.Not = "no Merkle log was given", "no checkpoint was given"
		return h, nil
	}
	if o.Verifiers == nil {
		return nil, errors.New("verify: checkpoints can't be checked without the log's public keys")
	}
	open := func(signed []byte, brought bool, n int) {
		s, err := checkpoint.Open(signed, o.Verifiers)
		what := "kept"
		if brought {
			what = "brought"
		}
		if h.checkpoints.fails(err == nil) {
			h.checkpoints.wrongAt(s.Size, "%s checkpoint %d: %v", what, n+1, err)
		}
		if err == nil {
			h.due = append(h.due, due{s.Checkpoint, brought})
		}
	}
	if o.Tree != nil {
		kept, err := o.Tree.Checkpoints()
		if err != nil {
			return nil, fmt.Errorf("kept checkpoints: %w", err)
		}
		for i, signed := range kept {
			open(signed, false, i)
		}
		for _, d := range h.due {
			h.signed = max(h.signed, d.Size)
		}
		h.comparer = tree.NewComparer(*o.Tree, h.signed)
	} else {
		h.files.Not = "no Merkle log was given"
	}
	for i, signed := range o.Since {
		open(signed, true, i)
	}
	slices.SortStableFunc(h.due, func(a, b due) int { return cmp.Compare(a.Size, b.Size) })
	return h, nil
}

// add takes the leaves of a batch and what comparing it with the files gave.
func (h *hashes) add(b *batch) error {
	h.files.Count += b.files
	h.differ(b.wrongFiles)
	whole := len(b.leaves) == merkle.TileWidth && h.edge.Size()%merkle.TileWidth == 0
	if whole && !h.within(h.edge.Size()+merkle.TileWidth) {
		err := h.edge.AppendTile(b.leaves, b.root, h.full)
		h.passed()
		return err
	}
	for _, leaf := range b.leaves {
		if err := h.edge.Append(leaf, h.full); err != nil {
			return err
		}
		h.passed()
	}
	return nil
}

// within reports whether something is due before a size is reached.
func (h *hashes) within(size uint64) bool {
	stops := h.comparer.Size()
	return len(h.due) > 0 && h.due[0].Size < size || h.edge.Size() < stops && stops < size || len(h.stops) > 0 && h.stops[0] < size
}

// full compares a tile above the leaves that has become full; those of the leaves are
// compared with their batch.
func (h *hashes) full(l int, index uint64, hashes []merkle.Hash) error {
	if l > 0 && h.edge.Size() <= h.comparer.Size() {
		h.tile(l, index, hashes)
	}
	return nil
}

func (h *hashes) tile(l int, index uint64, hashes []merkle.Hash) {
	h.files.Count++
	if d := h.comparer.Tile(l, index, hashes, h.edge.Size()); d != nil {
		h.differ([]tree.Difference{*d})
	}
}

func (h *hashes) differ(all []tree.Difference) {
	for _, d := range all {
		h.files.fail(Failure{Position: d.Position, Detail: d.Detail})
	}
}

// passed checks what is due at the size that was reached.
func (h *hashes) passed() {
	size := h.edge.Size()
	if size == h.comparer.Size() {
		for l, n := 1, size/merkle.TileWidth; l < h.edge.Levels(); l++ {
			n /= merkle.TileWidth
			if hashes := h.edge.Partial(l); len(hashes) > 0 {
				h.tile(l, n, hashes)
			}
		}
	}
	for ; len(h.stops) > 0 && h.stops[0] <= size; h.stops = h.stops[1:] {
		if h.stops[0] == size {
			h.roots[size] = h.edge.Root()
		}
	}
	if len(h.due) == 0 || h.due[0].Size != size {
		return
	}
	root := h.edge.Root()
	for ; len(h.due) > 0 && h.due[0].Size == size; h.due = h.due[1:] {
		if h.checkpoints.fails(root == h.due[0].Root) {
			h.checkpoints.wrongAt(h.due[0].Size, "%s: the log gives the root %v, signed was %v", h.due[0].whose(), root, h.due[0].Root)
		}
	}
}

func (d due) whose() string {
	if d.brought {
		return "the checkpoint that was brought"
	}
	return "a kept checkpoint"
}

// stop asks for the roots at some sizes.
func (h *hashes) stop(sizes ...uint64) {
	h.stops = append(h.stops, sizes...)
	slices.Sort(h.stops)
}

// finish fails what the log did not reach.
func (h *hashes) finish(commits uint64) []*tally {
	for _, d := range h.due {
		if h.checkpoints.fails(d.Size == 0 && d.Root == merkle.Empty()) {
			h.checkpoints.wrongAt(d.Size, "%s: the log ends at position %d", d.whose(), commits)
		}
	}
	return []*tally{h.files, h.checkpoints}
}
