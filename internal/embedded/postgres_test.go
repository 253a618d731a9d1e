package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/internal/embedded"
	"zhitong/internal/embedded/pgcluster"
)

// query asks a database for one text.
func query(t *testing.T, dsn, sql string) (string, error) {
	t.Helper()
	ctx := testContext(t)
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	var text string
	err = conn.QueryRow(ctx, sql, pgx.QueryExecModeSimpleProtocol).Scan(&text)
	return text, err
}

func mustQuery(t *testing.T, dsn, sql string) string {
	t.Helper()
	text, err := query(t, dsn, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// postgresOf asks an instance for its database.
func postgresOf(t *testing.T, i *embedded.Instance) string {
	t.Helper()
	dsn, err := i.Postgres(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// postmasterOf is the process of a data folder's postmaster.
func postmasterOf(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(clusterOf(dir), "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// wantEnded checks that a process is no more, or is dead and not yet buried.
func wantEnded(t *testing.T, pid int) {
	t.Helper()
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
		t.Errorf("process %d is still there", pid)
	}
}

func TestPostgresRunsUntilClose(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	i := open(t, dir)
	dsn := postgresOf(t, i)
	if got := mustQuery(t, dsn, `SELECT current_database() || ' ' || current_user || ' ' || current_setting('fsync') || ' ' || current_setting('server_encoding') || ' [' || current_setting('listen_addresses') || ']'`); got != "zhitong zhitong on UTF8 []" {
		t.Errorf("got %s", got)
	}
	if again := postgresOf(t, i); again != dsn {
		t.Errorf("another address the second time: %s", again)
	}
	pid := postmasterOf(t, dir)
	closeInstance(t, i)
	wantEnded(t, pid)

	second := open(t, dir)
	if got := postgresOf(t, second); got != dsn {
		t.Errorf("another address after a restart: %s", got)
	}
}

func TestReaderOnlyReads(t *testing.T) {
	t.Parallel()
	i := open(t, shortDir(t))
	owner := postgresOf(t, i)
	dsn, err := i.ReadOnlyDSN(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := mustQuery(t, dsn, `SELECT current_user || ' ' || current_setting('transaction_read_only')`); got != "zhitong_read on" {
		t.Errorf("reader is %s", got)
	}
	_, err = query(t, owner, `CREATE TABLE granted (); GRANT INSERT ON granted TO zhitong_read`)
	if !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	var refusal *pgconn.PgError
	if _, err := query(t, dsn, `INSERT INTO granted DEFAULT VALUES RETURNING 'wrote'`); !errors.As(err, &refusal) || refusal.Code != "25006" {
		t.Errorf("the reader writes: %v", err)
	}
}

func TestPostgresComesBackAfterKill(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	noted := make(chan string, 16)
	i := open(t, dir, func(o *embedded.Options) { o.Note = func(line string) { noted <- line } })
	dsn := postgresOf(t, i)
	mustQuery(t, dsn, `SELECT set_config('x.y', 'z', false)`)
	for range 2 {
		pid := postmasterOf(t, dir)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for line := range noted {
			if strings.HasPrefix(line, "postgres ") { // it has ended, or that while it started
				break
			}
		}
		if again := postgresOf(t, i); again != dsn {
			t.Errorf("another address: %s", again)
		}
		mustQuery(t, dsn, `SELECT 'back'`)
		wantEnded(t, pid)
	}
}

func TestPostgresLeftByAKilledProcessIsReusedAndEnded(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	h := startHelper(t, "postgres", dir, nil)
	dsn := h.await("postgres")
	pid := postmasterOf(t, dir)
	h.kill()
	i := open(t, dir)
	if got := postgresOf(t, i); got != dsn {
		t.Errorf("another address: %s", got)
	}
	if got := postmasterOf(t, dir); got != pid {
		t.Errorf("another postmaster: %d, was %d", got, pid)
	}
	mustQuery(t, dsn, `SELECT 'there'`)
	closeInstance(t, i)
	wantEnded(t, pid)
}

func TestPostgresLeftByAKilledProcessIsEndedByOneThatNeedsNone(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	h := startHelper(t, "postgres", dir, nil)
	h.await("postgres")
	pid := postmasterOf(t, dir)
	h.kill()
	closeInstance(t, open(t, dir))
	wantEnded(t, pid)
}

func TestPostgresOutlivesItsRunnerWhileNeeded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*helper){"AfterKill": (*helper).kill, "AfterCleanEnd": (*helper).finish} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := shortDir(t)
			owner := open(t, dir) // owns NATS, and never asks for Postgres
			runner := startHelper(t, "postgres", dir, nil)
			dsn := runner.await("postgres")
			other := open(t, dir)
			if got := postgresOf(t, other); got != dsn {
				t.Errorf("another address: %s", got)
			}
			pid := postmasterOf(t, dir)
			end(runner)
			mustQuery(t, dsn, `SELECT 'still there'`)
			if got := postmasterOf(t, dir); got != pid {
				t.Errorf("another postmaster: %d, was %d", got, pid)
			}
			closeInstance(t, owner)
			mustQuery(t, postgresOf(t, other), `SELECT 'still there'`)
			closeInstance(t, other)
			wantEnded(t, pid)
		})
	}
}

func TestManyAskForPostgresAtOnce(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	var all []*helper
	for range 4 {
		all = append(all, startHelper(t, "postgres", dir, nil))
	}
	for _, h := range all {
		mustQuery(t, h.await("postgres"), `SELECT 'x'`)
	}
	pid := postmasterOf(t, dir)
	for _, h := range all {
		if err := h.stdin.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range all {
		h.await("closed")
		h.drain()
	}
	wantEnded(t, pid)
}

func TestWithoutBinariesTheErrorSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	i := open(t, shortDir(t), func(o *embedded.Options) {
		o.Getenv = func(key string) string { return map[string]string{"ZHITONG_PG_BIN": empty}[key] }
	})
	_, err := i.Postgres(testContext(t))
	if err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("error %v, want one that names %s", err, empty)
	}
	if !strings.Contains(pgcluster.ErrNoBinaries.Error(), "apt-get install postgresql") {
		t.Errorf("%v", pgcluster.ErrNoBinaries)
	}
}

func TestRealServersAreUsedWhenNamed(t *testing.T) {
	t.Parallel()
	i := open(t, shortDir(t), func(o *embedded.Options) { o.PostgresURL = "postgres://u@h/d?sslmode=require" })
	ctx := testContext(t)
	if got, err := i.Postgres(ctx); got != "postgres://u@h/d?sslmode=require" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	got, err := i.ReadOnlyDSN(ctx)
	if want := "postgres://u@h/d?options=-c%20default_transaction_read_only%3Don&sslmode=require"; got != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	refused, cancel := context.WithCancel(ctx)
	cancel()
	_, err = embedded.Open(refused, embedded.Options{Dir: shortDir(t), NATSURL: "nats://127.0.0.1:1"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("open on a server that is not there: %v", err)
	}
}

// TestOrdinaryUser runs what root runs above as a user without privileges.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir, become := shortDir(t), func(*exec.Cmd) {}
	if os.Geteuid() == 0 {
		become = asNobody(t, dir)
	}
	h := startHelper(t, "postgres", dir, become)
	h.await("open")
	dsn := h.await("postgres")
	pid := postmasterOf(t, dir)
	if got, want := clusterOf(dir), filepath.Join(dir, "postgres"); got != want {
		t.Errorf("cluster is in %s, want %s", got, want)
	}
	mustQuery(t, dsn, `SELECT 'x'`)
	h.finish()
	wantEnded(t, pid)
	if os.Geteuid() != 0 {
		return
	}
	_, err := embedded.Open(testContext(t), embedded.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "in use by user 65534") {
		t.Errorf("root on another user's folder: %v", err)
	}
	roots := shortDir(t)
	closeInstance(t, open(t, roots))
	refused := exec.Command(os.Args[0], "-test.run=^$")
	become(refused)
	refused.Env = append(os.Environ(), helperRole+"=postgres", helperDir+"="+roots)
	out, err := refused.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not writable") && !strings.Contains(string(out), "permission denied") {
		t.Errorf("user on root's folder: %v: %s", err, out)
	}
}

// asNobody gives the folder to nobody and returns how a command becomes it. The
// test's binary is copied to where nobody can reach it.
func asNobody(t *testing.T, dir string) func(*exec.Cmd) {
	t.Helper()
	const nobody = 65534
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	place := shortDir(t)
	binary := filepath.Join(place, "embedded.test")
	if err := errors.Join(os.Chmod(place, 0o755), os.WriteFile(binary, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) {
		cmd.Path = binary
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}
