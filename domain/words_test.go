package domain_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"zhitong/domain"
)

// naughty reads the Big List of Naughty Strings.
func naughty(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../testdata/blns/blns.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 515 {
		t.Fatalf("%d strings, want 515", len(list))
	}
	return list
}

func TestNaughtyIDs(t *testing.T) {
	t.Parallel()
	valid, long, control, empty := map[string]bool{}, 0, 0, 0
	n := 0
	for _, s := range naughty(t) {
		err := domain.CheckID(s)
		switch {
		case err == nil:
			n++
			valid[s] = true
			var id domain.ID
			if id.UnmarshalText([]byte(s)) != nil || string(id) != s {
				t.Errorf("id %q is not kept as written", s)
			}
		case s == "":
			empty++
		case utf8.RuneCountInString(s) > domain.IDCharsMax:
			long++
		case strings.ContainsFunc(s, unicode.IsControl):
			control++
		default:
			t.Errorf("id %q is refused: %v", s, err)
		}
		if !norm.NFC.IsNormalString(s) {
			t.Errorf("%q is not NFC, unlike the note says", s)
		}
	}
	if got, want := []int{n, len(valid), long, control, empty}, []int{430, 426, 79, 5, 1}; !slices.Equal(got, want) {
		t.Errorf("valid, distinct, long, control, empty = %v, want %v", got, want)
	}
}

func TestNaughtyMoney(t *testing.T) {
	t.Parallel()
	var accepted, tooLong []string
	for _, s := range naughty(t) {
		_, err := domain.ParseMoney(s)
		switch p := domain.AsProblem(err); {
		case err == nil:
			accepted = append(accepted, s)
		case strings.Contains(p.Detail, "digits before the point"):
			tooLong = append(tooLong, s)
		}
	}
	slices.Sort(accepted)
	if d := cmp.Diff([]string{"0", "0.00", "01000", "08", "09", "1", "1.00"}, accepted); d != "" {
		t.Errorf("accepted as money (-want +got):\n%s", d)
	}
	if len(tooLong) != 2 {
		t.Errorf("well-formed but too large: %q, want two", tooLong)
	}
}

func TestNaughtyTexts(t *testing.T) {
	t.Parallel()
	for _, s := range naughty(t) {
		var x domain.Text
		if err := x.UnmarshalText([]byte(s)); err != nil {
			t.Errorf("text %q: %v", s, err)
		} else if string(x) != s {
			t.Errorf("text %q is kept as %q", s, x)
		}
	}
}

func TestIDsAreNotNormalised(t *testing.T) {
	t.Parallel()
	decomposed := "e\u0301"
	if domain.CheckID(decomposed) == nil {
		t.Error("an id that is not NFC is refused")
	}
	for _, s := range []string{"", "a\x00", "a\nb", "\u0085", strings.Repeat("皮", 65), "\xff"} {
		if domain.CheckID(s) == nil {
			t.Errorf("CheckID(%q) = nil", s)
		}
	}
	for _, s := range []string{"0012", strings.Repeat("皮", 64), "a b", "*.>", " ", "~x", "新R12345"} {
		if err := domain.CheckID(s); err != nil {
			t.Errorf("CheckID(%q) = %v", s, err)
		}
	}
}

func TestProblemsNameTheirPlace(t *testing.T) {
	t.Parallel()
	p := domain.Refuse(domain.Invalid, "value.invalid_id", "id", "x", "why")
	if got := p.At("lines[1]").At("order").Field; got != "order.lines[1].id" {
		t.Errorf("field = %q", got)
	}
	if got := domain.Path("lines", 1, "item_id"); got != "lines[1].item_id" {
		t.Errorf("path = %q", got)
	}
	a := domain.Attributes{"b\x00": "", "a\x00": ""}
	for range 20 {
		if p := domain.AsProblem(a.Validate("attributes")); p.Value != "a\x00" {
			t.Fatalf("the refusal depends on the order of a map: %v", p)
		}
	}
}
