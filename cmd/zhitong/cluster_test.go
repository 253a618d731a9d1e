package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/events/log"
	"zhitong/internal/embedded/embeddedtest"
)

// clusterWaitMax bounds everything that a cluster takes its time for.
const clusterWaitMax = 60 * time.Second

// cluster is three log servers, two processes that serve, and clients that write.
type cluster struct {
	t     *testing.T
	nodes [3]*server.Server
	sh    *shell
	serve map[int]*process // by process id

	acked atomic.Int64
	mu    sync.Mutex
	taken map[string]uint64 // command id to its position
}

func startClusterOf(t *testing.T) *cluster {
	c := &cluster{t: t, nodes: embeddedtest.Cluster(t), sh: newShell(t), serve: map[int]*process{}, taken: map[string]uint64{}}
	var urls []string
	for _, n := range c.nodes {
		urls = append(urls, n.ClientURL())
	}
	c.sh.env["ZHITONG_NATS_URL"] = strings.Join(urls, ",")
	c.sh.env["ZHITONG_MASTER_KEY"] = filepath.Join(t.TempDir(), "master.key")
	for range 2 {
		one := &shell{t, map[string]string{}}
		for k, v := range c.sh.env {
			one.env[k] = v
		}
		one.env["ZHITONG_DATA"] = filepath.Join(t.TempDir(), "data")
		p := one.start("serve", "--listen", "127.0.0.1:0")
		p.address = p.line()
		c.serve[p.cmd.Process.Pid] = p
	}
	return c
}

// write sends n commands from as many clients as asked for, each waiting for its
// answer, and notes what was acknowledged.
func (c *cluster) write(clients, each int, prefix string) *sync.WaitGroup {
	var wg sync.WaitGroup
	for w := range clients {
		p := c.sh.start("apply", "-")
		wg.Go(func() {
			defer p.in.Close()
			for n := range each {
				id := fmt.Sprintf("%s-%d-%d", prefix, w, n)
				fmt.Fprintf(p.in, `{"id":%[1]q,"command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-01T09:00:00+08:00","data":{"party_id":%[1]q,"kind":"funder","name":{"zh":"资金方"}}}`+"\n", id)
				l, err := p.out.ReadString('\n')
				var a struct {
					OK     bool `json:"ok"`
					Events []struct {
						Seq uint64 `json:"seq"`
					} `json:"events"`
				}
				if err == nil {
					err = json.Unmarshal([]byte(l), &a)
				}
				if err != nil || !a.OK || len(a.Events) != 1 {
					p.in.Close()
					p.cmd.Wait()
					c.t.Errorf("client %d, command %d: %v: %s\n%s", w, n, err, l, p.notes)
					return
				}
				c.mu.Lock()
				c.taken[id] = a.Events[0].Seq
				c.mu.Unlock()
				c.acked.Add(1)
			}
		})
	}
	return &wg
}

// until waits until n commands have been acknowledged.
func (c *cluster) until(n int64) {
	c.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	tooLong := time.After(clusterWaitMax)
	for c.acked.Load() < n {
		select {
		case <-tick.C:
		case <-tooLong:
			c.t.Fatalf("%d of %d commands were acknowledged", c.acked.Load(), n)
		}
	}
}

// connect reaches the cluster by one of its living nodes.
func (c *cluster) connect() jetstream.JetStream {
	c.t.Helper()
	nc, err := nats.Connect(c.sh.env["ZHITONG_NATS_URL"])
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		c.t.Fatal(err)
	}
	return js
}

// killLeaderNode ends the log server that leads the stream.
func (c *cluster) killLeaderNode(js jetstream.JetStream) {
	c.t.Helper()
	stream, err := js.Stream(c.t.Context(), log.StreamDefault)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, n := range c.nodes {
		if n.Name() == stream.CachedInfo().Cluster.Leader {
			n.Shutdown()
			n.WaitForShutdown()
			return
		}
	}
	c.t.Fatalf("nobody leads the stream: %+v", stream.CachedInfo().Cluster)
}

// killHolder kills the process that holds a lease, and returns the other.
func (c *cluster) killHolder(js jetstream.JetStream, lease string) (other *process) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), clusterWaitMax)
	defer cancel()
	for {
		pid := 0
		if kv, err := js.KeyValue(ctx, log.StreamDefault+"-leases"); err == nil {
			if e, err := kv.Get(ctx, lease); err == nil {
				fmt.Sscanf(string(e.Value()), "%d-", &pid)
			}
		}
		if p := c.serve[pid]; p != nil {
			p.signal(syscall.SIGKILL)
			p.cmd.Wait()
			delete(c.serve, pid)
			break
		}
		if ctx.Err() != nil {
			c.t.Fatalf("nobody holds the lease for %s", lease)
		}
	}
	for _, p := range c.serve {
		other = p
	}
	return other
}

// A node of the log is lost, then the process that decides for all, while clients
// write: nothing acknowledged is lost, nothing is there twice, and commands and
// views go on under the others.
func TestAClusterLosesALeaderAndThenADecider(t *testing.T) {
	t.Parallel()
	c := startClusterOf(t)
	c.sh.run(0, opening+"\n", "apply", "-")
	js := c.connect()
	const clients, each = 3, 150
	writing := c.write(clients, each, "f")
	c.until(clients * each / 4)
	c.killLeaderNode(js)
	c.until(clients * each / 2)
	other := c.killHolder(js, leaseCommands)
	writing.Wait()
	if got := c.acked.Load(); got != clients*each {
		t.Fatalf("%d commands were acknowledged, want %d", got, clients*each)
	}
	lines := strings.Split(strings.TrimSpace(c.sh.run(0, "", "export", "log")), "\n")
	if len(lines) != clients*each+1 {
		t.Errorf("%d commits in the log, want %d", len(lines), clients*each+1)
	}
	for id, position := range c.taken {
		if !strings.Contains(lines[position-1], `"commandid":"`+id+`"`) {
			t.Errorf("command %s was acknowledged at %d, where the log has %s", id, position, lines[position-1])
		}
	}
	if got := strings.Count(c.sh.run(0, "", "view", "parties", "--wait", "--format", "jsonl"), "\n"); got != clients*each {
		t.Errorf("%d parties in the view, want %d", got, clients*each)
	}
	c.sh.run(0, "", "projection", "verify", "--all")
	other.signal(syscall.SIGTERM)
	other.ends(0)
}
