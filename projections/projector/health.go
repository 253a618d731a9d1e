package projector

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections"
)

// Health is how a projector is, as it knows itself: it is there also while Postgres
// is not.
type Health struct {
	// Leading says that this one is the active projector.
	Leading bool
	// Position is the checkpoint as this one last read or wrote it.
	Position uint64
	// Head is the log's; where the log is out of reach, as this one last saw it.
	Head uint64
	// Lag is the commits between the two, LagSeconds the seconds between their
	// recording.
	Lag        uint64
	LagSeconds int64
	// EventsPerSecond is how fast it folds, reckoned over the last seconds.
	EventsPerSecond int64
	// Err is why it does not work at present, nil while it does; Since is since when.
	Err   error
	Since time.Time
	// Rebuild is the rebuild under way in this process, nil when there is none.
	Rebuild *Progress
}

// Health returns how the projector is. It asks the log for its head, and Postgres
// for nothing.
func (p *Projector) Health(ctx context.Context) Health {
	h := p.health.get()
	h.EventsPerSecond = p.rate.perSecond(time.Now(), 0)
	if head, at, err := p.headNow(ctx); err == nil {
		p.health.sawHead(head, at)
		h = p.health.with(h)
	}
	return h
}

// health is the [Health] of a projector.
type health struct {
	mu           sync.Mutex
	h            Health    // guarded by mu
	recorded     time.Time // guarded by mu; of the commit at Position
	headRecorded time.Time // guarded by mu
}

func (s *health) get() Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reckoned(s.h)
}

// with is h with the present places.
func (s *health) with(h Health) Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Position, h.Head = s.h.Position, s.h.Head
	return s.reckoned(h)
}

// reckoned is h with its lag. The caller holds mu.
func (s *health) reckoned(h Health) Health {
	h.Lag, h.LagSeconds = 0, 0
	if h.Head > h.Position {
		h.Lag = h.Head - h.Position
		if !s.recorded.IsZero() {
			h.LagSeconds = max(0, int64(s.headRecorded.Sub(s.recorded)/time.Second))
		}
	}
	return h
}

// reached notes the checkpoint.
func (s *health) reached(m mark) {
	at, _ := time.Parse(time.RFC3339Nano, m.recorded) // zero at position 0
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h.Leading, s.h.Position, s.recorded = true, m.position, at
	s.h.Err, s.h.Since = nil, time.Time{}
	if s.h.Head < m.position {
		s.h.Head, s.headRecorded = m.position, at
	}
}

func (s *health) sawHead(head uint64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if head >= s.h.Head {
		s.h.Head, s.headRecorded = head, at
	}
}

// failed notes why the projector does not work.
func (s *health) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h.Leading, s.h.Err = false, err
	if s.h.Since.IsZero() {
		s.h.Since = time.Now()
	}
}

// rebuilding notes the rebuild under way; nil ends it.
func (s *health) rebuilding(p *Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h.Rebuild = p
}

// rateWindow is the time over which a rate is reckoned.
const rateWindow = 10 * time.Second

// rate counts events by the second.
type rate struct {
	mu      sync.Mutex
	seconds [rateWindow / time.Second]struct{ second, events int64 } // guarded by mu
	began   int64                                                    // guarded by mu; the second of the first count
}

func (r *rate) add(now time.Time, events int) {
	second := now.Unix()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began == 0 {
		r.began = second
	}
	slot := &r.seconds[second%int64(len(r.seconds))]
	if slot.second != second {
		slot.second, slot.events = second, 0
	}
	slot.events += int64(events)
}

// perSecond is the events a second of the last window, or since the first count,
// with so many that will be counted now.
func (r *rate) perSecond(now time.Time, coming int) int64 {
	second := now.Unix()
	r.mu.Lock()
	defer r.mu.Unlock()
	n, span := int64(coming), min(int64(len(r.seconds)), second-r.began+1)
	if r.began == 0 {
		span = 1
	}
	for _, s := range r.seconds {
		if second-s.second < int64(len(r.seconds)) {
			n += s.events
		}
	}
	return n / max(1, span)
}

// Progress is how far a rebuild is.
type Progress struct {
	// Projections are the names and versions that are being rebuilt, e.g. "v1_sales".
	Projections []string
	// Phase is "folding" or "writing".
	Phase string
	// Position is the last commit folded, To the last that will be.
	Position, To uint64
	// Events is how many events were folded, EventsPerSecond how fast.
	Events          uint64
	EventsPerSecond int64
	// Rows is how many rows were written, RowsInAll how many will be; 0 while folding.
	Rows, RowsInAll int64
	// Share is how much of the work is done, in thousandths.
	Share int
	// Left is about how long it will still take; 0 while that can't be said.
	Left time.Duration
}

// The phases of a rebuild.
const (
	phaseFolding = "folding"
	phaseWriting = "writing"
)

// foldingShare is how much of a rebuild is folding, in thousandths, as measured.
const foldingShare = 600

// progress follows a rebuild.
type progress struct {
	p     *Projector
	began time.Time

	mu  sync.Mutex
	now Progress // guarded by mu
}

func (p *Projector) beginProgress(set []*projections.Projection, to uint64) *progress {
	pr := &progress{p: p, began: time.Now(), now: Progress{Phase: phaseFolding, To: to}}
	for _, q := range set {
		pr.now.Projections = append(pr.now.Projections, q.ID())
	}
	pr.p.health.rebuilding(new(pr.now))
	return pr
}

// folded notes how far the fold is.
func (pr *progress) folded(position, events uint64) {
	pr.change(func(now *Progress) {
		now.Position, now.Events = position, events
		if now.To > 0 {
			now.Share = int(min(position, now.To) * foldingShare / now.To)
		}
		if took := time.Since(pr.began); took > 0 {
			now.EventsPerSecond = int64(events) * int64(time.Second) / int64(took)
		}
	})
}

// writing notes that so many rows will be written.
func (pr *progress) writing(rows int64) {
	pr.change(func(now *Progress) { now.Phase, now.RowsInAll, now.Share = phaseWriting, rows, foldingShare })
}

// wrote notes that more rows are written.
func (pr *progress) wrote(rows int64) {
	pr.change(func(now *Progress) {
		now.Rows += rows
		if now.RowsInAll > 0 {
			now.Share = foldingShare + int(min(now.Rows, now.RowsInAll)*(1000-foldingShare)/now.RowsInAll)
		}
	})
}

func (pr *progress) change(by func(*Progress)) {
	pr.mu.Lock()
	by(&pr.now)
	if share := int64(pr.now.Share); share > 0 {
		pr.now.Left = time.Duration(int64(time.Since(pr.began)) * (1000 - share) / share).Round(time.Second)
	}
	now := pr.now
	pr.mu.Unlock()
	pr.p.health.rebuilding(&now)
	if pr.p.cfg.Progress != nil {
		pr.p.cfg.Progress(now)
	}
}

func (pr *progress) present() Progress {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	return pr.now
}

// end says that nothing is under way any more.
func (pr *progress) end() {
	pr.change(func(now *Progress) { now.Share = 1000 })
	pr.p.health.rebuilding(nil)
}

const (
	tellProgress = `
UPDATE zhitong_projector.projection
   SET rebuild_seen = now(), rebuild_events_per_s = $3, rebuild_done = $4, rebuild_seconds_left = $5
 WHERE name = $1 AND version = $2`
	tellNothing = `
UPDATE zhitong_projector.projection
   SET rebuild_seen = NULL, rebuild_events_per_s = NULL, rebuild_done = NULL, rebuild_seconds_left = NULL
 WHERE name = $1 AND version = $2`
)

// tellEvery is how often a rebuild says in the database how far it is.
const tellEvery = time.Second

// tell says in the database how far the rebuild is, for everybody who asks, until
// ctx ends; what it returns waits for that. Nobody minds where it can't be said.
func (p *Projector) tell(ctx context.Context, set []*projections.Projection, told *progress) (wait func()) {
	ended := make(chan struct{})
	say := func(ctx context.Context, sql string, args ...any) {
		_ = p.conns.with(ctx, func(conn *pgconn.PgConn) error {
			for _, q := range set {
				if _, err := query(ctx, conn, sql, append([]any{q.Name, q.Version}, args...)...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	go func() {
		defer close(ended)
		every := time.NewTicker(tellEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				now := told.present()
				say(ctx, tellProgress, now.EventsPerSecond, now.Share, int64(now.Left/time.Second))
			case <-ctx.Done():
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellEvery)
				defer cancel()
				say(last, tellNothing)
				return
			}
		}
	}()
	return func() { <-ended }
}
