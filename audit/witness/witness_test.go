package witness_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
	"zhitong/audit/witness"
)

const origin = "zhitong.example/log"

// served is a Merkle log behind HTTP.
type served struct {
	w   *tree.Writer
	url string
}

func newLog(t *testing.T, keys *checkpoint.Keys) *served {
	t.Helper()
	w, err := tree.OpenWriter(filepath.Join(t.TempDir(), "audit"), keys)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/log", publish.Handler(w.Reader())))
	t.Cleanup(func() { server.Close(); _ = w.Close() })
	return &served{w: w, url: server.URL + "/log"}
}

func (s *served) grow(t *testing.T, to int, text string) checkpoint.Signed {
	t.Helper()
	for p := int(s.w.Size()) + 1; p <= to; p++ {
		if err := s.w.Add(uint64(p), [][]byte{fmt.Appendf(nil, "[%d %s]", p, text)}); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := s.w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (s *served) remote(t *testing.T) tree.Reader {
	t.Helper()
	r, err := publish.NewRemote(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	return tree.NewReader(r)
}

type watcher struct {
	w      *witness.Witness
	policy witness.Peer
}

func newWitness(t *testing.T, name, vkeys string) *watcher {
	t.Helper()
	skey, err := checkpoint.NewCosignerKey(name)
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.ParseCosigner(skey, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.Open(filepath.Join(t.TempDir(), "state.json"), cosigner)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Trust(origin, vkeys); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	return &watcher{w: w, policy: witness.Peer{Name: name, URL: server.URL, VKey: cosigner.VKey()}}
}

func setup(t *testing.T) (keys *checkpoint.Keys, honest *served, one, two *watcher) {
	t.Helper()
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	vkeys := strings.Join(keys.VKeys(), "\n") + "\n"
	return keys, newLog(t, keys), newWitness(t, "witness.example/one", vkeys), newWitness(t, "witness.example/two", vkeys)
}

func TestCosignaturesAreAskedForAndShown(t *testing.T) {
	t.Parallel()
	keys, honest, one, two := setup(t)
	for _, size := range []int{3, 300, 301, 1024} {
		signed := honest.grow(t, size, "a")
		for _, w := range []*watcher{one, two} {
			lines, err := witness.Ask(t.Context(), http.DefaultClient, w.policy, honest.w.Reader(), signed)
			if err != nil {
				t.Fatal(err)
			}
			if err := honest.w.Cosign(signed, lines); err != nil {
				t.Fatal(err)
			}
		}
	}
	shown, err := honest.remote(t).Latest()
	if err != nil {
		t.Fatal(err)
	}
	verifiers, err := checkpoint.Verifiers(keys.VKeys()[0] + "\n" + one.policy.VKey + "\n" + two.policy.VKey)
	if err != nil {
		t.Fatal(err)
	}
	got, err := checkpoint.Open(shown, verifiers)
	if err != nil || got.Size != 1024 || len(got.By) != 3 {
		t.Errorf("shown: size %d by %v (%v), want 1024 by three", got.Size, got.By, err)
	}
}

// TestALogThatForksIsCaught has one key sign two histories, one for each witness,
// and then show each the other.
func TestALogThatForksIsCaught(t *testing.T) {
	t.Parallel()
	keys, honest, one, two := setup(t)
	forged := newLog(t, keys)
	honest.grow(t, 10, "a")
	forged.grow(t, 10, "a")
	for _, w := range []*watcher{one, two} {
		if _, err := w.w.Poll(t.Context(), honest.remote(t)); err != nil {
			t.Fatal(err)
		}
	}
	honest.grow(t, 400, "a")
	forged.grow(t, 400, "b")
	if _, err := one.w.Poll(t.Context(), honest.remote(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := two.w.Poll(t.Context(), forged.remote(t)); err != nil {
		t.Fatal(err)
	}
	t.Run("SameSizeAskedOverHTTP", func(t *testing.T) {
		if _, err := witness.Ask(t.Context(), http.DefaultClient, one.policy, forged.w.Reader(), forged.w.Last()); err == nil {
			t.Error("the first witness cosigned the other history")
		}
	})
	t.Run("LargerSizePolled", func(t *testing.T) {
		forged.grow(t, 500, "b")
		if _, err := one.w.Poll(t.Context(), forged.remote(t)); !errors.Is(err, witness.ErrFork) {
			t.Errorf("got %v, want %v", err, witness.ErrFork)
		}
	})
	t.Run("SmallerSizePolled", func(t *testing.T) {
		if _, err := two.w.Poll(t.Context(), forged.remote(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := two.w.Poll(t.Context(), honest.remote(t)); !errors.Is(err, witness.ErrBackward) {
			t.Errorf("got %v, want %v", err, witness.ErrBackward)
		}
	})
	for name, w := range map[string]*watcher{"one": one, "two": two} {
		forks := w.w.Forks(origin)
		if len(forks) == 0 {
			t.Errorf("witness %s kept no evidence", name)
		}
		for _, f := range forks {
			checkEvidence(t, f, keys.VKeys()[0])
		}
	}
}

// checkEvidence checks that a third person is convinced: one key signed both.
func checkEvidence(t *testing.T, f witness.Fork, vkey string) {
	t.Helper()
	verifiers, err := checkpoint.Verifiers(vkey)
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := checkpoint.Open([]byte(f.Cosigned), verifiers)
	b, err2 := checkpoint.Open([]byte(f.Refused), verifiers)
	if err1 != nil || err2 != nil || a.Checkpoint == b.Checkpoint {
		t.Errorf("the evidence is none: %v, %v", err1, err2)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, honest, one, _ := setup(t)
	signed := honest.grow(t, 5, "a")
	if _, err := one.w.Add(0, nil, signed.Note); err != nil {
		t.Fatal(err)
	}
	other, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := checkpoint.Sign(signed.Checkpoint, other.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: "elsewhere", Size: 5}, other.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"UnknownLog":      {"old 5\n\n" + string(elsewhere), http.StatusNotFound},
		"AnotherKey":      {"old 5\n\n" + string(stranger), http.StatusForbidden},
		"OldSizeIsLarger": {"old 6\n\n" + string(signed.Note), http.StatusBadRequest},
		"OldSizeIsWrong":  {"old 3\n\n" + string(signed.Note), http.StatusConflict},
		"LeadingZero":     {"old 05\n\n" + string(signed.Note), http.StatusBadRequest},
		"ProofOfNothing":  {"old 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" + string(signed.Note), http.StatusUnprocessableEntity},
		"Again":           {"old 5\n\n" + string(signed.Note), http.StatusOK},
		"Empty":           {"", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := http.Post(one.policy.URL+"/add-checkpoint", "text/plain", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
		})
	}
}
