package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "zhitong"

// room is a part of the house with what it may import, besides itself and the
// standard library. A name that ends in /... stands for everything below.
type room struct {
	path   string
	may    []string
	reason string
}

// rooms are looked up by the longest path that fits.
var rooms = []room{
	{"zhitong/domain", []string{"zhitong/domain/...", "github.com/shopspring/decimal", "go.yaml.in/yaml/v3", "golang.org/x/text/unicode/norm"},
		"the rules are pure: they can be read, tested and trusted without a broker, a database or a clock"},
	{"zhitong/events", []string{"zhitong/domain/...", "github.com/go-json-experiment/json/..."},
		"the stored form must be readable by an auditor's program that has no broker"},
	{"zhitong/events/log", []string{"github.com/nats-io/nats.go/...", "github.com/go-json-experiment/json/..."},
		"the log keeps bytes and knows nothing of what they say"},
	{"zhitong/events/keys", []string{"zhitong/domain/...", "zhitong/events/log", "github.com/nats-io/nats.go/...", "golang.org/x/crypto/..."},
		"keys are kept beside the log"},
	{"zhitong/projections", []string{"zhitong/domain/...", "zhitong/events", "github.com/go-json-experiment/json/..."},
		"views are pure folds: the auditor's verifier folds them without Postgres and NATS"},
	{"zhitong/projections/catalogue", []string{"zhitong/projections/..."},
		"the list of views knows every view, and nothing else does"},
	{"zhitong/projections/past", []string{"zhitong/projections", "github.com/go-json-experiment/json/..."},
		"what is kept of the past is files of rows: nothing else knows their form, and it knows no log"},
	{"zhitong/projections/projector", []string{"zhitong/domain/...", "zhitong/events/...", "zhitong/projections/...", "github.com/jackc/pgx/v5/...", "github.com/go-json-experiment/json/...", "golang.org/x/sync/..."},
		"the projector is the one place where views meet Postgres"},
	{"zhitong/audit", []string{"zhitong/audit/...", "zhitong/domain/...", "zhitong/events/...", "zhitong/projections/...", "github.com/go-json-experiment/json/...", "golang.org/x/mod/sumdb/...", "golang.org/x/sync/..."},
		"the auditor's program folds and proves without a write path, a broker or a database"},
	{"zhitong/internal/app", []string{"zhitong/domain/...", "zhitong/events/...", "zhitong/internal/app/...", "github.com/go-json-experiment/json/..."},
		"commands meet the log here, without projections or a user interface"},
	{"zhitong/internal/simulation", []string{"zhitong/domain/...", "zhitong/events", "zhitong/internal/app", "zhitong/internal/app/assembly", "zhitong/internal/history", "go.yaml.in/yaml/v3"},
		"a simulation runs the real application in memory; the log that it reads it has no way to write"},
	{"zhitong/internal/simulate", []string{"zhitong/domain/...", "zhitong/events/...", "zhitong/projections", "zhitong/projections/catalogue", "zhitong/internal/app/...", "zhitong/internal/model", "zhitong/internal/simulate", "github.com/go-json-experiment/json/..."},
		"the simulator runs the real application and nothing of the real world"},
	{"zhitong/internal/history", []string{"zhitong/domain/...", "zhitong/events", "zhitong/events/log", "github.com/go-json-experiment/json/..."},
		"history is read, not folded and not written"},
	{"zhitong/internal/sheet", []string{"zhitong/domain/...", "zhitong/events", "zhitong/internal/history", "zhitong/internal/table", "zhitong/internal/text"},
		"a calculation sheet says what events say, and can be made wherever there are events"},
	{"zhitong/internal/payment", []string{"zhitong/domain/...", "zhitong/events", "zhitong/events/keys", "zhitong/internal/history", "zhitong/internal/importing", "github.com/go-json-experiment/json/...", "github.com/xuri/excelize/v2"},
		"accounts are opened for the bank's file and nothing else; commands are sent by whoever asks for them"},
	{"zhitong/internal/pdf", []string{"codeberg.org/go-pdf/fpdf", "golang.org/x/text/unicode/bidi"},
		"pages know nothing of what they say"},
	{"zhitong/internal/report", []string{"zhitong/audit/bundle", "zhitong/audit/trace", "zhitong/domain/...", "zhitong/events", "zhitong/internal/pdf", "zhitong/internal/sheet", "zhitong/internal/text", "zhitong/projections"},
		"a report says what a bundle holds; the bundle's verifier knows nothing of it"},
	{"zhitong/internal/persons", []string{"zhitong/domain/...", "zhitong/events", "zhitong/events/keys", "zhitong/events/log", "zhitong/internal/history"},
		"personal values are joined when they are read, and kept nowhere"},
	{"zhitong/internal/backup", []string{"zhitong/domain/...", "zhitong/events/...", "zhitong/audit/checkpoint", "zhitong/audit/merkle", "zhitong/audit/tree", "github.com/go-json-experiment/json/...", "golang.org/x/mod/sumdb/note"},
		"a copy is bytes, roots and wrapped keys: nothing is decided and nothing personal is opened"},
	{"zhitong/internal/signing", []string{"zhitong/audit/checkpoint", "zhitong/audit/keeper", "zhitong/audit/tree", "zhitong/events/keys", "zhitong/events/log", "zhitong/internal/lease", "github.com/nats-io/nats.go/...", "golang.org/x/sync/..."},
		"who signs is agreed next to the log; what is signed is the audit's"},
	{"zhitong/internal/embedded", []string{"zhitong/events/log", "zhitong/internal/embedded/...", "github.com/go-json-experiment/json/...", "github.com/minio/highwayhash", "github.com/nats-io/...", "github.com/jackc/pgx/v5/...", "golang.org/x/sys/..."},
		"servers know nothing of what they serve"},
	{"zhitong/internal/accounts", []string{"zhitong/domain/...", "zhitong/events", "zhitong/events/log", "zhitong/internal/app", "github.com/nats-io/nats.go/...", "github.com/go-json-experiment/json/...", "github.com/alexedwards/argon2id", "golang.org/x/text/unicode/norm"},
		"secrets are kept apart from the log, from the views and from whatever asks for them"},
	{"zhitong/internal/forward", []string{"zhitong/domain/...", "zhitong/events", "zhitong/internal/app", "zhitong/internal/lease", "github.com/nats-io/nats.go/...", "github.com/go-json-experiment/json/..."},
		"commands are carried as they are; what they mean is decided elsewhere"},
	{"zhitong/internal/telemetry", []string{"zhitong/events/log", "go.opentelemetry.io/...", "github.com/prometheus/client_golang/..."},
		"what is told a collector is seen from outside: no part knows that it is watched"},
	{"zhitong/internal/lease", []string{"zhitong/events/log", "github.com/nats-io/nats.go/..."},
		"whose turn it is has nothing to do with what is done in it"},
	{"zhitong/internal/metrics", []string{"zhitong/events/log", "zhitong/internal/app", "zhitong/projections/projector", "github.com/prometheus/client_golang/..."},
		"what is counted does not know that it is"},
	{"zhitong/web/limit", nil, "counting needs nothing"},
	{"zhitong/web/server", nil, "a server knows nothing of what it serves"},
	{"zhitong/web/guard", []string{"zhitong/internal/accounts", "zhitong/web/limit", "zhitong/web/problem"},
		"who guards the door has no way into the house"},
	{"zhitong/web/session", []string{"zhitong/domain", "zhitong/internal/accounts", "zhitong/web/guard", "zhitong/web/limit", "zhitong/web/problem", "github.com/go-json-experiment/json/..."},
		"a credential says who somebody is, and nothing of what he may do"},
	{"zhitong/web/health", []string{"zhitong/domain", "zhitong/events/log", "zhitong/internal/accounts", "zhitong/projections/projector", "zhitong/web/guard", "zhitong/web/problem"},
		"health is asked for, never changed"},
	{"zhitong/web/client", []string{"github.com/go-json-experiment/json/..."},
		"a program that uses the API links nothing of the server"},
	{"zhitong/web/api", []string{"zhitong/domain/...", "zhitong/events/...", "zhitong/projections", "zhitong/audit/receipt", "zhitong/internal/app", "zhitong/internal/accounts", "zhitong/internal/ndjson", "zhitong/internal/persons", "zhitong/web/problem", "github.com/go-json-experiment/json/...", "github.com/jackc/pgx/v5/pgconn"},
		"the API hands over and asks: it has neither rules nor SQL of its own"},
	{"zhitong/internal/importing", []string{"zhitong/domain/...", "zhitong/events/...", "zhitong/internal/importing/...", "github.com/go-json-experiment/json/...", "github.com/xuri/excelize/v2", "go.yaml.in/yaml/v3", "golang.org/x/text/..."},
		"an importer makes commands; it has no way to the log of its own"},
}

// source is one Go file that is not a test.
type source struct {
	file    string
	pkg     string
	imports []string
	text    string
}

func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var list []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s := source{file: filepath.ToSlash(rel), text: string(text)}
		s.pkg = strings.TrimSuffix(module+"/"+filepath.ToSlash(filepath.Dir(rel)), "/.")
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		list = append(list, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Fatalf("only %d files were found below %s: the test looks at the wrong place", len(list), root)
	}
	return list
}

func roomOf(pkg string) *room {
	var best *room
	for i := range rooms {
		r := &rooms[i]
		if (pkg == r.path || strings.HasPrefix(pkg, r.path+"/")) && (best == nil || len(r.path) > len(best.path)) {
			best = r
		}
	}
	return best
}

func allowed(r *room, imported string) bool {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") && first != module {
		return true // the standard library; see TestPureRoomsTouchNothing
	}
	return slices.ContainsFunc(append(r.may, r.path), func(m string) bool {
		if below, ok := strings.CutSuffix(m, "/..."); ok {
			return imported == below || strings.HasPrefix(imported, below+"/")
		}
		return imported == m
	})
}

// testHelper reports whether a package exists for tests only and stays out of the
// binary.
func testHelper(pkg string) bool { return strings.HasSuffix(pkg, "test") }

func TestImportsFollowTheOneArrow(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		r := roomOf(s.pkg)
		if r == nil || testHelper(s.pkg) {
			continue
		}
		for _, i := range s.imports {
			if !allowed(r, i) {
				t.Errorf("%s imports %s: %s", s.file, i, r.reason)
			}
		}
	}
}

// order is the arrow domain → events → projections → audit → web → cmd, read "is
// imported by".
var order = []string{"domain", "events", "internal/app", "projections", "audit", "web", "cmd"}

func TestNothingImportsAgainstTheArrow(t *testing.T) {
	t.Parallel()
	rank := func(pkg string) int {
		return slices.IndexFunc(order, func(top string) bool {
			return pkg == module+"/"+top || strings.HasPrefix(pkg, module+"/"+top+"/")
		})
	}
	for _, s := range sources(t) {
		for _, i := range s.imports {
			if from, to := rank(s.pkg), rank(i); from >= 0 && to > from {
				t.Errorf("%s imports %s: the arrow is %s, read \"is imported by\"", s.file, i, strings.Join(order, " → "))
			}
			if testHelper(i) && !testHelper(s.pkg) {
				t.Errorf("%s imports %s, which exists for tests only", s.file, i)
			}
		}
	}
}

// pure are the rooms that may touch neither the world nor the clock.
var pure = []string{"zhitong/domain", "zhitong/events", "zhitong/projections"}

// impure are the exceptions below them.
var impure = []string{"zhitong/events/log", "zhitong/events/keys", "zhitong/projections/past", "zhitong/projections/projector"}

func isPure(pkg string) bool {
	below := func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") }
	return slices.ContainsFunc(pure, below) && !slices.ContainsFunc(impure, below)
}

func TestPureRoomsTouchNothing(t *testing.T) {
	t.Parallel()
	forbidden := []string{"os", "os/exec", "io/ioutil", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog", "database/sql", "unsafe"}
	calls := []string{"time.Now(", "time.Since(", "time.Sleep(", "time.After(", "os.Getenv("}
	for _, s := range sources(t) {
		if !isPure(s.pkg) || testHelper(s.pkg) {
			continue
		}
		for _, i := range s.imports {
			if slices.Contains(forbidden, i) {
				t.Errorf("%s imports %s: facts, rules and folds are pure, so that replay gives the same result for ever", s.file, i)
			}
		}
		for _, c := range calls {
			if strings.Contains(s.text, c) {
				t.Errorf("%s calls %s): the clock enters once a command and is handed down", s.file, c)
			}
		}
	}
}

// TestViewsHoldNothingPersonal: a view's rows are digested, exported and kept for ever.
// Personal values, sealed or not, are joined when they are read, by internal/persons.
func TestViewsHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.pkg != "zhitong/projections" && !strings.HasPrefix(s.pkg, "zhitong/projections/") {
			continue
		}
		for _, word := range []string{"domain.Sealed", "domain.Personal", ".AccountName", ".AccountNo", ".Bank", "EntryRefused", "zhitong/events/keys"} {
			if strings.Contains(s.text, word) {
				t.Errorf("%s names %s: no view holds a personal value, also not sealed", s.file, word)
			}
		}
	}
}

func TestNoFloatTouchesMoneyOrWeight(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		top, _, _ := strings.Cut(strings.TrimPrefix(s.pkg, module+"/"), "/")
		if !slices.Contains([]string{"domain", "events", "projections"}, top) {
			continue
		}
		for n, line := range strings.Split(s.text, "\n") {
			code, _, _ := strings.Cut(line, "//")
			if strings.Contains(code, "float64") || strings.Contains(code, "float32") || strings.Contains(code, "InexactFloat") {
				t.Errorf("%s:%d: a float in %q: money and weight are exact decimals", s.file, n+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestBareDecimalsStayInTheValueTypes(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.pkg == "zhitong/domain" || s.pkg == "zhitong/internal/demo" { // the demo's scale is a bare factor
			continue
		}
		if slices.Contains(s.imports, "github.com/shopspring/decimal") {
			t.Errorf("%s imports decimal: outside the value types of package domain a decimal has lost its unit and its rounding", s.file)
		}
	}
}
