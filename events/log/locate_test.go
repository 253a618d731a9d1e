package log

import (
	"testing"

	"pgregory.net/rapid"
)

// Where a block stands is never remembered wrongly, and what is remembered
// brackets every position, however much has been forgotten.
func TestAnchorsBracketEveryPosition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, BlockCommitsMax), 1, 60).Draw(t, "sizes")
		all := make([]anchor, len(sizes))
		position := uint64(0)
		for i, size := range sizes {
			all[i] = anchor{seq: uint64(i + 1), first: position + 1, last: position + uint64(size)}
			position += uint64(size)
		}
		var as anchors
		for _, i := range rapid.SliceOf(rapid.IntRange(0, len(all)-1)).Draw(t, "put") {
			as.putRange(all[i])
			if rapid.Bool().Draw(t, "thin") {
				as.thin()
			}
		}
		wanted := rapid.Uint64Range(1, position).Draw(t, "position")
		before, behind, known := as.around(wanted)
		if before.first > wanted || known && behind.first <= wanted {
			t.Fatalf("position %d is not between %+v and %+v", wanted, before, behind)
		}
		high := anchor{seq: uint64(len(all) + 1), first: position + 1}
		if known {
			high = behind
		}
		for guess := true; before.last < wanted; guess = !guess {
			seq := between(before, high, wanted, guess)
			if seq <= before.seq || seq >= high.seq {
				t.Fatalf("guess %d is not between blocks %d and %d", seq, before.seq, high.seq)
			}
			if probe := all[seq-1]; probe.first <= wanted {
				before = probe
			} else {
				high = probe
			}
		}
		if before.first > wanted || before.last < wanted {
			t.Fatalf("position %d is not in block %+v", wanted, before)
		}
	})
}

func TestAnchorsAreBounded(t *testing.T) {
	t.Parallel()
	var as anchors
	for seq := uint64(1); seq <= 3*anchorsMax; seq++ {
		as.putRange(anchor{seq: seq, first: seq, last: seq})
	}
	if len(as.sorted) > anchorsMax {
		t.Errorf("%d are remembered, at most %d", len(as.sorted), anchorsMax)
	}
	if _, known := as.at(3 * anchorsMax); !known {
		t.Error("the last is forgotten")
	}
}
