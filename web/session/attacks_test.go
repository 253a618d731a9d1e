package session_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/internal/accounts"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/web/guard"
	"zhitong/web/limit"
	"zhitong/web/problem"
	"zhitong/web/server"
	"zhitong/web/session"
)

// counting is a hasher that costs nothing and counts what it compares.
type counting struct{ compared atomic.Int64 }

func (*counting) Hash(password string) (string, error) { return "plain:" + password, nil }
func (c *counting) Matches(password, hash string) (bool, error) {
	c.compared.Add(1)
	return hash == "plain:"+password, nil
}

// site is a whole server on a real listener: guard, gate and a few handlers.
type site struct {
	t      *testing.T
	url    string
	addr   string
	store  *accounts.Store
	hasher *counting
	logged *notes
	hits   atomic.Int64 // requests that reached the handler that writes
	seen   chan guard.Seen
}

const password = "correct horse battery"

func newSite(t *testing.T, change func(*guard.Options)) *site {
	t.Helper()
	s := &site{t: t, hasher: new(counting), logged: new(notes), seen: make(chan guard.Seen, 1000)}
	var err error
	if s.store, err = accounts.Open(t.Context(), embeddedtest.NATS(t), accounts.Options{Stream: "T", Hasher: s.hasher}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.store.Close)
	for i, a := range []accounts.Account{{ID: "amy", Role: domain.Buyer, Party: "B1"}, {ID: "ole", Role: domain.Officer}, {ID: "root", Role: domain.Operator}} {
		if err := s.store.Granted(t.Context(), a, uint64(i+1), ""); err != nil {
			t.Fatal(err)
		}
		if err := s.store.SetPassword(t.Context(), a.ID, password); err != nil {
			t.Fatal(err)
		}
	}
	gate := session.New(s.store)
	mux := http.NewServeMux()
	gate.Routes(mux)
	mux.HandleFunc("POST /api/v1/write", func(w http.ResponseWriter, r *http.Request) {
		if _, _, err := gate.Account(r); err != nil {
			problem.Write(w, r, err)
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		s.hits.Add(1)
		fmt.Fprintf(w, "wrote %d", n)
	})
	mux.HandleFunc("GET /api/v1/panic", func(http.ResponseWriter, *http.Request) { panic("secret of the house") })
	mux.HandleFunc("GET /api/v1/half", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half an")
		w.(http.Flusher).Flush()
		panic("in the middle")
	})
	mux.HandleFunc("GET /api/v1/stream", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "open ")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		fmt.Fprint(w, "closed")
	})
	mux.HandleFunc("GET /api/v1/peer", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%+v", guard.From(r.Context()))
	})
	o := guard.Options{Identify: gate.Identify, Logger: slog.New(slog.NewJSONHandler(s.logged, nil)), Observe: func(x guard.Seen) { s.seen <- x }}
	if change != nil {
		change(&o)
	}
	srv, err := server.New(server.Options{Handler: guard.New(o).Wrap(mux)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	s.addr = l.Addr().String()
	s.url = "http://" + s.addr
	return s
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) code() string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal([]byte(r.body), &p)
	return p.Code
}

func (s *site) do(method, path, body string, headers ...string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	return s.send(req)
}

func (s *site) send(req *http.Request) reply {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	r, err := client.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return reply{r.StatusCode, r.Header, string(text)}
}

// raw sends bytes and returns what comes back until the connection ends.
func (s *site) raw(text string) string {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	answer, _ := io.ReadAll(c)
	return string(answer)
}

func (s *site) login(account string, headers ...string) (cookie string, r reply) {
	s.t.Helper()
	r = s.do("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":%q}`, account, password), append(headers, "Content-Type", "application/json")...)
	if r.status != 200 {
		s.t.Fatalf("login of %s: %d %s", account, r.status, r.body)
	}
	cookie, _, _ = strings.Cut(r.header.Get("Set-Cookie"), ";")
	return cookie, r
}

func (s *site) token(account string) string {
	s.t.Helper()
	token, _, err := s.store.IssueToken(s.t.Context(), account, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return "Bearer " + token
}

func (s *site) want(what string, r reply, status int, code string) {
	s.t.Helper()
	if r.status != status || r.code() != code {
		s.t.Errorf("%s: %d %s, want %d %q", what, r.status, r.body, status, code)
	}
	if id := r.header.Get("X-Request-Id"); id == "" || r.status >= 400 && r.body != "" && !strings.Contains(r.body, id) {
		s.t.Errorf("%s: the request id %q is not in the answer %s", what, id, r.body)
	}
}

func TestLoginWhoAmILogout(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookie, r := s.login("amy")
	set := r.header.Get("Set-Cookie")
	for _, part := range []string{"zhitong_local=", "Path=/", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(set, part) {
			t.Errorf("Set-Cookie %q lacks %s", set, part)
		}
	}
	r = s.do("GET", "/api/v1/session", "", "Cookie", cookie)
	if want := `"account":"amy","role":"buyer","party":"B1","actor":"B1","via":"page"`; r.status != 200 || !strings.Contains(r.body, want) {
		t.Errorf("who: %d %s", r.status, r.body)
	}
	r = s.do("GET", "/api/v1/session", "", "Authorization", s.token("ole"))
	if want := `{"account":"ole","role":"officer","actor":"ole","via":"api"}`; r.status != 200 || r.body != want {
		t.Errorf("who by token: %d %s", r.status, r.body)
	}
	r = s.do("DELETE", "/api/v1/session", "", "Cookie", cookie)
	if r.status != 204 || !strings.Contains(r.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logout: %d %v", r.status, r.header)
	}
	s.want("after the logout", s.do("GET", "/api/v1/session", "", "Cookie", cookie), 401, "request.unauthenticated")
	s.want("nobody", s.do("GET", "/api/v1/session", ""), 401, "request.unauthenticated")
	s.want("another method", s.do("PUT", "/api/v1/session", "{}"), 405, "request.method_not_allowed")
}

func TestTheCookieOverTLSIsBoundToTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *guard.Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	https := []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.7"}
	cookie, r := s.login("amy", https...)
	if set := r.header.Get("Set-Cookie"); !strings.HasPrefix(set, "__Host-zhitong=") || !strings.Contains(set, "Secure") || !strings.Contains(set, "Path=/") || strings.Contains(set, "Domain") {
		t.Errorf("Set-Cookie %q", set)
	}
	if r.header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS over TLS")
	}
	if r := s.do("GET", "/api/v1/session", "", append(https, "Cookie", cookie)...); r.status != 200 {
		t.Errorf("who: %d %s", r.status, r.body)
	}
	// The local name counts for nothing over TLS, and passwords are not taken in clear.
	_, value, _ := strings.Cut(cookie, "=")
	s.want("the local cookie over TLS", s.do("GET", "/api/v1/session", "", append(https, "Cookie", "zhitong_local="+value)...), 401, "request.unauthenticated")
	s.want("a login in clear through the proxy", s.do("POST", "/api/v1/session", `{"account":"amy","password":"`+password+`"}`,
		"Content-Type", "application/json", "X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "http"), 403, "session.not_secure")
	s.want("a session in clear through the proxy", s.do("GET", "/api/v1/session", "", "Cookie", cookie, "X-Forwarded-For", "203.0.113.7"), 401, "request.unauthenticated")
}

func TestSessionFixation(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	planted := "zhitong_local=" + strings.Repeat("A", 43)
	cookie, _ := s.login("amy", "Cookie", planted)
	if cookie == planted {
		t.Error("the browser's own secret was taken up")
	}
	s.want("the planted session", s.do("GET", "/api/v1/session", "", "Cookie", planted), 401, "request.unauthenticated")
	// The attacker's own valid session, planted in a victim's browser, ends at the
	// victim's login and never becomes the victim's.
	attackers, _ := s.login("ole")
	victims, _ := s.login("amy", "Cookie", attackers)
	if victims == attackers {
		t.Error("the session was not rotated at the login")
	}
	s.want("the attacker's session after the victim's login", s.do("GET", "/api/v1/session", "", "Cookie", attackers), 401, "request.unauthenticated")
	again, _ := s.login("amy", "Cookie", victims)
	if again == victims {
		t.Error("a second login keeps the secret")
	}
	s.want("the session before the second login", s.do("GET", "/api/v1/session", "", "Cookie", victims), 401, "request.unauthenticated")
}

func TestTokenGuessingAndEnumeration(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	expired, _, err := s.store.IssueToken(t.Context(), "ole", time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	revoked := s.token("root")
	if err := s.store.Revoked(t.Context(), "root", 9); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Granted(t.Context(), accounts.Account{ID: "bare", Role: domain.Officer}, 10, ""); err != nil {
		t.Fatal(err)
	}
	answers := map[string]bool{}
	for _, credential := range []string{"Bearer zt_" + strings.Repeat("A", 43), "Bearer nonsense", "Bearer " + expired, revoked, "Basic YW15Onh4", "Bearer", "Bearer  ", ""} {
		r := s.do("GET", "/api/v1/session", "", "Authorization", credential)
		s.want("token "+credential, r, 401, "request.unauthenticated")
		answers[anonymous(r)] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	answers = map[string]bool{}
	for _, account := range []string{"amy", "bare", "root", "nobody", "' OR 1=1 --", strings.Repeat("x", 1000)} {
		before := s.hasher.compared.Load()
		r := s.do("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":"wrong horse"}`, account), "Content-Type", "application/json")
		s.want("login of "+account[:min(20, len(account))], r, 401, "session.refused")
		if n := s.hasher.compared.Load() - before; n != 1 {
			t.Errorf("login of %q compared %d hashes, want 1", account, n)
		}
		answers[anonymous(r)] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

// anonymous is an answer without what differs from request to request.
func anonymous(r reply) string {
	id := r.header.Get("X-Request-Id")
	h := r.header.Clone()
	h.Del("Date")
	h.Del("X-Request-Id")
	return fmt.Sprint(r.status, h, strings.ReplaceAll(r.body, id, ""))
}

func TestGuessesAreLimitedAndValidOnesAreNot(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *guard.Options) {
		o.Limits = guard.LimitsDefault
		o.Limits.Failed = limit.Rate{Every: time.Hour, Burst: 5}
	})
	bad := "Bearer zt_" + strings.Repeat("A", 43)
	for range 5 {
		s.want("a guess", s.do("GET", "/api/v1/session", "", "Authorization", bad), 401, "request.unauthenticated")
	}
	r := s.do("GET", "/api/v1/session", "", "Authorization", bad)
	s.want("one guess too many", r, 429, "request.too_many")
	if r.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	if r := s.do("GET", "/api/v1/session", "", "Authorization", s.token("ole")); r.status != 200 {
		t.Errorf("a valid token is held up: %d %s", r.status, r.body)
	}
	// Passwords: ten at once for a name, whether it exists or not.
	for _, account := range []string{"amy", "nobody"} {
		for i := range 11 {
			r := s.do("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":"wrong horse"}`, account), "Content-Type", "application/json")
			if i < 10 {
				s.want("attempt", r, 401, "session.refused")
			} else {
				s.want("one attempt too many", r, 429, "request.too_many")
			}
		}
	}
	before := s.hasher.compared.Load()
	s.want("even the right one", s.do("POST", "/api/v1/session", `{"account":"amy","password":"`+password+`"}`, "Content-Type", "application/json"), 429, "request.too_many")
	if s.hasher.compared.Load() != before {
		t.Error("a refused attempt was hashed")
	}
	s.login("ole") // another account from the same address
}

func TestRatesOfAccountAndAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *guard.Options) {
		o.Limits = guard.Limits{Account: limit.Rate{Every: time.Hour, Burst: 3}, Address: limit.Rate{Every: time.Hour, Burst: 8}, Failed: limit.Rate{Every: time.Hour, Burst: 100}}
	})
	amy, ole := s.token("amy"), s.token("ole")
	for range 3 {
		if r := s.do("GET", "/api/v1/session", "", "Authorization", amy); r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	r := s.do("GET", "/api/v1/session", "", "Authorization", amy)
	s.want("the account's fourth", r, 429, "request.too_many")
	if after := r.header.Get("Retry-After"); after != "3600" {
		t.Errorf("Retry-After %q", after)
	}
	for range 3 {
		if r := s.do("GET", "/api/v1/session", "", "Authorization", ole); r.status != 200 {
			t.Fatalf("another account pays for the first: %d %s", r.status, r.body)
		}
	}
	s.want("the address's eighth", s.do("GET", "/api/v1/session", ""), 401, "request.unauthenticated")
	s.want("the address's ninth", s.do("GET", "/api/v1/session", ""), 429, "request.too_many")
	// A made-up address is not another one: there is no trusted proxy.
	s.want("with X-Forwarded-For", s.do("GET", "/api/v1/session", "", "X-Forwarded-For", "203.0.113.9"), 429, "request.too_many")
}

func TestCrossSiteRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookie, _ := s.login("amy")
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"AnotherSite":         {[]string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 403},
		"ASisterSite":         {[]string{"Cookie", cookie, "Sec-Fetch-Site", "same-site"}, 403},
		"AnotherOrigin":       {[]string{"Cookie", cookie, "Origin", "https://evil.example"}, 403},
		"OpaqueOrigin":        {[]string{"Cookie", cookie, "Origin", "null"}, 403},
		"OwnOrigin":           {[]string{"Cookie", cookie, "Origin", s.url, "Sec-Fetch-Site", "same-origin"}, 200},
		"NoBrowser":           {[]string{"Cookie", cookie}, 200},
		"TokenFromAnywhere":   {[]string{"Authorization", s.token("amy"), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 200},
		"BadTokenAndACookie":  {[]string{"Authorization", "Bearer x", "Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 401},
		"EmptyTokenAndCookie": {[]string{"Authorization", "", "Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 401},
	} {
		before := s.hits.Load()
		r := s.do("POST", "/api/v1/write", "x", c.headers...)
		if r.status != c.status {
			t.Errorf("%s: %d %s, want %d", name, r.status, r.body, c.status)
		}
		if wrote := s.hits.Load() - before; (wrote == 1) != (c.status == 200) {
			t.Errorf("%s: wrote %d times", name, wrote)
		}
		for h := range r.header {
			if strings.HasPrefix(h, "Access-Control-") {
				t.Errorf("%s: %s is sent", name, h)
			}
		}
	}
	s.want("a login from another site", s.do("POST", "/api/v1/session", `{"account":"amy","password":"`+password+`"}`,
		"Content-Type", "application/json", "Origin", "https://evil.example"), 403, "request.cross_site")
	s.want("a login as a form", s.do("POST", "/api/v1/session", "account=amy", "Content-Type", "application/x-www-form-urlencoded"), 415, "request.unsupported_type")
	s.want("a preflight", s.do("OPTIONS", "/api/v1/session", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"), 405, "request.method_not_allowed")
}

func TestCredentialsGivenTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	token := s.token("amy")
	s.want("two tokens", s.do("GET", "/api/v1/session", "", "Authorization", token, "Authorization", s.token("ole")), 401, "request.unauthenticated")
	s.want("the same twice", s.do("GET", "/api/v1/session", "", "Authorization", token, "Authorization", token), 401, "request.unauthenticated")
	cookie, _ := s.login("amy")
	s.want("two cookies", s.do("GET", "/api/v1/session", "", "Cookie", cookie+"; "+cookie), 401, "request.unauthenticated")
	s.want("a token in the cookie", s.do("GET", "/api/v1/session", "", "Cookie", "zhitong_local="+strings.TrimPrefix(token, "Bearer ")), 401, "request.unauthenticated")
	s.want("a session as a token", s.do("GET", "/api/v1/session", "", "Authorization", "Bearer "+strings.TrimPrefix(cookie, "zhitong_local=")), 401, "request.unauthenticated")
	if r := s.do("GET", "/api/v1/session", "", "Authorization", s.token("ole"), "Cookie", cookie); !strings.Contains(r.body, `"account":"ole"`) {
		t.Errorf("a token beside a cookie: %s", r.body)
	}
}

func TestSessionsOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	amy, _ := s.login("amy", "User-Agent", "<script>alert(1)</script>")
	root, _ := s.login("root")
	var list struct {
		Sessions []struct {
			ID, Account string
			Current     bool
		}
	}
	read := func(r reply) {
		t.Helper()
		list.Sessions = nil
		if err := json.Unmarshal([]byte(r.body), &list, json.MatchCaseInsensitiveNames(true)); err != nil || r.status != 200 {
			t.Fatalf("%d %s: %v", r.status, r.body, err)
		}
	}
	read(s.do("GET", "/api/v1/sessions", "", "Cookie", amy))
	if len(list.Sessions) != 1 || !list.Sessions[0].Current || list.Sessions[0].Account != "amy" {
		t.Errorf("amy sees %+v", list)
	}
	amys := list.Sessions[0].ID
	s.want("amy asks for others", s.do("GET", "/api/v1/sessions?account=root", "", "Cookie", amy), 403, "role.denied")
	s.want("amy asks for all", s.do("GET", "/api/v1/sessions?account=*", "", "Cookie", amy), 403, "role.denied")
	read(s.do("GET", "/api/v1/sessions?account=*", "", "Cookie", root))
	if len(list.Sessions) != 2 {
		t.Errorf("the operator sees %+v", list)
	}
	roots := list.Sessions[0].ID
	if roots == amys {
		roots = list.Sessions[1].ID
	}
	s.want("amy ends the operator's", s.do("DELETE", "/api/v1/sessions/"+roots, "", "Cookie", amy), 404, "session.unknown")
	s.want("nobody ends one", s.do("DELETE", "/api/v1/sessions/"+roots, ""), 401, "request.unauthenticated")
	if r := s.do("DELETE", "/api/v1/sessions/"+amys, "", "Cookie", root); r.status != 204 {
		t.Errorf("the operator ends amy's: %d %s", r.status, r.body)
	}
	s.want("amy afterwards", s.do("GET", "/api/v1/session", "", "Cookie", amy), 401, "request.unauthenticated")
	cookie, _ := s.login("amy")
	if err := s.store.SetPassword(t.Context(), "amy", "another password"); err != nil {
		t.Fatal(err)
	}
	s.want("a session from before the new password", s.do("GET", "/api/v1/session", "", "Cookie", cookie), 401, "request.unauthenticated")
}

func TestBodiesOfALogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, c := range map[string]struct {
		body, code string
		status     int
	}{
		"Empty":         {"", "malformed", 400},
		"NotJSON":       {"account=amy", "malformed", 400},
		"TwiceTheName":  {`{"account":"amy","account":"root","password":"x"}`, "malformed", 400},
		"AnotherMember": {`{"account":"amy","password":"x","role":"operator"}`, "malformed", 400},
		"AList":         {`[{"account":"amy"}]`, "malformed", 400},
		"Trailing":      {`{"account":"amy","password":"x"} {}`, "malformed", 400},
		"NotUTF8":       {"{\"account\":\"amy\",\"password\":\"\xff\"}", "malformed", 400},
		"LoneSurrogate": {`{"account":"amy","password":"\ud800"}`, "malformed", 400},
		"NoPassword":    {`{"account":"amy"}`, "malformed", 400},
		"Large":         {`{"account":"amy","password":"` + strings.Repeat("x", 5000) + `"}`, "request.too_large", 413},
		"Deep":          {strings.Repeat("[", 4000), "malformed", 400},
	} {
		r := s.do("POST", "/api/v1/session", c.body, "Content-Type", "application/json")
		s.want(name, r, c.status, c.code)
		if strings.Contains(r.body, "amy") || strings.Contains(r.body, "operator") {
			t.Errorf("%s: the answer repeats what was sent: %s", name, r.body)
		}
	}
	if n := s.hasher.compared.Load(); n != 0 {
		t.Errorf("%d hashes for bodies that say nothing", n)
	}
}

func TestPathsAndTargets(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for _, path := range []string{"/api/v1//session", "//api/v1/session", "/api/v1/./session", "/api/v1/x/../session", "/api/v1/..%2fsession", "/api/v1/%2e%2e/session",
		"/api/v1/x%2f..%2fsession", "/api/v1/..%5csession", "/api/v1/..\\session", "/api/v1/session%00", "/api/v1/session%0a", "/api/v1/\x7fsession", "/api/v1/%ff"} {
		got := s.raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%q: %.200s", path, got)
		}
	}
	if got := s.raw("GET /" + strings.Repeat("a", 5000) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 414 ") {
		t.Errorf("a long path: %.200s", got)
	}
	for name, request := range map[string]string{
		"NoHost":         "GET /api/v1/session HTTP/1.1\r\nConnection: close\r\n\r\n",
		"TwoHosts":       "GET /api/v1/session HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
		"LengthTwice":    "POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
		"HeaderWithNUL":  "GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-A: \x00\r\nConnection: close\r\n\r\n",
		"FoldedHeader":   "GET /api/v1/session HTTP/1.1\r\nHost: a\r\n Authorization: Bearer x\r\nConnection: close\r\n\r\n",
		"SpaceInHeader":  "GET /api/v1/session HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer x\r\nConnection: close\r\n\r\n",
		"UnknownVersion": "GET /api/v1/session HTTP/3.7\r\nHost: a\r\nConnection: close\r\n\r\n",
	} {
		got := s.raw(request)
		if !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 505") {
			t.Errorf("%s: %.200s", name, got)
		}
	}
	// A length and chunks at once: the length counts for nothing, and the connection
	// is not used again, so that nobody smuggles a second request.
	got := s.raw("POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/session HTTP/1.1\r\nHost: a\r\n\r\n")
	if n := strings.Count(got, "HTTP/1.1 "); n != 1 {
		t.Errorf("smuggled: %d answers: %s", n, got)
	}
	// A target in absolute form is the same address.
	got = s.raw("GET http://elsewhere.example/api/v1/session HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 401 ") {
		t.Errorf("absolute form: %.200s", got)
	}
	for _, method := range []string{"TRACE", "CONNECT"} {
		if got := s.raw(method + " /api/v1/session HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 405 ") {
			t.Errorf("%s: %.200s", method, got)
		}
	}
}

func TestHostsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *guard.Options) { o.Hosts = []string{"zhitong.example", "127.0.0.1"} })
	for host, status := range map[string]int{"zhitong.example": 401, "ZHITONG.example:443": 401, s.addr: 401, "evil.example": 421, "zhitong.example.evil.example": 421} {
		if r := s.do("GET", "/api/v1/session", "", "Host", host); r.status != status {
			t.Errorf("host %q: %d %s, want %d", host, r.status, r.body, status)
		}
	}
	got := s.raw("GET http://evil.example/api/v1/session HTTP/1.1\r\nHost: zhitong.example\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 421 ") {
		t.Errorf("absolute form with another host: %.200s", got)
	}
}

func TestLargeAndCompressedBodiesAndHeads(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	token := s.token("amy")
	r := s.do("POST", "/api/v1/write", strings.Repeat("x", 1<<20), "Authorization", token)
	if r.status != 200 || r.body != "wrote 1048576" {
		t.Errorf("1 MiB: %d %s", r.status, r.body)
	}
	s.want("one byte more", s.do("POST", "/api/v1/write", strings.Repeat("x", 1<<20+1), "Authorization", token), 413, "request.too_large")
	s.want("gzip", s.do("POST", "/api/v1/write", "\x1f\x8b", "Authorization", token, "Content-Encoding", "gzip"), 415, "request.compressed")
	s.want("two codings", s.do("POST", "/api/v1/write", "x", "Authorization", token, "Content-Encoding", "identity", "Content-Encoding", "br"), 415, "request.compressed")

	// 100 MB: with a length it is refused unread; without one it is cut at the limit.
	got := s.raw("POST /api/v1/write HTTP/1.1\r\nHost: a\r\nAuthorization: " + token + "\r\nContent-Length: 100000000\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("100 MB announced: %.200s", got)
	}
	sent, status := s.pour(token, 100<<20)
	if status != "413" || sent > 20<<20 {
		t.Errorf("100 MB without a length: status %q after %d bytes", status, sent)
	}

	if got := s.raw("GET /api/v1/session HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: b\r\n", 101) + "Connection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
		t.Errorf("many headers: %.200s", got)
	}
	if got := s.raw("GET /api/v1/session HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("b", 64<<10) + "\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
		t.Errorf("a large header: %.200s", got)
	}
}

// pour sends chunks until the server has had enough, and returns how much it took and
// the status that it answered.
func (s *site) pour(token string, most int) (sent int, status string) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c).ReadString('\n')
		_, rest, _ := strings.Cut(line, " ")
		code, _, _ := strings.Cut(rest, " ")
		answer <- code
	}()
	fmt.Fprintf(c, "POST /api/v1/write HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\nTransfer-Encoding: chunked\r\n\r\n", token)
	chunk := []byte("10000\r\n" + strings.Repeat("x", 0x10000) + "\r\n")
	for sent < most {
		if _, err := c.Write(chunk); err != nil {
			break
		}
		sent += 0x10000
	}
	return sent, <-answer
}

func TestAPanicIsAnsweredWithoutAWordOfIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	r := s.do("GET", "/api/v1/panic", "", "X-Request-Id", "my-own-id-1")
	s.want("panic", r, 500, "internal")
	if strings.Contains(r.body, "secret") || strings.Contains(r.body, "goroutine") {
		t.Errorf("the answer tells: %s", r.body)
	}
	if seen := <-s.seen; seen.Status != 500 || seen.Route != "GET /api/v1/panic" {
		t.Errorf("observed %+v", seen)
	}
	if logged := s.logged.String(); !strings.Contains(logged, "secret of the house") || !strings.Contains(logged, `"request_id":"my-own-id-1"`) || !strings.Contains(logged, "goroutine") {
		t.Errorf("logged: %s", logged)
	}
	// In the middle of an answer nothing can be taken back: the connection is cut, so
	// that half an answer does not look whole.
	if got := s.raw("GET /api/v1/half HTTP/1.1\r\nHost: a\r\n\r\n"); !strings.Contains(got, "half an") || strings.HasSuffix(got, "0\r\n\r\n") {
		t.Errorf("half: %q", got)
	}
	s.login("amy") // the server lives
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for given, taken := range map[string]bool{"abc-DEF_1.2": true, strings.Repeat("a", 64): true, "short": false, strings.Repeat("a", 65): false,
		"with blank 1": false, "umläut-12345": false, `"quoted-1234"`: false, "": false} {
		r := s.do("GET", "/api/v1/peer", "", "X-Request-Id", given)
		if got := r.header.Get("X-Request-Id"); (got == given) != taken || len(got) < 8 {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
	r := s.do("GET", "/api/v1/peer", "", "X-Request-Id", "abcdefgh1", "X-Request-Id", "abcdefgh2")
	if got := r.header.Get("X-Request-Id"); strings.HasPrefix(got, "abcdefgh") {
		t.Errorf("one of two was taken: %q", got)
	}
}

func TestWhoIsAtTheOtherEnd(t *testing.T) {
	t.Parallel()
	alone := newSite(t, nil)
	behind := newSite(t, func(o *guard.Options) {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	for name, c := range map[string]struct {
		site    *site
		headers []string
		want    string
	}{
		"Local":                {alone, nil, "{Address:127.0.0.1 Secure:false Local:true}"},
		"ForwardedByNobody":    {alone, []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"}, "{Address:127.0.0.1 Secure:false Local:false}"},
		"ForwardedHeader":      {alone, []string{"Forwarded", "for=203.0.113.7"}, "{Address:127.0.0.1 Secure:false Local:false}"},
		"ByTheProxy":           {behind, []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"}, "{Address:203.0.113.7 Secure:true Local:false}"},
		"ClientsOwnClaim":      {behind, []string{"X-Forwarded-For", "127.0.0.1, 203.0.113.7"}, "{Address:203.0.113.7 Secure:false Local:false}"},
		"ThroughTwoProxies":    {behind, []string{"X-Forwarded-For", "198.51.100.1, 203.0.113.7, 10.2.3.4"}, "{Address:203.0.113.7 Secure:false Local:false}"},
		"InTwoLines":           {behind, []string{"X-Forwarded-For", "198.51.100.1", "X-Forwarded-For", "203.0.113.7"}, "{Address:203.0.113.7 Secure:false Local:false}"},
		"Nonsense":             {behind, []string{"X-Forwarded-For", "203.0.113.7, evil"}, "{Address:127.0.0.1 Secure:false Local:false}"},
		"MappedIPv4":           {behind, []string{"X-Forwarded-For", "::ffff:203.0.113.7"}, "{Address:203.0.113.7 Secure:false Local:false}"},
		"TwoProtocols":         {behind, []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https", "X-Forwarded-Proto", "http"}, "{Address:203.0.113.7 Secure:false Local:false}"},
		"ProxyWithoutForwards": {behind, nil, "{Address:127.0.0.1 Secure:false Local:false}"},
	} {
		if r := c.site.do("GET", "/api/v1/peer", "", c.headers...); r.body != c.want {
			t.Errorf("%s: %s, want %s", name, r.body, c.want)
		}
	}
}

func TestStrictHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for path, csp := range map[string]string{"/api/v1/peer": "default-src 'none'", "/": "default-src 'self'", "/api/v1/panic": "default-src 'none'", "/api/v1/x//y": "default-src 'none'"} {
		h := s.do("GET", path, "").header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if got := h.Get("Content-Security-Policy"); !strings.HasPrefix(got, csp) || !strings.Contains(got, "frame-ancestors 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, got)
		}
		if strings.HasPrefix(path, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS in clear", path)
		}
	}
}

// notes is a buffer that several goroutines may use.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

func TestAStreamDoesNotOutliveItsCredential(t *testing.T) {
	t.Parallel()
	for rule, take := range map[string]func(*site) error{
		"Revoked": func(s *site) error { return s.store.Revoked(s.t.Context(), "amy", 0) },
		"TheTokenAlone": func(s *site) error {
			return s.store.RevokeToken(s.t.Context(), "amy", s.store.Tokens("amy")[0].ID)
		},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(o *guard.Options) { o.KnownEvery = time.Millisecond })
			req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/v1/stream", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", s.token("amy"))
			r, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			open := make([]byte, 5)
			if _, err := io.ReadFull(r.Body, open); err != nil || string(open) != "open " {
				t.Fatalf("%q, %v", open, err)
			}
			if err := take(s); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(r.Body); err != nil || string(rest) != "closed" {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}
