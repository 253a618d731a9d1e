package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"zhitong/domain"
)

// FileBytesMax is the size of a policy file.
const FileBytesMax = 1 << 20

// FileProblem is what is wrong at a place of a policy file. Line and Column are
// 1-based; a syntax error may not know its column, which is 0 then.
type FileProblem struct {
	Line, Column int
	*domain.Problem
}

// Error is the place, then the problem.
func (p FileProblem) Error() string {
	if p.Column == 0 {
		return fmt.Sprintf("%d: %v", p.Line, p.Problem)
	}
	return fmt.Sprintf("%d:%d: %v", p.Line, p.Column, p.Problem)
}

// ParseFile reads a policy from a file in YAML or JSON, strictly: unknown and
// repeated keys, numbers where a decimal in quotes is due, and everything that
// [Policy.Validate] refuses, are problems at their line and column. All problems of
// shape are found in one go; those of meaning are looked for when there are none.
func ParseFile(text []byte) (*Policy, []FileProblem) {
	root, problem := parseYAML(text)
	if problem != nil {
		return nil, []FileProblem{*problem}
	}
	r := &reader{at: map[string]*yaml.Node{"": root}}
	p := new(Policy)
	r.value(root, valueOf(p), "")
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	if err := p.Validate(); err != nil {
		q := domain.AsProblem(err)
		n := r.nearest(q.Field)
		return nil, []FileProblem{{n.Line, n.Column, q}}
	}
	return p, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// parseYAML returns the file's one document.
func parseYAML(text []byte) (*yaml.Node, *FileProblem) {
	bad := func(line int, code, detail string, args ...any) (*yaml.Node, *FileProblem) {
		return nil, &FileProblem{line, 0, domain.Refuse(domain.Malformed, code, "", "", detail, args...)}
	}
	if len(text) > FileBytesMax {
		return bad(1, "policy.file_too_large", "at most %d bytes, these are %d", FileBytesMax, len(text))
	}
	d := yaml.NewDecoder(bytes.NewReader(plainJSON(bytes.TrimPrefix(text, []byte("\ufeff")))))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return bad(1, "policy.file_empty", "the file holds no policy")
		}
		m := yamlLine.FindStringSubmatch(err.Error())
		if m == nil {
			return bad(1, "policy.file_malformed", "%s", err.Error())
		}
		line, _ := strconv.Atoi(m[1])
		return bad(max(line, 1), "policy.file_malformed", "%s", m[2])
	}
	if err := d.Decode(&more); err == nil {
		return bad(more.Line, "policy.file_malformed", "a file holds one policy")
	}
	return doc.Content[0], nil
}

// plainJSON turns the tabs between a JSON file's tokens into blanks, which YAML
// asks for; columns stay.
func plainJSON(text []byte) []byte {
	if !strings.HasPrefix(strings.TrimLeft(string(text), " \t\r\n"), "{") {
		return text
	}
	out := bytes.Clone(text)
	quoted, escaped := false, false
	for i, c := range out {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && c == '\t':
			out[i] = ' '
		}
	}
	return out
}
