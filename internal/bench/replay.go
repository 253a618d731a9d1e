package bench

import (
	"context"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

// ReplayOptions are the settings of [Replay].
type ReplayOptions struct {
	Events int    // of the demo programme to fill in first
	Floor  bool   // read and decode the log alone too
	Past   string // an empty folder for what the projections were at earlier places
}

// ReplayFigures are what [Replay] measured.
type ReplayFigures struct {
	Commits         uint64 `json:"commits"`
	Events          uint64 `json:"events"`
	Views           int    `json:"views"`
	Took            Millis `json:"took_ms"`
	EventsPerSecond int64  `json:"events_per_s"`
	HeapMB          uint64 `json:"rows_heap_mb"` // that the rows of all views take
	// FloorEventsPerSecond is of reading and decoding alone, Share what the fold
	// reaches of it, in percent.
	FloorEventsPerSecond int64 `json:"floor_events_per_s,omitzero"`
	Share                int64 `json:"share_of_floor_percent,omitzero"`
	// Back is how long looks back took, once the past is kept.
	Back []LookBack `json:"look_back"`
}

// LookBack is how long it took to say what views were.
type LookBack struct {
	Position uint64 `json:"position"`
	One      Millis `json:"one_view_ms"`  // shipment_lines, the largest
	Card     Millis `json:"sales_ms"`     // sales_volume
	All      Millis `json:"all_views_ms"` // of all views
}

// Replay fills a fresh log of nc with the demo programme and measures how long it
// takes to read, decode and fold all views in memory, and to say what they were at
// earlier moments.
func Replay(ctx context.Context, nc *nats.Conn, o ReplayOptions) (ReplayFigures, error) {
	var f ReplayFigures
	l, err := newFilled(ctx, nc, o.Events)
	if err != nil {
		return f, err
	}
	defer l.stop()
	if err := l.to(ctx, o.Events); err != nil {
		return f, err
	}
	if o.Floor {
		_, took, err := fold(ctx, l, nil)
		if err != nil {
			return f, err
		}
		f.FloorEventsPerSecond = perSecond(l.events, took)
	}
	before := heap()
	folded, took, err := fold(ctx, l, catalogue.All())
	if err != nil {
		return f, err
	}
	after := heap()
	runtime.KeepAlive(folded.DBs)
	f.HeapMB = (after - min(before, after)) >> 20
	f.Commits, f.Events, f.Took, f.EventsPerSecond = folded.Position, folded.Events, Millis(took), perSecond(int(folded.Events), took)
	if o.Floor {
		f.Share = f.EventsPerSecond * 100 / max(1, f.FloorEventsPerSecond)
	}
	return f, f.lookBack(ctx, l, o.Past)
}

func fold(ctx context.Context, l *filled, ps []projections.Projection) (*projections.Folded, time.Duration, error) {
	began := time.Now()
	folded, err := projections.Fold(ctx, l.read, ps, projections.Until{})
	return folded, time.Since(began), err
}

// heap is what is alive.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// lookBack looks back at places spread over the log, and just before its end.
func (f *ReplayFigures) lookBack(ctx context.Context, l *filled, dir string) error {
	views, err := projector.New(projector.Config{Log: l.log, Projections: catalogue.All(), Past: dir})
	if err != nil {
		return err
	}
	f.Views = len(views.Views())
	if _, err := views.AsOf(ctx, projections.Until{}); err != nil { // keeps the past
		return err
	}
	for _, at := range []uint64{f.Commits / 4, f.Commits / 2, f.Commits * 3 / 4, f.Commits - 1} {
		if at == 0 {
			continue
		}
		b := LookBack{Position: at}
		for _, look := range []struct {
			took  *Millis
			views []string
		}{{&b.One, []string{"shipment_lines"}}, {&b.Card, []string{"sales_volume"}}, {&b.All, nil}} {
			began := time.Now()
			if _, err := views.AsOf(ctx, projections.Until{Position: at}, look.views...); err != nil {
				return err
			}
			*look.took = Millis(time.Since(began))
		}
		f.Back = append(f.Back, b)
	}
	return nil
}
