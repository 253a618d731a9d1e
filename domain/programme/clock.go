package programme

import (
	"time"

	"zhitong/domain"
)

// ConfirmClock is the command programme.confirm_clock: the log was last written by a
// clock that was far ahead, and an operator says that this machine's clock is right.
type ConfirmClock struct {
	RecordedTime domain.Time `json:"recorded_time"` // when the log says that it was last written
}

// Validate checks the command's values.
func (c *ConfirmClock) Validate() error {
	if c.RecordedTime.IsZero() {
		return domain.Missing("recorded_time")
	}
	return nil
}

// ClockConfirmed says that writing goes on although the log was last written later
// than the clock says. The recorded time stands still until the clock has passed it.
type ClockConfirmed struct {
	ProgrammeID  domain.ID   `json:"programme_id"`
	RecordedTime domain.Time `json:"recorded_time"` // when the log was last written, as it says
	ClockTime    domain.Time `json:"clock_time"`    // what the clock said
}

// FactName returns "programme.clock_confirmed".
func (ClockConfirmed) FactName() string { return "programme.clock_confirmed" }

// Subject is the programme.
func (f ClockConfirmed) Subject() domain.Ref { return Ref(f.ProgrammeID) }

// Confirm decides programme.confirm_clock: the time of the log's last recording must
// be typed as it is, and lie more than ahead before the clock.
func Confirm(opened domain.ID, c *ConfirmClock, recorded, now time.Time, ahead time.Duration) ([]domain.Fact, error) {
	if !c.RecordedTime.Instant().Equal(recorded) {
		return nil, domain.Refuse(domain.Conflict, "programme.other_time", "recorded_time", c.RecordedTime.String(),
			"the log was last written at %s; confirm that time", recorded.UTC().Format(time.RFC3339Nano))
	}
	if recorded.Sub(now) <= ahead {
		return nil, domain.Refuse(domain.Conflict, "programme.clock_right", "recorded_time", c.RecordedTime.String(),
			"the log is not ahead of the clock, which says %s; there is nothing to confirm", now.UTC().Format(time.RFC3339Nano))
	}
	return []domain.Fact{ClockConfirmed{opened, c.RecordedTime, domain.TimeOf(now.UTC())}}, nil
}
