package events

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// reference is the page of all facts. It is made from the catalogue.
const reference = "../docs/reference/events.md"

func TestTheReferencePageIsTheCatalogue(t *testing.T) {
	t.Parallel()
	want := referencePage()
	if *update {
		if err := os.MkdirAll("../docs/reference", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(reference, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the catalogue says (%v): run go test ./events -update", reference, err)
	}
}

func referencePage() []byte {
	var b bytes.Buffer
	b.WriteString("# Events\n\nMade from the catalogue by `go test ./events -update`. The envelope is described in the package comment of `events`.\nMembers marked `?` may be absent. Money is in yuan with two places, weights in kg with three, both as strings.\n")
	schemas := Schemas()
	for _, e := range catalogue {
		fmt.Fprintf(&b, "\n## `%s`\n\nSchema `%s`, version %d.\n\n| member | type |\n|---|---|\n", e.name, e.schema, e.version)
		members(&b, "", schemas[e.schema])
	}
	return b.Bytes()
}

func members(b *bytes.Buffer, prefix string, s *Schema) {
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range s.Properties {
			if !yield(n) {
				return
			}
		}
	}) {
		p, mark := s.Properties[name], "?"
		if slices.Contains(s.Required, name) {
			mark = ""
		}
		full := prefix + name
		typ := strings.TrimSpace(p.Type + " " + parenthesis(p.Description))
		fmt.Fprintf(b, "| `%s`%s | %s |\n", full, mark, typ)
		switch {
		case p.Type == "array" && p.Items.Type == "object":
			members(b, full+"[].", p.Items)
		case p.Type == "object" && p.Properties != nil:
			members(b, full+".", p)
		}
	}
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
