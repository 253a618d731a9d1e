package findings

import (
	"fmt"
	"time"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/projections"
)

// late: entries recorded long after they are said to have happened. They are one
// finding a day of recording and way of entry, so that an imported or re-entered
// history asks one question.
var late = rule{"late", Low, nil, func(f *fold, e *events.Event) {
	if e.Via == events.ViaReaction || e.Index > 1 {
		return
	}
	gap := e.Recorded.Sub(e.Time.Instant())
	if gap <= time.Duration(f.LateDays)*24*time.Hour {
		return
	}
	about := importOf(e)
	if about == "" {
		about = fmt.Sprintf("%s on %s", e.Via, domain.DayOf(e.Recorded))
	}
	f.raise(about, e, nil, "entries recorded more than %d days late; the latest: %s, recorded %d days later", f.LateDays, e.Time, int(gap.Hours())/24)
}}

type DeviceKey struct {
	DeviceID domain.ID `col:"device_id" doc:"a device"`
}

type deviceSeq struct {
	DeviceKey
	Seq     int64   `col:"seq" doc:"the largest number so far"`
	EventID string  `col:"event_id" doc:"that says so"`
	Missing []int64 `col:"missing" doc:"numbers below it that were never used"`
}

var devices = projections.State[DeviceKey, deviceSeq]("finding_devices", "Numbers that devices have used.")

// gapMax bounds the missing numbers that are remembered of one gap.
const gapMax = 1000

// deviceGap: numbers of a device that never came. A number that comes late takes
// the finding back.
var deviceGap = rule{"device_gap", Medium, []projections.AnyTable{devices}, func(f *fold, e *events.Event) {
	if e.Device == nil || e.Index > 1 {
		return
	}
	row := devices.At(f.db, DeviceKey{e.Device.ID})
	seq := e.Device.Seq
	var missing []int64
	for _, m := range row.Missing {
		if m != seq {
			missing = append(missing, m)
		}
	}
	for m := row.Seq + 1; row.Seq > 0 && m < seq && len(missing) < gapMax; m++ {
		missing = append(missing, m)
	}
	row.Missing = missing
	if seq > row.Seq {
		row.Seq, row.EventID = seq, e.ID
	}
	if len(missing) == 0 {
		f.drop(string(e.Device.ID))
		return
	}
	f.raise(string(e.Device.ID), e, nil, "%d numbers of the device are missing, the first is %d", len(missing), missing[0])
}}
