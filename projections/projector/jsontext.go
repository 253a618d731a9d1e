package projector

import (
	"bytes"
	"slices"
)

// jsonText compares JSON as the database writes it with the canonical text.
type jsonText struct {
	compact    []byte
	ours, them [][]byte // members
}

// same reports whether both are the same when the blanks are left out that the
// database writes, and the members of an object are put in order. It may say no of
// what is the same, never yes of what is not.
func (j *jsonText) same(want string, have []byte) bool {
	j.compact = j.compact[:0]
	deep, inText := 0, false
	j.them = j.them[:0]
	for i := 0; i < len(have); i++ {
		b := have[i]
		if b == ' ' && !inText {
			continue
		}
		j.compact = append(j.compact, b)
		switch {
		case b == '"':
			inText = !inText
		case inText && b == '\\' && i+1 < len(have):
			i++
			j.compact = append(j.compact, have[i])
		case !inText && (b == '{' || b == '['):
			deep++
		}
	}
	if string(j.compact) == want {
		return true
	}
	if len(j.compact) != len(want) || deep != 1 || want[0] != '{' {
		return false
	}
	j.them, j.ours = members(j.them[:0], j.compact), members(j.ours[:0], []byte(want))
	slices.SortFunc(j.them, bytes.Compare)
	slices.SortFunc(j.ours, bytes.Compare)
	return slices.EqualFunc(j.ours, j.them, bytes.Equal)
}

// members cuts an object that has no other within it at the commas between its
// members.
func members(list [][]byte, object []byte) [][]byte {
	start, inText := 1, false
	for i := 1; i < len(object); i++ {
		switch b := object[i]; {
		case inText && b == '\\':
			i++
		case b == '"':
			inText = !inText
		case !inText && (b == ',' || b == '}'):
			list = append(list, object[start:i])
			start = i + 1
		}
	}
	return list
}
