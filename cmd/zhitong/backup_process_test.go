package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zhitong/internal/embedded/embeddedtest"
)

// TestABackupIsMadeBesideServeAndItsClients makes backups while serve runs and several
// processes write; each is restored to exactly the beginning of the log.
func TestABackupIsMadeBesideServeAndItsClients(t *testing.T) {
	t.Parallel()
	const clients, each = 4, 40
	sh := newShell(t)
	dir := t.TempDir()
	serve := sh.start("serve", "--listen", "127.0.0.1:0")
	serve.line()
	sh.run(0, opening+"\n", "apply", "-")
	var running []*process
	for c := range clients {
		p := sh.start("apply", "-")
		for n := range each {
			if _, err := fmt.Fprintln(p.in, funder(1000*c+n)); err != nil {
				t.Fatal(err)
			}
		}
		p.in.Close()
		running = append(running, p)
	}
	for n := range 3 {
		sh.run(0, "", "backup", filepath.Join(dir, fmt.Sprint(n)), "--keys", filepath.Join(dir, fmt.Sprint(n, ".keys")))
	}
	for _, p := range running {
		p.ends(0)
	}
	all := sh.run(0, "", "export", "log")
	serve.signal(syscall.SIGINT)
	serve.ends(0)
	if got := strings.Count(all, `"commandid":"f-`); got != clients*each { // serve records its first account besides
		t.Fatalf("the log has %d commits", got)
	}
	for n := range 3 {
		other := &shell{t, map[string]string{"HOME": t.TempDir(), "ZHITONG_DATA": filepath.Join(t.TempDir(), "data"), "LANG": "en_US.UTF-8"}}
		other.run(0, "", "restore", filepath.Join(dir, fmt.Sprint(n)))
		if got := other.run(0, "", "export", "log"); got == "" || !strings.HasPrefix(all, got) {
			t.Errorf("backup %d is not a beginning of the log", n)
		}
	}
}

// TestARestoreThatIsKilledSaysSoAndGoesOn kills a restore as soon as it has written
// something, until it was hit before its end.
func TestARestoreThatIsKilledSaysSoAndGoesOn(t *testing.T) {
	t.Parallel()
	const attemptsMax = 20
	sh := newShell(t)
	var lines strings.Builder
	fmt.Fprintln(&lines, opening)
	for n := range 3000 {
		fmt.Fprintln(&lines, funder(n))
	}
	sh.run(0, lines.String(), "apply", "-")
	all := sh.run(0, "", "export", "log")
	copied := filepath.Join(t.TempDir(), "b.zt")
	sh.run(0, "", "backup", copied)
	for attempt := range attemptsMax {
		sh.env["ZHITONG_DATA"] = filepath.Join(t.TempDir(), "data")
		if !sh.killRestore(copied) {
			continue // it was faster
		}
		var out, notes bytes.Buffer
		got := run(t.Context(), []string{"export", "log"}, func(k string) string { return sh.env[k] }, nil, &out, &notes)
		if got != 4 || !strings.Contains(notes.String(), "has begun here and has not ended") || !strings.Contains(notes.String(), copied) {
			t.Errorf("killed at attempt %d: status %d, %s", attempt, got, notes.String())
		}
		sh.run(0, "", "restore", copied)
		if sh.run(0, "", "export", "log") != all {
			t.Error("the restore that went on has another log")
		}
		return
	}
	t.Errorf("in %d attempts no restore was killed before its end", attemptsMax)
}

// killRestore starts a restore and kills it once the folder is marked; it reports
// whether that was before the end.
func (s *shell) killRestore(file string) bool {
	s.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.Command(exe, "restore", file)
	c.Env = append(os.Environ(), asProgram+"=1")
	for k, v := range s.env {
		c.Env = append(c.Env, k+"="+v)
	}
	notes, err := c.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	bufio.NewReader(notes).ReadString('\n') // it says that it begins
	if err := c.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	c.Wait()
	_, err = os.Stat(filepath.Join(s.env["ZHITONG_DATA"], restoringFile))
	return err == nil
}

// TestErasuresGoOnAfterAKill kills a process that erases persons after each of its
// answers in turn; the next process finishes what was asked for, and everybody else's
// values open.
func TestErasuresGoOnAfterAKill(t *testing.T) {
	t.Parallel()
	const persons = 6
	sh := newShell(t)
	var lines strings.Builder
	fmt.Fprintln(&lines, opening)
	for n := range persons {
		fmt.Fprintf(&lines, `{"id":"r%[1]d","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-01T09:00:00+08:00","data":{"party_id":"C%[1]d","kind":"cooperative","name":{"zh":"社"},"payee":{"account_name":"A","bank":"B","account_no":"6222-%[1]d"}}}`+"\n", n)
	}
	sh.run(0, lines.String(), "apply", "-")
	for n := range persons - 1 {
		p := sh.start("apply", "-")
		p.ask(fmt.Sprintf(`{"id":"e%[1]d","command":"person.erase","actor":"U-OP","role":"operator","time":"2021-03-02T09:00:00+08:00","data":{"party_id":"C%[1]d","reason":"asked"}}`, n))
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.cmd.Wait()
		sh.run(0, "", "apply", "-") // the next process does what is owed, and nothing else
		if got := strings.Count(sh.run(0, "", "export", "events"), `"type":"zhitong.person.erased.v1"`); got != n+1 {
			t.Fatalf("after %d erasures that were killed %d are complete", n+1, got)
		}
		if got := sh.run(0, "", "person", "show", "C5", "--actor", "U", "--role", "finance"); !strings.Contains(got, "6222-5") {
			t.Errorf("after %d erasures: %s", n+1, got)
		}
	}
	if got := sh.run(0, "", "keys", "backup", filepath.Join(t.TempDir(), "k")); !strings.Contains(got, "2 keys") {
		t.Errorf("the keys of the one who stays and of the tags are wanted: %s", got)
	}
}

// TestARestoreGoesIntoAClustersBroker restores into a broker of three nodes, and is
// refused where its log holds something.
func TestARestoreGoesIntoAClustersBroker(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.run(0, opening+"\n"+funder(1)+"\n", "apply", "-")
	dir := t.TempDir()
	copied, copiedKeys, kept, master := filepath.Join(dir, "b.zt"), filepath.Join(dir, "b.keys"), filepath.Join(dir, "kept"), filepath.Join(dir, "master.key")
	sh.run(0, "", "backup", copied, "--keys", copiedKeys)
	all := sh.run(0, "", "export", "log")
	note := sh.run(0, "", "audit", "checkpoint")
	if err := errors.Join(os.WriteFile(kept, []byte(note), 0o600), os.Rename(filepath.Join(sh.env["ZHITONG_DATA"], "master.key"), master)); err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, s := range embeddedtest.Cluster(t) {
		urls = append(urls, s.ClientURL())
	}
	sh.env["ZHITONG_NATS_URL"], sh.env["ZHITONG_DATA"] = strings.Join(urls, ","), filepath.Join(t.TempDir(), "one")
	sh.run(2, "", "restore", copied, "--keys", copiedKeys) // no keys wait here: the processes share them
	sh.env["ZHITONG_MASTER_KEY"] = master
	sh.run(0, "", "restore", copied, "--keys", copiedKeys, "--since", kept)
	if got := sh.run(0, "", "export", "log"); got != all {
		t.Errorf("the cluster's log is\n%s, want\n%s", got, all)
	}
	sh.run(0, funder(2)+"\n", "apply", "-")
	sh.run(0, "", "audit", "verify", "--hashes", "--since", kept)
	if got := sh.run(0, "", "audit", "checkpoint"); strings.SplitN(got, "\n", 2)[0] != strings.SplitN(note, "\n", 2)[0] {
		t.Errorf("the log has another name now: %s", got)
	}
	again := filepath.Join(dir, "again.keys")
	sh.run(0, "", "keys", "backup", again)
	sh.env["ZHITONG_NATS_URL"], sh.env["ZHITONG_DATA"] = "", filepath.Join(t.TempDir(), "alone")
	sh.run(0, "", "restore", copied, "--keys", again) // back to one machine, with its signing key
	sh.run(0, "", "audit", "verify", "--hashes", "--since", kept)
	sh.env["ZHITONG_NATS_URL"] = strings.Join(urls, ",")
	sh.env["ZHITONG_DATA"] = filepath.Join(t.TempDir(), "two")
	sh.run(2, "", "restore", copied)
	if got := sh.run(0, "", "export", "log"); strings.Count(got, "\n") != 3 || !strings.HasPrefix(got, all) {
		t.Errorf("a restore that was refused has changed the log, or its folder is marked: %s", got)
	}
}
