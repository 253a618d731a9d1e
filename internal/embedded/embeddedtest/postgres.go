package embeddedtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhitong/internal/embedded/pgcluster"
)

// readyMax bounds the start of the cluster, connectEvery the pace of asking.
const (
	readyMax     = 60 * time.Second
	connectEvery = 10 * time.Millisecond
)

// Postgres returns the connection string of an empty database of this test's
// own, as the superuser; it is dropped with the test. All tests of a process
// share one cluster, which the first starts and which ends with the process,
// however that ends. There is no durability. The role zhitong_read exists.
func Postgres(t testing.TB) string {
	t.Helper()
	s, err := sharedCluster()
	if err != nil {
		t.Fatalf("postgres for tests: %v", err)
	}
	ctx := context.WithoutCancel(t.Context())
	name, err := s.create(ctx)
	if err != nil {
		t.Fatalf("postgres for tests: %v", err)
	}
	t.Cleanup(func() {
		if err := s.drop(ctx, name); err != nil {
			t.Errorf("postgres for tests: %v", err)
		}
	})
	return s.cluster.DSN(pgcluster.Superuser, name)
}

// sharedCluster is the process's one cluster.
var sharedCluster = sync.OnceValues(startShared)

type shared struct {
	cluster pgcluster.Cluster
	alive   io.Closer // the watchdog's standard input; never closed, only lost

	mu    sync.Mutex
	admin *pgx.Conn // guarded by mu
	made  int       // guarded by mu
}

// watchdog runs the postmaster ($2 and on) until its standard input ends, which
// it does with the process that holds the other end, and cleans its folder ($1).
const watchdog = `home=$1; shift
"$@" >"$home/postgres.log" 2>&1 &
read -r _
kill -QUIT $!
wait $!
cd / && rm -rf "$home"`

func startShared() (*shared, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readyMax)
	defer cancel()
	binaries, err := pgcluster.FindBinaries(ctx, os.Getenv("ZHITONG_PG_BIN"))
	if err != nil {
		return nil, err
	}
	account, err := pgcluster.ServerAccount()
	if err != nil {
		return nil, err
	}
	// Not the test's own temporary folder, whose path is too long for a socket.
	home, err := os.MkdirTemp("/tmp", "zt-test-pg-")
	if err != nil {
		return nil, err
	}
	if err := os.Chown(home, account.UID, account.GID); err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	s := &shared{cluster: pgcluster.Cluster{Home: home, SocketDir: home, Account: account, Binaries: binaries[0]}}
	if err := s.start(ctx); err != nil {
		said, _ := os.ReadFile(s.cluster.LogFile())
		return nil, errors.Join(fmt.Errorf("%w: %s", err, said), os.RemoveAll(home))
	}
	return s, nil
}

// start makes the cluster and runs it under the watchdog.
func (s *shared) start(ctx context.Context) error {
	if err := s.cluster.Init(ctx, "--no-sync"); err != nil {
		return err
	}
	args := append([]string{"-c", watchdog, "watchdog", s.cluster.Home}, s.cluster.Command(
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
		"wal_level=minimal", "max_wal_senders=0", "max_connections=200", "shared_buffers=64MB",
	)...)
	cmd := exec.Command("/bin/sh", args...)
	s.cluster.Account.Use(cmd)
	cmd.Dir = s.cluster.Home
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.alive = alive
	ticker := time.NewTicker(connectEvery)
	defer ticker.Stop()
	for {
		s.admin, err = pgx.Connect(ctx, s.cluster.DSN(pgcluster.Superuser, "postgres"))
		if err == nil {
			break
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(err, alive.Close(), cmd.Wait())
		}
	}
	_, err = s.admin.Exec(ctx, "CREATE ROLE "+pgcluster.Reader+" LOGIN")
	return err
}

// create makes a database and returns its name.
func (s *shared) create(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	name := fmt.Sprintf("test_%d", s.made)
	_, err := s.admin.Exec(ctx, "CREATE DATABASE "+name)
	return name, err
}

// drop takes a database away, also when somebody is still connected.
func (s *shared) drop(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	return err
}
