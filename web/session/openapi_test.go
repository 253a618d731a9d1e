package session_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/web/openapi"
)

// TestTheDescriptionIsWhatIsAnswered compares the answers of sessions with the API's
// description: no member that is not described, none that is required missing.
func TestTheDescriptionIsWhatIsAnswered(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]struct {
				Required   []string       `json:"required"`
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapi.JSON(), &doc); err != nil {
		t.Fatal(err)
	}
	holds := func(what, schema string, answer map[string]any) {
		t.Helper()
		s := doc.Components.Schemas[schema]
		if len(s.Properties) == 0 {
			t.Fatalf("there is no schema %q", schema)
		}
		for _, name := range slices.Sorted(maps.Keys(answer)) {
			if s.Properties[name] == nil {
				t.Errorf("%s: %q is not described", what, name)
			}
		}
		for _, name := range s.Required {
			if _, ok := answer[name]; !ok {
				t.Errorf("%s: %q is missing", what, name)
			}
		}
	}
	s := newSite(t, nil)
	cookie, r := s.login("amy")
	object := func(text string) (m map[string]any) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	who := object(r.body)
	holds("login", "who", who)
	holds("login's session", "session", who["session"].(map[string]any))
	holds("who by token", "who", object(s.do("GET", "/api/v1/session", "", "Authorization", s.token("ole")).body))
	for _, x := range object(s.do("GET", "/api/v1/sessions", "", "Cookie", cookie).body)["sessions"].([]any) {
		holds("list", "session", x.(map[string]any))
	}
	for path, methods := range map[string][]string{"/session": {"delete", "get", "post"}, "/sessions": {"get"}, "/sessions/{id}": {"delete"}} {
		if got := slices.Sorted(maps.Keys(doc.Paths[path])); !slices.Equal(got, methods) {
			t.Errorf("%s is described with %v, want %v", path, got, methods)
		}
	}
}
