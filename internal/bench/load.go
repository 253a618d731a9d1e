package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/internal/app"
)

// LoadFigures are what [Load] measured.
type LoadFigures struct {
	Commits uint64 `json:"commits"`
	Events  int    `json:"events"`
	// Read is the floor: every block read, nothing looked at. Absent without one.
	Read Millis `json:"floor_read_ms,omitzero"`
	// Whole is a start that folds the whole log; Snapshot is one from a snapshot.
	Whole           Millis `json:"start_without_snapshot_ms"`
	EventsPerSecond int64  `json:"folded_events_per_s"`
	Snapshot        Millis `json:"start_from_snapshot_ms"`
	// Written is how long writing the snapshot took, Bytes its size.
	Written Millis `json:"snapshot_written_ms"`
	Bytes   int64  `json:"snapshot_bytes"`
	// Heap is what a start from the snapshot leaves in memory, after a collection,
	// beside what the rest of the program holds.
	Heap uint64 `json:"heap_bytes"`
}

// Load fills a fresh log of nc with about so many events of the demo's mix and
// measures starts on it: what has to be read and folded before the first command.
func Load(ctx context.Context, nc *nats.Conn, disk app.Disk, eventsWanted int, floor bool) (LoadFigures, error) {
	var f LoadFigures
	filled, err := newFilled(ctx, nc, eventsWanted)
	if err != nil {
		return f, err
	}
	defer filled.stop()
	if err := filled.to(ctx, eventsWanted); err != nil {
		return f, err
	}
	l := filled.log
	head, err := l.Head(ctx)
	if err != nil {
		return f, err
	}
	f.Commits, f.Events = head.Position, filled.events
	if floor {
		if f.Read, err = timed(func() error { return l.Read(ctx, 1, func(log.Block) error { return nil }) }); err != nil {
			return f, err
		}
	}
	return f, f.starts(ctx, l, disk)
}

// starts measures a start from the log alone, the snapshot, and a start from it.
func (f *LoadFigures) starts(ctx context.Context, l log.Log, disk app.Disk) error {
	var a *app.App
	open := func() (err error) {
		a, err = openApp(ctx, l, disk)
		return err
	}
	var err error
	if f.Whole, err = timed(open); err != nil {
		return err
	}
	f.EventsPerSecond = perSecond(f.Events, time.Duration(f.Whole))
	if f.Written, err = timed(func() error { return end(a) }); err != nil {
		return err
	}
	if f.Bytes, err = sizeOf(disk); err != nil {
		return err
	}
	a = nil
	before := heap()
	if f.Snapshot, err = timed(open); err != nil {
		return err
	}
	f.Heap = heap() - min(before, heap())
	return end(a)
}

// end ends an application that was never asked anything: it takes its snapshot, if
// one is due.
func end(a *app.App) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return a.Run(ctx)
}

func timed(fn func() error) (Millis, error) {
	began := time.Now()
	err := fn()
	return Millis(time.Since(began)), err
}

// sizeOf is the size of the snapshot on a disk.
func sizeOf(disk app.Disk) (int64, error) {
	in, err := disk.Open(app.SnapshotName)
	if err != nil {
		return 0, fmt.Errorf("the snapshot was not written: %w", err)
	}
	defer in.Close()
	return io.Copy(io.Discard, in)
}
