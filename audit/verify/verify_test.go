package verify_test

import (
	"os"
	"strings"
	"testing"

	"zhitong/audit/audittest"
	"zhitong/audit/verify"
)

func TestACleanHistoryPasses(t *testing.T) {
	t.Parallel()
	w := audittest.World(t, "0.002")
	audittest.Pay(t, w, 12)
	lines := audittest.Encode(t, audittest.Commits(t, w))
	r, err := verify.Run(t.Context(), verify.Options{Read: audittest.Reader(lines)})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() || testing.Verbose() {
		_ = r.Text(os.Stderr)
	}
	if !r.OK() {
		t.Error("a clean history fails")
	}
	for _, c := range r.Checks {
		if c.Count == 0 && c.Not == "" {
			t.Errorf("%s checked nothing", c.Name)
		}
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil || !strings.Contains(text.String(), "ok   conservation") {
		t.Errorf("text %q (%v)", text.String(), err)
	}
}

func TestOneIsSaidInTheSingular(t *testing.T) {
	t.Parallel()
	r := verify.Report{Commits: 1, Events: 2, Checks: []verify.Check{{Name: "positions", Of: "commits", Count: 1}, {Name: "splits", Of: "splits over funders", Count: 1, Failed: 1}},
		Views: []verify.View{{Name: "claims", Rows: 1, Position: 1}}}
	var text strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	want := "1 commit, 2 events\n  ok   positions     1 commit\n  FAIL splits        1 of 1 split over funders\n  ok   view claims               1 row at position 1\n"
	if text.String() != want {
		t.Errorf("got %q, want %q", text.String(), want)
	}
}
