package pgcluster

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// testMax bounds what a test waits for.
const testMax = 60 * time.Second

// newCluster makes a cluster in a folder that its account can reach.
func newCluster(t *testing.T) (context.Context, *Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testMax)
	t.Cleanup(cancel)
	account, err := ServerAccount()
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := FindBinaries(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := os.MkdirTemp("/tmp", "zt-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(outer); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(outer, 0o755); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(outer, "home's") // a name that must be quoted
	if err := account.MakeDir(home); err != nil {
		t.Fatal(err)
	}
	c := &Cluster{Home: home, SocketDir: home, Account: account, Binaries: binaries[0]}
	if err := c.Init(ctx, "--no-sync"); err != nil {
		t.Fatal(err)
	}
	return ctx, c
}

// start starts the cluster; what runs at the test's end is ended.
func start(ctx context.Context, t *testing.T, c *Cluster) *Postmaster {
	t.Helper()
	p, err := c.Start(ctx, "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestStartAdoptsWhatRuns(t *testing.T) {
	t.Parallel()
	ctx, c := newCluster(t)
	p := start(ctx, t, c)
	again, err := c.Start(ctx)
	if err != nil || again.PID != p.PID {
		t.Fatalf("second start: %+v, %v, want process %d", again, err, p.PID)
	}
	for range 2 { // to prepare twice changes nothing
		if err := c.Prepare(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.PingDatabase(ctx); err != nil {
		t.Error(err)
	}
	if err := again.Stop(ctx); err != nil {
		t.Error(err)
	}
	<-p.Done()
	if left, err := c.Adopt(); left != nil || err != nil {
		t.Errorf("after the end: %+v, %v", left, err)
	}
}

// The number in a dead postmaster's file may be another process's by now.
func TestStartPassesOverAReusedProcessNumber(t *testing.T) {
	t.Parallel()
	ctx, c := newCluster(t)
	p := start(ctx, t, c)
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	file := filepath.Join(c.Data(), "postmaster.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	if err := os.WriteFile(file, append([]byte(strconv.Itoa(os.Getpid())+"\n"), rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := start(ctx, t, c); again.PID == os.Getpid() {
		t.Error("adopted this test")
	}
}

func TestStopForcesWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, c := newCluster(t)
	p, err := c.Start(ctx, "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_ = p.Stop(ended) // an error, unless it was faster
	<-p.Done()
}

func TestStartSaysWhyItFails(t *testing.T) {
	t.Parallel()
	ctx, c := newCluster(t)
	_, err := c.Start(ctx, "no_such_setting=1")
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("start: %v", err)
	}
}

func TestInitThrowsAnUnfinishedClusterAway(t *testing.T) {
	t.Parallel()
	ctx, c := newCluster(t)
	if err := os.Rename(c.Data(), c.Data()+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(c.Data()+".new", "PG_VERSION")); err != nil {
		t.Fatal(err)
	}
	if err := c.Init(ctx, "--no-sync"); err != nil {
		t.Fatal(err)
	}
	start(ctx, t, c)
}

func TestMakeDirRefusesWhatIsNotTheAccounts(t *testing.T) {
	t.Parallel()
	self := Account{Name: "self", UID: os.Geteuid(), GID: os.Getegid()}
	stranger := Account{Name: "stranger", UID: os.Geteuid() + 1, GID: os.Getegid()}
	dir := filepath.Join(t.TempDir(), "d")
	if err := self.MakeDir(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := self.MakeDir(dir); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := stranger.MakeDir(dir); err == nil {
		t.Error("took another user's folder")
	}
	link := dir + "-link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := self.MakeDir(link); err == nil {
		t.Error("took a link")
	}
}

func TestParseMajor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{
		"postgres (PostgreSQL) 15.4 (Debian 15.4-1)\n": 15,
		"postgres (PostgreSQL) 18beta1\n":              18,
		"postgres (PostgreSQL) 9.6.24":                 9,
		"something else 3":                             0,
		"":                                             0,
	} {
		got, err := parseMajor(version)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d, %v, want %d", version, got, err, want)
		}
	}
}
