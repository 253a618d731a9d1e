package projections

import (
	"strconv"
	"time"

	"zhitong/domain"
)

// Until says where a fold ends: with the last commit that is not behind either.
// The zero Until is the head.
type Until struct {
	Position uint64    // 0: not limited
	Recorded time.Time // zero: not limited; a commit recorded at this very time is in
	Nothing  bool      // before the first commit
}

// ParseUntil reads a moment: the position of a commit, 0 for the moment before the
// first, or a time of recording with its offset. The error is a [*domain.Problem]
// with the code view.bad_moment.
func ParseUntil(text string) (Until, error) {
	if n, err := strconv.ParseUint(text, 10, 63); err == nil {
		return Until{Position: n, Nothing: n == 0}, nil
	}
	t, err := domain.ParseTime(text)
	if err != nil {
		return Until{}, domain.Refuse(domain.Invalid, "view.bad_moment", "as_of", text,
			"the position of a commit is needed, or a time of recording with its offset such as 2021-01-31T23:59:59+08:00")
	}
	return Until{Recorded: t.Instant()}, nil
}

// Mark is a place in the log: the end of a commit, or its beginning.
type Mark struct {
	Position uint64    // of the last commit that is in; 0 for none
	Hash     [32]byte  // of that commit's bytes
	Recorded time.Time // of that commit
}

// Holds reports whether the fold up to u goes at least as far as m.
func (u Until) Holds(m Mark) bool {
	switch {
	case m.Position == 0:
		return true
	case u.Nothing, u.Position > 0 && m.Position > u.Position:
		return false
	}
	return u.Recorded.IsZero() || !m.Recorded.After(u.Recorded)
}
