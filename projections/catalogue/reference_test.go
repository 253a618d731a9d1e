package catalogue_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"zhitong/events/log"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

var update = flag.Bool("update", false, "write the reference page of the views")

const reference = "../../docs/reference/views.md"

// TestReferenceSaysWhatTheViewsAre keeps the page of the views and their
// declarations the same.
func TestReferenceSaysWhatTheViewsAre(t *testing.T) {
	t.Parallel()
	want := page(t)
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the views declare (%v): run go test ./projections/catalogue -update", reference, err)
	}
}

func page(t *testing.T) string {
	t.Helper()
	p, err := projector.New(projector.Config{Log: log.NewMemory(), Projections: catalogue.All()})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Views\n\nMade from the declarations by `go test ./projections/catalogue -update`. They stand in schema `zhitong`; column\n" +
		"names are for ever. Numbers with places are printed as strings with all of them. `projection_status` says at\n" +
		"which position of the log each view stands.\n")
	for _, v := range p.Views() {
		fmt.Fprintf(&b, "\n## `%s`\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n", v.Name, v.Comment)
		for _, c := range v.Columns {
			kind := string(c.Type)
			if c.Places > 0 {
				kind = fmt.Sprintf("%s, %d places", kind, c.Places)
			}
			if c.Key {
				kind += ", key"
			}
			if c.Nullable {
				kind += ", may be null"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, kind, strings.ReplaceAll(c.Doc, "|", "\\|"))
		}
	}
	return b.String()
}
