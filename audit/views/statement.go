package views

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/merkle"
	"zhitong/projections"
)

// View is what is said of one view.
type View struct {
	Name    string
	Version int
	Rows    int64
	Digest  projections.Digest
}

// Statement is what is said of views at one position.
type Statement struct {
	Origin   string // of the log
	Position uint64
	Root     merkle.Hash // of the log up to the position
	Views    []View      // ordered by name
}

const (
	originSuffix = "/views"
	atPrefix     = "views at "
)

// Text is the text that is signed.
func (s Statement) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n%s%d\n%s\n", s.Origin, originSuffix, atPrefix, s.Position, base64.StdEncoding.EncodeToString(s.Root[:]))
	list := slices.Clone(s.Views)
	slices.SortFunc(list, func(a, b View) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version)) })
	for _, v := range list {
		fmt.Fprintf(&b, "%s v%d %d %s\n", v.Name, v.Version, v.Rows, v.Digest)
	}
	return b.String()
}

// ParseText reads the text of a statement; it accepts what [Statement.Text] writes and
// nothing else.
func ParseText(text string) (Statement, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return Statement{}, fmt.Errorf("statement about views: it has %d lines, 3 and one for each view are needed", len(lines))
	}
	var s Statement
	var err error
	s.Origin = strings.TrimSuffix(lines[0], originSuffix)
	if s.Position, err = strconv.ParseUint(strings.TrimPrefix(lines[1], atPrefix), 10, 63); err != nil {
		return Statement{}, fmt.Errorf("statement about views: position: %w", err)
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err == nil {
		s.Root, err = merkle.ParseHash(root)
	}
	if err != nil {
		return Statement{}, fmt.Errorf("statement about views: root: %w", err)
	}
	for _, line := range lines[3:] {
		v, err := parseView(line)
		if err != nil {
			return Statement{}, fmt.Errorf("statement about views: %q: %w", line, err)
		}
		s.Views = append(s.Views, v)
	}
	if s.Text() != text {
		return Statement{}, fmt.Errorf("statement about views at position %d: it is not written in its one form", s.Position)
	}
	return s, nil
}

func parseView(line string) (View, error) {
	parts := strings.Split(line, " ")
	if len(parts) != 4 {
		return View{}, fmt.Errorf("a view, its version, rows and digest are needed")
	}
	v := View{Name: parts[0]}
	var err error
	if v.Version, err = strconv.Atoi(strings.TrimPrefix(parts[1], "v")); err != nil {
		return View{}, err
	}
	if v.Rows, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
		return View{}, err
	}
	v.Digest, err = projections.ParseDigest(parts[3])
	return v, err
}

// Sign signs a statement with all the given keys.
func Sign(s Statement, signers ...note.Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: s.Text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign views at position %d: %w", s.Position, err)
	}
	return signed, nil
}

// Open reads a signed statement. At least one signature of the verifiers must hold.
func Open(signed []byte, verifiers note.Verifiers) (Statement, error) {
	n, err := note.Open(signed, verifiers)
	if err != nil {
		return Statement{}, fmt.Errorf("statement about views: %w", err)
	}
	return ParseText(n.Text)
}
