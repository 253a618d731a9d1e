package text

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
)

func load(t *testing.T, lang string) Catalogue {
	t.Helper()
	c, err := For(lang)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestLanguagesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	t.Parallel()
	zh := load(t, "zh")
	for _, lang := range []string{"ug", "en"} {
		other := load(t, lang)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(zh.texts)), slices.Sorted(maps.Keys(other.texts))); diff != "" {
			t.Errorf("keys of zh and %s: %s", lang, diff)
		}
		for key, text := range zh.texts {
			want, got := placeholder.FindAllString(text, -1), placeholder.FindAllString(other.texts[key], -1)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("placeholders of %s in %s: %s", key, lang, diff)
			}
		}
	}
}

// Every key that the program names exists, and every key is named.
func TestEveryKeyIsUsedAndEveryUsedKeyExists(t *testing.T) {
	t.Parallel()
	c := load(t, "zh")
	named := regexp.MustCompile(`"((?:` + strings.Join(slices.DeleteFunc(sectionsOf(c), func(s string) bool { return s == "problem" }), "|") + `)\.[a-z_]+)"`)
	used := map[string]bool{}
	for _, root := range []string{"../../cmd/zhitong", "../sheet", "../payment", "../simulation", "../../web"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range named.FindAllSubmatch(source, -1) {
				used[string(m[1])] = true
				if _, ok := c.texts[string(m[1])]; !ok {
					t.Errorf("%s says %q, which no catalogue has", path, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for key := range c.texts {
		if strings.HasPrefix(key, "problem.") {
			continue // one for each code: package problem's test compares them with the program's
		}
		if !used[key] {
			t.Errorf("nobody says %q", key)
		}
	}
}

func sectionsOf(c Catalogue) []string {
	seen := map[string]bool{}
	for key := range c.texts {
		section, _, _ := strings.Cut(key, ".")
		seen[section] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func TestNameFallsBack(t *testing.T) {
	t.Parallel()
	n := domain.Name{Zh: "红枣", En: "dates"}
	if got := load(t, "ug").Name(n); got != "红枣" {
		t.Errorf("got %q", got)
	}
	if got := load(t, "en").Name(n); got != "dates" {
		t.Errorf("got %q", got)
	}
}
