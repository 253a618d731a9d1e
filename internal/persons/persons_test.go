package persons_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/persons"
)

// world is an application whose log and keys a second process reads.
type world struct {
	t     *testing.T
	app   *app.App
	log   log.Log
	store *keys.Memory
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, log: log.NewMemory(), store: keys.NewMemory()}
	ring, err := keys.OpenRing(t.Context(), w.store)
	if err != nil {
		t.Fatal(err)
	}
	if w.app, err = app.Open(t.Context(), assembly.Options(w.log, ring)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

// do sends a command that must be accepted.
func (w *world) do(id, command, actor, role, data string) {
	w.t.Helper()
	env, p := app.ParseLine(fmt.Appendf(nil, `{"id":%q,"command":%q,"actor":%q,"role":%q,"time":"2021-03-01T09:00:00+08:00","data":%s}`, id, command, actor, role, data))
	if p != nil {
		w.t.Fatal(p)
	}
	r, err := w.app.Submit(w.t.Context(), env).Wait(w.t.Context())
	if err != nil || !r.OK {
		w.t.Fatalf("%s: %v %v", command, r.Problem, err)
	}
}

func (w *world) directory() *persons.Directory {
	w.t.Helper()
	ring, err := keys.OpenRing(w.t.Context(), w.store)
	if err != nil {
		w.t.Fatal(err)
	}
	return persons.New(w.log, ring)
}

func as(role domain.Role, actor domain.ID) domain.By { return domain.By{Role: role, Actor: actor} }

func account(p *persons.Payee) string {
	if p == nil {
		return "none"
	}
	return string(p.AccountName + "/" + p.Bank + "/" + p.AccountNo)
}

func TestACardFollowsThePartysLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.directory() // knows no key of anybody
	expect := func(when, payee, proposed string, by domain.ID, erased bool) {
		t.Helper()
		c, err := d.Open(t.Context(), as(domain.Finance, "U-FIN"), "C1")
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if account(c.Payee) != payee || account(c.Proposed) != proposed || c.ProposedBy != by || c.Erased != erased {
			t.Errorf("%s: %s, proposed %s by %q, erased %v", when, account(c.Payee), account(c.Proposed), c.ProposedBy, c.Erased)
		}
		if shown := fmt.Sprintf("%v %+v %#v %s", c.Payee, c.Payee, c.Payee, c.Payee); c.Payee != nil && strings.Contains(shown, "6222") {
			t.Errorf("%s: a card that is printed says %s", when, shown)
		}
	}
	w.do("1", "programme.open", "U-OP", "operator", `{"programme_id":"P","name":{"zh":"P"}}`)
	w.do("2", "party.register", "U-OFF", "officer", `{"party_id":"C1","kind":"cooperative","name":{"zh":"C"},"payee":{"account_name":"A","bank":"B","account_no":"6222"}}`)
	expect("registered", "A/B/6222", "none", "", false)
	w.do("3", "party.change_payee", "U-OFF", "officer", `{"party_id":"C1","payee":{"account_name":"A","bank":"B","account_no":"6333"}}`)
	expect("proposed", "A/B/6222", "A/B/6333", "U-OFF", false)
	w.do("4", "party.confirm_payee", "U-OFF2", "officer", `{"party_id":"C1"}`)
	expect("confirmed", "A/B/6333", "none", "", false)
	w.do("5", "person.erase", "U-OP", "operator", `{"party_id":"C1","reason":"asked"}`)
	expect("erased", "none", "none", "", true)
}

func TestWhoMaySeePersonalValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("1", "programme.open", "U-OP", "operator", `{"programme_id":"P","name":{"zh":"P"}}`)
	w.do("2", "party.register", "U-OFF", "officer", `{"party_id":"C1","kind":"cooperative","name":{"zh":"C"},"payee":{"account_name":"A","bank":"B","account_no":"6222"}}`)
	d := w.directory()
	for _, x := range []struct {
		by   domain.By
		code string
	}{
		{as(domain.Officer, "U"), ""}, {as(domain.Finance, "U"), ""}, {as(domain.Auditor, "U"), ""},
		{as(domain.Cooperative, "C1"), ""}, {as(domain.Cooperative, "C2"), "personal.denied"},
		{as(domain.Buyer, "C2"), "personal.denied"}, {as(domain.Carrier, "C2"), "personal.denied"}, {as(domain.Funder, "C2"), "personal.denied"},
		{as(domain.Dispatcher, "C1"), "personal.denied"}, {as(domain.Operator, "C1"), "personal.denied"},
		{as(domain.System, "C1"), "personal.denied"}, {as("", "C1"), "personal.denied"},
	} {
		_, err := d.Open(t.Context(), x.by, "C1")
		code := ""
		if p := domain.AsProblem(err); p != nil {
			code = p.Code
		} else if err != nil {
			t.Error(err)
		}
		if code != x.code {
			t.Errorf("%s %q: %q, want %q", x.by.Role, x.by.Actor, code, x.code)
		}
	}
	if _, err := d.Open(t.Context(), as(domain.Officer, "U"), "NOBODY"); domain.AsProblem(err) == nil || domain.AsProblem(err).Code != "party.unknown" {
		t.Errorf("a party that is not there: %v", err)
	}
	if _, err := d.Open(t.Context(), as(domain.Buyer, "B"), "NOBODY"); domain.AsProblem(err) == nil || domain.AsProblem(err).Code != "personal.denied" {
		t.Errorf("a party that is not there, asked by one who may not know: %v", err)
	}
}
