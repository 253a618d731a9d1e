package importing

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ProfileError is a fault of a profile at one place.
type ProfileError struct {
	File         string
	Line, Column int
	Detail       string
}

// Error names the place first.
func (e *ProfileError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Detail)
}

// profileErrorsMax is how many faults of a profile are told at once.
const profileErrorsMax = 20

// profileErrors are the faults of one profile, in its order.
type profileErrors []*ProfileError

// Error has one fault a line.
func (l profileErrors) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults to errors.As.
func (l profileErrors) Unwrap() []error {
	list := make([]error, len(l))
	for i, e := range l {
		list[i] = e
	}
	return list
}

// yamlReader walks a YAML document strictly and collects faults with their place.
// After a fault its methods return zero values, so that one reading finds many.
type yamlReader struct {
	file   string
	faults profileErrors
}

// fail tells a fault at n; nil is the whole profile.
func (y *yamlReader) fail(n *yaml.Node, detail string, args ...any) {
	if n == nil {
		n = &yaml.Node{Line: 1, Column: 1}
	}
	if len(y.faults) < profileErrorsMax {
		y.faults = append(y.faults, &ProfileError{y.file, n.Line, n.Column, fmt.Sprintf(detail, args...)})
	}
}

func (y *yamlReader) err() error {
	if len(y.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(y.faults, func(a, b *ProfileError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return y.faults
}

// entry is a key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// entries returns a mapping in its order; the same key twice is a fault.
func (y *yamlReader) entries(n *yaml.Node) []entry {
	if n.Kind != yaml.MappingNode {
		y.fail(n, "a mapping (name: value) is due here")
		return nil
	}
	var list []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			y.fail(k, "a key is a plain text")
			continue
		}
		if seen[k.Value] {
			y.fail(k, "the key %q is here twice", k.Value)
		}
		seen[k.Value] = true
		list = append(list, entry{k, n.Content[i+1]})
	}
	return list
}

// fields returns the values of a mapping whose keys are all known.
func (y *yamlReader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	m := map[string]*yaml.Node{}
	for _, e := range y.entries(n) {
		if !slices.Contains(known, e.key.Value) {
			y.fail(e.key, "unknown key %q; known here: %s", e.key.Value, strings.Join(known, ", "))
			continue
		}
		m[e.key.Value] = e.value
	}
	return m
}

// items returns a sequence's members.
func (y *yamlReader) items(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		y.fail(n, "a list is due here")
		return nil
	}
	return n.Content
}

// text returns a scalar's text; a missing node is "".
func (y *yamlReader) text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		y.fail(n, "a text is due here")
		return ""
	}
	return n.Value
}

// required is text that must be there; at is where to tell that it is not.
func (y *yamlReader) required(n, at *yaml.Node, key string) string {
	if n == nil {
		y.fail(at, "%q is missing", key)
		return ""
	}
	s := y.text(n)
	if s == "" {
		y.fail(n, "%q is empty", key)
	}
	return s
}

func (y *yamlReader) texts(n *yaml.Node) []string {
	var list []string
	for _, c := range y.items(n) {
		list = append(list, y.text(c))
	}
	return list
}

func (y *yamlReader) bool(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		y.fail(n, "true or false is due here")
		return false
	}
	return n.Value == "true"
}

// integer returns a whole number from least to most; missing is otherwise.
func (y *yamlReader) integer(n *yaml.Node, least, most, otherwise int) int {
	if n == nil {
		return otherwise
	}
	v, err := strconv.Atoi(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode || v < least || v > most {
		y.fail(n, "a whole number from %d to %d is due here", least, most)
		return otherwise
	}
	return v
}
