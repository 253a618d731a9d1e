package diff_test

import (
	"slices"
	"testing"

	"zhitong/audit/audittest"
	"zhitong/audit/diff"
	"zhitong/projections"
	"zhitong/projections/catalogue"
)

// TestADifferenceIsWhatTwoFoldsDifferIn holds every difference against two folds,
// and that nothing that differs is left out.
func TestADifferenceIsWhatTwoFoldsDifferIn(t *testing.T) {
	t.Parallel()
	w := audittest.Short(t)
	lines := audittest.Encode(t, audittest.Commits(t, w))
	read := audittest.Reader(lines)
	from, to := uint64(len(lines)/2), uint64(len(lines)*2/3)
	ps := catalogue.All()
	at := func(p uint64) map[string]string {
		f, err := projections.Fold(t.Context(), read, ps, projections.Until{Position: p})
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string]string{}
		for i := range ps {
			for _, s := range ps[i].Views() {
				err := f.DBs[i].Rows(s, func(vs []projections.Value) error {
					rows[s.Name+string(s.AppendLine(nil, vs[:s.KeyLen]))] = string(s.AppendLine(nil, vs))
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		return rows
	}
	before, after := at(from), at(to)
	want := map[string]string{}
	for k := range before {
		if after[k] == "" {
			want[k] = diff.Removed
		} else if after[k] != before[k] {
			want[k] = diff.Changed
		}
	}
	for k := range after {
		if before[k] == "" {
			want[k] = diff.Added
		}
	}
	got, err := diff.Between(t.Context(), read, ps, from, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		k := r.View + r.Key
		if want[k] != r.Change {
			t.Errorf("%s: %s, want %q", k, r.Change, want[k])
		}
		delete(want, k)
		if len(r.Events) == 0 || slices.ContainsFunc(r.Events, func(e diff.Event) bool { return e.Position <= from || e.Position > to }) {
			t.Errorf("%s: by %v", k, r.Events)
		}
	}
	if len(want) > 0 || len(got) == 0 {
		t.Errorf("%d differences are left out, %d were found: %v", len(want), len(got), want)
	}
}
