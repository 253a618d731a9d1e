package app

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// canonical appends the form of RFC 8785 of a JSON value, as the library's
// Canonicalize gives it.
func canonical(dst []byte, value jsontext.Value) ([]byte, error) {
	c := canonicalizer{in: value, out: dst}
	if c.value(0) && c.blank() == len(value) {
		return c.out, nil
	}
	copied := value.Clone()
	if err := copied.Canonicalize(); err != nil {
		return nil, err
	}
	return append(dst, copied...), nil
}

// canonicalizer takes the values that clients nearly always send: strings without
// escapes, plain integers, members with names of ASCII, each once. What it does not
// take, right or wrong, is left to the library.
type canonicalizer struct {
	in  []byte
	at  int
	out []byte
}

// canonicalDepth is the nesting up to which a value is taken.
const canonicalDepth = 32

// blank skips white space and returns where it ended.
func (c *canonicalizer) blank() int {
	for c.at < len(c.in) && (c.in[c.at] == ' ' || c.in[c.at] == '\n' || c.in[c.at] == '\r' || c.in[c.at] == '\t') {
		c.at++
	}
	return c.at
}

// next skips white space and takes b if it stands there.
func (c *canonicalizer) next(b byte) bool {
	if c.blank() == len(c.in) || c.in[c.at] != b {
		return false
	}
	c.at++
	return true
}

func (c *canonicalizer) value(depth int) bool {
	if c.blank() == len(c.in) || depth > canonicalDepth {
		return false
	}
	switch b := c.in[c.at]; {
	case b == '"':
		return c.string()
	case b == '{':
		return c.object(depth)
	case b == '[':
		return c.array(depth)
	case b >= '0' && b <= '9' || b == '-':
		return c.integer()
	default:
		return c.word("true") || c.word("false") || c.word("null")
	}
}

func (c *canonicalizer) word(w string) bool {
	if !bytes.HasPrefix(c.in[c.at:], []byte(w)) {
		return false
	}
	c.at += len(w)
	c.out = append(c.out, w...)
	return true
}

// integer takes a number that is written the same as a double.
func (c *canonicalizer) integer() bool {
	const digitsExact = 15
	start := c.at
	if c.in[c.at] == '-' {
		c.at++
	}
	first := c.at
	for c.at < len(c.in) && c.in[c.at] >= '0' && c.in[c.at] <= '9' {
		c.at++
	}
	n := c.at - first
	if n == 0 || n > digitsExact || c.in[first] == '0' && (n > 1 || first > start) {
		return false
	}
	if c.at < len(c.in) && (c.in[c.at] == '.' || c.in[c.at] == 'e' || c.in[c.at] == 'E') {
		return false
	}
	c.out = append(c.out, c.in[start:c.at]...)
	return true
}

func (c *canonicalizer) string() bool {
	start, ascii := c.at, true
	for c.at++; c.at < len(c.in); c.at++ {
		switch b := c.in[c.at]; {
		case b == '"':
			c.at++
			s := c.in[start:c.at]
			c.out = append(c.out, s...)
			return ascii || utf8.Valid(s)
		case b == '\\' || b < ' ':
			return false
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	return false
}

func (c *canonicalizer) array(depth int) bool {
	c.at++
	c.out = append(c.out, '[')
	for first := true; ; first = false {
		if c.next(']') {
			c.out = append(c.out, ']')
			return true
		}
		if !first {
			if !c.next(',') {
				return false
			}
			c.out = append(c.out, ',')
		}
		if !c.value(depth + 1) {
			return false
		}
	}
}

// member is a member of an object in the output: its name's end and its own.
type member struct{ begin, name, end int }

func (c *canonicalizer) object(depth int) bool {
	c.at++
	c.out = append(c.out, '{')
	var few [16]member
	members, sorted := few[:0], true
	for first := true; !c.next('}'); first = false {
		if !first && !c.next(',') {
			return false
		}
		m := member{begin: len(c.out)}
		if c.blank() == len(c.in) || c.in[c.at] != '"' || !c.string() || !c.next(':') {
			return false
		}
		m.name = len(c.out)
		c.out = append(c.out, ':')
		if !c.value(depth + 1) {
			return false
		}
		m.end = len(c.out)
		c.out = append(c.out, ',')
		if n := len(members); n > 0 && bytes.Compare(c.name(members[n-1]), c.name(m)) >= 0 {
			sorted = false
		}
		members = append(members, m)
	}
	if len(members) > 0 {
		c.out = c.out[:len(c.out)-1]
	}
	if !sorted && !c.sort(members) {
		return false
	}
	for _, m := range members {
		if !ascii(c.out[m.begin:m.name]) {
			return false
		}
	}
	c.out = append(c.out, '}')
	return true
}

// name is a member's name without its quotes.
func (c *canonicalizer) name(m member) []byte { return c.out[m.begin+1 : m.name-1] }

// sort puts members in the order of their names; false when two have one name.
func (c *canonicalizer) sort(members []member) bool {
	begin, end := members[0].begin, members[len(members)-1].end
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(c.name(a), c.name(b)) })
	text := make([]byte, 0, end-begin)
	for i, m := range members {
		if i > 0 {
			if bytes.Equal(c.name(members[i-1]), c.name(m)) {
				return false
			}
			text = append(text, ',')
		}
		text = append(text, c.out[m.begin:m.end]...)
	}
	copy(c.out[begin:], text)
	at := begin
	for i, m := range members {
		members[i] = member{at, at + m.name - m.begin, at + m.end - m.begin}
		at += m.end - m.begin + 1
	}
	return true
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
