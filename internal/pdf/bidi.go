package pdf

import (
	"slices"

	"golang.org/x/text/unicode/bidi"
)

// visual puts a line that is already broken into the order in which it is drawn, from
// left to right, and mirrors brackets. rtl is the direction of the paragraph. These
// are the rules of Unicode's bidirectional algorithm (UAX #9) without embeddings and
// isolates.
func visual(line []rune, rtl bool) []rune {
	base := 0
	if rtl {
		base = 1
	}
	class := make([]bidi.Class, len(line))
	mixed := rtl
	for i, r := range line {
		p, _ := bidi.LookupRune(r)
		class[i] = p.Class()
		mixed = mixed || class[i] == bidi.R || class[i] == bidi.AL
	}
	if !mixed {
		return line
	}
	original := append([]bidi.Class(nil), class...)
	weak(class, base)
	brackets(line, class, base)
	neutral(class, base)
	levels := make([]int, len(line))
	for i, c := range class {
		levels[i] = levelOf(c, base)
	}
	for i := len(line) - 1; i >= 0 && (original[i] == bidi.WS || original[i] == bidi.B || original[i] == bidi.S); i-- {
		levels[i] = base // L1: blanks at the end
	}
	return reorder(line, levels)
}

// strong is the direction of a level.
func strong(level int) bidi.Class {
	if level%2 == 1 {
		return bidi.R
	}
	return bidi.L
}

// weak resolves marks, numbers and their signs: W1 to W7.
func weak(class []bidi.Class, base int) {
	before, lastStrong := strong(base), strong(base)
	for i, c := range class {
		switch c {
		case bidi.NSM:
			class[i] = before // W1
		case bidi.EN:
			if lastStrong == bidi.AL {
				class[i] = bidi.AN // W2
			}
		}
		before = class[i]
		if before == bidi.L || before == bidi.R || before == bidi.AL {
			lastStrong = before
		}
	}
	at := func(i int) bidi.Class {
		if i < 0 || i >= len(class) {
			return bidi.ON
		}
		return class[i]
	}
	for i, c := range class {
		switch {
		case c == bidi.AL:
			class[i] = bidi.R // W3
		case c == bidi.ES && at(i-1) == bidi.EN && at(i+1) == bidi.EN,
			c == bidi.CS && (at(i-1) == bidi.EN || at(i-1) == bidi.AN) && at(i+1) == at(i-1):
			class[i] = at(i - 1) // W4
		}
	}
	for i := 0; i < len(class); i++ { // W5 and W6
		end := i
		for end < len(class) && class[end] == bidi.ET {
			end++
		}
		to := bidi.ON
		if at(i-1) == bidi.EN || at(end) == bidi.EN {
			to = bidi.EN
		}
		for ; i < end; i++ {
			class[i] = to
		}
		if i < len(class) && (class[i] == bidi.ES || class[i] == bidi.CS) {
			class[i] = bidi.ON
		}
	}
	lastStrong = strong(base)
	for i, c := range class {
		switch {
		case c == bidi.L || c == bidi.R:
			lastStrong = c
		case c == bidi.EN && lastStrong == bidi.L:
			class[i] = bidi.L // W7
		}
	}
}

// bracketsMax bounds how deep brackets are matched.
const bracketsMax = 63

// brackets gives both brackets of a pair one direction: N0.
func brackets(line []rune, class []bidi.Class, base int) {
	type pair struct{ open, close int }
	var stack []int
	var pairs []pair
	for i, r := range line {
		partner, ok := mirrored[r]
		switch {
		case !ok || class[i] != bidi.ON:
		case opening(r):
			if len(stack) == bracketsMax {
				return
			}
			stack = append(stack, i)
		default:
			for k := len(stack) - 1; k >= 0; k-- {
				if line[stack[k]] == partner {
					pairs = append(pairs, pair{stack[k], i})
					stack = stack[:k]
					break
				}
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return a.open - b.open })
	for _, p := range pairs {
		own, other := false, false
		for _, c := range class[p.open+1 : p.close] {
			if s, ok := side(c); ok {
				own, other = own || s == strong(base), other || s != strong(base)
			}
		}
		to := strong(base)
		switch {
		case !own && !other:
			continue // N1 and N2 decide
		case !own:
			to = before(class[:p.open], base)
		}
		class[p.open], class[p.close] = to, to
	}
}

// side is the direction of a class that has one; numbers count as right to left.
func side(c bidi.Class) (bidi.Class, bool) {
	switch c {
	case bidi.L:
		return bidi.L, true
	case bidi.R, bidi.EN, bidi.AN:
		return bidi.R, true
	}
	return bidi.ON, false
}

// before is the last direction of what stands before.
func before(class []bidi.Class, base int) bidi.Class {
	for i := len(class) - 1; i >= 0; i-- {
		if s, ok := side(class[i]); ok {
			return s
		}
	}
	return strong(base)
}

// opening reports whether a bracket opens.
func opening(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.IsOpeningBracket() || r == '«' || r == '<'
}

// neutral resolves what has no direction of its own: N1 and N2.
func neutral(class []bidi.Class, base int) {
	at := func(i int) bidi.Class {
		if i < 0 || i >= len(class) {
			return strong(base)
		}
		s, _ := side(class[i])
		return s
	}
	for i := 0; i < len(class); i++ {
		end := i
		for end < len(class) && at(end) == bidi.ON {
			end++
		}
		to := strong(base)
		if at(i-1) == at(end) {
			to = at(end)
		}
		for ; i < end; i++ {
			class[i] = to
		}
	}
}

// levelOf is I1 and I2.
func levelOf(c bidi.Class, base int) int {
	switch {
	case base == 0 && c == bidi.R, base == 1 && c != bidi.R:
		return base + 1
	case base == 0 && (c == bidi.EN || c == bidi.AN):
		return 2
	}
	return base
}

// reorder is L2 and L4.
func reorder(line []rune, levels []int) []rune {
	out := append([]rune(nil), line...)
	highest := 0
	for i, l := range levels {
		highest = max(highest, l)
		if m, ok := mirrored[out[i]]; ok && l%2 == 1 {
			out[i] = m
		}
	}
	order := append([]int(nil), levels...)
	for level := highest; level > 0; level-- {
		for i := 0; i < len(order); i++ {
			end := i
			for end < len(order) && order[end] >= level {
				end++
			}
			for a, b := i, end-1; a < b; a, b = a+1, b-1 {
				out[a], out[b] = out[b], out[a]
				order[a], order[b] = order[b], order[a]
			}
			i = max(i, end)
		}
	}
	return marksBehind(out, order)
}

// marksBehind puts marks, which the reversal brought before their letter, behind it.
func marksBehind(out []rune, order []int) []rune {
	for i := 0; i < len(out); i++ {
		end := i
		for end < len(out) && isMark(out[end]) && order[end]%2 == 1 {
			end++
		}
		if end > i && end < len(out) {
			letter := out[end]
			copy(out[i+1:end+1], out[i:end])
			out[i] = letter
			i = end
		}
	}
	return out
}

func isMark(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.NSM
}

// mirrored are the brackets that turn with the direction.
var mirrored = map[rune]rune{
	'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<', '«': '»', '»': '«',
	'（': '）', '）': '（', '《': '》', '》': '《', '【': '】', '】': '【', '〔': '〕', '〕': '〔', '「': '」', '」': '「',
}
