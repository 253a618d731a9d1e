package verify

import (
	"cmp"
	"slices"

	"zhitong/audit/views"
)

// digests holds signed statements about views against what the log makes.
type digests struct {
	*tally
	said []views.Statement // by position
}

func newDigests(o Options) *digests {
	d := &digests{tally: newTally("digests", "signed digests of views")}
	switch {
	case len(o.Views) == 0:
		d.Not = "no view was signed yet"
		return d
	case o.Verifiers == nil:
		d.Not = "the log's public keys are not known"
		return d
	}
	for i, signed := range o.Views {
		s, err := views.Open(signed, o.Verifiers)
		if d.fails(err == nil) {
			d.wrongAt(s.Position, "statement %d: %v", i+1, err)
			continue
		}
		d.said = append(d.said, s)
	}
	slices.SortStableFunc(d.said, func(a, b views.Statement) int { return cmp.Compare(a.Position, b.Position) })
	return d
}

// finish compares. A view of a version that this program has not is left out.
func (d *digests) finish(f *folds, h *hashes, commits uint64) *tally {
	for _, s := range d.said {
		root, reached := h.roots[s.Position]
		if d.fails(reached && root == s.Root) {
			d.wrongAt(s.Position, "views were signed for a log with the root %v there, this one has %v and ends at position %d", s.Root, root, commits)
		}
	}
	if len(f.ps) == 0 && d.Not == "" && d.Failed == 0 {
		d.Not = "the views are not folded here"
	}
	for i := range f.found {
		for _, c := range f.found[i] {
			if d.fails(c.said == c.made) {
				d.wrongAt(c.position, "view %s: %d rows with digest %v were signed, the log makes %d with %v", c.said.Name, c.said.Rows, c.said.Digest, c.made.Rows, c.made.Digest)
			}
		}
	}
	return d.tally
}
