package pdf

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// noBegin are signs that no line begins with, noEnd those that no line ends with.
const (
	noBegin = "，。、；：？！）》」』】〕％‰,.;:?!)]}%»’”…·~、،؛؟"
	noEnd   = "（《「『【〔([{«‘“¥"
)

// face measures text and notes what has no glyph.
type face struct {
	rtl     bool // the document is read from right to left
	has     map[string]map[rune]bool
	width   func(family string, r rune) int // in thousandths of the size
	known   map[rune]int
	missing map[rune]bool
}

// drawable replaces what cannot be drawn: a character without a glyph by its number,
// a control character by a blank.
func (f *face) drawable(text string) []rune {
	var out []rune
	for _, r := range text {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u00a0':
			out = append(out, ' ')
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || r >= 0xFE00 && r <= 0xFE0F:
			// marks of direction and joining: nothing to see
		case f.has[fontOf(r)][r] || letters[r] != forms{}:
			out = append(out, r)
		default:
			f.missing[r] = true
			out = append(out, []rune(fmt.Sprintf("〔U+%04X〕", r))...)
		}
	}
	return out
}

// measure is the width of a character in thousandths of the size.
func (f *face) measure(r rune) int {
	w, ok := f.known[r]
	if !ok {
		w = f.width(fontOf(r), r)
		f.known[r] = w
	}
	return w
}

func (f *face) measureAll(text []rune) int {
	sum := 0
	for _, r := range text {
		sum += f.measure(r)
	}
	return sum
}

// line is shaped text that fits into its place, in logical order.
type line struct {
	text []rune
	rtl  bool // the paragraph that it is of is read from right to left
}

// lines breaks text into lines of at most a width. A word that is wider than a line is
// cut.
func (f *face) lines(text string, width int) []line {
	var out []line
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		shaped := shape(f.drawable(paragraph))
		rtl := f.direction(shaped)
		for _, l := range f.breakLine(shaped, width) {
			out = append(out, line{l, rtl})
		}
	}
	return out
}

// direction is that of a paragraph: in a document that is read from right to left
// all that have such letters, in another those that begin with one.
func (f *face) direction(text []rune) bool {
	for _, r := range text {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL:
			return true
		case bidi.L:
			if !f.rtl {
				return false
			}
		}
	}
	return false
}

func (f *face) breakLine(text []rune, width int) [][]rune {
	var out [][]rune
	for len(text) > 0 {
		n, used := 0, 0
		for n < len(text) && (used+f.measure(text[n]) <= width || text[n] == ' ') {
			used += f.measure(text[n])
			n++
		}
		n = max(n, 1)
		if n < len(text) {
			n = lastBreak(text, n)
		}
		out = append(out, []rune(strings.TrimRight(string(text[:n]), " ")))
		text = text[n:]
		for len(text) > 0 && text[0] == ' ' {
			text = text[1:]
		}
	}
	if out == nil {
		out = [][]rune{nil}
	}
	return out
}

// lastBreak is the last place up to n where a line may end; n when there is none.
func lastBreak(text []rune, n int) int {
	for i := n; i > 0; i-- {
		if mayBreak(text, i) {
			return i
		}
	}
	return n
}

// mayBreak reports whether a line may end before text[i].
func mayBreak(text []rune, i int) bool {
	a, b := text[i-1], text[i]
	switch {
	case strings.ContainsRune(noBegin, b) || strings.ContainsRune(noEnd, a):
		return false
	case a == ' ':
		return true
	case b == ' ':
		return false // the blank stays with the line
	}
	return wide(a) || wide(b) || a == '-' && !unicode.IsDigit(b) || a == '/' || a == '|'
}

// wide reports whether a character is one of those between which a line may break
// anywhere.
func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF
}

// run is a part of a line in one font.
type run struct {
	family string
	text   string
}

// runs cuts a line in visual order by font.
func runs(line []rune) []run {
	var out []run
	for len(line) > 0 {
		family := fontOf(line[0])
		n := slices.IndexFunc(line, func(r rune) bool { return fontOf(r) != family })
		if n < 0 {
			n = len(line)
		}
		out = append(out, run{family, string(line[:n])})
		line = line[n:]
	}
	return out
}
