package keeper_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/audit/keeper"
	"zhitong/audit/verify"
)

func TestTheSelfCheckShowsWhatItFound(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at := time.Date(2021, 3, 3, 10, 0, 0, 0, time.UTC)
	good := &verify.Report{Commits: 7, Events: 9}
	bad := &verify.Report{Commits: 8, Checks: []verify.Check{{Name: "budgets", Failed: 1}}, Views: []verify.View{{Name: "claims", Differs: true}, {Name: "items"}}}
	n := 0
	check := func(context.Context) (*verify.Report, uint64, error) {
		n++
		switch n {
		case 1:
			return good, 7, nil
		case 2:
			return bad, 7, nil
		}
		return nil, 0, errors.New("no database")
	}
	var got []keeper.Checked
	s := keeper.NewSelfCheck(time.Nanosecond, check, func(c keeper.Checked) {
		if got = append(got, c); len(got) == 3 {
			cancel()
		}
	}, func() time.Time { return at })
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	want := []keeper.Checked{
		{At: at, OK: true, Position: 7, Events: 9, Views: 7},
		{At: at, Position: 8, Views: 7, Failed: []string{"budgets", "view claims"}},
		{At: at, Error: "no database"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if last, busy := s.Status(); busy || last.Error != "no database" {
		t.Errorf("status %+v, busy %v", last, busy)
	}
}
