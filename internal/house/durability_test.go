package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namedTest is a test as docs/explanation/durability.md names it: package.TestName.
var namedTest = regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z]+)`")

// TestEveryPromiseNamesATestThatExists holds the failure table to the code.
func TestEveryPromiseNamesATestThatExists(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "explanation", "durability.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		found := namedTest.FindAllStringSubmatch(line, -1)
		if len(found) > 0 {
			rows++
		}
		for _, m := range found {
			if !hasTest(t, filepath.Join(root, filepath.FromSlash(m[1])), m[2]) {
				t.Errorf("durability.md names %s.%s, which does not exist", m[1], m[2])
			}
		}
	}
	if rows < 20 {
		t.Errorf("only %d promises name a test: the page is read wrongly", rows)
	}
}

// hasTest looks for a test function in a folder.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
