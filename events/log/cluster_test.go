package log_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/embedded/embeddedtest"
)

// clusterReadyMax bounds the elections of a new cluster.
const clusterReadyMax = 30 * time.Second

// connectTo opens a connection to one server of a cluster.
func connectTo(t testing.TB, s *server.Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// openReplicated opens a log of three copies; it waits for the elections.
func openReplicated(t testing.TB, nc *nats.Conn, stream string) log.Log {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clusterReadyMax)
	defer cancel()
	for {
		l, err := log.OpenJetStream(ctx, nc, log.Options{Stream: stream, Replicas: 3})
		if err == nil {
			return l
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

func TestClusterKeepsTheContract(t *testing.T) {
	t.Parallel()
	servers := embeddedtest.Cluster(t)
	ready := openReplicated(t, connectTo(t, servers[0]), "READY")
	logtest.MustAppend(t, ready, log.Head{}, logtest.Commits("ready", 1))
	var n atomic.Int64
	t.Run("Contract", func(t *testing.T) {
		logtest.Run(t, func(t *testing.T) log.Log {
			n := n.Add(1)
			return openReplicated(t, connectTo(t, servers[n%3]), fmt.Sprintf("S%d", n))
		})
	})
}

func TestClusterGoesOnWithoutItsLeader(t *testing.T) {
	t.Parallel()
	servers := embeddedtest.Cluster(t)
	l := openReplicated(t, connectTo(t, servers[0]), "ZHITONG")
	ctx := logtest.Context(t)
	info, err := newJetStream(t, connectTo(t, servers[0])).Stream(ctx, "ZHITONG")
	if err != nil {
		t.Fatal(err)
	}
	leader := 0
	for n, s := range servers {
		if s.Name() == info.CachedInfo().Cluster.Leader {
			leader = n
		}
	}
	if leader == 0 {
		l = openReplicated(t, connectTo(t, servers[1]), "ZHITONG")
	}
	seen := make(chan uint64, 64)
	go func() {
		_ = l.Follow(ctx, 1, func(b log.Block) error {
			seen <- b.Seq
			return nil
		})
	}()
	head := log.Head{}
	for n := range 10 {
		if n == 5 {
			servers[leader].Shutdown()
			servers[leader].WaitForShutdown()
		}
		head = logtest.MustAppend(t, l, head, logtest.Commits(fmt.Sprint(n), 2))
		if got := <-seen; got != head.Seq {
			t.Fatalf("followed block %d, want %d", got, head.Seq)
		}
	}
	if err := log.Verify(ctx, l); err != nil {
		t.Error(err)
	}
}
