package log_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/embedded"
	"zhitong/internal/embedded/embeddedtest"
)

// line is a way to a server that can be restarted and whose wires can be cut.
type line struct {
	dir string

	mu     sync.Mutex
	server *embedded.Server // guarded by mu; nil while it is down
	// onSend, guarded by mu, is for the next block that is sent: pass is how often it
	// goes through before the wire is cut.
	onSend func(p []byte) (pass int, cut func())
	held   []byte // guarded by mu; a publication that arrives later
}

// openLine starts a server.
func openLine(t *testing.T) *line {
	l := &line{dir: t.TempDir()}
	l.start(t)
	t.Cleanup(l.stop)
	return l
}

func (l *line) start(t *testing.T) {
	t.Helper()
	server, err := embedded.StartServer(l.dir, 0, nil)
	if err != nil {
		t.Error(err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = server
}

func (l *line) stop() {
	l.mu.Lock()
	server := l.server
	l.server = nil
	l.mu.Unlock()
	if server != nil {
		server.Shutdown()
	}
}

// connect opens a connection that survives restarts and cuts.
func (l *line) connect(t *testing.T) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("", nats.SetCustomDialer(l), nats.SkipHostLookup(), nats.MaxReconnects(-1),
		nats.ReconnectWait(time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// Dial implements nats.CustomDialer.
func (l *line) Dial(string, string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server == nil {
		return nil, errors.New("the server is down")
	}
	conn, err := l.server.InProcessConn()
	return &wire{Conn: conn, line: l}, err
}

// wire is a connection that a line can cut.
type wire struct {
	net.Conn
	line *line
}

func (w *wire) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("Zt-First")) {
		return w.Conn.Write(p)
	}
	w.line.mu.Lock()
	onSend := w.line.onSend
	w.line.onSend = nil
	w.line.mu.Unlock()
	if onSend == nil {
		return w.Conn.Write(p)
	}
	pass, cut := onSend(p)
	for range pass {
		if n, err := w.Conn.Write(p); err != nil {
			return n, err
		}
	}
	cut()
	_ = w.Close()
	return 0, net.ErrClosed
}

func TestJetStreamFindsLostAnswers(t *testing.T) {
	t.Parallel()
	logtest.RunLost(t, func(t *testing.T) logtest.Lossy {
		l := openLine(t)
		l.mu.Lock()
		good, err := nats.Connect("", nats.InProcessServer(l.server))
		l.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(good.Close)
		other := openLog(t, good)
		late := func() { l.arriveLate(t) }
		return logtest.Lossy{Log: openLog(t, l.connect(t)), Other: other, Late: late, Lose: func(loss logtest.Loss, meanwhile func()) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.onSend = func(p []byte) (pass int, cut func()) {
				pass = map[logtest.Loss]int{logtest.AnswerLost: 1, logtest.Duplicated: 2}[loss]
				return pass, func() {
					if pass > 0 {
						awaitBlock(t, other, 2)
					}
					if loss == logtest.Delayed {
						l.hold(p)
					}
					meanwhile()
				}
			}
		}}
	})
}

// hold keeps the bytes of a publication that arrives later.
func (l *line) hold(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = bytes.Clone(p[bytes.Index(p, []byte("HPUB ")):])
}

// arriveLate sends what was held back over a wire of its own, and waits for the
// broker's answer to it.
func (l *line) arriveLate(t *testing.T) {
	l.mu.Lock()
	held, server := l.held, l.server
	l.mu.Unlock()
	conn, err := server.InProcessConn()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	reply := strings.Fields(string(held))[2]
	go fmt.Fprintf(conn, "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB %s 1\r\n%s", reply, held)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "MSG ") || strings.HasPrefix(lines.Text(), "HMSG ") {
			return
		}
		if strings.HasPrefix(lines.Text(), "-ERR") {
			break
		}
	}
	t.Errorf("what was held back got no answer: %q, %v", lines.Text(), lines.Err())
}

// awaitBlock returns when a block has been stored.
func awaitBlock(t *testing.T, l log.Log, seq uint64) {
	stored := errors.New("stored")
	err := l.Follow(logtest.Context(t), 1, func(b log.Block) error {
		if b.Seq == seq {
			return stored
		}
		return nil
	})
	if !errors.Is(err, stored) {
		t.Errorf("await block %d: %v", seq, err)
	}
}

func TestServerRestart(t *testing.T) {
	t.Parallel()
	server := openLine(t)
	l := openLog(t, server.connect(t))
	ctx := logtest.Context(t)
	head := log.Head{}
	seen := make(chan string)
	go func() {
		_ = l.Follow(ctx, 1, func(b log.Block) error {
			for _, commit := range b.Commits {
				select {
				case seen <- string(commit):
				case <-ctx.Done():
				}
			}
			return nil
		})
	}()
	for n := range 9 {
		if n%3 == 1 {
			server.stop()
			go server.start(t)
		}
		commits := logtest.Commits(fmt.Sprint(n), 2)
		head = logtest.MustAppend(t, l, head, commits)
		for _, commit := range commits {
			if got := <-seen; got != string(commit) {
				t.Fatalf("followed %s, want %s", got, commit)
			}
		}
	}
	if err := log.Verify(ctx, openLog(t, server.connect(t))); err != nil {
		t.Error(err)
	}
}

func TestWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	server := openLine(t)
	l := openLog(t, server.connect(t))
	head := logtest.MustAppend(t, l, log.Head{}, logtest.Commits("x", 1))
	server.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := l.Append(ctx, head, logtest.Commits("y", 1))
	if !errors.Is(err, log.ErrUnavailable) && !errors.Is(err, log.ErrUnknown) {
		t.Errorf("append: %v", err)
	}
	if _, err := l.Head(ctx); !errors.Is(err, log.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("head: %v", err)
	}
	server.start(t)
	again := logtest.Context(t)
	if got, err2 := l.Head(again); err2 != nil || errors.Is(err, log.ErrUnavailable) && got != head {
		t.Errorf("head %+v, %v: nothing was sent", got, err2)
	}
	if err := appendAnyway(again, l, logtest.Commits("z", 1)); err != nil {
		t.Error(err)
	}
}

// appendAnyway appends at whatever the head is, as a committer would: an append
// of unknown outcome may still arrive.
func appendAnyway(ctx context.Context, l log.Log, commits [][]byte) error {
	for {
		head, err := l.Head(ctx)
		if err != nil {
			return err
		}
		if _, err = l.Append(ctx, head, commits); !errors.Is(err, log.ErrConflict) {
			return err
		}
	}
}

func TestTwoConnectionsShareOneOrder(t *testing.T) {
	t.Parallel()
	server := openLine(t)
	a, b := openLog(t, server.connect(t)), openLog(t, server.connect(t))
	head := logtest.MustAppend(t, a, log.Head{}, logtest.Commits("a", 2))
	if _, err := b.Append(logtest.Context(t), log.Head{}, logtest.Commits("b", 2)); !errors.Is(err, log.ErrConflict) {
		t.Errorf("append on a stale head: %v", err)
	}
	head = logtest.MustAppend(t, b, head, logtest.Commits("b", 2))
	logtest.MustAppend(t, a, head, logtest.Commits("c", 1))
	if got := len(logtest.All(t, b, 1)); got != 5 {
		t.Errorf("%d commits, want 5", got)
	}
}

// newJetStream opens the broker's own interface.
func newJetStream(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestStreamsThatCannotBeALogAreRefused(t *testing.T) {
	t.Parallel()
	for reason, change := range map[string]func(*jetstream.StreamConfig){
		"subjects":     func(c *jetstream.StreamConfig) { c.Subjects = []string{"zt.log", "zt.other"} },
		"in files":     func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"retention":    func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy },
		"deny_delete":  func(c *jetstream.StreamConfig) { c.DenyDelete = false },
		"deny_purge":   func(c *jetstream.StreamConfig) { c.DenyPurge = false },
		"allow_direct": func(c *jetstream.StreamConfig) { c.AllowDirect = false },
		"limits":       func(c *jetstream.StreamConfig) { c.MaxMsgs = 1000 },
		"max_msg_size": func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1 << 20 },
		"no_ack":       func(c *jetstream.StreamConfig) { c.NoAck = true },
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			nc := embeddedtest.NATS(t)
			config := jetstream.StreamConfig{
				Name: "ZHITONG", Subjects: []string{"zt.log"}, Storage: jetstream.FileStorage,
				DenyDelete: true, DenyPurge: true, AllowDirect: true,
			}
			change(&config)
			if _, err := newJetStream(t, nc).CreateStream(logtest.Context(t), config); err != nil {
				t.Fatal(err)
			}
			_, err := log.OpenJetStream(logtest.Context(t), nc, log.Options{})
			if !errors.Is(err, log.ErrIdentity) || !strings.Contains(err.Error(), reason) {
				t.Errorf("open: %v", err)
			}
		})
	}
}

func TestForeignMessagesAreRefused(t *testing.T) {
	t.Parallel()
	message := func(first, commits, payload string) *nats.Msg {
		return &nats.Msg{Subject: "zt.log", Data: []byte(payload), Header: nats.Header{"Zt-First": {first}, "Zt-Commits": {commits}}}
	}
	for name, foreign := range map[string]*nats.Msg{
		"no headers":       {Subject: "zt.log", Data: []byte("x\n")},
		"a gap":            message("5", "1", "x\n"),
		"a position again": message("2", "1", "x\n"),
		"position 0":       message("0", "1", "x\n"),
		"too few commits":  message("4", "3", "x\ny\n"),
		"too many commits": message("4", "1", "x\ny\n"),
		"no line end":      message("4", "1", "x"),
		"an empty commit":  message("4", "2", "\nx\n"),
		"no number":        message("4", "many", "x\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc := embeddedtest.NATS(t)
			l := openLog(t, nc)
			logtest.MustAppend(t, l, log.Head{}, logtest.Commits("good", 3))
			follower := openLog(t, nc)
			followed := make(chan error)
			go func() { followed <- follower.Follow(logtest.Context(t), 1, func(log.Block) error { return nil }) }()
			if _, err := newJetStream(t, nc).PublishMsg(logtest.Context(t), foreign); err != nil {
				t.Fatal(err)
			}
			if err := <-followed; !errors.Is(err, log.ErrIdentity) {
				t.Errorf("follow: %v", err)
			}
			if err := log.Verify(logtest.Context(t), openAnyway(l, nc)); !errors.Is(err, log.ErrIdentity) {
				t.Errorf("verify: %v", err)
			}
		})
	}
}

// openAnyway is the log opened anew, or as it was when that is refused.
func openAnyway(l log.Log, nc *nats.Conn) log.Log {
	if again, err := log.OpenJetStream(context.Background(), nc, log.Options{}); err == nil {
		return again
	}
	return l
}

func TestStreamMadeAnewIsRefused(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	l := openLog(t, nc)
	head := logtest.MustAppend(t, l, log.Head{}, logtest.Commits("old", 3))
	ctx := logtest.Context(t)
	followed := make(chan error)
	began := make(chan struct{})
	go func() {
		followed <- l.Follow(ctx, 1, func(log.Block) error { close(began); return nil })
	}()
	<-began
	if err := newJetStream(t, nc).DeleteStream(ctx, "ZHITONG"); err != nil {
		t.Fatal(err)
	}
	again := openLog(t, nc)
	logtest.MustAppend(t, again, log.Head{}, logtest.Commits("new", 3))
	if _, err := l.Head(ctx); !errors.Is(err, log.ErrIdentity) {
		t.Errorf("head: %v", err)
	}
	if _, err := l.Identity(ctx); !errors.Is(err, log.ErrIdentity) {
		t.Errorf("identity: %v", err)
	}
	if err := l.Read(ctx, 1, nil); !errors.Is(err, log.ErrIdentity) {
		t.Errorf("read: %v", err)
	}
	if err := <-followed; !errors.Is(err, log.ErrIdentity) {
		t.Errorf("follow: %v", err)
	}
	_, err := l.Append(ctx, log.Head{Seq: head.Seq + 5, Position: head.Position + 5}, logtest.Commits("x", 1))
	if !errors.Is(err, log.ErrIdentity) {
		t.Errorf("append: %v", err)
	}
}

func TestFullStoreIsErrFull(t *testing.T) {
	t.Parallel()
	server, err := embedded.StartServer(t.TempDir(), 1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	l := openLog(t, nc)
	head := log.Head{}
	for {
		next, err := l.Append(logtest.Context(t), head, [][]byte{bytes.Repeat([]byte("x"), 100<<10)})
		if err == nil {
			head = next
			continue
		}
		if !errors.Is(err, log.ErrFull) {
			t.Errorf("append: %v", err)
		}
		break
	}
	if got, err := l.Head(logtest.Context(t)); err != nil || got != head || head.Seq == 0 {
		t.Errorf("head %+v, %v, want %+v", got, err, head)
	}
}

func TestEveryProgrammeHasItsStream(t *testing.T) {
	t.Parallel()
	if log.Subject("ZHITONG") != "zt.log" || log.Subject("OTHER") != "zt.log.OTHER" {
		t.Errorf("subjects %s, %s", log.Subject("ZHITONG"), log.Subject("OTHER"))
	}
	nc := embeddedtest.NATS(t)
	a := openLog(t, nc)
	b, err := log.OpenJetStream(logtest.Context(t), nc, log.Options{Stream: "OTHER"})
	if err != nil {
		t.Fatal(err)
	}
	logtest.MustAppend(t, a, log.Head{}, logtest.Commits("a", 1))
	logtest.MustAppend(t, b, log.Head{}, logtest.Commits("b", 1))
	if got := logtest.All(t, b, 1); len(got) != 1 {
		t.Errorf("other programme's log: %q", got)
	}
}
