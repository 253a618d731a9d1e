package problem

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zhitong/domain"
)

var update = flag.Bool("update", false, "rewrite docs/reference/problems.md")

// families are codes that the program puts together, by what it says literally.
var families = map[string][]string{
	"value.invalid_":     {"value.invalid_money", "value.invalid_price", "value.invalid_quantity", "value.invalid_weight", "value.invalid_share", "value.invalid_exact", "value.invalid_residual"},
	"departure.not_":     {"departure.not_scheduled", "departure.not_departed"},
	"two_persons.":       {"two_persons.claim.approve", "two_persons.claim.authorise", "two_persons.claim.resolve_objection", "two_persons.clawback.approve", "two_persons.clawback.settle"},
	"shipment.cancelled": {"shipment.cancelled", "shipment.departed", "shipment.not_logged", "shipment.inspected", "shipment.not_arrived", "shipment.not_inspected"},
}

// said is a code as the program says it: with a class where a rule refuses, with a
// status where the edge does.
type said struct {
	class  map[string]bool
	status map[string]bool
}

// sayings are the codes that the sources name, by code. Codes are found where they
// are made: Refuse(class, code, …) of the domain and New(status, code, …) here, and
// in the few helpers that take one.
func sayings(t *testing.T) map[string]*said {
	t.Helper()
	found := map[string]*said{}
	at := func(code string) *said {
		if found[code] == nil {
			found[code] = &said{map[string]bool{}, map[string]bool{}}
		}
		return found[code]
	}
	constants := codeConstants(t)
	walk := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		name := last(call.Fun)
		first, second := last(call.Args[0]), literal(call.Args[1])
		if second == "" {
			second = constants[last(call.Args[1])]
		}
		switch {
		case name == "Refuse" && second != "":
			for _, code := range family(second) {
				at(code).class[strings.ToLower(first)] = true
			}
		case name == "New" && strings.HasPrefix(first, "Status") && second != "":
			at(second).status[first] = true
		case name == "refuse" && literal(call.Args[0]) != "" && strings.Contains(literal(call.Args[0]), "."):
			at(literal(call.Args[0])).class["conflict"] = true
		case name == "bad" && strings.HasPrefix(second, "policy."):
			at(second).class["malformed"] = true
		}
		return true
	}
	inspect(t, walk)
	if len(found) < 100 {
		t.Fatalf("only %d codes were found: the test looks at the wrong place", len(found))
	}
	return found
}

// codeConstants are the constants whose names begin with Code, by name.
func codeConstants(t *testing.T) map[string]string {
	t.Helper()
	values := map[string]string{}
	inspect(t, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Names) == 1 && len(spec.Values) == 1 && strings.HasPrefix(spec.Names[0].Name, "Code") {
			values[spec.Names[0].Name] = literal(spec.Values[0])
		}
		return true
	})
	return values
}

// inspect calls fn with every node of the sources that make problems.
func inspect(t *testing.T, fn func(ast.Node) bool) {
	t.Helper()
	for _, root := range []string{"domain", "events", "internal/app", "internal/accounts", "web"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				ast.Inspect(file, fn)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func family(code string) []string {
	if all, ok := families[code]; ok {
		return all
	}
	return []string{code}
}

func last(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// literal is a string literal, or the one at the beginning of a sum.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return s
		}
	case *ast.BinaryExpr:
		return literal(e.X)
	}
	return ""
}

func TestEveryCodeOfTheProgramIsInTheTable(t *testing.T) {
	t.Parallel()
	found := sayings(t)
	for _, code := range slices.Sorted(maps.Keys(found)) {
		if _, ok := codeOf(code); !ok {
			t.Errorf("the program says %q: codes.go lacks it", code)
		}
	}
	for _, c := range Codes() {
		if found[c.Name] == nil {
			t.Errorf("codes.go has %q, which the program never says", c.Name)
		}
	}
}

func TestEveryCodeIsSaidInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "ug", "en"} {
		for _, c := range Codes() {
			p := &Problem{Code: c.Name}
			p.say(lang)
			if p.Title == "problem."+c.Name || p.Title == "" || strings.HasPrefix(p.Action, "remedy.") || p.Action == "" {
				t.Errorf("%s: %s lacks its text: title %q, action %q", lang, c.Name, p.Title, p.Action)
			}
		}
	}
}

func TestTheReferenceOfProblemsIsTheCode(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "reference", "problems.md")
	want := page(sayings(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the code says: go test ./web/problem -update", path)
	}
}

// page writes docs/reference/problems.md.
func page(found map[string]*said) string {
	var b strings.Builder
	b.WriteString("# Problems\n\nMade from the code by `go test ./web/problem -update`. Every refusal and every error of the API is one JSON\n" +
		"object of RFC 9457 (`application/problem+json`). `code` is stable; `title` and `action` are in the language that\n" +
		"`Accept-Language` asks for (Chinese, Uyghur or English). `detail` says what was needed and what was there. The\n" +
		"same codes stand in the answers of `zhitong apply`.\n\n" +
		"A code of `…unknown` has status 404 where it is what the command is about (`order.unknown` of an `order.…`\n" +
		"command), and 422 where the data names something else that is not there.\n")
	en := catalogue("en")
	for _, g := range codes {
		fmt.Fprintf(&b, "\n## %s\n\n| code | status | cause | what to do |\n|---|---|---|---|\n", strings.ToUpper(g.about[:1])+g.about[1:])
		for _, c := range g.codes {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, statuses(c.Name, found[c.Name]), en.Say("problem."+c.Name), en.Say(c.Remedy))
		}
	}
	return b.String()
}

// statuses lists the statuses with which a code can come.
func statuses(code string, s *said) string {
	if s == nil {
		return ""
	}
	set := map[int]bool{}
	for class := range s.class {
		if class == "notfound" {
			class = string(domain.NotFound)
		}
		d := &domain.Problem{Class: domain.Class(class), Code: code}
		kind, _, _ := strings.Cut(code, ".")
		set[StatusOf(d, kind+".x")] = true
		set[StatusOf(d, "x.y")] = true
	}
	for name := range s.status {
		set[statusByName[name]] = true
	}
	var list []string
	for _, n := range slices.Sorted(maps.Keys(set)) {
		list = append(list, strconv.Itoa(n))
	}
	return strings.Join(list, ", ")
}

// statusByName are the statuses that the edge uses, by their Go names.
var statusByName = map[string]int{
	"StatusBadRequest": 400, "StatusUnauthorized": 401, "StatusForbidden": 403, "StatusNotFound": 404, "StatusMethodNotAllowed": 405,
	"StatusNotAcceptable": 406, "StatusRequestTimeout": 408, "StatusConflict": 409, "StatusRequestEntityTooLarge": 413,
	"StatusUnsupportedMediaType": 415, "StatusUnprocessableEntity": 422, "StatusTooManyRequests": 429, "StatusRequestHeaderFieldsTooLarge": 431,
	"StatusInternalServerError": 500, "StatusServiceUnavailable": 503, "StatusInsufficientStorage": 507,
}
