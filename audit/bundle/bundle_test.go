package bundle_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/audittest"
	"zhitong/audit/bundle"
	"zhitong/audit/checkpoint"
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
	r, err := bundle.Verify(b, bundle.VerifyOptions{OwnKey: true, Verifiers: func(string) (note.Verifiers, error) {
		return checkpoint.Verifiers(w.keys.VKeys()[0])
	}})
	if err != nil {
		return nil, err.Error()
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	return r, text.String()
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
	t.Run("OfNothing", func(t *testing.T) {
		t.Parallel()
		if _, err := bundle.Make(t.Context(), w.src, bundle.Subject{Kind: "claim", ID: ship}); err == nil {
			t.Error("a shipment's id makes a bundle of a claim")
		}
	})
}

// TestAnyFlippedByteIsFoundAndNamed flips bytes all over a bundle.
func TestAnyFlippedByteIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b, err := bundle.Make(t.Context(), w.src, bundle.Subject{Kind: "claim", ID: string(w.paid[0])})
	if err != nil {
		t.Fatal(err)
	}
	step := max(1, len(b)/150)
	for i := 0; i < len(b); i += step {
		bad := bytes.Clone(b)
		bad[i] ^= 1 << (i % 8)
		r, text := w.verify(t, bad)
		if r != nil && (r.OK() || len(r.Checks[0].First) == 0) {
			t.Fatalf("byte %d flipped and not found:\n%s", i, text)
		}
	}
	for i := len(b) - 250; i < len(b); i++ { // the zip's directory
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if r, text := w.verify(t, bad); r != nil && r.OK() {
			t.Fatalf("byte %d flipped and not found:\n%s", i, text)
		}
	}
}
