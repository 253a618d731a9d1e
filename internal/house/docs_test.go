package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zhitong/audit/findings"
	"zhitong/domain/roles"
	"zhitong/events"
	"zhitong/projections/catalogue"
)

// top is the repository's root, seen from this package.
var top = filepath.Join("..", "..")

// document is one page, named from the root.
type document struct{ name, text string }

// documents are README, CHANGELOG, CONTRIBUTING and everything below docs.
func documents(t *testing.T) []document {
	t.Helper()
	var list []document
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() && rel != "." && rel != "docs" && !strings.HasPrefix(rel, "docs/") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".md") {
			return nil
		}
		list = append(list, document{rel, read(t, rel)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 {
		t.Fatalf("only %d documents were found: the test looks at the wrong place", len(list))
	}
	return list
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheGlossaryNamesEverything(t *testing.T) {
	t.Parallel()
	glossary := read(t, "docs/glossary.md")
	want := func(kind, word string) {
		if !strings.Contains(glossary, "`"+word+"`") {
			t.Errorf("docs/glossary.md lacks the %s `%s`", kind, word)
		}
	}
	for _, name := range events.Names() {
		want("event", name[:strings.LastIndex(name, ".v")])
	}
	for _, name := range roles.Commands() {
		want("command", name)
	}
	for _, p := range append(catalogue.All(), findings.Projection(findings.Thresholds{})) {
		for _, v := range p.Views() {
			want("view", v.Name)
			for _, c := range v.ColumnNames() {
				want("column", c)
			}
		}
	}
	want("view", "projection_status") // the projector's own
}

// goName is a package's exported name in backquotes.
var goName = regexp.MustCompile("`([a-z]+)\\.([A-Z]\\w+)`")

func TestTheGlossaryNamesNoGoNameThatIsNotThere(t *testing.T) {
	t.Parallel()
	packages := map[string]string{}
	for _, s := range sources(t) {
		packages[s.pkg[strings.LastIndex(s.pkg, "/")+1:]] += s.text
	}
	for _, m := range goName.FindAllStringSubmatch(read(t, "docs/glossary.md"), -1) {
		declared := regexp.MustCompile(`(?m)^(type |func (\([^)]*\) )?|\t)` + m[2] + `\b`)
		if !declared.MatchString(packages[m[1]]) {
			t.Errorf("docs/glossary.md names %s.%s, which the code does not declare", m[1], m[2])
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)

func TestDocumentsLinkOnlyToFilesThatExist(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(d.text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := filepath.Join(top, filepath.Dir(filepath.FromSlash(d.name)), filepath.FromSlash(m[1]))
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", d.name, m[1], err)
			}
		}
	}
}

func TestEveryDecisionIsInTheIndex(t *testing.T) {
	t.Parallel()
	index := read(t, "docs/decisions/README.md")
	for _, d := range documents(t) {
		if dir, name := filepath.Split(d.name); dir == "docs/decisions/" && name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/decisions/README.md lacks %s", name)
		}
	}
}

var (
	called   = regexp.MustCompile("(?m)(?:`|^ +|^\\$ |^ +\\$ |\\| |bin/)zhitong ((?:--[a-z-]+ \\S+ )*)([a-z]+)(?: ([a-z][a-z-]*))?")
	headings = regexp.MustCompile("(?m)^## `zhitong ([a-z]+)(?: ([a-z-]+))?")
)

// TestDocumentsCallOnlyCommandsThatExist takes the commands from the page that the
// program's own help makes.
func TestDocumentsCallOnlyCommandsThatExist(t *testing.T) {
	t.Parallel()
	known := map[string][]string{"help": nil, "completion": nil}
	for _, m := range headings.FindAllStringSubmatch(read(t, "docs/reference/command-line.md"), -1) {
		known[m[1]] = append(known[m[1]], m[2])
	}
	if len(known) < 10 {
		t.Fatalf("docs/reference/command-line.md has only %d commands", len(known))
	}
	groups := []string{"audit", "bench", "claim", "export", "keys", "payment", "person", "policy", "projection", "user"}
	for _, d := range documents(t) {
		for _, m := range called.FindAllStringSubmatch(d.text, -1) {
			below, ok := known[m[2]]
			if !ok || (m[3] != "" && slices.Contains(groups, m[2]) && !slices.Contains(below, m[3])) {
				t.Errorf("%s calls %q, which the program does not have", d.name, strings.TrimSpace("zhitong "+m[2]+" "+m[3]))
			}
		}
	}
}

var (
	limit       = regexp.MustCompile(`(?m)^(?:const |\t)(\w+Max)\s+=\s+(.*?)\s*(?://.*)?$`)
	limitOfPage = regexp.MustCompile("`(\\w+\\.\\w+Max) = ([^`]+)`")
)

func TestTheReferenceOfLimitsIsTheCode(t *testing.T) {
	t.Parallel()
	inCode := map[string]string{}
	for _, s := range sources(t) {
		for _, m := range limit.FindAllStringSubmatch(s.text, -1) {
			inCode[s.pkg[strings.LastIndex(s.pkg, "/")+1:]+"."+m[1]] = m[2]
		}
	}
	onPage := limitOfPage.FindAllStringSubmatch(read(t, "docs/reference/limits.md"), -1)
	if len(onPage) < 50 {
		t.Fatalf("docs/reference/limits.md has only %d limits", len(onPage))
	}
	for _, m := range onPage {
		if inCode[m[1]] != m[2] {
			t.Errorf("docs/reference/limits.md says %s = %s, the code says %q", m[1], m[2], inCode[m[1]])
		}
	}
}
