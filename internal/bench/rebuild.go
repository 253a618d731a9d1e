package bench

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/demo"
	"zhitong/projections/projector"
)

// eventsOfDemo is about how many events the demo programme makes at scale 1.
const eventsOfDemo = 85_000

// Rebuilt is what [Rebuild] measured.
type Rebuilt struct {
	Events          int   `json:"events"`
	Commits         int   `json:"commits"`
	Views           int   `json:"views"`
	Milliseconds    int64 `json:"milliseconds"`
	EventsPerSecond int64 `json:"events_per_second"`
}

// inFlightMax is how many commands of the filling wait for their answers.
const inFlightMax = 2048

// Fill runs the demo programme, at a scale that makes about events events, on an
// application whose log is empty.
func Fill(ctx context.Context, a *app.App, events int, progress func(done, total int)) error {
	micro := max(100, int64(events)*1_000_000/eventsOfDemo)
	programme, err := demo.New(demo.Options{Scale: fmt.Sprintf("%d.%06d", micro/1_000_000, micro%1_000_000), Seed: demo.DefaultSeed})
	if err != nil {
		return err
	}
	type sent struct {
		id      string
		pending *app.Pending
	}
	var queue []sent
	done := 0
	settle := func(keep int) error {
		for len(queue) > keep {
			if err := answered(ctx, queue[0].id, queue[0].pending); err != nil {
				return err
			}
			queue = queue[1:]
			done++
			progress(done, programme.Len())
		}
		return nil
	}
	for c := range programme.Commands() {
		queue = append(queue, sent{c.ID, a.Submit(ctx, c)})
		if err := settle(inFlightMax); err != nil {
			return err
		}
	}
	return settle(0)
}

// Rebuild measures the rebuild of all views from the whole log, which must have
// been caught up with before.
func Rebuild(ctx context.Context, l log.Log, views *projector.Projector) (Rebuilt, error) {
	var out Rebuilt
	err := l.Read(ctx, 1, func(b log.Block) error {
		for _, commit := range b.Commits {
			out.Commits++
			out.Events += bytes.Count(commit, []byte(`"specversion":`))
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	began := time.Now()
	if err := views.Rebuild(ctx); err != nil {
		return out, err
	}
	elapsed := time.Since(began)
	out.Views = len(views.Views())
	out.Milliseconds = elapsed.Milliseconds()
	out.EventsPerSecond = perSecond(out.Events, elapsed)
	return out, nil
}
