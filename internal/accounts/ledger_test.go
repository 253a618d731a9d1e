package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
)

// world is accounts beside a running application.
type world struct {
	process
	app    *app.App
	ledger accounts.Ledger
	t      *testing.T
	sent   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{process: setup(t), t: t}
	l := log.NewMemory()
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	if w.app, err = app.Open(t.Context(), assembly.Options(l, ring)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	w.ledger = accounts.Ledger{Log: l, Store: w.Store, Submit: w.app.Submit}
	return w
}

func (w *world) do(command, data string) app.Result {
	w.t.Helper()
	w.sent++
	role := domain.Operator
	if command == "party.register" {
		role = domain.Officer
	}
	at, err := domain.ParseTime("2021-03-01T09:00:00+08:00")
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := w.app.Submit(w.t.Context(), app.Envelope{ID: fmt.Sprintf("c-%d", w.sent), Command: command, Actor: "op", Role: role, Time: at, Data: []byte(data)}).Wait(w.t.Context())
	if err != nil || !r.OK {
		w.t.Fatalf("%s %s: %v, %v", command, data, r.Problem, err)
	}
	return r
}

func (w *world) catchUp() {
	w.t.Helper()
	if err := w.ledger.CatchUp(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) status(id string) string {
	for _, i := range w.List() {
		if i.ID == id {
			return fmt.Sprintf("%s %s %s %d", i.Status, i.Role, i.Party, i.Position)
		}
	}
	return "unknown"
}

const openProgramme = `{"programme_id":"P","name":{"en":"P"}}`

func TestWhatTheLogGrantsCanBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("programme.open", openProgramme)
	w.do("party.register", `{"party_id":"B1","kind":"buyer","name":{"en":"B"},"channel":"schools"}`)
	w.do("account.grant", `{"account_id":"amy","role":"buyer","party_id":"B1"}`)
	w.catchUp()
	if got := w.status("amy"); got != "active buyer B1 3" {
		t.Errorf("granted: %s", got)
	}
	if err := w.SetPassword(t.Context(), "amy", "correct horse"); err != nil {
		t.Fatal(err)
	}
	w.catchUp() // again: nothing changes
	if got, err := w.CheckPassword(t.Context(), "amy", "correct horse"); err != nil || got != amy {
		t.Errorf("password: %v, %v", got, err)
	}
	w.do("account.revoke", `{"account_id":"amy","reason":"left"}`)
	w.catchUp()
	if got := w.status("amy"); got != "revoked buyer B1 4" {
		t.Errorf("revoked: %s", got)
	}
	if _, err := w.CheckPassword(t.Context(), "amy", "correct horse"); !errors.Is(err, accounts.ErrRevoked) {
		t.Errorf("password after revocation: %v", err)
	}
	w.do("account.grant", `{"account_id":"amy","role":"auditor"}`)
	w.catchUp()
	if got := w.status("amy"); got != "active auditor  5" {
		t.Errorf("granted anew: %s", got)
	}
	if _, err := w.CheckPassword(t.Context(), "amy", "correct horse"); err == nil {
		t.Error("the old password came back with a new role")
	}
}

func TestWhatWasGivenBeforeTheProgrammeIsRecordedOnceItIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.grant(t, accounts.Account{ID: "eve", Role: domain.Auditor}, 0)
	if err := w.Revoked(t.Context(), "eve", 0); err != nil {
		t.Fatal(err)
	}
	w.catchUp()
	if got := w.status("admin"); got != "pending operator  0" {
		t.Errorf("before the programme: %s", got)
	}
	w.do("programme.open", openProgramme)
	w.catchUp()
	w.catchUp()
	if got := w.status("admin"); got != "active operator  2" {
		t.Errorf("admin: %s", got)
	}
	if got := w.status("eve"); got != "revoked auditor  4" {
		t.Errorf("eve: %s", got)
	}
	if got := w.app.Head().Position; got != 4 {
		t.Errorf("the log is at %d, want 4: each is recorded once", got)
	}
}

func TestALedgerThatKeepsFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.ledger.Keep(ctx) }()
	w.do("programme.open", openProgramme)
	eventually(t, "the administrator is recorded", func() bool { return w.status("admin") == "active operator  2" })
	w.do("account.grant", `{"account_id":"ole","role":"officer"}`)
	eventually(t, "the grant is carried over", func() bool { return w.status("ole") == "active officer  3" })
	w.do("account.revoke", `{"account_id":"ole","reason":"left"}`)
	eventually(t, "the revocation is carried over", func() bool { return w.status("ole") == "revoked officer  4" })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
