package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain/policy"
)

func demoFile(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParseFileReadsTheDemoPolicy(t *testing.T) {
	t.Parallel()
	p, problems := policy.ParseFile([]byte(demoFile(t)))
	if problems != nil {
		t.Fatal(problems)
	}
	if len(p.Rules) != 4 || len(p.Split) != 4 || p.Rules[2].Tiers[1].Rate.String() != "0.60" || p.Effective.To.String() != "2021-12-31" ||
		p.Name.En != `"Four bits" price subsidy (trial)` || !p.Approval.Distinct() {
		t.Errorf("read otherwise: %+v", p)
	}
}

func TestParseFileReadsJSON(t *testing.T) {
	t.Parallel()
	text := "{\n\t\"policy_id\": \"P\", \"version\": 1,\n\t\"effective\": {\"from\": \"2021-01-01\", \"to\": \"2021-12-31\"},\n" +
		"\t\"rules\": [{\"id\": \"a\\tb\", \"group\": \"g\", \"kind\": \"per_kg\", \"rate\": \"1\"}],\n" +
		"\t\"split\": [{\"funder_id\": \"F\", \"share\": \"1\", \"budget_id\": \"B\"}],\n\t\"on_exhausted\": \"partial\", \"approval\": {\"publicity_days\": 0}\n}"
	_, problems := policy.ParseFile([]byte(text))
	if len(problems) != 1 || problems[0].Line != 4 || problems[0].Code != "value.invalid_id" {
		t.Fatalf("the id holds a control character at line 4: got %v", problems)
	}
	p, problems := policy.ParseFile([]byte(strings.Replace(text, `a\tb`, "a", 1)))
	if problems != nil || p.OnExhausted != policy.Partial {
		t.Errorf("got %+v, %v", p, problems)
	}
}

func TestParseFileNamesLineAndColumn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"UnknownKey", "on_exhausted:", "on_exausted:", `20:1 policy.unknown_key on_exausted`},
		{"RepeatedKey", "version: 1\n", "version: 1\nversion: 1\n", `3:1 policy.key_twice version`},
		{"DecimalWithoutQuotes", `rate: "0.80"`, `rate: 0.80`, `6:108 policy.wrong_type rules[0].rate`},
		{"TooManyPlaces", `rate: "0.80"`, `rate: "0.1234567"`, `6:108 value.invalid_price rules[0].rate`},
		{"IDThatLooksLikeANumber", "policy_id: SGYD", "policy_id: 0012", `1:12 policy.wrong_type policy_id`},
		{"Null", "version: 1", "version:", `2:9 value.missing version`},
		{"SharesNotOne", `share: "0.40"`, `share: "0.41"`, `16:3 policy.shares_not_one split`},
		{"FieldOfAnotherKind", `kind: per_kg, rate`, `kind: per_kg, share: "1", rate`, `6:109 policy.field_not_of_kind rules[0].share`},
		{"MissingField", `, share: "0.6", cap_per_kg: "0.35"`, ``, `11:5 value.missing rules[3].share`},
		{"UnknownKind", "kind: freight", "kind: fright", `11:41 policy.unknown_kind rules[3].kind`},
		{"TiersNotRising", `up_to_kg: "50000"`, `up_to_kg: "10000"`, `9:88 policy.tiers_order rules[2].tiers[1].up_to_kg`},
		{"Alias", "version: 1", "version: &v 1", `2:10 policy.file_alias version`},
		{"Syntax", "rules:", "rules: [", `5:0 policy.file_malformed `},
		{"DayOfNoMonth", "to: 2021-12-31", "to: 2021-02-30", `4:35 value.invalid_day effective.to`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(demoFile(t), c.old, c.new, 1)
			if text == demoFile(t) {
				t.Fatal("the demo file has changed")
			}
			_, problems := policy.ParseFile([]byte(text))
			if len(problems) == 0 {
				t.Fatal("no problem was found")
			}
			p := problems[0]
			got := strings.Join([]string{place(p), p.Code, p.Field}, " ")
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%v (-want +got):\n%s", p, d)
			}
		})
	}
}

func place(p policy.FileProblem) string {
	text, _, _ := strings.Cut(p.Error(), ": ")
	if !strings.Contains(text, ":") {
		text += ":0"
	}
	return text
}

func TestParseFileFindsAllProblemsOfShape(t *testing.T) {
	t.Parallel()
	_, problems := policy.ParseFile([]byte("policy_id: 1\nversion: x\nrules: 3\nnope: 1\n"))
	if len(problems) != 4 {
		t.Errorf("got %d problems, want 4: %v", len(problems), problems)
	}
}

// FuzzParseFile: whatever the file, ParseFile returns either a policy that is valid
// or problems with a line.
func FuzzParseFile(f *testing.F) {
	f.Add("policy_id: SGYD\nversion: 1\n")
	f.Add("{\t\"policy_id\": \"\\u0041\"}")
	f.Add("&a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		p, problems := policy.ParseFile([]byte(text))
		if (p == nil) == (len(problems) == 0) {
			t.Fatalf("policy %v with problems %v", p, problems)
		}
		if p != nil && p.Validate() != nil {
			t.Fatalf("not valid: %v", p.Validate())
		}
		for _, q := range problems {
			if q.Line < 1 {
				t.Fatalf("no line: %v", q)
			}
		}
	})
}
