package history_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/events"
	"zhitong/internal/history"
	"zhitong/internal/history/historytest"
)

func TestReadKeepsOrderAndWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := historytest.Demo(t, "0.0001")
	l := historytest.Log(t, w)
	for name, keep := range map[string]struct {
		keep history.Keep
		want func(*events.Commit) bool
	}{
		"all": {history.All, func(*events.Commit) bool { return true }},
		"facts": {history.Of(policy.Published{}, fund.Opened{}), func(c *events.Commit) bool {
			return c.Events[0].Name() == "policy.published" || c.Events[0].Name() == "fund.opened"
		}},
		"either": {history.Any(history.Of(policy.Published{}), history.Of(claim.Submitted{})), func(c *events.Commit) bool {
			return c.Events[0].Name() == "policy.published" || c.Events[0].Name() == "claim.submitted"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got, want []uint64
			for _, c := range historytest.Commits(t, w) {
				if keep.want(c) {
					want = append(want, c.Position)
				}
			}
			err := history.Read(t.Context(), l, keep.keep, func(c *events.Commit) error { got = append(got, c.Position); return nil })
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" || len(want) == 0 {
				t.Errorf("%d commits were wanted (-want +got):\n%s", len(want), d)
			}
		})
	}
}

func TestNamingFindsAnIDAsAWholeValue(t *testing.T) {
	t.Parallel()
	keep := history.Naming(`S"1`, "红枣")
	for line, want := range map[string]bool{
		`{"claim_id":"S\"1"}`:    true,
		`{"claim_id":"S\"1.C1"}`: false,
		`{"item_id":"红枣"}`:       true,
		`{"item_id":"大红枣"}`:      false,
	} {
		if got := keep([]byte(line)); got != want {
			t.Errorf("%s: got %t", line, got)
		}
	}
}

func TestAnErrorEndsTheReading(t *testing.T) {
	t.Parallel()
	l := historytest.Log(t, historytest.Demo(t, "0.0001"))
	stop := errors.New("enough")
	n := 0
	err := history.Read(t.Context(), l, history.All, func(*events.Commit) error {
		if n++; n == 100 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 100 {
		t.Errorf("got %v after %d", err, n)
	}
}
