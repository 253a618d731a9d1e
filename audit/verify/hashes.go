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
	edge        *merkle.Edge
	comparer    *tree.Comparer // nil without a tree
	files       *tally
	checkpoints *tally
	due         []due // by size; those that the log has still to pass
	signed      uint64
}

// due is a signed checkpoint.
type due struct {
	checkpoint.Checkpoint
	brought bool // by the auditor
}

func newHashes(o Options) (*hashes, error) {
	h := &hashes{files: newTally("hashes", "tiles and entry bundles"), checkpoints: newTally("checkpoints", "signed checkpoints")}
	if o.Tree == nil && len(o.Since) == 0 {
		h.files.Not, h.checkpoints.Not = "no Merkle log was given", "no checkpoint was given"
		h.edge = &merkle.Edge{}
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
		h.checkpoints.at(err == nil, s.Size, "%s checkpoint %d: %v", what, n+1, err)
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
		h.comparer = tree.NewComparer(*o.Tree, h.signed, func(position uint64, detail string) {
			h.files.fail(Failure{Position: position, Detail: detail})
		})
		h.edge = h.comparer.Edge()
	} else {
		h.files.Not = "no Merkle log was given"
		h.edge = &merkle.Edge{}
	}
	for i, signed := range o.Since {
		open(signed, true, i)
	}
	slices.SortStableFunc(h.due, func(a, b due) int { return cmp.Compare(a.Size, b.Size) })
	return h, nil
}

func (h *hashes) add(line []byte, leaf merkle.Hash) error {
	var err error
	if h.comparer != nil {
		err = h.comparer.Add(line, leaf)
	} else {
		err = h.edge.Append(leaf, func(int, uint64, []merkle.Hash) error { return nil })
	}
	if err != nil || len(h.due) == 0 || h.due[0].Size != h.edge.Size() {
		return err
	}
	root := h.edge.Root()
	for ; len(h.due) > 0 && h.due[0].Size == h.edge.Size(); h.due = h.due[1:] {
		h.checkpoints.at(root == h.due[0].Root, h.due[0].Size, "%s: the log gives the root %v, signed was %v", h.due[0].whose(), root, h.due[0].Root)
	}
	return nil
}

func (d due) whose() string {
	if d.brought {
		return "the checkpoint that was brought"
	}
	return "a kept checkpoint"
}

// finish fails what the log did not reach.
func (h *hashes) finish(commits uint64) []*tally {
	for _, d := range h.due {
		h.checkpoints.at(d.Size == 0 && d.Root == merkle.Empty(), d.Size, "%s: the log ends at position %d", d.whose(), commits)
	}
	if h.comparer != nil {
		h.files.Count = h.comparer.Tiles + h.comparer.Bundles
	}
	return []*tally{h.files, h.checkpoints}
}
