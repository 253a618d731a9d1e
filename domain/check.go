package domain

import (
	"slices"
	"strconv"
)

// LineNoMax is the largest number that a line may have.
const LineNoMax = 999_999_999

// First returns the first of errs that is not nil: the order of checks is the
// order of refusals. Where it is a [*Problem], the problems behind it go along in
// More, for those who want to tell all faults at once.
func First(errs ...error) error {
	var first error
	for _, err := range errs {
		if err == nil {
			continue
		}
		if first == nil {
			first = err
			continue
		}
		p, more := AsProblem(first), AsProblem(err)
		if p == nil || more == nil {
			return first
		}
		all := *p
		all.More = append(append(slices.Clip(p.More), more), more.More...)
		first = &all
	}
	return first
}

// Required refuses a field that was not given.
func Required(field string, given bool) error {
	if given {
		return nil
	}
	return Missing(field)
}

// RequiredID refuses an id that was not given.
func RequiredID(field string, id ID) error { return Required(field, id != "") }

// RequiredText refuses a text that was not given, or is empty.
func RequiredText(field string, t Text) error { return Required(field, t != "") }

// CheckLineNo refuses a line number that was not given or can't be one.
func CheckLineNo(field string, n int) error {
	switch {
	case n == 0:
		return Missing(field)
	case n < 0 || n > LineNoMax:
		return Refuse(Invalid, "value.invalid_line_no", field, strconv.Itoa(n), "a line number from 1 to %d", LineNoMax)
	}
	return nil
}

// CheckCount refuses an empty list and one of more than most entries.
func CheckCount(field string, n, most int) error {
	switch {
	case n == 0:
		return Missing(field)
	case n > most:
		return Refuse(Limit, "value.too_many", field, strconv.Itoa(n), "at most %d, given %d", most, n)
	}
	return nil
}

// CheckDistinct refuses the second of two lines with the same number; path names
// the number's field of the i-th line.
func CheckDistinct(numbers []int, path func(i int) string) error {
	seen := make(map[int]bool, len(numbers))
	for i, n := range numbers {
		if seen[n] {
			return Refuse(Invalid, "value.repeated", path(i), strconv.Itoa(n), "each line is named once")
		}
		seen[n] = true
	}
	return nil
}

// CheckWord refuses a word that was not given or is not one of words.
func CheckWord(field, word string, words ...string) error {
	if word == "" {
		return Missing(field)
	}
	for _, w := range words {
		if w == word {
			return nil
		}
	}
	return Refuse(Invalid, "value.unknown_word", field, word, "one of %v", words)
}

// Path is the path of a field of the i-th entry of a list: lines[1].item_id.
func Path(list string, i int, field string) string {
	p := list + "[" + strconv.Itoa(i) + "]"
	if field == "" {
		return p
	}
	return p + "." + field
}
