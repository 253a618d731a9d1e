package health_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/projections/projector"
	"zhitong/web/guard"
	"zhitong/web/health"
)

// world is what a Health asks, as a test sets it.
type world struct {
	log, views error
	status     []projector.Status
	audited    time.Time
	sound      bool
	asked      int
	who        accounts.Account
	unknown    error
}

func (w *world) health() *health.Health {
	return &health.Health{
		Head:    func(context.Context) (log.Head, error) { w.asked++; return log.Head{}, w.log },
		Views:   func(context.Context) ([]projector.Status, error) { return w.status, w.views },
		Audit:   func() (time.Time, bool) { return w.audited, w.sound },
		Account: func(*http.Request) (accounts.Account, string, error) { return w.who, "api", w.unknown },
		Metrics: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("figures")) }),
	}
}

func ask(h *health.Health, path string, peer guard.Peer) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	h.Routes(mux)
	r := httptest.NewRequest("GET", path, nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r.WithContext(guard.WithPeer(r.Context(), peer)))
	return w
}

func view(status string, lag uint64, seconds int64) []projector.Status {
	return []projector.Status{
		{StatusKey: projector.StatusKey{Projection: "old", Version: 1}, Status: "stopped"}, // serves nobody
		{StatusKey: projector.StatusKey{Projection: "sales", Version: 2}, Status: status, Serving: true, LagEvents: lag, LagSeconds: seconds},
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused to postgres://secret@db")
	for rule, c := range map[string]struct {
		world          world
		code           int
		text, commands string
	}{
		"AllIsWell":          {world{status: view("live", 0, 0)}, 200, "ready", "ready"},
		"NoLog":              {world{log: away, status: view("live", 0, 0)}, 503, "log out of reach", "log out of reach"},
		"NoViews":            {world{views: away}, 503, "views out of reach", "ready"},
		"AViewHasStopped":    {world{status: view("stopped", 0, 0)}, 503, "a view has stopped", "ready"},
		"FarBehind":          {world{status: view("live", 1001, 61)}, 503, "views are far behind", "ready"},
		"BehindForAMoment":   {world{status: view("live", 100_000, 60)}, 200, "ready", "ready"},
		"BehindByLittle":     {world{status: view("live", 1000, 86_400)}, 200, "ready", "ready"},
		"SelfCheckFailed":    {world{status: view("live", 0, 0), audited: time.Unix(1, 0)}, 200, "ready; the last self-check found something: zhitong audit verify", "ready"},
		"SelfCheckSucceeded": {world{status: view("live", 0, 0), audited: time.Unix(1, 0), sound: true}, 200, "ready", "ready"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			h := c.world.health()
			if w := ask(h, "/readyz", guard.Peer{}); w.Code != 503 || strings.TrimSpace(w.Body.String()) != "starting" || w.Header().Get("Retry-After") == "" {
				t.Errorf("before the start: %d %q", w.Code, w.Body)
			}
			h.Started()
			if w := ask(h, "/readyz", guard.Peer{}); w.Code != c.code || strings.TrimSpace(w.Body.String()) != c.text {
				t.Errorf("ready: %d %q, want %d %q", w.Code, w.Body, c.code, c.text)
			}
			if w := ask(h, "/readyz/commands", guard.Peer{}); strings.TrimSpace(w.Body.String()) != c.commands {
				t.Errorf("ready for commands: %d %q, want %q", w.Code, w.Body, c.commands)
			}
			h.Draining()
			for _, path := range []string{"/readyz", "/readyz/commands"} {
				if w := ask(h, path, guard.Peer{}); w.Code != 503 || strings.TrimSpace(w.Body.String()) != "ending" {
					t.Errorf("%s at the end: %d %q", path, w.Code, w.Body)
				}
			}
			if w := ask(h, "/healthz", guard.Peer{}); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "ok" {
				t.Errorf("alive: %d %q", w.Code, w.Body)
			}
		})
	}
}

func TestWhoeverAsksAllTheTimeCostsNothing(t *testing.T) {
	t.Parallel()
	w := &world{status: view("live", 0, 0)}
	h := w.health()
	h.Started()
	began := time.Now()
	for range 1000 {
		ask(h, "/readyz", guard.Peer{})
	}
	if most := 1 + int(time.Since(began)/time.Second); w.asked > most+1 {
		t.Errorf("the log was asked %d times within %s", w.asked, time.Since(began))
	}
}

func TestWhoMayReadFigures(t *testing.T) {
	t.Parallel()
	local := guard.Peer{Address: netip.MustParseAddr("127.0.0.1"), Local: true}
	far := guard.Peer{Address: netip.MustParseAddr("203.0.113.7")}
	for rule, c := range map[string]struct {
		world world
		peer  guard.Peer
		code  int
	}{
		"ThisMachine":    {world{unknown: accounts.ErrNone}, local, 200},
		"NobodyFromAfar": {world{unknown: accounts.ErrNone}, far, 401},
		"AnOperator":     {world{who: accounts.Account{ID: "o", Role: domain.Operator}}, far, 200},
		"AnAuditor":      {world{who: accounts.Account{ID: "a", Role: domain.Auditor}}, far, 200},
		"ABuyer":         {world{who: accounts.Account{ID: "b", Role: domain.Buyer}}, far, 403},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := ask(c.world.health(), "/metrics", c.peer)
			if w.Code != c.code || (w.Body.String() == "figures") != (c.code == 200) {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.code)
			}
		})
	}
}
