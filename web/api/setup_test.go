package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/audit/findings"
	"zhitong/domain"
	"zhitong/domain/account"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/internal/persons"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
	"zhitong/web/api"
	"zhitong/web/openapi"
	"zhitong/web/problem"
)

// as is who sends a request: role, account and party. The test's gate takes it as
// the token.
type as struct {
	role  domain.Role
	id    string
	party domain.ID
}

var nobody = as{}

func (a as) String() string { return fmt.Sprintf("%s %s/%s", a.role, a.id, a.party) }

// of is somebody in a role: for the roles of parties, an account that acts for the
// actor, else the actor itself.
func of(role domain.Role, actor domain.ID) as {
	if account.PartyKind(role) != "" {
		return as{role, "u-" + string(actor), actor}
	}
	return as{role, string(actor), ""}
}

var auditor = of(domain.Auditor, "U-AUD1")

// gate reads who somebody is from the token.
type gate struct{}

func (gate) Account(r *http.Request) (accounts.Account, string, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, "|")
	if !ok || len(parts) != 3 {
		return accounts.Account{}, "", accounts.ErrNone
	}
	return accounts.Account{ID: parts[1], Role: domain.Role(parts[0]), Party: domain.ID(parts[2])}, "api", nil
}

// world is a server with everything behind it.
type world struct {
	t      *testing.T
	server *httptest.Server
	log    log.Log
	app    *app.App
	views  *projector.Projector
}

// options change a world.
type options struct {
	log    log.Log // defaults to one in memory
	wrap   func(log.Log) log.Log
	views  bool // with a projector on a database
	change func(*api.Config)
}

func setup(t *testing.T, o options) *world {
	t.Helper()
	w := &world{t: t, log: o.log}
	if w.log == nil {
		w.log = log.NewMemory()
	}
	under := w.log
	if o.wrap != nil {
		under = o.wrap(under)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	opts := assembly.Options(under, ring)
	if w.app, err = app.Open(ctx, opts); err != nil {
		t.Fatal(err)
	}
	dsn := ""
	if o.views {
		dsn = embeddedtest.Postgres(t)
	}
	w.views, err = projector.New(projector.Config{Postgres: dsn, Log: w.log, Projections: everyProjection()})
	if err != nil {
		t.Fatal(err)
	}
	runs := []func(context.Context) error{w.app.Run}
	if o.views {
		runs = append(runs, w.views.Run)
	}
	ended := make(chan error, len(runs))
	for _, run := range runs {
		go func() { ended <- run(ctx) }()
	}
	c := api.Config{Persons: persons.New(under, ring), Committer: w.app, Commands: opts.Commands, Views: w.views, Log: under, Gate: gate{}, Description: openapi.JSON()}
	if o.change != nil {
		o.change(&c)
	}
	handler, err := api.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(handler)
	w.server.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 128
	t.Cleanup(func() {
		w.server.CloseClientConnections()
		w.server.Close()
		cancel()
		for range runs {
			if err := <-ended; err != nil && ctx.Err() == nil {
				t.Errorf("run: %v", err)
			}
		}
		w.views.Close()
	})
	return w
}

func everyProjection() []projections.Projection {
	return append(catalogue.All(), findings.Projection(findings.Default()))
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// problem is the answer's problem; the test fails if it is none.
func (r reply) problem(t *testing.T) problem.Problem {
	t.Helper()
	var p problem.Problem
	if err := json.Unmarshal(r.body, &p); err != nil || r.header.Get("Content-Type") != problem.ContentType || p.Status != r.status {
		t.Fatalf("not a problem: %d %s %s (%v)", r.status, r.header.Get("Content-Type"), r.body, err)
	}
	return p
}

// want fails the test unless the answer is a problem of the status and code.
func (r reply) want(t *testing.T, status int, code string) problem.Problem {
	t.Helper()
	p := r.problem(t)
	if r.status != status || p.Code != code {
		t.Errorf("got %d %s (%s %q %s), want %d %s", r.status, p.Code, p.Field, p.Value, p.Detail, status, code)
	}
	return p
}

// do sends a request.
func (w *world) do(method, path string, who as, body io.Reader, headers ...string) reply {
	w.t.Helper()
	r, err := w.try(w.t.Context(), method, path, who, body, headers...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (w *world) try(ctx context.Context, method, path string, who as, body io.Reader, headers ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.server.URL+path, body)
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != nobody {
		req.Header.Set("Authorization", fmt.Sprintf("Bearer %s|%s|%s", who.role, who.id, who.party))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.server.Client().Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, b}, err
}

func (w *world) get(path string, who as, headers ...string) reply {
	w.t.Helper()
	return w.do(http.MethodGet, path, who, nil, headers...)
}

// send sends a command.
func (w *world) send(who as, command, id string, data string, query ...string) reply {
	w.t.Helper()
	body := fmt.Sprintf(`{"id":%q,"time":"2021-03-01T10:00:00+08:00","data":%s}`, id, data)
	return w.do(http.MethodPost, "/api/v1/commands/"+command+strings.Join(query, ""), who, strings.NewReader(body))
}

// body is an envelope as a request's body.
func body(t *testing.T, env app.Envelope) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"id": env.ID, "time": env.Time, "data": env.Data}, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// post sends an envelope as whoever it names.
func (w *world) post(env app.Envelope, query string) reply {
	w.t.Helper()
	return w.do(http.MethodPost, "/api/v1/commands/"+env.Command+query, of(env.Role, env.Actor), bytes.NewReader(body(w.t, env)))
}

// fill sends the examples.
func (w *world) fill() {
	w.t.Helper()
	for _, env := range openapi.Examples() {
		if r := w.post(env, ""); r.status != http.StatusOK {
			w.t.Fatalf("%s %s: %d %s", env.ID, env.Command, r.status, r.body)
		}
	}
}

// head is the position of the last commit.
func (w *world) head() uint64 {
	w.t.Helper()
	h, err := w.log.Head(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return h.Position
}

// soon is how long a test waits for what must come.
const soon = 30 * time.Second

// clock is a clock that stands still.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
