package bundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"zhitong/audit/audittest"
	"zhitong/audit/bundle"
	"zhitong/audit/checkpoint"
	"zhitong/audit/trace"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/domain"
	"zhitong/projections/catalogue"
)

type world struct {
	src  bundle.Source
	keys *checkpoint.Keys
	paid []domain.ID
}

func setup(t *testing.T) *world {
	t.Helper()
	w := audittest.Short(t)
	paid := audittest.Pay(t, w, 5)
	lines := audittest.Encode(t, audittest.Commits(t, w))
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	tw, err := tree.OpenWriter(filepath.Join(t.TempDir(), "audit"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tw.Close() })
	if err := tw.Add(1, lines); err != nil {
		t.Fatal(err)
	}
	signed, err := tw.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	vkeys, err := tw.Reader().VKeys()
	if err != nil {
		t.Fatal(err)
	}
	return &world{bundle.Source{Read: audittest.Reader(lines), Tree: tw.Reader(), Signed: signed, VKeys: vkeys, Projections: catalogue.All()}, keys, paid}
}

func (w *world) verify(t *testing.T, b []byte) (*verify.Report, string) {
	t.Helper()
	r, _, err := bundle.Verify(b, w.options())
	if err != nil {
		return nil, err.Error()
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	return r, text.String()
}

func (w *world) options() bundle.VerifyOptions {
	return bundle.VerifyOptions{OwnKey: true, Verifiers: func(string) (note.Verifiers, error) {
		return checkpoint.Verifiers(w.keys.VKeys()[0])
	}}
}

func TestBundles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := string(w.paid[0])
	ship, _, _ := strings.Cut(id, ".")
	for _, s := range []bundle.Subject{{Kind: "claim", ID: id}, {Kind: "shipment", ID: ship}, {Kind: "party", ID: "C09"}} {
		t.Run(s.Kind, func(t *testing.T) {
			t.Parallel()
			b, err := bundle.Make(t.Context(), w.src, s)
			if err != nil {
				t.Fatal(err)
			}
			again, err := bundle.Make(t.Context(), w.src, s)
			if err != nil || !bytes.Equal(b, again) {
				t.Errorf("made again it is another file (%v)", err)
			}
			r, text := w.verify(t, b)
			if r == nil || !r.OK() || r.Commits == 0 {
				t.Fatalf("it does not verify:\n%s", text)
			}
		})
	}
	t.Run("APeriodBringsWhatItRestsOn", func(t *testing.T) {
		t.Parallel()
		whole := bundle.Subject{Kind: "party", ID: "C09"}
		june := whole
		june.From, june.To = time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 6, 30, 0, 0, 0, 0, time.UTC)
		count := map[bundle.Subject]uint64{}
		for _, s := range []bundle.Subject{whole, june} {
			b, err := bundle.Make(t.Context(), w.src, s)
			if err != nil {
				t.Fatal(err)
			}
			r, text := w.verify(t, b)
			i := slices.IndexFunc(r.Checks, func(c verify.Check) bool { return c.Name == "assessments" })
			if !r.OK() || r.Checks[i].Count == 0 {
				t.Errorf("of %v nothing is calculated again:\n%s", s, text)
			}
			count[s] = r.Commits
		}
		if count[june] >= count[whole] {
			t.Errorf("%d commits in June, %d in all", count[june], count[whole])
		}
	})
	t.Run("OfNothing", func(t *testing.T) {
		t.Parallel()
		if _, err := bundle.Make(t.Context(), w.src, bundle.Subject{Kind: "claim", ID: ship}); err == nil {
			t.Error("a shipment's id makes a bundle of a claim")
		}
		from := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
		if _, err := bundle.Make(t.Context(), w.src, bundle.Subject{Kind: "party", ID: "C09", From: from, To: from.AddDate(1, 0, 0)}); !errors.Is(err, trace.ErrUnknown) {
			t.Errorf("of a period without events: %v", err)
		}
	})
}

// TestEveryFlippedByteIsFoundAndNamed flips each byte of a small bundle, one at a
// time, and looks whether the file that it belongs to is the one that is named; of
// larger ones it flips some.
func TestEveryFlippedByteIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	day := time.Date(2020, 4, 20, 0, 0, 0, 0, time.UTC)
	may := time.Date(2020, 5, 2, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		subject bundle.Subject
		step    int
		whole   bool
	}{
		"EachOfASmallOne":      {bundle.Subject{Kind: "party", ID: "F-CITY", From: day, To: day.AddDate(0, 0, 1)}, 1, false},
		"SomeOfSeveralCommits": {bundle.Subject{Kind: "party", ID: "C09", From: may, To: may.Add(5 * time.Hour)}, 149, false},
		"SomeWithRows":         {bundle.Subject{Kind: "claim", ID: string(w.paid[0])}, 4999, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := w.src
			if !c.whole {
				src.Projections = nil
			}
			src.Reports = func(context.Context, bundle.Evidence) (map[string][]byte, error) {
				return map[string][]byte{"report.zh.html": []byte("<p>报告</p>"), "report.zh.pdf": []byte("%PDF-1.3")}, nil
			}
			b, err := bundle.Make(t.Context(), src, c.subject)
			if err != nil {
				t.Fatal(err)
			}
			if r, text := w.verify(t, b); r == nil || !r.OK() || r.Commits == 0 {
				t.Fatalf("it does not verify:\n%s", text)
			}
			w.flip(t, b, c.step)
		})
	}
}

// flip flips one bit in every step-th byte.
func (w *world) flip(t *testing.T, b []byte, step int) {
	t.Helper()
	owners := ownersOf(t, b)
	parts := runtime.GOMAXPROCS(0)
	var g errgroup.Group
	for part := range parts {
		g.Go(func() error {
			bad := bytes.Clone(b)
			for i := part * step; i < len(b); i += parts * step {
				bad[i] ^= 1 << (i % 8)
				r, _, err := bundle.Verify(bad, w.options())
				if err != nil {
					return fmt.Errorf("byte %d, of %s, flipped: no file is named: %w", i, owners[i], err)
				}
				if files := r.Checks[0]; r.OK() || len(files.First) == 0 || !strings.HasPrefix(files.First[0].Detail, owners[i]+": ") {
					return fmt.Errorf("byte %d, of %s, flipped: found %v", i, owners[i], files.First)
				}
				bad[i] = b[i]
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// ownersOf says of each byte which file it belongs to, by another reader of zip files.
func ownersOf(t *testing.T, b []byte) []string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(b))
	at, directory := 0, 0
	for _, f := range z.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, content); err != nil { // the CRC holds
			t.Fatal(err)
		}
		begin, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		for directory = int(begin) + int(f.CompressedSize64); at < directory; at++ {
			out[at] = f.Name
		}
	}
	for _, f := range z.File {
		for range 46 + len(f.Name) {
			out[at] = f.Name
			at++
		}
	}
	for ; at < len(b); at++ {
		out[at] = "the zip's end"
	}
	return out
}

func TestWhatIsNoBundleIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b, err := bundle.Make(t.Context(), w.src, bundle.Subject{Kind: "claim", ID: string(w.paid[0])})
	if err != nil {
		t.Fatal(err)
	}
	var rezipped bytes.Buffer
	z := zip.NewWriter(&rezipped)
	f, err := z.Create("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("once more")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"Empty": nil, "Text": []byte("PK but no zip"), "Rezipped": rezipped.Bytes(), "Begin": b[:20]} {
		if r, _, err := bundle.Verify(bad, w.options()); err == nil && r.OK() {
			t.Errorf("%s is accepted", name)
		}
	}
	for name, bad := range map[string][]byte{"CutShort": b[:len(b)-1], "Longer": append(bytes.Clone(b), 0), "Half": b[:len(b)/2], "Twice": append(bytes.Clone(b), b...)} {
		if r, _, err := bundle.Verify(bad, w.options()); err != nil || r.OK() || len(r.Checks[0].First) == 0 {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
}
