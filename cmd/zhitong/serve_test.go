package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// site is a process that serves, and those who ask it.
type site struct {
	*process
	sh  *shell
	url string
}

func (s *shell) serve() *site {
	s.t.Helper()
	p := s.start("serve", "--listen", "127.0.0.1:0")
	return &site{p, s, p.line()}
}

// answer is an answer that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with a token, or without when it is "".
func (s *site) ask(token, method, path, body string) answer {
	s.t.Helper()
	a, err := s.try(token, method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, s.notes)
	}
	return a
}

func (s *site) try(token, method, path, body string) (a answer, err error) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return a, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, string(text)}, err
}

// want checks the status and that the body holds a text.
func (s *site) want(what string, a answer, status int, holds string) {
	s.t.Helper()
	if a.status != status || !strings.Contains(a.body, holds) {
		s.t.Errorf("%s: %d %s, want %d %q", what, a.status, a.body, status, holds)
	}
	if (status == 503 || status == 429) && a.header.Get("Retry-After") == "" {
		s.t.Errorf("%s: %d without Retry-After", what, status)
	}
}

// account adds an account and returns a token of it.
func (s *shell) account(id, role string, party ...string) string {
	s.t.Helper()
	args := []string{"user", "add", id, "--role", role}
	for _, p := range party {
		args = append(args, "--party", p)
	}
	s.run(0, "", args...)
	return strings.TrimSpace(s.run(0, "", "user", "token", id))
}

// command is the body of a command of 2021.
func command(id, data string) string {
	return fmt.Sprintf(`{"id":%q,"time":"2021-03-01T09:00:00+08:00","data":%s}`, id, data)
}

const openProgramme = `{"programme_id":"P369","name":{"zh":"直通369"}}`

func funderData(id string) string {
	return fmt.Sprintf(`{"party_id":%q,"kind":"funder","name":{"zh":"资金方"}}`, id)
}

// From an empty folder to a programme, over HTTP alone: the first account opens it and
// gives the roles.
func TestAProgrammeBeginsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newShell(t).serve()
	var password string
	eventually(t, "the first password is said", func() bool {
		_, after, ok := strings.Cut(s.notes.String(), "once: ")
		password = strings.TrimSpace(after)
		return ok
	})
	login := s.ask("", "POST", "/api/v1/session", fmt.Sprintf(`{"account":"admin","password":%q}`, password))
	s.want("login", login, 200, `"role":"operator"`)
	jar := login.header.Get("Set-Cookie")
	page := func(path, body string) answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		cookie, _, _ := strings.Cut(jar, ";")
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Content-Type", "application/json")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		text, _ := io.ReadAll(got.Body)
		return answer{got.StatusCode, got.Header, string(text)}
	}
	s.want("open", page("/api/v1/commands/programme.open", command("open", openProgramme)), 200, `"seq":1`)
	s.want("grant", page("/api/v1/commands/account.grant", command("g-1", `{"account_id":"ole","role":"officer"}`)), 200, "account.granted")
	ole := strings.TrimSpace(s.sh.run(0, "", "user", "token", "ole"))
	s.want("the officer registers", s.ask(ole, "POST", "/api/v1/commands/party.register", command("p-1", funderData("F-1"))), 200, `"ok":true`)
	events := s.sh.run(0, "", "export", "events")
	for _, want := range []string{`"type":"zhitong.programme.opened.v1".*`, `"principal":"admin","via":"page"`, `"account_id":"admin","role":"operator"`, `"principal":"ole","via":"api"`} {
		if want = strings.TrimSuffix(want, ".*"); !strings.Contains(events, want) {
			t.Errorf("the log has no %s:\n%s", want, events)
		}
	}
	if strings.Contains(events, password) || strings.Contains(events, ole) {
		t.Error("a secret is in the log")
	}
	s.signal(syscall.SIGTERM)
	s.ends(0)
}

// Nobody becomes more than what the account is, and what is taken away ends at once in
// a process that runs.
func TestRolesAreTheAccounts(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.run(0, opening+"\n"+funder(1)+"\n", "apply", "-")
	s := sh.serve()
	ole, fay := sh.account("ole", "officer"), sh.account("fay", "funder", "F-1")
	grant := command("g-1", `{"account_id":"ole2","role":"operator"}`)
	s.want("an officer gives roles", s.ask(ole, "POST", "/api/v1/commands/account.grant", grant), 403, `"roles":["operator"]`)
	s.want("nobody gives roles", s.ask("", "POST", "/api/v1/commands/account.grant", grant), 401, "request.unauthenticated")
	s.want("a funder registers parties", s.ask(fay, "POST", "/api/v1/commands/party.register", command("p-1", funderData("F-2"))), 403, "role.denied")
	for _, more := range []string{`"actor":"U-OP"`, `"role":"operator"`, `"principal":"admin"`, `"via":"cli"`} {
		body := strings.Replace(command("p-2", funderData("F-2")), "{", "{"+more+",", 1)
		if a := s.ask(fay, "POST", "/api/v1/commands/party.register", body); a.status == 200 {
			t.Errorf("a body with %s was taken: %s", more, a.body)
		}
	}
	s.want("an account that acts as itself", s.ask(ole, "POST", "/api/v1/commands/party.register", command("p-3", funderData("F-3"))), 200, `"ok":true`)
	sh.run(0, "", "user", "revoke", "ole")
	eventually(t, "the running process has heard of the revocation", func() bool {
		return s.ask(ole, "POST", "/api/v1/commands/party.register", command("p-4", funderData("F-4"))).status == 401
	})
	s.want("the other account", s.ask(fay, "GET", "/api/v1/session", ""), 200, `"actor":"F-1"`)
	s.signal(syscall.SIGTERM)
	s.ends(0)
}

// With the database away commands go on and views say where they are; with it back,
// everything is there.
func TestTheDatabaseIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.run(0, opening+"\n"+funder(1)+"\n", "apply", "-")
	s := sh.serve()
	ole := sh.account("ole", "officer")
	s.want("views", s.ask(ole, "GET", "/api/v1/views/parties", ""), 200, "F-1")
	allow := sh.database()
	allow(false)
	eventually(t, "not ready", func() bool {
		a, err := s.try("", "GET", "/readyz", "")
		return err == nil && a.status == 503
	})
	s.want("ready for commands", s.ask("", "GET", "/readyz/commands", ""), 200, "ready")
	s.want("alive", s.ask("", "GET", "/healthz", ""), 200, "ok")
	s.want("a command", s.ask(ole, "POST", "/api/v1/commands/party.register", command("p-1", funderData("F-2"))), 200, `"ok":true`)
	a := s.ask(ole, "GET", "/api/v1/views/parties", "")
	s.want("views while it is away", a, 503, `"position":`)
	for _, secret := range []string{"postgres", "SQL", "127.0.0.1", "/tmp", "test_"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("the answer tells %q: %s", secret, a.body)
		}
	}
	s.want("figures", s.ask("", "GET", "/metrics", ""), 200, "zhitong_views_reachable 0\n")
	allow(true)
	eventually(t, "ready again", func() bool {
		a, err := s.try("", "GET", "/readyz", "")
		return err == nil && a.status == 200
	})
	s.want("views afterwards", s.ask(ole, "GET", "/api/v1/views/parties?wait_for=4", ""), 200, "F-2")
	s.want("figures", s.ask("", "GET", "/metrics", ""), 200, `zhitong_commands_total{code="",command="party.register",result="ok"} 1`)
	s.signal(syscall.SIGTERM)
	s.ends(0)
}

// database returns what lets connections to the shell's database in, or not.
func (s *shell) database() (allow func(bool)) {
	s.t.Helper()
	config, err := pgx.ParseConfig(s.env["ZHITONG_POSTGRES_URL"])
	if err != nil {
		s.t.Fatal(err)
	}
	name := config.Database
	config.Database = "postgres"
	return func(yes bool) {
		s.t.Helper()
		conn, err := pgx.ConnectConfig(s.t.Context(), config)
		if err != nil {
			s.t.Fatal(err)
		}
		defer conn.Close(s.t.Context())
		if _, err := conn.Exec(s.t.Context(), fmt.Sprintf("ALTER DATABASE %s WITH ALLOW_CONNECTIONS %t", name, yes)); err != nil {
			s.t.Fatal(err)
		}
		if _, err := conn.Exec(s.t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
			s.t.Fatal(err)
		}
	}
}

// A process that is told to end answers what it has taken: of each command that a
// client has sent, either the answer came, or sending it again gives it.
func TestATermAmongCommandsLosesNoAnswer(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.run(0, opening+"\n", "apply", "-")
	s := sh.serve()
	ole := sh.account("ole", "officer")
	const clients = 16
	var all sync.WaitGroup
	var mu sync.Mutex
	answered, unanswered := 0, 0
	enough := make(chan struct{})
	for c := range clients {
		all.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("F-%d-%d", c, n)
				a, err := s.try(ole, "POST", "/api/v1/commands/party.register", command("c-"+id, funderData(id)))
				mu.Lock()
				switch {
				case err == nil && a.status == 200:
					if answered++; answered == 200 {
						close(enough)
					}
				case err == nil && a.status != 503:
					t.Errorf("%s: %d %s", id, a.status, a.body)
				case err != nil && !refusedConnection(err):
					unanswered++ // its connection was closed before it was read
				}
				mu.Unlock()
				if err != nil || a.status != 200 {
					return
				}
			}
		})
	}
	<-enough
	s.signal(syscall.SIGTERM)
	all.Wait()
	s.ends(0)
	recorded := strings.Count(sh.run(0, "", "export", "log"), `"type":"zhitong.party.registered.v1"`)
	if recorded != answered {
		t.Errorf("%d commands were answered, %d are recorded, %d connections were cut", answered, recorded, unanswered)
	}
}

// refusedConnection says that nobody listened any more, so that nothing was sent.
func refusedConnection(err error) bool {
	return strings.Contains(err.Error(), "connection refused")
}

// eventually waits for something that other processes bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	give := time.After(60 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-give:
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
