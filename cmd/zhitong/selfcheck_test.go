package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// answers waits until a served address answers with 200 and a text, and returns the
// whole answer.
func (p *process) answers(path, with string) string {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	tooLong := time.After(clusterWaitMax)
	for {
		code, body := get(p.t, p.address+path)
		if code == http.StatusOK && strings.Contains(body, with) {
			return body
		}
		select {
		case <-tick.C:
		case <-tooLong:
			p.t.Fatalf("%s: %d %s; want %q\n%s", path, code, body, with, p.notes)
		}
	}
}

// While it serves, the system verifies itself, signs what its views are, and shows
// what it found; a view that somebody edits is found, and nothing is signed then.
func TestTheRunningSystemVerifiesItself(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.run(0, "", "apply", filepath.Join(folder(t, "docs"), "tutorial", "one-order.ndjson"))
	serve := func() *process {
		p := sh.start("serve", "--listen", "127.0.0.1:0")
		p.address = p.line()
		return p
	}
	stop := func(p *process) {
		p.signal(syscall.SIGINT)
		p.ends(0)
	}
	first := serve()
	// The order ends at 20; the first account is recorded while serve runs.
	signed := first.answers("/api/v1/log/views", "\nviews at 2")
	if !strings.Contains(signed, "\nclaim_lines v1 1 ") || !strings.Contains(signed, "\n— zhitong/") {
		t.Errorf("signed about the views: %s", signed)
	}
	first.answers("/api/v1/log/verified", `"ok":true,"position":2`)
	if got := sh.run(0, "", "audit", "verify"); !strings.Contains(got, "ok   digests ") || strings.Contains(got, "FAIL") {
		t.Errorf("audit verify: %s", got)
	}
	stop(first)

	conn, err := pgconn.Connect(t.Context(), sh.env["ZHITONG_POSTGRES_URL"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "UPDATE zhitong_v1_subsidy.claim_lines SET subsidy = 105.75").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sh.run(0, oneMore+"\n", "apply", "-")
	second := serve()
	second.answers("/api/v1/log/verified", `"failed":["view claim_lines"]`)
	if got := second.answers("/api/v1/log/views", "\nviews at "); got != signed {
		t.Errorf("signed though a view was edited: %s", got)
	}
	stop(second)
	if !strings.Contains(second.notes.String(), "self-check: something is wrong with [view claim_lines]") {
		t.Errorf("serve said %q", second.notes)
	}
}

// oneMore is one more command after the tutorial's.
const oneMore = `{"id":"more","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-11T09:00:00+08:00","data":{"party_id":"MORE","kind":"funder","name":{"zh":"资金方"}}}`
