package client

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"reflect"
	"strings"
	"testing"

	"zhitong/audit/findings"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
	"zhitong/web/problem"
)

var update = flag.Bool("update", false, "rewrite views.go")

// TestTheRowsAreTheViews holds views.go against the declarations of the views.
func TestTheRowsAreTheViews(t *testing.T) {
	t.Parallel()
	p, err := projector.New(projector.Config{Log: log.NewMemory(), Projections: append(catalogue.All(), findings.Projection(findings.Default()))})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want := source(t, p.Views())
	if *update {
		if err := os.WriteFile("views.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile("views.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("views.go is not what the views declare: go test ./web/client -run Rows -update")
	}
}

// source is views.go.
func source(t *testing.T, views []*projections.Schema) []byte {
	t.Helper()
	var b strings.Builder
	b.WriteString("package client\n\n// The rows of the views. Made from their declarations by\n//\n//\tgo test ./web/client -run Rows -update\n//\n// Numbers with places are strings, exact; what can be null is a pointer.\n\nimport \"github.com/go-json-experiment/json/jsontext\"\n")
	for _, v := range views {
		name := goName(v.Name)
		fmt.Fprintf(&b, "\n// %s is a row of %s: %s\ntype %s struct {\n", name, v.Name, lowerFirst(v.Comment), name)
		for _, c := range v.Columns {
			kind := map[projections.Type]string{projections.Integer: "int64", projections.Boolean: "bool", projections.JSON: "jsontext.Value"}[c.Type]
			if kind == "" {
				kind = "string"
			}
			if c.Nullable && c.Type != projections.JSON {
				kind = "*" + kind
			}
			fmt.Fprintf(&b, "\t%s %s `json:%q` // %s\n", goName(c.Name), kind, c.Name, c.Doc)
		}
		b.WriteString("}\n")
	}
	out, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// goName is a column's or view's name in Go.
func goName(s string) string {
	var b strings.Builder
	for _, part := range strings.Split(s, "_") {
		switch part {
		case "id", "kg", "hs", "zh", "ug", "en", "uscc", "sha256":
			b.WriteString(map[string]string{"id": "ID", "kg": "Kg", "hs": "HS", "zh": "Zh", "ug": "Ug", "en": "En", "uscc": "USCC", "sha256": "SHA256"}[part])
		case "ids":
			b.WriteString("IDs")
		default:
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// TestAnswersAreTheServers: the client's structs have the members of the server's.
func TestAnswersAreTheServers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ client, server any }{
		{Problem{}, problem.Problem{}}, {Fault{}, problem.Fault{}}, {Answer{}, app.Result{}}, {Event{}, app.EventRef{}},
	} {
		mine, theirs := membersOf(c.client), membersOf(c.server)
		if !reflect.DeepEqual(mine, theirs) {
			t.Errorf("%T has %v, %T has %v", c.client, mine, c.server, theirs)
		}
	}
}

func membersOf(v any) map[string]bool {
	all := map[string]bool{}
	t := reflect.TypeOf(v)
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			all[name] = true
		}
	}
	return all
}
