package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
)

// checkpointOf waits until a process serves a checkpoint of at least a size.
func (c *cluster) checkpointOf(p *process, size uint64) string {
	c.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	tooLong := time.After(clusterWaitMax)
	for {
		code, body := get(c.t, p.address+"/api/v1/log/checkpoint")
		if code == http.StatusOK {
			if at, err := checkpoint.Peek([]byte(body)); err == nil && at.Size >= size {
				return body
			}
		}
		select {
		case <-tick.C:
		case <-tooLong:
			c.t.Fatalf("no checkpoint of size %d: %d %s\n%s", size, code, body, p.notes)
		}
	}
}

// Of two processes with folders of their own one signs; when it is killed, the other
// goes on from the same checkpoints, and both had shown the same.
func TestOneOfAClusterSignsAndAnotherGoesOn(t *testing.T) {
	t.Parallel()
	c := startClusterOf(t)
	c.sh.run(0, opening+"\n"+funder(1)+"\n", "apply", "-")
	var shown []string
	for _, p := range c.serve {
		shown = append(shown, c.checkpointOf(p, 2))
	}
	if shown[0] != shown[1] {
		t.Errorf("two checkpoints are shown:\n%s\n%s", shown[0], shown[1])
	}
	other := c.killHolder(c.connect(), leaseSigning)
	c.sh.run(0, funder(2)+"\n"+funder(3)+"\n", "apply", "-")
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(kept, []byte(shown[0]+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	last := c.checkpointOf(other, 4)
	if _, all := get(t, other.address+"/api/v1/log/checkpoints"); !strings.HasPrefix(all, shown[0]) || !strings.HasSuffix(all, last) {
		t.Errorf("the checkpoints are not one succession:\n%s", all)
	}
	got := c.sh.run(0, "", "audit", "verify", "--since", kept) // a third folder, its own tree
	if !strings.Contains(got, "ok   checkpoints") {
		t.Errorf("an auditor finds:\n%s", got)
	}
	if got := c.sh.run(0, "", "audit", "checkpoint"); got != last+"\n" {
		t.Errorf("from a third folder it is\n%s\nserved is\n%s", got, last)
	}
	other.signal(syscall.SIGTERM)
	other.ends(0)
}

// forkedLog serves one of two histories that one key has signed.
func forkedLog(t *testing.T) (url string, show func(forged bool)) {
	t.Helper()
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "pishan.example/log")
	if err != nil {
		t.Fatal(err)
	}
	var handlers [2]http.Handler
	for i, text := range []string{"true", "forged"} {
		w, err := tree.OpenWriter(filepath.Join(t.TempDir(), "audit"), keys)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Close() })
		for p := range uint64(10 + i) {
			if err := w.Add(p+1, [][]byte{fmt.Appendf(nil, "[%d %s]", p, text)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		handlers[i] = http.StripPrefix("/log", publish.Handler(w.Reader()))
	}
	var which atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handlers[which.Load()].ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	return server.URL + "/log", func(forged bool) {
		which.Store(0)
		if forged {
			which.Store(1)
		}
	}
}

// Two funders watch a log that shows each of them another history, and then shows
// each the other's.
func TestTwoWitnessesCatchALogThatForks(t *testing.T) {
	t.Parallel()
	url, show := forkedLog(t)
	sh := &shell{t, map[string]string{"HOME": t.TempDir(), "LANG": "en_US.UTF-8"}}
	dir := t.TempDir()
	look := func(status int, who string) string {
		t.Helper()
		return sh.run(status, "", "witness", "--of", url, "--state", filepath.Join(dir, who), "--name", "witness.example/"+who, "--once")
	}
	if got := look(0, "province"); got != "cosigned pishan.example/log size 10\n" {
		t.Errorf("the first says %q", got)
	}
	show(true)
	look(0, "city")
	look(1, "province")
	show(false)
	look(1, "city") // the log went back, which an honest one never does
	for _, who := range []string{"province", "city"} {
		b, err := os.ReadFile(filepath.Join(dir, who))
		if err != nil || !strings.Contains(string(b), `"forks"`) || strings.Count(string(b), `pishan.example/log\n1`) < 3 {
			t.Errorf("%s kept no evidence (%v):\n%s", who, err, b)
		}
	}
}

// A witness answers, the log asks it, and what is shown carries its cosignature; the
// policy stands in the settings file.
func TestTheLogAsksItsWitnesses(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	dir := t.TempDir()
	serve := sh.start("serve", "--listen", "127.0.0.1:0")
	address := serve.line()
	sh.run(0, opening+"\n", "apply", "-")
	c := &cluster{t: t}
	serve.address = address
	c.checkpointOf(serve, 1)
	w := sh.start("witness", "--of", address+"/api/v1/log", "--state", filepath.Join(dir, "state"), "--name", "witness.example/w", "--listen", "127.0.0.1:0")
	listen := w.line()
	if got := w.line(); !strings.HasPrefix(got, "cosigned ") {
		t.Fatalf("the witness says %q", got)
	}
	vkey := strings.TrimSpace(sh.run(0, "", "witness", "--state", filepath.Join(dir, "state"), "--show-key"))
	serve.signal(syscall.SIGTERM)
	serve.ends(0)
	policy := "witness_policy = \"\"\"\nwitness w " + vkey + " " + listen + "\nquorum w\n\"\"\"\n"
	if err := os.WriteFile(filepath.Join(sh.env["ZHITONG_DATA"], "zhitong.toml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.run(0, funder(1)+"\n", "apply", "-")
	if got := sh.run(0, "", "audit", "checkpoint"); !strings.Contains(got, "— witness.example/w ") {
		t.Errorf("no cosignature:\n%s", got)
	}
	again := sh.start("serve", "--listen", "127.0.0.1:0")
	again.address = again.line()
	sh.run(0, funder(2)+"\n", "apply", "-")
	if got := c.checkpointOf(again, 3); !strings.Contains(got, "— witness.example/w ") {
		t.Errorf("what is served has no cosignature:\n%s", got)
	}
	again.signal(syscall.SIGTERM)
	again.ends(0)
	w.signal(syscall.SIGTERM)
	w.ends(0)
}
