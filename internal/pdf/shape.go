package pdf

import "unicode"

// forms are the presentation forms of a letter: alone, at the end of a word, at its
// beginning, in its middle. A letter that does not join with what follows has no
// beginning and no middle.
type forms struct{ isolated, final, initial, medial rune }

// letters are the letters of Uyghur, and of Arabic and Persian for names.
var letters = map[rune]forms{
	'ا': {0xFE8D, 0xFE8E, 0, 0},
	'ە': {0x06D5, 0xFEEA, 0, 0},
	'ب': {0xFE8F, 0xFE90, 0xFE91, 0xFE92},
	'پ': {0xFB56, 0xFB57, 0xFB58, 0xFB59},
	'ت': {0xFE95, 0xFE96, 0xFE97, 0xFE98},
	'ث': {0xFE99, 0xFE9A, 0xFE9B, 0xFE9C},
	'ج': {0xFE9D, 0xFE9E, 0xFE9F, 0xFEA0},
	'چ': {0xFB7A, 0xFB7B, 0xFB7C, 0xFB7D},
	'ح': {0xFEA1, 0xFEA2, 0xFEA3, 0xFEA4},
	'خ': {0xFEA5, 0xFEA6, 0xFEA7, 0xFEA8},
	'د': {0xFEA9, 0xFEAA, 0, 0},
	'ذ': {0xFEAB, 0xFEAC, 0, 0},
	'ر': {0xFEAD, 0xFEAE, 0, 0},
	'ز': {0xFEAF, 0xFEB0, 0, 0},
	'ژ': {0xFB8A, 0xFB8B, 0, 0},
	'س': {0xFEB1, 0xFEB2, 0xFEB3, 0xFEB4},
	'ش': {0xFEB5, 0xFEB6, 0xFEB7, 0xFEB8},
	'ص': {0xFEB9, 0xFEBA, 0xFEBB, 0xFEBC},
	'ض': {0xFEBD, 0xFEBE, 0xFEBF, 0xFEC0},
	'ط': {0xFEC1, 0xFEC2, 0xFEC3, 0xFEC4},
	'ظ': {0xFEC5, 0xFEC6, 0xFEC7, 0xFEC8},
	'ع': {0xFEC9, 0xFECA, 0xFECB, 0xFECC},
	'غ': {0xFECD, 0xFECE, 0xFECF, 0xFED0},
	'ف': {0xFED1, 0xFED2, 0xFED3, 0xFED4},
	'ق': {0xFED5, 0xFED6, 0xFED7, 0xFED8},
	'ك': {0xFED9, 0xFEDA, 0xFEDB, 0xFEDC},
	'ک': {0xFB8E, 0xFB8F, 0xFB90, 0xFB91},
	'گ': {0xFB92, 0xFB93, 0xFB94, 0xFB95},
	'ڭ': {0xFBD3, 0xFBD4, 0xFBD5, 0xFBD6},
	'ل': {0xFEDD, 0xFEDE, 0xFEDF, 0xFEE0},
	'م': {0xFEE1, 0xFEE2, 0xFEE3, 0xFEE4},
	'ن': {0xFEE5, 0xFEE6, 0xFEE7, 0xFEE8},
	'ه': {0xFEE9, 0xFEEA, 0xFEEB, 0xFEEC},
	'ھ': {0xFBAA, 0xFBAB, 0xFBAC, 0xFBAD},
	'و': {0xFEED, 0xFEEE, 0, 0},
	'ۇ': {0xFBD7, 0xFBD8, 0, 0},
	'ۆ': {0xFBD9, 0xFBDA, 0, 0},
	'ۈ': {0xFBDB, 0xFBDC, 0, 0},
	'ۋ': {0xFBDE, 0xFBDF, 0, 0},
	'ې': {0xFBE4, 0xFBE5, 0xFBE6, 0xFBE7},
	'ى': {0xFEEF, 0xFEF0, 0xFBE8, 0xFBE9},
	'ي': {0xFEF1, 0xFEF2, 0xFEF3, 0xFEF4},
	'ی': {0xFBFC, 0xFBFD, 0xFBFE, 0xFBFF},
	'ئ': {0xFE89, 0xFE8A, 0xFE8B, 0xFE8C},
	'ء': {0xFE80, 0, 0, 0},
	'آ': {0xFE81, 0xFE82, 0, 0},
	'أ': {0xFE83, 0xFE84, 0, 0},
	'إ': {0xFE87, 0xFE88, 0, 0},
	'ؤ': {0xFE85, 0xFE86, 0, 0},
	'ة': {0xFE93, 0xFE94, 0, 0},
	'ـ': {'ـ', 'ـ', 'ـ', 'ـ'},
}

// lam and alef join into one sign.
var lamAlef = map[rune]forms{
	'ا': {0xFEFB, 0xFEFC, 0, 0},
	'آ': {0xFEF5, 0xFEF6, 0, 0},
	'أ': {0xFEF7, 0xFEF8, 0, 0},
	'إ': {0xFEF9, 0xFEFA, 0, 0},
}

const lam = 'ل'

// shape puts Arabic letters into the form that joins with their neighbours. The text
// stays in logical order.
func shape(text []rune) []rune {
	out := make([]rune, 0, len(text))
	joins := false // the letter before joins with this one
	for i := 0; i < len(text); i++ {
		r := text[i]
		if unicode.Is(unicode.Mn, r) { // a mark stands on a letter and parts nothing
			out = append(out, r)
			continue
		}
		f, ok := letters[r]
		if !ok {
			out, joins = append(out, r), false
			continue
		}
		next := after(text, i)
		if r == lam && next > 0 {
			if both, ok := lamAlef[text[next]]; ok {
				f, i = both, next // marks between the two are left out: there is no place for them
			}
		}
		follows := false
		if f.initial != 0 {
			if n := after(text, i); n > 0 {
				g, ok := letters[text[n]]
				follows = ok && g.final != 0
			}
		}
		out = append(out, f.form(joins && f.final != 0, follows))
		joins = f.initial != 0
	}
	return out
}

// after is the place of the next character that is no mark; 0 when there is none.
func after(text []rune, i int) int {
	for n := i + 1; n < len(text); n++ {
		if !unicode.Is(unicode.Mn, text[n]) {
			return n
		}
	}
	return 0
}

func (f forms) form(before, behind bool) rune {
	switch {
	case before && behind:
		return f.medial
	case before:
		return f.final
	case behind:
		return f.initial
	}
	return f.isolated
}
