package api_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhitong/domain"
	"zhitong/web/api"
)

var update = flag.Bool("update", false, "rewrite the table of rights in docs/reference/http.md")

// TestTheTableOfRightsIsInTheReference holds docs/reference/http.md against the code.
func TestTheTableOfRightsIsInTheReference(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "reference", "http.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), "<!-- rights -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	want := before + "<!-- rights -->\n" + rightsTable() + "<!-- end -->" + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s: the table of rights is not the code's: go test ./web/api -run Reference -update", path)
	}
}

func rightsTable() string {
	roles := domain.Roles[:len(domain.Roles)-1]
	var b strings.Builder
	b.WriteString("| view |")
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString(" own by |\n|---|" + strings.Repeat("---|", len(roles)+1) + "\n")
	for _, right := range api.Rights() {
		fmt.Fprintf(&b, "| `%s` |", right.View)
		var by []string
		for _, r := range roles {
			path, mine := right.Own[r]
			switch {
			case slices.Contains(right.All, r):
				b.WriteString(" all |")
			case mine:
				b.WriteString(" own |")
				way := "`" + path.Column + "`"
				for p := path; p.Then != nil; p = *p.Then {
					way += " → `" + p.View + "." + p.Then.Column + "`"
				}
				if !slices.Contains(by, way) {
					by = append(by, way)
				}
			default:
				b.WriteString(" – |")
			}
		}
		fmt.Fprintf(&b, " %s |\n", strings.Join(by, "; "))
	}
	return b.String()
}
