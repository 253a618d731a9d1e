package verify_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zhitong/audit/audittest"
	"zhitong/audit/checkpoint"
	"zhitong/audit/findings"
	"zhitong/audit/merkle"
	"zhitong/audit/verify"
	"zhitong/audit/views"
	"zhitong/projections"
	"zhitong/projections/catalogue"
)

// stated says what the log's views are at a position, by folding up to there.
func stated(t *testing.T, lines [][]byte, ps []projections.Projection, position uint64) views.Statement {
	t.Helper()
	folded, err := projections.Fold(t.Context(), audittest.Reader(lines), ps, projections.Until{Position: position})
	if err != nil {
		t.Fatal(err)
	}
	var edge merkle.Edge
	for _, line := range lines[:position] {
		if err := edge.Append(merkle.Leaf(line), func(int, uint64, []merkle.Hash) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	s := views.Statement{Origin: "zhitong.example/log", Position: position, Root: edge.Root()}
	for i := range ps {
		for _, v := range ps[i].Views() {
			d, err := folded.DBs[i].Digest(v)
			if err != nil {
				t.Fatal(err)
			}
			s.Views = append(s.Views, views.View{Name: v.Name, Version: ps[i].Version, Rows: int64(folded.DBs[i].Len(v)), Digest: d})
		}
	}
	return s
}

func TestSignedDigestsOfViews(t *testing.T) {
	t.Parallel()
	lines := history(t)
	ps := append(catalogue.All(), findings.Projection(findings.Default()))
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	middle, end := stated(t, lines, ps, uint64(len(lines)/2)), stated(t, lines, ps, uint64(len(lines)))
	for name, x := range map[string]struct {
		change func(s *views.Statement)
		found  bool
	}{
		"AsTheyAre":      {func(*views.Statement) {}, false},
		"AnotherDigest":  {func(s *views.Statement) { s.Views[3].Digest = projections.DigestLine([]byte("x")) }, true},
		"ARowMore":       {func(s *views.Statement) { s.Views[5].Rows++ }, true},
		"AnotherLog":     {func(s *views.Statement) { s.Root[0] ^= 1 }, true},
		"BehindTheEnd":   {func(s *views.Statement) { s.Position = uint64(len(lines)) + 9 }, true},
		"AnotherVersion": {func(s *views.Statement) { s.Views[3].Version += 7 }, false}, // nothing can be said of it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := middle
			s.Views = slices.Clone(middle.Views)
			x.change(&s)
			options := func(signers *checkpoint.Keys) verify.Options {
				v, err := checkpoint.Verifiers(keys.VKeys()[0])
				if err != nil {
					t.Fatal(err)
				}
				o := verify.Options{Read: audittest.Reader(lines), Verifiers: v, Fold: ps}
				for _, s := range []views.Statement{s, end} {
					signed, err := views.Sign(s, signers.Signers()...)
					if err != nil {
						t.Fatal(err)
					}
					o.Views = append(o.Views, signed)
				}
				return o
			}
			if x.found {
				wantFailed(t, options(keys), "digests")
				return
			}
			r, err := verify.Run(t.Context(), options(keys))
			if err != nil || !r.OK() {
				_ = r.Text(os.Stderr)
				t.Fatalf("right digests fail: %v", err)
			}
			i := slices.IndexFunc(r.Checks, func(c verify.Check) bool { return c.Name == "digests" })
			if least := uint64(len(middle.Views)); r.Checks[i].Count < least {
				t.Errorf("%d digests compared, at least %d were signed", r.Checks[i].Count, least)
			}
			other, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "other"), "zhitong.example/log")
			if err != nil {
				t.Fatal(err)
			}
			wantFailed(t, options(other), "digests")
		})
	}
}
