package keys_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/internal/embedded/embeddedtest"
)

var person = domain.Ref{Kind: "party", ID: "C001"}

// stores are the two stores that keep the contract.
func stores(t *testing.T) map[string]func() keys.Store {
	nc, path := embeddedtest.NATS(t), filepath.Join(t.TempDir(), "keys", "master.key")
	memory := keys.NewMemory()
	return map[string]func() keys.Store{
		"memory": func() keys.Store { return memory },
		"stream": func() keys.Store {
			master, err := keys.OpenMaster(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := keys.OpenStream(t.Context(), nc, "ZHITONG", 1, master)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}
}

func open(t *testing.T, s keys.Store) *keys.Ring {
	t.Helper()
	r, err := keys.OpenRing(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedValuesOpenWithTheirPersonEventAndFieldOnly(t *testing.T) {
	t.Parallel()
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			r := open(t, store())
			if err := r.Ensure(t.Context(), person); err != nil {
				t.Fatal(err)
			}
			sealed, err := r.Seal(person, "E-1", "payee.bank", "皮山农商行")
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := r.Seal(person, "E-1", "payee.bank", "皮山农商行"); again != sealed {
				t.Errorf("sealed again for the same event it is %q, was %q", again, sealed)
			}
			other := open(t, store()) // another process, or the next start
			if got, err := other.Open(person, "E-1", "payee.bank", sealed); err != nil || got != "皮山农商行" {
				t.Errorf("opened: %q, %v", string(got), err)
			}
			for what, open := range map[string]func() (domain.Personal, error){
				"another event": func() (domain.Personal, error) { return r.Open(person, "E-2", "payee.bank", sealed) },
				"another field": func() (domain.Personal, error) { return r.Open(person, "E-1", "payee.account_no", sealed) },
				"a bit flipped": func() (domain.Personal, error) { return r.Open(person, "E-1", "payee.bank", flip(sealed)) },
			} {
				if got, err := open(); err == nil {
					t.Errorf("%s: opened to %q", what, string(got))
				}
			}
			one, _ := r.Tag("6222")
			two, _ := other.Tag("6222")
			if one != two || one == "" {
				t.Errorf("tags of one account differ: %q, %q", one, two)
			}
		})
	}
}

func flip(s domain.Sealed) domain.Sealed {
	b := []byte(s)
	b[len(b)-2] ^= 1
	return domain.Sealed(b)
}

func TestAnErasedPersonIsGoneForGood(t *testing.T) {
	t.Parallel()
	stays := domain.Ref{Kind: "party", ID: "C002"}
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			r := open(t, store())
			for _, p := range []domain.Ref{person, stays} {
				if err := r.Ensure(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			gone, _ := r.Seal(person, "E-1", "payee.bank", "x")
			kept, _ := r.Seal(stays, "E-1", "payee.bank", "y")
			for range 2 { // erasing may be repeated
				if err := r.Destroy(t.Context(), person); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Ensure(t.Context(), person); err != nil || r.Has(person) {
				t.Errorf("an erased person has a key again, %v", err)
			}
			next := open(t, store())
			if _, err := next.Open(person, "E-1", "payee.bank", gone); !errors.Is(err, keys.ErrNoKey) {
				t.Errorf("open after erasing: %v", err)
			}
			if got, err := next.Open(stays, "E-1", "payee.bank", kept); err != nil || got != "y" {
				t.Errorf("the other person's value: %q, %v", string(got), err)
			}
		})
	}
}

func TestErasingLeavesNoOldMasterKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	master, err := keys.OpenMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.OpenStream(t.Context(), embeddedtest.NATS(t), "ZHITONG", 1, master)
	if err != nil {
		t.Fatal(err)
	}
	r := open(t, s)
	if err := r.Ensure(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if err := r.Destroy(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || bytes.Contains(after, bytes.Fields(before)[1]) {
		t.Errorf("the master key that wrapped the erased key is still in the file, %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("master key file: %v, %v, want mode 0600", info.Mode(), err)
	}
}
