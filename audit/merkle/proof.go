package merkle

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof says that a proof does not prove what it is said to prove. There is
// nothing more to learn from it: a proof is right or wrong.
var ErrProof = errors.New("merkle: the proof fails")

// ParseHash reads a hash; anything but 32 bytes is none.
func ParseHash(b []byte) (Hash, error) {
	var h Hash
	if len(b) != len(h) {
		return h, fmt.Errorf("merkle: a hash of %d bytes, 32 are needed", len(b))
	}
	copy(h[:], b)
	return h, nil
}

// ParseHashes reads a proof.
func ParseHashes(list [][]byte) ([]Hash, error) {
	out := make([]Hash, len(list))
	for i, b := range list {
		h, err := ParseHash(b)
		if err != nil {
			return nil, fmt.Errorf("hash %d: %w", i, err)
		}
		out[i] = h
	}
	return out, nil
}

// CheckInclusion checks that the leaf stands at index in the tree of the given
// size and root: nil or ErrProof.
func CheckInclusion(index, size uint64, leaf, root Hash, proof []Hash) error {
	if size > math.MaxInt64 || index >= size {
		return ErrProof
	}
	if tlog.CheckRecord(proof, int64(size), root, int64(index), leaf) != nil {
		return ErrProof
	}
	return nil
}

// CheckConsistency checks that the tree of size2 and root2 continues the tree of
// size1 and root1: nil or ErrProof. The empty tree proves nothing about another.
func CheckConsistency(size1, size2 uint64, root1, root2 Hash, proof []Hash) error {
	switch {
	case size2 > math.MaxInt64 || size1 > size2 || size1 == 0 && size2 > 0:
		return ErrProof
	case size1 == size2:
		if root1 != root2 || len(proof) > 0 {
			return ErrProof
		}
		return nil
	}
	if tlog.CheckTree(proof, int64(size2), root2, int64(size1), root1) != nil {
		return ErrProof
	}
	return nil
}

// validSubtree reports whether [start, end) is a subtree that can stand in a
// tree: start is a multiple of the smallest power of two that holds it.
func validSubtree(start, end uint64) bool {
	if start >= end || end > math.MaxInt64 {
		return false
	}
	width := end - start
	ceil := uint64(1) << bits.Len64(width-1)
	return start%ceil == 0
}

// CheckSubtreeInclusion checks that the leaf stands at index in the subtree of
// the leaves [start, end) with the given root: nil or ErrProof.
func CheckSubtreeInclusion(index, start, end uint64, leaf, root Hash, proof []Hash) error {
	if !validSubtree(start, end) || index < start || index >= end {
		return ErrProof
	}
	return CheckInclusion(index-start, end-start, leaf, root, proof)
}

// CheckSubtreeConsistency checks that the subtree of the leaves [start, end) with
// the root sub is part of the tree of the given size and root: nil or ErrProof.
// The empty subtree is part of every tree. (The algorithm is that of
// draft-ietf-plants-merkle-tree-certs.)
func CheckSubtreeConsistency(start, end, size uint64, sub, root Hash, proof []Hash) error {
	if start == end && end <= size && sub == Empty() && len(proof) == 0 {
		return nil
	}
	if !validSubtree(start, end) || size > math.MaxInt64 || end > size {
		return ErrProof
	}
	fn, sn, tn := start, end-1, size-1
	shift := func() { fn, sn, tn = fn>>1, sn>>1, tn>>1 }
	if sn == tn {
		for fn != sn {
			shift()
		}
	} else {
		for fn != sn && sn&1 == 1 {
			shift()
		}
	}
	fr, sr := sub, sub
	if fn != sn {
		if len(proof) == 0 {
			return ErrProof
		}
		fr, sr = proof[0], proof[0]
		proof = proof[1:]
	}
	for _, c := range proof {
		if tn == 0 {
			return ErrProof
		}
		if sn&1 == 1 || sn == tn {
			if fn < sn {
				fr = Node(c, fr)
			}
			sr = Node(c, sr)
			for sn&1 == 0 && sn != 0 {
				shift()
			}
		} else {
			sr = Node(sr, c)
		}
		shift()
	}
	if tn != 0 || fr != sub || sr != root {
		return ErrProof
	}
	return nil
}
