package domain

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of words.
const (
	// IDCharsMax is the length of an id in characters.
	IDCharsMax = 64
	// TextCharsMax is the length of a free text (a name, a reason) in characters.
	TextCharsMax = 2000
	// AttributesMax is the number of free attributes of one thing.
	AttributesMax = 32
)

// ID names a thing. It is given by the client and kept as written: 1–64
// characters, NFC, no control characters.
type ID string

// UnmarshalText checks and takes an id.
func (id *ID) UnmarshalText(b []byte) error {
	if err := CheckID(string(b)); err != nil {
		return err
	}
	*id = ID(b)
	return nil
}

// MarshalText writes the id as it was written.
func (id ID) MarshalText() ([]byte, error) { return []byte(id), nil }

// CheckID returns a problem with code value.invalid_id, without a field, when s
// cannot be an id. An id that is not NFC is refused, not normalised.
func CheckID(s string) error {
	bad := func(why string) error { return Refuse(Invalid, "value.invalid_id", "", s, "%s", why) }
	switch n := utf8.RuneCountInString(s); {
	case s == "":
		return bad("an id has at least one character")
	case !utf8.ValidString(s):
		return bad("an id is valid UTF-8")
	case n > IDCharsMax:
		return Refuse(Invalid, "value.invalid_id", "", s, "an id has at most %d characters, this one has %d", IDCharsMax, n)
	case strings.ContainsFunc(s, unicode.IsControl):
		return bad("an id has no control characters")
	case !norm.NFC.IsNormalString(s):
		return bad("an id is in Unicode normalisation form C")
	}
	return nil
}

// Text is free text for people: at most [TextCharsMax] characters, no NUL, kept
// as written.
type Text string

// UnmarshalText checks and takes a text.
func (t *Text) UnmarshalText(b []byte) error {
	if err := CheckText(string(b)); err != nil {
		return err
	}
	*t = Text(b)
	return nil
}

// MarshalText writes the text as it was written.
func (t Text) MarshalText() ([]byte, error) { return []byte(t), nil }

// CheckText returns a problem with code value.invalid_text, without a field, when
// s cannot be a text.
func CheckText(s string) error {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return Refuse(Invalid, "value.invalid_text", "", s, "a text is valid UTF-8")
	case n > TextCharsMax:
		return Refuse(Invalid, "value.invalid_text", "", s, "a text has at most %d characters, this one has %d", TextCharsMax, n)
	case strings.ContainsRune(s, 0):
		return Refuse(Invalid, "value.invalid_text", "", s, "a text has no NUL character")
	}
	return nil
}

// Name is a name in one to three languages.
type Name struct {
	Zh Text `json:"zh,omitzero" yaml:"zh"`
	Ug Text `json:"ug,omitzero" yaml:"ug"`
	En Text `json:"en,omitzero" yaml:"en"`
}

// IsZero reports whether no language was given.
func (n Name) IsZero() bool { return n == Name{} }

// Validate refuses a name in no language.
func (n Name) Validate(field string) error {
	if n.IsZero() {
		return Refuse(Invalid, "value.missing", field, "", "a name is given in zh, ug or en")
	}
	return nil
}

// Attributes are what a source says of a thing and no rule needs: kept, shown,
// never reckoned with.
type Attributes map[string]Text

// Validate refuses too many or unnamed attributes.
func (a Attributes) Validate(field string) error {
	if len(a) > AttributesMax {
		return Refuse(Limit, "value.too_many", field, "", "at most %d attributes, given %d", AttributesMax, len(a))
	}
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if err := CheckID(k); err != nil {
			return AsProblem(err).At(field)
		}
	}
	return nil
}
