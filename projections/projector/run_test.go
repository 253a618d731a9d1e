package projector_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/events"
	"zhitong/events/log"
	"zhitong/projections"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

var five = []string{
	`{"division":"A","times":1,"last":3,"all":{"times":1}}`,
	`{"division":"B","times":2,"last":4,"all":{"times":2}}`,
	`{"division":"C","times":2,"last":5,"all":{"times":2}}`,
}

func TestCatchUpFoldsEverythingThere(t *testing.T) {
	t.Parallel()
	_, cfg := setup(t, 5)
	p := open(t, cfg)
	catchUp(t, p)
	if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	st := statusOf(t, p, "counts", 1)
	if st.Status != "live" || st.Position != 5 || st.Head != 5 || st.LagEvents != 0 || st.LagSeconds != 0 {
		t.Errorf("status %+v", st)
	}
	verified(t, p)
}

func TestBlockDeliveredTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 5)
	cfg.Log = twice{l}
	p := open(t, cfg)
	catchUp(t, p)
	if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	verified(t, p)
}

func TestRunningProjectorFollows(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 0)
	p, reader := open(t, cfg), open(t, cfg)
	stop := start(t, p)
	for at := 1; at <= 9; at += 3 {
		projectionstest.Append(t, l, pairings(t, at, 3), 2)
		if err := reader.WaitFor(t.Context(), uint64(at+2)); err != nil {
			t.Fatal(err)
		}
		rows, err := reader.Query(t.Context(), "counts", []projections.Cond{{Column: "division", Value: "A"}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.Values) != 1 || rows.Position < uint64(at+2) {
			t.Errorf("after position %d: %d rows at position %d", at+2, len(rows.Values), rows.Position)
		}
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("run ended with %v", err)
	}
}

func TestManyWaitOverOneConnection(t *testing.T) {
	t.Parallel()
	l, cfg := setup(t, 1)
	cfg.ConnectionsMax = 1
	p := open(t, cfg)
	start(t, p)
	var waiting sync.WaitGroup
	for at := range uint64(20) {
		waiting.Go(func() {
			if err := p.WaitFor(t.Context(), at+1); err != nil {
				t.Error(err)
			}
		})
	}
	projectionstest.Append(t, l, pairings(t, 2, 19), 4)
	waiting.Wait()
}

func TestFoldThatFailsStopsOnlyItsProjection(t *testing.T) {
	t.Parallel()
	var mended sync.Map
	bad := func(e *events.Event) error {
		if _, ok := mended.Load("mended"); !ok && e.Position == 4 {
			return errors.New("no such township")
		}
		return nil
	}
	broken := func(e *events.Event) error {
		if _, ok := mended.Load("mended"); !ok && e.Position == 1 {
			panic("index out of range")
		}
		return nil
	}
	_, cfg := setup(t, 5)
	cfg.Projections = append(cfg.Projections, counting("stopping", 1, bad), counting("panicking", 1, broken))
	p := open(t, cfg)
	catchUp(t, p)
	if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
		t.Error(diff)
	}
	for view, want := range map[string]projector.Status{
		"stopping":  {Position: 3, ErrorEvent: new("e4-1"), ErrorPosition: new(uint64(4)), Error: new("no such township")},
		"panicking": {Position: 0, ErrorEvent: new("e1-1"), ErrorPosition: new(uint64(1)), Error: new("index out of range")},
	} {
		st := statusOf(t, p, view, 1)
		if st.Status != "stopped" || st.Position != want.Position || *st.ErrorEvent != *want.ErrorEvent ||
			*st.ErrorPosition != *want.ErrorPosition || !strings.Contains(*st.Error, *want.Error) ||
			!strings.Contains(*st.Error, "projection resume "+view) {
			t.Errorf("%s: %+v, error %s", view, st, *st.Error)
		}
		if err := p.Resume(t.Context(), view); err != nil {
			t.Fatal(err)
		}
	}
	catchUp(t, p)
	if st := statusOf(t, p, "stopping", 1); st.Status != "stopped" || st.Position != 3 {
		t.Errorf("resumed before it was mended: %+v", st)
	}
	verified(t, p)

	mended.Store("mended", true)
	for _, view := range []string{"stopping", "panicking"} {
		if err := p.Resume(t.Context(), view); err != nil {
			t.Fatal(err)
		}
	}
	catchUp(t, p)
	for _, view := range []string{"stopping", "panicking"} {
		if diff := cmp.Diff(five, rowsOf(t, p, view)); diff != "" {
			t.Errorf("%s: %s", view, diff)
		}
		if st := statusOf(t, p, view, 1); st.Status != "live" || st.Position != 5 || st.Error != nil {
			t.Errorf("%s: %+v", view, st)
		}
	}
	verified(t, p)
}

func TestStreamThatIsNotTheOneIsRefused(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]func(t *testing.T, l *log.Memory) log.Log{
		"MadeAnew": func(t *testing.T, _ *log.Memory) log.Log { return projectionstest.NewLog(t, pairings(t, 1, 9), 2) },
		"Empty":    func(t *testing.T, _ *log.Memory) log.Log { return log.NewMemory() },
		"Truncated": func(t *testing.T, l *log.Memory) log.Log {
			return cut{l, 4}
		},
		"AnotherCommitThere": func(t *testing.T, l *log.Memory) log.Log {
			return exchanged{l, pairings(t, 6, 1)[0]}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, cfg := setup(t, 5)
			catchUp(t, open(t, cfg))
			cfg.Log = other(t, l)
			p := open(t, cfg)
			if err := p.CatchUp(t.Context()); !errors.Is(err, projector.ErrStream) {
				t.Fatalf("catch up: got %v, want ErrStream", err)
			}
			if _, err := p.Verify(t.Context()); !errors.Is(err, projector.ErrStream) {
				t.Errorf("verify: got %v, want ErrStream", err)
			}
			if diff := cmp.Diff(five, rowsOf(t, p, "counts")); diff != "" {
				t.Error(diff)
			}
			if name == "AnotherCommitThere" {
				return // only the hash at the checkpoint lies; nothing to accept
			}
			if err := p.Rebuild(t.Context()); err != nil {
				t.Fatalf("a rebuild of all accepts the stream: %v", err)
			}
			verified(t, p)
		})
	}
}

// cut is a log that has lost what is behind a position.
type cut struct {
	log.Log
	head uint64
}

func (l cut) Head(ctx context.Context) (log.Head, error) {
	h, err := l.Log.Head(ctx)
	h.Position = min(h.Position, l.head)
	return h, err
}

func (l cut) Read(ctx context.Context, from uint64, fn func(log.Block) error) error {
	return l.Log.Read(ctx, from, func(b log.Block) error {
		if b.First > l.head {
			return nil
		}
		b.Commits = b.Commits[:min(uint64(len(b.Commits)), l.head+1-b.First)]
		return fn(b)
	})
}

func (l cut) Follow(ctx context.Context, from uint64, fn func(log.Block) error) error {
	if err := l.Read(ctx, from, fn); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// exchanged is a log that shows another commit when it is asked for single ones.
type exchanged struct {
	log.Log
	line []byte
}

func (l exchanged) Load(ctx context.Context, positions []uint64, fn func(uint64, []byte) error) error {
	return l.Log.Load(ctx, positions, func(at uint64, _ []byte) error { return fn(at, l.line) })
}
