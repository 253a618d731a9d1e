package guard

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"zhitong/web/problem"
)

const (
	// headersMax is how many header lines a request has.
	headersMax = 100
	// pathBytesMax is the length of a path.
	pathBytesMax = 4 << 10
	// idCharsMax and idCharsMin bound a request id that a client has chosen.
	idCharsMax = 64
	idCharsMin = 8
)

// idOf is the id of a request: the client's own when it is a plain word, else a new
// one.
func idOf(r *http.Request) string {
	given := r.Header.Values("X-Request-Id")
	if len(given) == 1 && len(given[0]) >= idCharsMin && len(given[0]) <= idCharsMax && plainWord(given[0]) {
		return given[0]
	}
	return rand.Text()
}

func plainWord(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// check refuses what no request of ours looks like.
func (g *Guard) check(r *http.Request) *problem.Problem {
	switch {
	case r.Method == http.MethodTrace || r.Method == http.MethodConnect:
		return problem.MethodNotAllowed("GET, HEAD, POST, DELETE")
	case !g.ours(r.Host) && !probe(r.URL.Path):
		return problem.New(http.StatusMisdirectedRequest, "request.wrong_host", "this server is not known under that name")
	case headerLines(r.Header) > headersMax:
		return problem.HeadersTooLarge("a request has at most 100 header lines")
	case len(r.URL.Path) > pathBytesMax:
		return problem.New(http.StatusRequestURITooLong, "request.bad_path", "the path is too long")
	case !clean(r.URL):
		return problem.New(http.StatusBadRequest, "request.bad_path", "the path has an empty or a dotted part, or a character that no name has")
	}
	for _, e := range r.Header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(e), "identity") {
			return problem.New(http.StatusUnsupportedMediaType, "request.compressed", "bodies are sent as they are").At("Content-Encoding", e)
		}
	}
	if limit := g.bodyMax(r); r.ContentLength > limit {
		return problem.TooLarge(limit)
	}
	return nil
}

// probe reports whether the path is one that machines ask by whatever name they
// know.
func probe(path string) bool {
	return path == "/healthz" || strings.HasPrefix(path, "/readyz") || path == "/metrics"
}

// ours reports whether host is one of the names of this server; all are when none
// is configured.
func (g *Guard) ours(host string) bool {
	if len(g.o.Hosts) == 0 {
		return true
	}
	name := host
	if u, err := url.Parse("//" + host); err == nil && u.Host == host {
		name = u.Hostname()
	}
	for _, h := range g.o.Hosts {
		if strings.EqualFold(h, name) || strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

func headerLines(h http.Header) (n int) {
	for _, values := range h {
		n += len(values)
	}
	return n
}

// clean reports whether a path means what it says, however often it is decoded on
// the way: no empty, "." or ".." part, also not behind %2f, no backslash, no control
// character, valid UTF-8. It is never repaired: a redirect would repeat what was
// meant to deceive.
func clean(u *url.URL) bool {
	if !utf8.ValidString(u.Path) || strings.ContainsFunc(u.Path, unicode.IsControl) || !strings.HasPrefix(u.Path, "/") {
		return false
	}
	if strings.Contains(u.EscapedPath(), "//") {
		return false
	}
	for part := range strings.FieldsFuncSeq(u.Path, func(c rune) bool { return c == '/' || c == '\\' }) {
		if part == "." || part == ".." {
			return false
		}
	}
	return true
}
