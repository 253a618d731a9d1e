package log_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/embedded"
)

// writerDir names, in a process that plays the writer, the store to write to.
const writerDir = "ZT_TEST_WRITER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// blockOfWriter is the size of the writer's blocks: large enough to be written
// in pieces.
const blockOfWriter = 40

// writeForEver appends blocks in a process with a server of its own, and says
// of each that it was acknowledged, until the process is killed.
func writeForEver(dir string) error {
	ctx := context.Background()
	server, err := embedded.StartServer(dir, 0, nil)
	if err != nil {
		return err
	}
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		return err
	}
	l, err := log.OpenJetStream(ctx, nc, log.Options{})
	if err != nil {
		return err
	}
	head, err := l.Head(ctx)
	for err == nil {
		commits := logtest.Commits(fmt.Sprintf("block%d", head.Seq+1), blockOfWriter)
		commits[0] = bytes.Repeat([]byte("x"), 100<<10)
		if head, err = l.Append(ctx, head, commits); err == nil {
			fmt.Println("ack", head.Seq)
		}
	}
	return err
}

func TestKilledServerLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	const rounds, acksARound = 6, 7
	dir := t.TempDir()
	acked := uint64(0)
	for range rounds {
		acked = killWriter(t, dir, acksARound)
		l := reopen(t, dir)
		head, err := l.log.Head(logtest.Context(t))
		if err != nil || head.Seq < acked || head.Position != head.Seq*blockOfWriter {
			t.Fatalf("head %+v, %v, acknowledged %d blocks of %d", head, err, acked, blockOfWriter)
		}
		if err := log.Verify(logtest.Context(t), l.log); err != nil {
			t.Fatal(err)
		}
		l.close()
	}
	if acked < rounds*acksARound {
		t.Errorf("%d blocks acknowledged", acked)
	}
}

// killWriter runs a writer, kills it after some acknowledgements, and returns
// the last block that it had acknowledged.
func killWriter(t *testing.T, dir string, acks int) uint64 {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), writerDir+"="+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last uint64
	lines := bufio.NewScanner(stdout)
	for n := 1; lines.Scan(); n++ {
		if _, err := fmt.Sscanf(lines.Text(), "ack %d", &last); err != nil {
			t.Errorf("writer: %s", lines.Text())
		}
		if n == acks {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	return last
}

// reopened is a log on a store that somebody else has written.
type reopened struct {
	log   log.Log
	close func()
}

func reopen(t *testing.T, dir string) reopened {
	t.Helper()
	server, err := embedded.StartServer(dir, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	end := func() { nc.Close(); server.Shutdown() }
	t.Cleanup(end)
	l, err := log.OpenJetStream(logtest.Context(t), nc, log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return reopened{l, end}
}

// A bit that has flipped on disk is not passed over, though the broker does.
func TestDamagedStoreIsRefused(t *testing.T) {
	t.Parallel()
	line := openLine(t)
	l, head := openLog(t, line.connect(t)), log.Head{}
	for n := range 20 {
		head = logtest.MustAppend(t, l, head, logtest.Commits(fmt.Sprint(n), 3))
	}
	line.stop()
	damage(t, line.dir, `"9-2"`)
	line.start(t)
	ctx := logtest.Context(t)
	again, err := log.OpenJetStream(ctx, line.connect(t), log.Options{})
	if err == nil {
		err = log.Verify(ctx, again)
	}
	if !errors.Is(err, log.ErrIdentity) {
		t.Fatalf("error %v, want %v", err, log.ErrIdentity)
	}
	if text := err.Error(); !strings.Contains(text, "block 10") && !strings.Contains(text, "position 28") {
		t.Errorf("the error names neither the block nor the position: %v", err)
	}
}

// damage flips a bit of a text that is in a block of a store.
func damage(t *testing.T, dir, text string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "$G", "streams", "*", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no blocks: %v", err)
	}
	for _, block := range blocks {
		content, err := os.ReadFile(block)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(content, []byte(text)); at >= 0 {
			content[at+1] ^= 1
			if err := os.WriteFile(block, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no block holds %s", text)
}

func TestSmallPayloadLimitIsRefused(t *testing.T) {
	t.Parallel()
	small, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	small.Start()
	t.Cleanup(func() { small.Shutdown(); small.WaitForShutdown() })
	nc, err := nats.Connect("", nats.InProcessServer(small))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	_, err = log.OpenJetStream(logtest.Context(t), nc, log.Options{})
	if err == nil || !strings.Contains(err.Error(), "max_payload") {
		t.Errorf("open: %v", err)
	}
}
