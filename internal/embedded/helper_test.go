package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhitong/events/log"
	"zhitong/internal/embedded"
)

// testMax bounds what a test waits for.
const testMax = 60 * time.Second

// A test that needs another process starts its own binary again, with the role
// in helperRole and the data folder in helperDir.
const (
	helperRole = "ZT_TEST_ROLE"
	helperDir  = "ZT_TEST_DIR"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(helperRole); role != "" {
		if err := runHelper(role, os.Getenv(helperDir)); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runHelper plays a process on a data folder until its standard input ends, and
// then closes the folder cleanly.
func runHelper(role, dir string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the test says so, or has died
		stop()
	}()
	i, err := embedded.Open(ctx, embedded.Options{Dir: dir, Note: func(line string) { fmt.Println("note", line) }})
	if err != nil {
		return err
	}
	fmt.Println("open", i.Owns())
	switch role {
	case "append":
		err = appendUntil(ctx, i, fmt.Sprintf("p%d", os.Getpid()))
	case "postgres":
		var dsn string
		if dsn, err = i.Postgres(ctx); err == nil {
			fmt.Println("postgres", dsn)
			<-ctx.Done()
		}
	}
	if ctx.Err() != nil {
		err = nil
	}
	err = errors.Join(err, i.Close(context.Background()))
	fmt.Println("closed")
	return err
}

// appendUntil appends blocks and says of each that it was acknowledged.
func appendUntil(ctx context.Context, i *embedded.Instance, label string) error {
	l, err := log.OpenJetStream(ctx, i.NATS(), log.Options{})
	if err != nil {
		return err
	}
	for n := 1; ctx.Err() == nil; n++ {
		commit := fmt.Sprintf("%s-%d", label, n)
		if err := appendAnyway(ctx, l, []byte(commit), []byte(commit+"b")); err != nil {
			return err
		}
		fmt.Println("ack", commit)
	}
	return nil
}

// appendAnyway appends at whatever the head is, as a committer would.
func appendAnyway(ctx context.Context, l log.Log, commits ...[]byte) error {
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

// helper is another process on a data folder.
type helper struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
	acked []string
}

// startHelper starts one; prepare may change how.
func startHelper(t *testing.T, role, dir string, prepare func(*exec.Cmd)) *helper {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), helperRole+"="+role, helperDir+"="+dir)
	cmd.Stderr = os.Stderr
	if prepare != nil {
		prepare(cmd)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &helper{t: t, cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
	t.Cleanup(func() {
		_ = stdin.Close() // it may have ended
		if cmd.ProcessState == nil {
			_ = cmd.Wait()
		}
	})
	return h
}

// await reads what the helper says until a line begins with a word, and returns
// the rest of it.
func (h *helper) await(word string) string {
	h.t.Helper()
	for h.lines.Scan() {
		line := h.lines.Text()
		said, rest, _ := strings.Cut(line, " ")
		if said == "ack" {
			h.acked = append(h.acked, rest)
		}
		if said == word {
			return rest
		}
		if said == "error" {
			h.t.Fatalf("helper: %s", line)
		}
	}
	h.t.Fatalf("helper ended before it said %q", word)
	return ""
}

// drain reads what is left until the helper has ended.
func (h *helper) drain() {
	for h.lines.Scan() {
		if said, rest, _ := strings.Cut(h.lines.Text(), " "); said == "ack" {
			h.acked = append(h.acked, rest)
		}
	}
	_ = h.cmd.Wait() // killed, or as it says
}

// kill ends the helper as kill -9 does.
func (h *helper) kill() {
	h.t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		h.t.Fatal(err)
	}
	h.drain()
}

// finish has the helper close its folder and end.
func (h *helper) finish() {
	h.t.Helper()
	if err := h.stdin.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.await("closed")
	h.drain()
	if code := h.cmd.ProcessState.ExitCode(); code != 0 {
		h.t.Errorf("helper ended with %d", code)
	}
}

// testContext ends when a test takes too long.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), testMax)
	t.Cleanup(cancel)
	return ctx
}

// open opens a data folder for a test; what is left of it is closed after it.
func open(t *testing.T, dir string, change ...func(*embedded.Options)) *embedded.Instance {
	t.Helper()
	opts := embedded.Options{Dir: dir}
	for _, c := range change {
		c(&opts)
	}
	i, err := embedded.Open(testContext(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeInstance(t, i) })
	return i
}

func closeInstance(t *testing.T, i *embedded.Instance) {
	t.Helper()
	if err := i.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// openLog opens the log of an instance.
func openLog(t *testing.T, i *embedded.Instance) log.Log {
	t.Helper()
	l, err := log.OpenJetStream(testContext(t), i.NATS(), log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// shortDir is a data folder whose path leaves room for a socket. What a cluster
// of root has left elsewhere goes with it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "zt-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if home := clusterOf(dir); home != "" {
			if err := os.RemoveAll(home); err != nil {
				t.Error(err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// clusterOf is where the note of a data folder says that its cluster is.
func clusterOf(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "postgres.json"))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), `"cluster":"`)
	home, _, _ := strings.Cut(rest, `"`)
	return home
}

// wantAcked checks that the log is whole and holds every acknowledged block,
// once and with both of its commits.
func wantAcked(t *testing.T, l log.Log, acked ...string) {
	t.Helper()
	ctx := testContext(t)
	if err := log.Verify(ctx, l); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	err := l.Read(ctx, 1, func(b log.Block) error {
		if len(b.Commits) != 2 || string(b.Commits[0])+"b" != string(b.Commits[1]) {
			return fmt.Errorf("block %d is not as it was appended: %q", b.Seq, b.Commits)
		}
		times[string(b.Commits[0])]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range acked {
		if times[label] != 1 {
			t.Errorf("block %s was acknowledged and is there %d times", label, times[label])
		}
	}
	for label, n := range times {
		if n != 1 {
			t.Errorf("block %s is there %d times", label, n)
		}
	}
}
