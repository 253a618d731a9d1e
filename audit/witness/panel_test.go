package witness_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/audit/quorum"
	"zhitong/audit/witness"
)

// TestAPanelAsksAllAndLeavesAFailingOneAlone has one of three witnesses out of reach.
func TestAPanelAsksAllAndLeavesAFailingOneAlone(t *testing.T) {
	t.Parallel()
	_, honest, one, two := setup(t)
	dead := newWitness(t, "witness.example/dead", "").policy
	text := fmt.Sprintf("witness one %s %s\nwitness two %s %s\nwitness dead %s http://127.0.0.1:1\ngroup g 2 one two dead\nquorum g\n",
		one.policy.VKey, one.policy.URL, two.policy.VKey, two.policy.URL, dead.VKey)
	p, err := quorum.ParsePolicy(text)
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
	if diff := cmp.Diff(quorum.Standing{Asked: true, Cosigned: []string{"one", "two"}, Missing: []string{"dead"}, Quorum: true, Met: true}, s); diff != "" {
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
