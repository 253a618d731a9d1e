package embedded

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"zhitong/events/log"
)

// A disk that has no room has the log refuse, plainly and whole; when there is room
// again it goes on without anybody's help.
func TestAFullDiskRefusesAndGoesOnWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "zt-full-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var free atomic.Int64
	free.Store(diskReserve + 1<<20)
	i, err := Open(t.Context(), Options{Dir: dir, free: func(string) (int64, error) { return free.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l, err := log.OpenJetStream(ctx, i.NATS(), log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	commit := make([]byte, 100<<10)
	for k := range commit {
		commit[k] = 'x'
	}
	var head log.Head
	for err == nil {
		var next log.Head
		if next, err = l.Append(ctx, head, [][]byte{commit}); err == nil {
			head = next
		}
	}
	if !errors.Is(err, log.ErrFull) || head.Seq == 0 {
		t.Fatalf("append to a full disk behind %+v: %v", head, err)
	}
	if got, err := l.Head(ctx); err != nil || got != head {
		t.Errorf("head %+v, %v, want %+v: nothing half done", got, err, head)
	}
	free.Store(diskReserve + 1<<30)
	for {
		next, err := l.Append(ctx, head, [][]byte{commit})
		if err == nil {
			head = next
			break
		}
		if !errors.Is(err, log.ErrFull) {
			t.Fatalf("append when there is room: %v", err)
		}
	}
	if err := log.Verify(ctx, l); err != nil {
		t.Error(err)
	}
	if got, err := l.Head(ctx); err != nil || got != head {
		t.Errorf("head %+v, %v, want %+v", got, err, head)
	}
}

// The server's own settings say that it syncs always; one that does not is not used.
func TestSyncAlwaysIsAsserted(t *testing.T) {
	t.Parallel()
	s := newServer(t.TempDir(), nil)
	if err := s.start(0); err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	if err := checkSync(s.nats.JetStreamConfig()); err != nil {
		t.Error(err)
	}
	for _, other := range []*server.JetStreamConfig{nil, {SyncAlways: false}} {
		if err := checkSync(other); err == nil {
			t.Errorf("%+v is used", other)
		}
	}
}
