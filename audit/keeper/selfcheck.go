package keeper

import (
	"context"
	"sync"
	"time"

	"zhitong/audit/verify"
)

// Checked is what a running system last found about itself. Its zero value: nothing
// yet.
type Checked struct {
	At       time.Time     `json:"at"` // when the check ended
	Took     time.Duration `json:"-"`  // how long it took
	OK       bool          `json:"ok"` // nothing was found
	Position uint64        `json:"position"`
	Events   uint64        `json:"events"`
	Views    uint64        `json:"views_signed_at,omitzero"` // position of the latest signed statement about views
	Failed   []string      `json:"failed,omitzero"`          // names of the checks and views that failed
	Error    string        `json:"error,omitzero"`           // why the check could not be done
}

// Check verifies everything once, and signs what it may: it returns the report and
// the position of the latest signed statement about views.
type Check func(ctx context.Context) (report *verify.Report, signed uint64, err error)

// SelfCheck verifies the running system over and over.
type SelfCheck struct {
	every time.Duration
	check Check
	told  func(Checked)
	now   func() time.Time

	mu   sync.Mutex
	last Checked // guarded by mu
	busy bool    // guarded by mu; a check is running
}

// NewSelfCheck makes a SelfCheck that does nothing yet. told is called with every
// result.
func NewSelfCheck(every time.Duration, check Check, told func(Checked), now func() time.Time) *SelfCheck {
	return &SelfCheck{every: every, check: check, told: told, now: now}
}

// Status is the last result, and whether a check is running now.
func (s *SelfCheck) Status() (last Checked, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.busy
}

// Run checks at once, and then so long after each check as was asked for, until ctx
// ends. A check that fails does not end it: what is wrong stays visible.
func (s *SelfCheck) Run(ctx context.Context) error {
	for {
		s.once(ctx)
		wait := time.NewTimer(s.every)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil
		}
	}
}

func (s *SelfCheck) once(ctx context.Context) {
	s.mu.Lock()
	s.busy = true
	s.mu.Unlock()
	began := s.now()
	report, signed, err := s.check(ctx)
	c := Checked{At: s.now().UTC().Truncate(time.Second), Took: s.now().Sub(began), Views: signed}
	switch {
	case err != nil:
		c.Error = err.Error()
	default:
		c.OK, c.Position, c.Events, c.Failed = report.OK(), report.Commits, report.Events, report.FailedNames()
	}
	s.mu.Lock()
	s.busy = false
	if ctx.Err() == nil {
		s.last = c
	}
	s.mu.Unlock()
	if ctx.Err() == nil {
		s.told(c)
	}
}
