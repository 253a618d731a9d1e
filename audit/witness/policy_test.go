package witness_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/audit/checkpoint"
	"zhitong/audit/witness"
)

// people are cosigners with names a, b, c.
func people(t *testing.T) map[string]*checkpoint.Cosigner {
	t.Helper()
	out := map[string]*checkpoint.Cosigner{}
	for _, name := range []string{"a", "b", "c"} {
		skey, err := checkpoint.NewCosignerKey("witness.example/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if out[name], err = checkpoint.ParseCosigner(skey, time.Now); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func witnessLines(list map[string]*checkpoint.Cosigner) string {
	text := "# who watches\nlog ignored.example\n\n"
	for _, name := range []string{"a", "b", "c"} {
		text += fmt.Sprintf("witness %s %s https://%s.example/\n", name, list[name].VKey(), name)
	}
	return text
}

func TestAQuorumIsMetByWhoHasCosigned(t *testing.T) {
	t.Parallel()
	list := people(t)
	c := checkpoint.Checkpoint{Origin: origin, Size: 7}
	const groups = "group two 2 a b c\ngroup county all a two\n"
	for name, tc := range map[string]struct {
		quorum, by string
		met        bool
	}{
		"NoQuorumLine":      {"", "", true},
		"None":              {"quorum none", "", true},
		"OneNamed":          {"quorum b", "b", true},
		"AnotherCosigned":   {"quorum b", "ac", false},
		"TwoOfThree":        {"quorum two", "ca", true},
		"OneOfTwoNeeded":    {"quorum two", "c", false},
		"GroupOfGroups":     {"quorum county", "ab", true},
		"GroupWithoutOne":   {"quorum county", "bc", false},
		"Nobody":            {"quorum two", "", false},
		"AnyInAGroupOfOwn":  {"group any1 any b c\nquorum any1", "c", true},
		"AnyOfThemCosigned": {"group any1 any b c\nquorum any1", "a", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := witness.ParsePolicy(witnessLines(list) + groups + tc.quorum)
			if err != nil {
				t.Fatal(err)
			}
			keys, err := checkpoint.NewKey(origin)
			if err != nil {
				t.Fatal(err)
			}
			own, err := checkpoint.ParseKeys(keys)
			if err != nil {
				t.Fatal(err)
			}
			signers := own.Signers()
			for _, who := range strings.Split(tc.by, "") {
				if who != "" {
					signers = append(signers, list[who])
				}
			}
			signed, err := checkpoint.Sign(c, signers...)
			if err != nil {
				t.Fatal(err)
			}
			s := p.Standing(signed)
			if s.Met != tc.met || len(s.Cosigned) != len(tc.by) || len(s.Missing) != 3-len(tc.by) {
				t.Errorf("got %+v", s)
			}
			if strings.Contains(s.String(), "NOT met") == tc.met {
				t.Errorf("it says %q", s)
			}
			// A cosignature over another checkpoint counts for nothing.
			other := bytes.Replace(signed, []byte("\n7\n"), []byte("\n8\n"), 1)
			if s := p.Standing(other); len(s.Cosigned) > 0 {
				t.Errorf("cosigned another: %+v", s)
			}
		})
	}
}

func TestAPolicyThatIsNoneIsRefusedByLine(t *testing.T) {
	t.Parallel()
	list := people(t)
	first := "witness a " + list["a"].VKey() + " https://a.example/\n"
	skey, err := checkpoint.NewKey("log")
	if err != nil {
		t.Fatal(err)
	}
	logKeys, err := checkpoint.ParseKeys(skey)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"NoKey":             {"witness a", "line 1: witness NAME VKEY"},
		"KeyIsNone":         {"witness a nokey https://x", "line 1"},
		"KeyOfALog":         {"witness a " + logKeys.VKeys()[0] + " https://x", "algorithm 4"},
		"Address":           {"witness a " + list["a"].VKey() + " ftp://x", "no address"},
		"NameTwice":         {first + "witness a " + list["b"].VKey(), "line 2: the name \"a\" is taken"},
		"KeyTwice":          {first + "witness b " + list["a"].VKey(), "line 2: witness b: its key"},
		"GroupOfStrangers":  {first + "group g any z", "line 2: group g: \"z\""},
		"GroupTooFew":       {first + "group g 2 a", "from 1 to 1"},
		"GroupZero":         {first + "group g 0 a", "from 1 to 1"},
		"GroupMemberTwice":  {first + "group g any a a", "named twice"},
		"GroupEmpty":        {first + "group g any", "MEMBER"},
		"GroupNone":         {first + "group none any a", "is taken"},
		"QuorumOfNobody":    {first + "quorum z", "line 2: quorum \"z\""},
		"QuorumTwice":       {first + "quorum a\nquorum a", "line 3: a second quorum"},
		"QuorumOfTwo":       {first + "quorum a b", "quorum NAME"},
		"SomethingElse":     {first + "witnesses a", "line 2: \"witnesses\""},
		"TooLong":           {strings.Repeat("\n", 1001), "at most 1000"},
		"QuorumBeforeGroup": {first + "quorum g\ngroup g any a", "line 2"},
	} {
		if _, err := witness.ParsePolicy(tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, tc.want)
		}
	}
}

// TestAPanelAsksAllAndLeavesAFailingOneAlone has one of three witnesses out of reach.
func TestAPanelAsksAllAndLeavesAFailingOneAlone(t *testing.T) {
	t.Parallel()
	_, honest, one, two := setup(t)
	dead := people(t)["c"]
	text := fmt.Sprintf("witness one %s %s\nwitness two %s %s\nwitness dead %s http://127.0.0.1:1\ngroup g 2 one two dead\nquorum g\n",
		one.policy.VKey, one.policy.URL, two.policy.VKey, two.policy.URL, dead.VKey())
	p, err := witness.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_600_000_000, 0)
	panel := witness.NewPanel(p, http.DefaultClient, func() time.Time { return now })
	signed := honest.grow(t, 3, "a")
	lines, failures := panel.Ask(t.Context(), honest.w.Reader(), signed)
	if len(failures) != 1 || !strings.Contains(failures[0].Error(), "dead") {
		t.Errorf("failures: %v", failures)
	}
	if err := honest.w.Cosign(signed, lines); err != nil {
		t.Fatal(err)
	}
	s := p.Standing(honest.w.Last().Note)
	if diff := cmp.Diff(witness.Standing{Asked: true, Cosigned: []string{"one", "two"}, Missing: []string{"dead"}, Quorum: true, Met: true}, s); diff != "" {
		t.Error(diff)
	}
	if why := panel.Failing(); len(why) != 1 || why["dead"] == "" {
		t.Errorf("failing: %v", why)
	}
	// It is left alone, then asked again, and told of only when the reason changes.
	for _, wait := range []time.Duration{time.Second, time.Minute} {
		now = now.Add(wait)
		if lines, failures := panel.Ask(t.Context(), honest.w.Reader(), honest.w.Last()); len(lines) > 0 || len(failures) > 0 {
			t.Errorf("after %v: %q, %v", wait, lines, failures)
		}
	}
}
