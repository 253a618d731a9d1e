package projector

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/projections"
)

// StatusKey names a view of a version.
type StatusKey struct {
	Projection string `col:"projection" doc:"name of the view"`
	Version    int    `col:"version" doc:"version of its meaning"`
}

// Status says how far a view has come: a row of projection_status.
type Status struct {
	StatusKey
	Position      uint64  `col:"position" doc:"position of the last commit that is in it"`
	Head          uint64  `col:"head" doc:"position of the last commit of the log"`
	LagEvents     uint64  `col:"lag_events" doc:"commits of the log that are not in it yet"`
	LagSeconds    int64   `col:"lag_seconds" doc:"seconds between the recording of its last commit and of the log's"`
	Status        string  `col:"status" doc:"live, building or stopped"`
	Error         *string `col:"error" doc:"why it stopped, and what to do"`
	Digest        string  `col:"digest" doc:"sum modulo 2^256 of the SHA-256 of its rows as lines of JSON, in hexadecimal"`
	Serving       bool    `col:"serving" doc:"whether this version is what the view shows"`
	ErrorEvent    *string `col:"error_event" doc:"id of the event that it could not fold"`
	ErrorPosition *uint64 `col:"error_position" doc:"position of that event"`
	EventsPerS    int64   `col:"events_per_s" doc:"events a second that go into it at present; 0 when nothing does"`
	RebuildDone   *int64  `col:"rebuild_done" doc:"of a rebuild under way: thousandths of it that are done"`
	RebuildLeft   *int64  `col:"rebuild_seconds_left" doc:"of a rebuild under way: about how many seconds it will still take"`
}

// statusTable declares projection_status, which is a table of the projector, not
// of a projection.
var statusTable = projections.View[StatusKey, Status]("projection_status",
	"How far each view has come, and whether it is live.")

const readStatus = `
SELECT projection, version, position, head, lag_events, lag_seconds, status, error, digest, serving,
       error_event, error_position, recorded, events_per_s, rebuild_done, rebuild_seconds_left
  FROM zhitong_projector.status ORDER BY projection COLLATE "C", version`

// Status returns how every view stands, with the log's head as it is now; where
// the log is out of reach, with the head that the projector last saw.
func (p *Projector) Status(ctx context.Context) ([]Status, error) {
	var all []Status
	var recorded []time.Time
	err := p.withTables(ctx, func(conn *pgconn.PgConn) error {
		rows, err := query(ctx, conn, readStatus)
		for _, r := range rows {
			st := Status{StatusKey: StatusKey{r[0].Text, int(number(r[1]))}, Position: number(r[2]), Head: number(r[3]),
				LagEvents: number(r[4]), LagSeconds: int64(number(r[5])), Status: r[6].Text, Error: optional(r[7]),
				Digest: r[8].Text, Serving: r[9].Text == "t", ErrorEvent: optional(r[10]),
				EventsPerS: int64(number(r[13])), RebuildDone: optionalInt(r[14]), RebuildLeft: optionalInt(r[15])}
			if !r[11].Null {
				st.ErrorPosition = new(number(r[11]))
			}
			at, _ := time.Parse("2006-01-02 15:04:05.999999-07", r[12].Text) // zero where it is null
			all, recorded = append(all, st), append(recorded, at)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all, recorded = p.withUnbuilt(all, recorded)
	head, at, err := p.headNow(ctx)
	if err == nil && head > 0 {
		if err := p.sinceTheFirst(ctx, all, recorded); err != nil {
			return nil, err
		}
	}
	for i := range all {
		if err != nil || head < all[i].Position {
			continue // what the projector saw must do
		}
		all[i].Head, all[i].LagEvents, all[i].LagSeconds = head, head-all[i].Position, 0
		if head > all[i].Position && !recorded[i].IsZero() {
			all[i].LagSeconds = max(0, int64(at.Sub(recorded[i])/time.Second))
		}
	}
	return all, nil
}

// withUnbuilt adds the views that this program knows and that no projector has made
// tables for yet: they stand at position 0.
func (p *Projector) withUnbuilt(all []Status, recorded []time.Time) ([]Status, []time.Time) {
	for i := range p.cfg.Projections {
		q := &p.cfg.Projections[i]
		for _, s := range q.Views() {
			k := StatusKey{s.Name, q.Version}
			if slices.ContainsFunc(all, func(st Status) bool { return st.StatusKey == k }) {
				continue
			}
			all = append(all, Status{StatusKey: k, Status: statusBuilding, Digest: projections.Digest{}.String()})
			recorded = append(recorded, time.Time{})
		}
	}
	return all, recorded
}

// sinceTheFirst lets views at position 0 be behind since the first commit was
// recorded.
func (p *Projector) sinceTheFirst(ctx context.Context, all []Status, recorded []time.Time) error {
	var first time.Time
	for i := range all {
		if all[i].Position > 0 {
			continue
		}
		if first.IsZero() {
			var err error
			if first, err = p.recordedAt(ctx, 1); err != nil {
				return err
			}
		}
		recorded[i] = first
	}
	return nil
}

// headNow is the log's head and when it was recorded.
func (p *Projector) headNow(ctx context.Context) (uint64, time.Time, error) {
	head, err := p.cfg.Log.Head(ctx)
	if err != nil || head.Position == 0 {
		return 0, time.Time{}, err
	}
	at, err := p.recordedAt(ctx, head.Position)
	return head.Position, at, err
}

// recordedAt is when a commit was recorded.
func (p *Projector) recordedAt(ctx context.Context, position uint64) (at time.Time, err error) {
	err = p.cfg.Log.Load(ctx, []uint64{position}, func(_ uint64, line []byte) error {
		c, err := events.Decode(line)
		if err == nil {
			at = c.Events[0].Recorded
		}
		return err
	})
	return at, err
}

func optional(v projections.Value) *string {
	if v.Null {
		return nil
	}
	return &v.Text
}

func optionalInt(v projections.Value) *int64 {
	if v.Null {
		return nil
	}
	return new(int64(number(v)))
}

// statusRows is [Projector.Status] as rows. It always speaks of now.
func (p *Projector) statusRows(ctx context.Context, q projections.Question) (*projections.Rows, error) {
	if q.AsOf != (projections.Until{}) {
		return nil, domain.Refuse(domain.Invalid, "view.no_past", "view", q.View, "it says how the views stand now and has no past")
	}
	if q.WaitFor > 0 {
		if err := p.WaitFor(ctx, q.WaitFor); err != nil {
			return nil, behind(q, nil, err)
		}
	}
	all, err := p.Status(ctx)
	if err != nil {
		return nil, err
	}
	db := projections.NewMemory(&projections.Projection{Tables: []projections.AnyTable{statusTable}})
	var head uint64
	for _, st := range all {
		*statusTable.At(db, st.StatusKey) = st
		head = max(head, st.Head)
	}
	rows, err := db.Answer(statusTable.Schema(), q)
	if err == nil {
		rows.Position = head
	}
	return rows, err
}
