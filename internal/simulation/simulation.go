// Package simulation applies a draft of a policy to recorded history, to see what it
// would have given.
//
// It owns what of the history goes into the simulation, and the comparison with what
// was assessed. It refuses to write anything, and to have rules of its own: the
// recorded trade and what people did with their claims go once more through the real
// application ([app.Replay]), in which the draft is in effect on the days asked for.
// So it cannot drift from the engine; a draft that says what was published comes out
// without any difference.
//
// Start at [Run]; stage.go puts the history on stage.
package simulation

import (
	"context"

	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/events"
	"zhitong/internal/history"
)

// Options say what is simulated.
type Options struct {
	Draft *policy.Policy // its own effective range does not matter
	// From and To are the first and the last day of the inspections.
	From, To domain.Day
	// Budget is what each budget line has; nil: as much as it needs.
	Budget []Budget
	// Recorded takes the recorded funds of the draft's policy, with their
	// adjustments, in the place of Budget.
	Recorded bool
}

// Run folds the log once. Every inspection is assessed as the engine would: those
// of the range under the draft, others under the recorded versions. What people did
// is taken as it was: submissions, approvals, rejections, payments and settlements,
// wherever the draft leaves something to do them with; neither publicity nor a rule
// of two persons of the draft keeps them from it.
//
// Compared is what was assessed less the clawbacks that were proposed, for the
// inspections of the range with their returns and corrections up to the log's end.
// A draft of a policy that the log does not know stands for all recorded ones and is
// compared with all of them.
func Run(ctx context.Context, l history.Source, o Options) (*Report, error) {
	known, err := isKnown(ctx, l, o.Draft.PolicyID)
	if err != nil {
		return nil, err
	}
	s, err := newStage(o, known)
	if err != nil {
		return nil, err
	}
	if err := history.Read(ctx, l, history.All, s.take); err != nil {
		return nil, err
	}
	return s.report()
}

// isKnown reports whether a version of the policy was ever published.
func isKnown(ctx context.Context, l history.Source, id domain.ID) (known bool, err error) {
	err = history.Read(ctx, l, history.Of(policy.Published{}), func(c *events.Commit) error {
		for i := range c.Events {
			f, ok := c.Events[i].Fact.(policy.Published)
			known = known || ok && f.PolicyID == id
		}
		return nil
	})
	return known, err
}
