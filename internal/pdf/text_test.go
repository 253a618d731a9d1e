package pdf

import (
	"strings"
	"testing"
)

// The visual order is what Chromium draws, written here from left to right; capital
// letters stand for right-to-left ones.
func TestLinesAreDrawnInVisualOrder(t *testing.T) {
	t.Parallel()
	capitals := func(s string) []rune {
		return []rune(strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return 'א' + r - 'A' // plain right-to-left letters
			}
			return r
		}, s))
	}
	for name, c := range map[string]struct {
		rtl        bool
		line, want string
	}{
		"OnlyLatin":            {false, "claim s-1 (x).", "claim s-1 (x)."},
		"LatinInRTL":           {true, "abc", "abc"},
		"OnlyRTL":              {true, "ABC DEF.", ".FED CBA"},
		"RTLInLTR":             {false, "x ABC y", "x CBA y"},
		"NumbersKeepTheirs":    {true, "ABC 2026 DEF", "FED 2026 CBA"},
		"NumbersInRTLInLTR":    {false, "x ABC 12 DEF y", "x FED 12 CBA y"},
		"DateWithHyphen":       {true, "2026-ABC", "CBA-2026"},
		"Amount":               {true, "ABC 1,234.50 DEF", "FED 1,234.50 CBA"},
		"Percent":              {true, "ABC 12% DEF", "FED 12% CBA"},
		"BracketsAroundLatin":  {true, "ABC (zt-1). 2026-DEF", "FED-2026 .(zt-1) CBA"},
		"BracketsBehindLatin":  {true, "abc (def) GHI", "IHG abc (def)"},
		"BracketsAroundRTL":    {true, "ABC (DEF) GHI", "IHG (FED) CBA"},
		"BracketsInLTR":        {false, "a (BCD) e", "a (DCB) e"},
		"NestedBrackets":       {true, "ABC [(x)] DEF", "FED [(x)] CBA"},
		"UnmatchedBracket":     {true, "ABC) DEF", "FED (CBA"},
		"BlankAtTheEnd":        {true, "ABC ", " CBA"},
		"NumberThenLatin":      {true, "ABC 5 kg", "kg 5 CBA"},
		"SignsBetweenAreTheir": {true, "abc - DEF", "FED - abc"},
	} {
		if got := string(visual(capitals(c.line), c.rtl)); got != string(capitals(c.want)) {
			t.Errorf("%s: %q: got %q, want %q", name, c.line, got, string(capitals(c.want)))
		}
	}
}

func TestLettersJoin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ word, want string }{
		{"ب", "\uFE8F"},
		{"ئۇيغۇر", "\uFE8B\uFBD8\uFEF3\uFED0\uFBD8\uFEAD"},
		{"ئىسپات", "\uFE8B\uFBE9\uFEB4\uFB59\uFE8E\uFE95"},
		{"يېزا", "\uFEF3\uFBE7\uFEB0\uFE8D"},
		{"ئەپەندى", "\uFE8B\uFEEA\uFB58\uFEEA\uFEE7\uFEAA\uFEEF"},
		{"مۇھەممەت", "\uFEE3\uFBD8\uFBAC\uFEEA\uFEE3\uFEE4\uFEEA\uFE95"},
		{"ئىنىڭ", "\uFE8B\uFBE9\uFEE8\uFBE9\uFBD4"},
		{"تۆۋەن كۈن", "\uFE97\uFBDA\uFBDE\u06D5\uFEE5 \uFEDB\uFBDC\uFEE5"},
		{"لا سالام", "\uFEFB \uFEB3\uFE8E\uFEFB\uFEE1"},
		{"ئاللا", "\uFE8B\uFE8E\uFEDF\uFEFC"},
		{"2026-يىلى", "2026-\uFEF3\uFBE9\uFEE0\uFEF0"},
		{"a ب", "a \uFE8F"},
	} {
		if got := string(shape([]rune(c.word))); got != c.want {
			t.Errorf("%s: got %+q, want %+q", c.word, got, c.want)
		}
	}
}

// TestEveryFormHasAGlyph holds the table against the fonts: a letter that is drawn as
// a form without a glyph would vanish.
func TestEveryFormHasAGlyph(t *testing.T) {
	t.Parallel()
	has, err := glyphs()
	if err != nil {
		t.Fatal(err)
	}
	check := func(of rune, f forms) {
		for _, r := range []rune{f.isolated, f.final, f.initial, f.medial} {
			if r != 0 && !has[fontOf(r)][r] {
				t.Errorf("%c: no glyph for U+%04X", of, r)
			}
		}
	}
	for r, f := range letters {
		check(r, f)
	}
	for r, f := range lamAlef {
		check(r, f)
	}
	for _, r := range "壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整零喆堃玥䶮㑇〔〕ABCabc0123456789,.()-+×÷=→←·“”‘’—…℃①■□✓" {
		if !has[fontOf(r)][r] {
			t.Errorf("no glyph for %c U+%04X", r, r)
		}
	}
}

func testFace() *face {
	has, err := glyphs()
	if err != nil {
		panic(err)
	}
	return &face{has: has, known: map[rune]int{}, missing: map[rune]bool{}, width: func(_ string, r rune) int {
		if wide(r) {
			return 1000
		}
		return 500
	}}
}

func TestLinesBreakWhereTheyMay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		width int
		want  string
	}{
		"Fits":             {"短句", 5000, "短句"},
		"BetweenHan":       {"一二三四五六七", 3000, "一二三|四五六|七"},
		"NoCommaInFront":   {"一二三，四五", 3000, "一二|三，四|五"},
		"NoBracketAtEnd":   {"一二（三四）", 3000, "一二|（三|四）"},
		"AtBlanks":         {"one two three", 4000, "one two|three"},
		"WordStaysWhole":   {"金额 12345.67", 5000, "金额|12345.67"},
		"LongWordIsCut":    {"abcdefghij", 2000, "abcd|efgh|ij"},
		"NegativeNumber":   {"和 -12", 2500, "和|-12"},
		"LinesOfTheirOwn":  {"一\n二\n", 5000, "一|二"},
		"Empty":            {"", 5000, ""},
		"BlanksAtTheEnd":   {"ab   cd", 1500, "ab|cd"},
		"NarrowerThanOne":  {"一二", 10, "一|二"},
		"TabsAndControls":  {"a\tb\u200e\u0007c", 5000, "a bc"},
		"Number":           {"\U0002CB2D", 9000, "〔U+2CB2D〕"},
		"NoFormWithoutOne": {"한", 9000, "〔U+D55C〕"},
	} {
		var got []string
		for _, l := range testFace().lines(c.text, c.width) {
			got = append(got, string(l.text))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: got %q, want %q", name, strings.Join(got, "|"), c.want)
		}
	}
}

func TestAFontThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, []byte("short"), make([]byte, 64), append([]byte("\x00\x01\x00\x00\x00\x00"), make([]byte, 20)...)} {
		if _, err := coverage(b); err == nil {
			t.Errorf("%d bytes are accepted", len(b))
		}
	}
}
