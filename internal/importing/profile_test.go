package importing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tiny is a profile that works; tests replace a line of it.
const tiny = `profile: tiny
zone: "+08:00"
columns:
  no: {header: No, read: id}
  row: {header: Row, read: integer, required: true, unique: true}
  day: {header: Day, read: date, layout: yyyy-mm-dd, required: true}
  kg: {header: Kg, read: decimal, places: 3}
levels:
  - {name: order, key: no, same: [day]}
values:
  noon: $at_noon(day)
commands:
  - step: submit
    per: order
    command: order.submit
    actor: B1
    role: buyer
    time: $noon
    data: {order_id: $no, kg: $sum(kg), lines: {each: line, of: {line_no: $row, kg: $kg}}}
`

func TestFaultsOfAProfileNameTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"UnknownKey", "zone:", "zones: x\nzone:", `tiny.yaml:2:1: unknown key "zones"; known here: profile, about`},
		{"KeyTwice", "levels:", "zone: \"+08:00\"\nlevels:", `tiny.yaml:8:1: the key "zone" is here twice`},
		{"NoYAML", "profile: tiny", "profile: [", `tiny.yaml:`},
		{"AFormatThatIsNone", "read: integer", "read: int", `tiny.yaml:5:28: a column is read as text, id, integer, decimal or date`},
		{"AnOptionWithoutMeaning", "read: integer,", "read: integer, layout: d,", `tiny.yaml:5:45: "layout" has no meaning for a column read as integer`},
		{"ALayoutWithoutYear", "layout: yyyy-mm-dd", "layout: mm-dd", `tiny.yaml:6:42: a date layout has one year (yyyy, yy), one month (mm, m, Mon) and one day (dd, d); "mm-dd" has not`},
		{"TwoDigitYearsWithoutAHundred", "layout: yyyy-mm-dd", "layout: d.m.yy", `tiny.yaml:6:42: the layout "d.m.yy" has two-digit years: two_digit_years_from must say which hundred years they stand for`},
		{"AColumnThatIsNone", "$sum(kg)", "$sum(kgs)", `tiny.yaml:19:31: there is no column and no value "kgs"`},
		{"AColumnThatMayDiffer", "kg: $sum(kg)", "kg: $kg", `tiny.yaml:19:31: "kg" may differ between the lines of one order: take it by earliest, latest, sum or only, or put it under that level's same`},
		{"AFunctionThatIsNone", "$sum(kg)", "$total(kg)", `tiny.yaml:19:31: there is no function "total"`},
		{"AnArgumentOfAnotherKind", "$at_noon(day)", "$at_noon(no)", `tiny.yaml:11:9: at_noon: a text in place 1; it takes a day`},
		{"TooManyArguments", "$at_noon(day)", "$at_noon(day, day)", `tiny.yaml:11:9: at_noon takes a day`},
		{"AnExpressionThatDoesNotEnd", "$at_noon(day)", "$at_noon(day", `tiny.yaml:11:9: at_noon( is not closed`},
		{"SomethingLeftOver", "$at_noon(day)", "$at_noon(day) day", `tiny.yaml:11:9: something is left over at "day"`},
		{"AValueMadeFromItself", "$at_noon(day)", "$first_of(noon)", `tiny.yaml:11:9: the value "noon" is made from itself`},
		{"ATimeThatIsNone", "time: $noon", "time: yesterday", `tiny.yaml:18:11: a time is due here: an expression that makes one, or a text such as 2021-03-03T12:00:00+08:00`},
		{"ALevelThatIsNone", "per: order", "per: parcel", `tiny.yaml:14:10: a command is made per one of the levels`},
		{"AKeyThatMayBeMissing", "no: {header: No, read: id}", "no: {header: No, read: text}", `tiny.yaml:9:24: the key column "no" must be required: true`},
		{"ANumberThatIsNotWritten", "actor: B1", "actor: 1.5", `tiny.yaml:16:12: write "1.5" in quotes: it is taken as a text`},
		{"AHeaderTwice", "header: Kg", "header: Day", `tiny.yaml:7:16: the header "Day" is that of column "day" already`},
		{"AReferenceWithoutAUniqueColumn", "places: 3}", "reference: 'see {no}'}", `tiny.yaml:7:46: a reference names a column in braces that is unique, to find the line by`},
		{"AnAlias", "actor: B1", "actor: &a B1", `tiny.yaml:16:12: anchors and aliases are not taken; use values`},
		{"AMissingPart", "    command: order.submit\n", "", `tiny.yaml:13:5: "command" is missing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(tiny, c.old, c.new, 1)
			if text == tiny {
				t.Fatalf("nothing was replaced: %q", c.old)
			}
			_, err := ParseProfile("tiny.yaml", []byte(text), "")
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if e := (*ProfileError)(nil); !errors.As(err, &e) {
				t.Errorf("not a ProfileError: %T", err)
			}
		})
	}
}

func TestManyFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("read: integer", "read: int", "per: order", "per: parcel", "$sum(kg)", "$total(kg)").Replace(tiny)
	_, err := ParseProfile("tiny.yaml", []byte(text), "")
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("faults:\n%v", err)
	}
	if _, err := ParseProfile("tiny.yaml", []byte(tiny), ""); err != nil {
		t.Errorf("the profile that works: %v", err)
	}
}

func TestValuesThatUnfoldWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("values:\n  v0: $no\n")
	for i := 1; i <= 30; i++ {
		fmt.Fprintf(&b, "  v%d: $concat(v%d, v%d)\n", i, i-1, i-1)
	}
	text := strings.Replace(strings.Replace(tiny, "values:\n", b.String(), 1), "order_id: $no", "order_id: $v30", 1)
	if _, err := ParseProfile("tiny.yaml", []byte(text), ""); err == nil || !strings.Contains(err.Error(), "the expressions unfold to more than 100000 parts") {
		t.Errorf("ParseProfile: %v", err)
	}
}

func TestFindsProfiles(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"scms"}, BuiltinProfiles()); diff != "" {
		t.Errorf("built in:\n%s", diff)
	}
	if _, err := FindProfile("scms+real_weights"); err == nil || !strings.Contains(err.Error(), `there is no variant "real_weights"; there are: pack_price`) {
		t.Errorf("an unknown variant: %v", err)
	}
	if _, err := FindProfile("nowhere.yaml"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "scms") {
		t.Errorf("an unknown profile: %v", err)
	}
	file := filepath.Join(t.TempDir(), "a+b.yaml")
	if err := os.WriteFile(file, []byte(tiny), 0o644); err != nil {
		t.Fatal(err)
	}
	if p, err := FindProfile(file); err != nil || p.Name != "tiny" {
		t.Errorf("a file with + in its name: %v", err)
	}
}

// FuzzParseProfile: any text is a profile or faults, each with its place.
func FuzzParseProfile(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte("profile: a\ncolumns: {a: {header: x, read: date, reference: '{a}{a}'}}\nlevels: []\ncommands: [{per: x}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := ParseProfile("f.yaml", text, "")
		if err == nil {
			return
		}
		e := (*ProfileError)(nil)
		if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestLayoutsReadOnlyRealDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		layout string
		from   int
		cell   string
		want   string // "" for no date
	}{
		{"d-Mon-yy", 2000, "2-Jun-06", "2006-06-02"}, {"d-Mon-yy", 2000, "02-jun-99", "2099-06-02"}, {"d-Mon-yy", 1930, "2-Jun-30", "1930-06-02"},
		{"d-Mon-yy", 1930, "2-Jun-29", "2029-06-02"}, {"d-Mon-yy", 2000, "31-Jun-06", ""}, {"d-Mon-yy", 2000, "2-Juni-06", ""}, {"d-Mon-yy", 2000, "2-Jun-2006", ""},
		{"m/d/yy", 2000, "8/27/14", "2014-08-27"}, {"m/d/yy", 2000, "27/8/14", ""}, {"m/d/yy", 2000, "2/29/12", "2012-02-29"}, {"m/d/yy", 2000, "2/29/13", ""},
		{"yyyy年m月d日", 0, "2021年3月3日", "2021-03-03"}, {"yyyy年m月d日", 0, "2021年3月3", ""}, {"yyyymmdd", 0, "20210303", "2021-03-03"},
		{"yyyy-mm-dd", 0, "2021-3-3", ""}, {"yyyy-mm-dd", 0, "0000-01-01", ""}, {"yyyy-mm-dd", 0, "", ""}, {"yyyy-mm-dd", 0, "２021-03-03", ""},
	} {
		l, err := parseLayout(c.layout, c.from)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := l.parse(c.cell)
		if ok != (c.want != "") || got.String() != c.want {
			t.Errorf("%s of %q = %s, %v; want %q", c.layout, c.cell, got, ok, c.want)
		}
		if !ok {
			continue
		}
		if again, _ := l.parse(l.format(got)); again != got {
			t.Errorf("%s: %s written and read is %s", c.layout, got, again)
		}
	}
}

func TestFiguresAreExact(t *testing.T) {
	t.Parallel()
	f := newFigure
	for _, c := range []struct{ got, want string }{
		{f("0.1").add(f("0.2")).String(), "0.3"},
		{f("189165090").times(f("0.000001")).String(), "189.16509"},
		{f("359064.74").over(f("22333"), 6).String(), "16.077766"},
		{f("1").over(f("3"), 6).String(), "0.333333"},
		{f("2").over(f("3"), 6).String(), "0.666667"},
		{f("0.5").over(f("1000000"), 6).String(), "0.000001"},
		{f("10").over(f("0.4"), 0).String(), "25"},
		{plainNumber("007.50"), "7.5"}, {plainNumber("0.00"), "0"}, {plainNumber("100"), "100"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	for _, s := range []string{"", "-1", "+1", "1e3", " 1", "1.", ".5", "1,000", "１２", "1.234", "1234567890123456"} {
		if checkNumber(s, 2) == "" {
			t.Errorf("%q is taken as a number with 2 places", s)
		}
	}
}

func TestShortIDsAreTheRuleOfTheDomain(t *testing.T) {
	t.Parallel()
	long := "MERCK SHARP & DOHME IDEA GMBH (FORMALLY MERCK SHARP & DOHME B.V.)" // 65 characters
	if got, want := ShortID(long), "MERCK SHARP & DOHME IDEA GMBH (FORMALLY MERCK SHARP~8ab4c4508aa8"; got != want {
		t.Errorf("ShortID = %q, want %q", got, want)
	}
	han := strings.Repeat("枣", 64)
	if ShortID(han) != han {
		t.Errorf("64 characters were shortened to %q", ShortID(han))
	}
	if got := []rune(ShortID(han + "核")); len(got) != 64 || got[51] != '~' {
		t.Errorf("65 characters became %q", string(got))
	}
}

// TestTheDocumentedProfileIsTheTestedOne compares without comments and the one field
// that the page leaves out.
func TestTheDocumentedProfileIsTheTestedOne(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", "import-a-spreadsheet.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	shown, _, _ := strings.Cut(rest, "```")
	bare := func(text string) string {
		var lines []string
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, " #")
			if line = strings.TrimRight(line, " \n"); !strings.HasPrefix(line, "about:") {
				lines = append(lines, line)
			}
		}
		return strings.TrimSpace(strings.Join(lines, "\n"))
	}
	if diff := cmp.Diff(bare(string(testdataFile(t, "profiles/orders.yaml").Data)), bare(shown)); diff != "" {
		t.Errorf("(-file +page):\n%s", diff)
	}
	for name := range functions {
		if !strings.Contains(string(page), "`"+name+"(") {
			t.Errorf("the page does not tell of the function %s", name)
		}
	}
}
