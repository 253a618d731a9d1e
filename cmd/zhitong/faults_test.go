package main

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// password stands in addresses that are given to commands that fail.
const password = "secret-369"

// boundMax is how long a command may take to say that something is out of reach.
const boundMax = time.Minute

func TestOutOfReachEndsWithStatusFour(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"Log":             {"apply", "-", "--nats-url", "nats://user:" + password + "@127.0.0.1:1"},
		"Database":        {"view", "parties", "--postgres-url", "postgres://user:" + password + "@127.0.0.1:1/x"},
		"DatabaseOfServe": {"serve", "--listen", "127.0.0.1:0", "--postgres-url", "postgres://user:" + password + "@127.0.0.1:1/x"},
		"Folder":          {"apply", "-", "--data", "/sys/zhitong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newShell(t).start(args...)
			late := time.AfterFunc(boundMax, func() { p.cmd.Process.Kill() })
			defer late.Stop()
			p.in.Close()
			p.ends(4)
			if notes := p.notes.String(); strings.Contains(notes, password) || notes == "" {
				t.Errorf("it said %q", notes)
			}
		})
	}
}

// With few file descriptors a command fails plainly or succeeds; what it calls done is
// done, and the folder is as good as before.
func TestFewDescriptorsEndPlainly(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	for limit := 8; limit <= 20; limit += 2 {
		p := sh.startLimited(limit, "apply", "-")
		go func() {
			fmt.Fprintf(p.in, "%s\n%s\n", opening, funder(limit)) // fails when p has ended
			p.in.Close()
		}()
		late := time.AfterFunc(boundMax, func() { p.cmd.Process.Kill() })
		done := 0
		for {
			line, err := p.out.ReadString('\n')
			if err != nil {
				break
			}
			if strings.Contains(line, `"ok":true`) {
				done++
			}
		}
		p.cmd.Wait()
		late.Stop()
		switch code := p.cmd.ProcessState.ExitCode(); {
		case code == 0 && done != 2, code != 0 && code != 4, code == 4 && p.notes.Len() == 0:
			t.Errorf("%d descriptors: status %d after %d answers: %s", limit, code, done, p.notes)
		}
	}
	var all strings.Builder
	fmt.Fprintln(&all, opening)
	for limit := 8; limit <= 20; limit += 2 {
		fmt.Fprintln(&all, funder(limit))
	}
	if got := strings.Count(sh.run(0, all.String(), "apply", "-"), `"ok":true`); got != 8 {
		t.Errorf("afterwards %d commands were accepted, want 8", got)
	}
	expectFunders(t, sh, 7)
}

// startLimited starts a process that may have so many files open.
func (s *shell) startLimited(descriptors int, args ...string) *process {
	s.t.Helper()
	return s.startAs(func(exe string) *exec.Cmd {
		return exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, descriptors), exe}, args...)...)
	})
}

// The database of a serving process goes away and comes back empty: commands go on
// meanwhile, and the views are folded again from the log.
func TestCommandsGoOnWithoutPostgres(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	serve := sh.start("serve", "--listen", "127.0.0.1:0")
	address := serve.line()
	sh.run(0, opening+"\n"+funder(1)+"\n", "apply", "-")
	sh.run(0, "", "view", "parties", "--wait")
	loseDatabase(t, sh.env["ZHITONG_POSTGRES_URL"], func() {
		if got := sh.run(0, funder(2)+"\n", "apply", "-"); !strings.Contains(got, `"ok":true`) {
			t.Errorf("without a database: %s", got)
		}
		if code, body := get(t, address+"/readyz"); code != 503 {
			t.Errorf("readyz without a database: %d %q", code, body)
		}
	})
	if got := sh.run(0, "", "view", "parties", "--wait", "--format", "jsonl"); strings.Count(got, "funder") != 2 {
		t.Errorf("the views afterwards: %s", got)
	}
	sh.run(0, "", "projection", "verify", "--all")
	serve.signal(syscall.SIGTERM)
	serve.ends(0)
}

// loseDatabase drops a test's database, runs fn without it, and makes it anew, empty.
func loseDatabase(t *testing.T, dsn string, fn func()) {
	t.Helper()
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := config.Database
	config.Database = "postgres"
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	do := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	do(fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, name))
	fn()
	do(fmt.Sprintf(`CREATE DATABASE %q`, name))
}
