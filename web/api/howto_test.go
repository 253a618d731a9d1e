package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheHowToIsTrue runs the requests of docs/how-to/use-the-api.md, which are the
// lines that begin with "$", and compares what comes back with the lines behind.
func TestTheHowToIsTrue(t *testing.T) {
	t.Parallel()
	w := setup(t, options{views: true})
	w.fill()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", "use-the-api.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?m)^    \$ (.+)\n((?:    .*\n)*)`).FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 8 {
		t.Fatalf("%d requests: the test looks at the wrong place", len(blocks))
	}
	for _, b := range blocks {
		want := strings.ReplaceAll(strings.TrimSuffix(b[2], "\n"), "\n    ", "\n")
		got := w.curl(b[1])
		if !fits(strings.TrimPrefix(want, "    "), strings.TrimSuffix(got, "\n")) {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", b[1], got, want)
		}
		w.rows("projection_status", auditor, "") // what follows sees it
	}
}

// fits reports whether text is the pattern, in which … stands for anything.
func fits(pattern, text string) bool {
	parts := strings.Split(regexp.QuoteMeta(pattern), "…")
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, `.*?`) + `$`).MatchString(text)
}

// words cuts a line of shell into words, as far as the page uses it.
var words = regexp.MustCompile(`'[^']*'|"[^"]*"|[^ '"]+`)

// curl does what the page's line does: curl, or printf into it, with the variables
// of the page.
func (w *world) curl(line string) string {
	w.t.Helper()
	variables := strings.NewReplacer("$URL", "/api/v1", "$BUYER", "buyer|u-canteen|B001", "$DISPATCHER", "dispatcher|u-dispatch|", "$AUDITOR", "auditor|u-audit|")
	var body *bytes.Reader
	var stdin strings.Builder
	command := line
	if printed, rest, piped := strings.Cut(line, " | "); piped {
		command = rest
		for _, word := range words.FindAllString(printed, -1)[2:] {
			stdin.WriteString(strings.Trim(word, "'") + "\n")
		}
	}
	list := words.FindAllString(command, -1)
	if list[0] != "curl" {
		w.t.Fatalf("not curl: %s", line)
	}
	method, path, head := http.MethodGet, "", false
	headers := http.Header{}
	for i := 1; i < len(list); i++ {
		word := strings.Trim(list[i], `"'`)
		next := func() string { i++; return strings.Trim(list[i], `"'`) }
		switch {
		case word == "-s":
		case word == "-si":
			head = true
		case word == "-H":
			name, value, _ := strings.Cut(next(), ": ")
			headers.Set(name, variables.Replace(value))
		case word == "-d":
			method, body = http.MethodPost, bytes.NewReader([]byte(next()))
		case word == "--data-binary":
			next()
			method, body = http.MethodPost, bytes.NewReader([]byte(stdin.String()))
		case strings.HasPrefix(word, "$URL"):
			path = variables.Replace(word)
		default:
			w.t.Fatalf("the test does not know %q of %s", word, line)
		}
	}
	var flat []string
	for name := range headers {
		flat = append(flat, name, headers.Get(name))
	}
	var r reply
	if body == nil {
		r = w.do(method, path, nobody, nil, flat...)
	} else {
		r = w.do(method, path, nobody, body, flat...)
	}
	if !head {
		return string(r.body)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\n", r.status, http.StatusText(r.status))
	if err := r.header.Write(&out); err != nil {
		w.t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n") + "\n" + string(r.body)
}
