package disbursement

import "zhitong/domain"

// State is a batch as its facts leave it.
type State struct {
	ID     domain.ID
	Lines  []Line
	Maker  domain.ID
	Closed bool
}

// Exists reports whether the batch was made.
func (s *State) Exists() bool { return s.ID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Batched:
		s.ID, s.Lines, s.Maker = f.BatchID, f.Lines, f.By
	case Confirmed:
		s.Closed = true
	default:
		domain.Unknown(f)
	}
}
