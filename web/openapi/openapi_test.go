package openapi

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhitong/audit/findings"
	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
	"zhitong/web/api"
)

var update = flag.Bool("update", false, "rewrite openapi.json")

func commands() []app.Command { return assembly.Options(nil, nil).Commands }

func views(t *testing.T) []*projections.Schema {
	t.Helper()
	p, err := projector.New(projector.Config{Log: log.NewMemory(), Projections: append(catalogue.All(), findings.Projection(findings.Default()))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p.Views()
}

func TestTheDocumentIsTheCode(t *testing.T) {
	t.Parallel()
	want, err := Document(commands(), views(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(JSON(), want) {
		t.Errorf("openapi.json is not what the code says (go test ./web/openapi -update, and look at the difference): %s", cmp.Diff(string(JSON()), string(want)))
	}
}

// TestEveryReferenceIsThere walks the document.
func TestEveryReferenceIsThere(t *testing.T) {
	t.Parallel()
	var d map[string]any
	if err := json.Unmarshal(JSON(), &d); err != nil {
		t.Fatal(err)
	}
	components := d["components"].(map[string]any)
	at := regexp.MustCompile(`^#/components/([a-z]+)/(.+)$`)
	n := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if s, ok := v["$ref"].(string); ok {
				n++
				m := at.FindStringSubmatch(s)
				if m == nil || components[m[1]].(map[string]any)[m[2]] == nil {
					t.Errorf("%s is not there", s)
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(d)
	if n < 100 {
		t.Errorf("only %d references: the test looks at the wrong place", n)
	}
}

func TestEveryCommandThatAClientCanSendIsDescribed(t *testing.T) {
	t.Parallel()
	var d struct {
		Paths map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(JSON(), &d); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range commands() {
		known[c.Name] = api.Sendable(c.Name)
		if got := d.Paths["/commands/"+c.Name] != nil; got != api.Sendable(c.Name) {
			t.Errorf("%s: described %v, can be sent %v", c.Name, got, api.Sendable(c.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(summaries)) {
		if !known[name] {
			t.Errorf("summaries.go has %s, which no client can send", name)
		}
	}
}

// TestPatternsAreWhatTheTypesTake: for strings that nearly are numbers, the pattern
// of a type says what the type does.
func TestPatternsAreWhatTheTypesTake(t *testing.T) {
	t.Parallel()
	type reader interface{ UnmarshalText([]byte) error }
	for name, c := range map[string]struct {
		schema object
		new    func() reader
	}{
		"price":    {values[reflect.TypeFor[domain.Price]()], func() reader { return new(domain.Price) }},
		"quantity": {values[reflect.TypeFor[domain.Quantity]()], func() reader { return new(domain.Quantity) }},
		"share":    {values[reflect.TypeFor[domain.Share]()], func() reader { return new(domain.Share) }},
		"kg":       {values[reflect.TypeFor[domain.Kg]()], func() reader { return new(notNegative[domain.Kg, *domain.Kg]) }},
		"money":    {values[reflect.TypeFor[domain.Money]()], func() reader { return new(notNegative[domain.Money, *domain.Money]) }},
		"delta":    {signed["delta"], func() reader { return new(domain.Money) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pattern := regexp.MustCompile(c.schema["pattern"].(string))
			near := rapid.StringMatching(`-?(0|00|1|12|[0-9]{0,17})(\.[0-9]{0,7})?|[0-9.eE+\- ,١]{0,6}|NaN|Infinity`)
			rapid.Check(t, func(t *rapid.T) {
				s := near.Draw(t, "text")
				says, does := pattern.MatchString(s), c.new().UnmarshalText([]byte(s)) == nil
				if says && !does && regexp.MustCompile(`^-0*(\.0*)?$`).MatchString(s) {
					return // a zero has no sign: the one thing that the pattern leaves to the type
				}
				if says != does {
					t.Fatalf("%q: the pattern says %v, the type does %v", s, says, does)
				}
			})
		})
	}
}

// notNegative reads as a command's check does, where the type alone would take a
// sign.
type notNegative[T any, P interface {
	*T
	UnmarshalText([]byte) error
	NotNegative(string) error
}] struct{ v T }

func (n *notNegative[T, P]) UnmarshalText(b []byte) error {
	p := P(&n.v)
	if err := p.UnmarshalText(b); err != nil {
		return err
	}
	if len(b) > 0 && b[0] == '-' {
		return p.NotNegative("x")
	}
	return nil
}
