package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/internal/embedded/embeddedtest"
)

// shell runs command lines on a data folder and a database of the test's own.
type shell struct {
	t   *testing.T
	env map[string]string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{t, map[string]string{
		"HOME": t.TempDir(), "ZHITONG_DATA": filepath.Join(t.TempDir(), "data"), "LANG": "en_US.UTF-8",
		"ZHITONG_POSTGRES_URL": embeddedtest.Postgres(t),
	}}
}

// run returns what a command line prints; it must end with status.
func (s *shell) run(status int, stdin string, args ...string) string {
	s.t.Helper()
	var out, notes bytes.Buffer
	got := run(s.t.Context(), args, func(k string) string { return s.env[k] }, strings.NewReader(stdin), &out, &notes)
	if got != status {
		s.t.Fatalf("zhitong %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out.String(), notes.String())
	}
	return out.String()
}

// TestScenariosThroughApplyAndView runs whole scenarios as a person would.
func TestScenariosThroughApplyAndView(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []struct {
			Name     string           `json:"name"`
			Commands []jsontext.Value `json:"commands"`
			Expected struct {
				Refused []string                    `json:"refused"`
				Views   map[string][]map[string]any `json:"views"`
			} `json:"expected"`
		} `json:"scenarios"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	for _, s := range v.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			var input strings.Builder
			for _, c := range s.Commands {
				if err := c.Compact(); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&input, "%s\n", c)
			}
			first := sh.run(0, input.String(), "apply", "-")
			if diff := cmp.Diff(s.Expected.Refused, refusedIn(t, first), cmp.Transformer("set", asSet)); diff != "" {
				t.Errorf("refused: %s\n%s", diff, first)
			}
			again := sh.run(0, input.String(), "apply", "-")
			if diff := cmp.Diff(acceptedIn(first), acceptedIn(again)); diff != "" {
				t.Errorf("sent again, what was accepted gets another answer: %s", diff)
			}
			for name, want := range s.Expected.Views {
				got := rowsOf(t, sh.run(0, "", "view", name, "--format", "json"))
				if diff := cmp.Diff(projected(want, want), projected(got, want)); diff != "" {
					t.Errorf("%s (-want +got): %s", name, diff)
				}
			}
			sh.run(0, "", "projection", "verify", "--all")
		})
	}
}

func asSet(ids []string) map[string]bool {
	set := map[string]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// refusedIn lists the ids of the refused commands.
func refusedIn(t *testing.T, answers string) []string {
	t.Helper()
	var ids []string
	for line := range strings.Lines(answers) {
		var a struct {
			ID string `json:"id"`
			OK bool   `json:"ok"`
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("answer %q: %v", line, err)
		}
		if !a.OK {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// acceptedIn lists the answers to accepted commands; a refused one is decided anew.
func acceptedIn(answers string) (lines []string) {
	for line := range strings.Lines(answers) {
		if strings.Contains(line, `"ok":true`) {
			lines = append(lines, line)
		}
	}
	return lines
}

func rowsOf(t *testing.T, printed string) (rows []map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(printed), &rows); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	return rows
}

// projected writes the columns that like names, a line a row, sorted. Columns with
// a null subsidy or null shares are not compared.
func projected(rows, like []map[string]any) []string {
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		var b strings.Builder
		for _, c := range slices.Sorted(maps.Keys(first(like, row))) {
			skip := slices.ContainsFunc(like, func(r map[string]any) bool { return r[c] == nil && (c == "subsidy" || c == "shares") })
			if !skip {
				fmt.Fprintf(&b, "%s=%v ", c, row[c])
			}
		}
		lines = append(lines, b.String())
	}
	slices.Sort(lines)
	return lines
}

func first(like []map[string]any, otherwise map[string]any) map[string]any {
	if len(like) > 0 {
		return like[0]
	}
	return otherwise
}
