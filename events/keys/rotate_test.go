package keys_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/internal/embedded"
)

// vault is a key stream whose files can be looked at, and its master key.
type vault struct {
	t      *testing.T
	nc     *nats.Conn
	store  string
	master string
}

func newVault(t *testing.T) *vault {
	v := &vault{t: t, store: t.TempDir(), master: filepath.Join(t.TempDir(), "master.key")}
	srv, err := embedded.StartServer(v.store, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Shutdown)
	if v.nc, err = nats.Connect("", nats.InProcessServer(srv)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.nc.Close)
	return v
}

// stream opens the stream as a new process would.
func (v *vault) stream() *keys.Stream {
	v.t.Helper()
	m, err := keys.OpenMaster(v.master)
	if err != nil {
		v.t.Fatal(err)
	}
	s, err := keys.OpenStream(v.t.Context(), v.nc, "ZHITONG", 1, m)
	if err != nil {
		v.t.Fatal(err)
	}
	return s
}

func (v *vault) ring() *keys.Ring { return open(v.t, v.stream()) }

// holds reports whether any file of the stream has the bytes.
func (v *vault) holds(what []byte) bool {
	v.t.Helper()
	found := false
	err := filepath.WalkDir(v.store, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, what)
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return found
}

// boxes are the wrapped keys as they are stored.
func (v *vault) boxes() map[string][]byte {
	v.t.Helper()
	list, err := v.stream().Copy(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	m := map[string][]byte{}
	for _, w := range list {
		m[w.Name] = w.Box
	}
	return m
}

func (v *vault) masterText() string {
	v.t.Helper()
	b, err := os.ReadFile(v.master)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b)
}

var people = []domain.Ref{person, {Kind: "party", ID: "C002"}, {Kind: "party", ID: "C003"}}

// seal gives each person a key and a sealed value.
func (v *vault) seal() map[domain.Ref]domain.Sealed {
	v.t.Helper()
	r, sealed := v.ring(), map[domain.Ref]domain.Sealed{}
	for _, p := range people {
		if err := r.Ensure(v.t.Context(), p); err != nil {
			v.t.Fatal(err)
		}
		var err error
		if sealed[p], err = r.Seal(p, "E-1", "payee.bank", domain.Personal(p.ID)); err != nil {
			v.t.Fatal(err)
		}
	}
	return sealed
}

// opens checks with a new ring whose values open.
func (v *vault) opens(when string, sealed map[domain.Ref]domain.Sealed, who ...domain.Ref) {
	v.t.Helper()
	r := v.ring()
	for _, p := range who {
		if got, err := r.Open(p, "E-1", "payee.bank", sealed[p]); err != nil || string(got) != string(p.ID) {
			v.t.Errorf("%s: the value of %s opens to %q, %v", when, p, string(got), err)
		}
	}
}

var errCrash = errors.New("crash")

// TestACrashBeforeAnyStepOfAnErasureIsMadeGood ends the destruction of a key before
// each of its steps in turn; everybody else's values open at any time, and repeating
// it finishes it: no byte of the key, of the older wrappings and of the older master
// key is left.
func TestACrashBeforeAnyStepOfAnErasureIsMadeGood(t *testing.T) {
	t.Parallel()
	const stepsMax = 50
	seen := map[string]bool{}
	for crashAt := 1; ; crashAt++ {
		v := newVault(t)
		sealed := v.seal()
		before, oldMaster := v.boxes(), strings.Fields(v.masterText())[1]
		step, s := 0, v.stream()
		s.CrashBefore(func(what string) error {
			seen[strings.Fields(what)[0]] = true
			if step++; step == crashAt {
				return errCrash
			}
			return nil
		})
		err := s.Destroy(t.Context(), person.String())
		if err == nil {
			if crashAt < 8 || len(seen) != 4 {
				t.Errorf("the destruction has %d steps of the kinds %v: the test looks at the wrong thing", crashAt-1, seen)
			}
			return
		}
		if !errors.Is(err, errCrash) || crashAt > stepsMax {
			t.Fatalf("crash at step %d: %v", crashAt, err)
		}
		v.opens("after the crash", sealed, people[1:]...)
		if _, err := v.ring().Tag("6222"); err != nil {
			t.Errorf("after the crash: %v", err)
		}
		if err := v.stream().Destroy(t.Context(), person.String()); err != nil {
			t.Fatalf("repeated after a crash at step %d: %v", crashAt, err)
		}
		v.gone(crashAt, before, oldMaster)
		v.opens("after repeating", sealed, people[1:]...)
		if _, err := v.ring().Open(person, "E-1", "payee.bank", sealed[person]); !errors.Is(err, keys.ErrNoKey) {
			t.Errorf("crash at step %d: the erased value: %v", crashAt, err)
		}
	}
}

// gone checks that nothing of before is left.
func (v *vault) gone(crashAt int, before map[string][]byte, oldMaster string) {
	v.t.Helper()
	for name, box := range before {
		if v.holds(box) {
			v.t.Errorf("crash at step %d: the key of %s, as it was wrapped before, is still in the stream's files", crashAt, name)
		}
	}
	if text := v.masterText(); strings.Contains(text, oldMaster) || strings.Count(text, "\n") != 1 {
		v.t.Errorf("crash at step %d: the master key file still has an older generation", crashAt)
	}
	raw, err := hex.DecodeString(oldMaster)
	if err != nil || v.holds(raw) {
		v.t.Errorf("crash at step %d: the master key is in the stream's files, %v", crashAt, err)
	}
	if after := v.boxes(); len(after) != len(before)-1 || after[person.String()] != nil {
		v.t.Errorf("crash at step %d: there are %d keys, %d before", crashAt, len(after), len(before))
	}
}

func TestARotationThatWasCutShortIsFinishedBySweep(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	sealed := v.seal()
	s := v.stream()
	s.CrashBefore(func(what string) error {
		if what == "wrap party/C002" {
			return errCrash
		}
		return nil
	})
	if err := s.Rotate(t.Context()); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	if n := strings.Count(v.masterText(), "\n"); n != 2 {
		t.Fatalf("after the crash the master key has %d generations, want both", n)
	}
	v.opens("after the crash", sealed, people...)
	if err := v.ring().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(v.masterText(), "\n"); n != 1 {
		t.Errorf("after the sweep the master key has %d generations", n)
	}
	v.opens("after the sweep", sealed, people...)
}

func TestAnErasedPersonWhoseOldKeyComesBackIsSwept(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	sealed := v.seal()
	before, err := v.stream().Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.ring().Destroy(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if _, err := v.stream().Create(t.Context(), person.String(), before[person.String()]); err != nil {
		t.Fatal(err) // an old copy was put back
	}
	v.opens("put back", sealed, people...)
	r := v.ring()
	r.Forget(person) // as the log says
	if err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v.boxes()[person.String()] != nil {
		t.Error("the key of an erased person is still stored")
	}
	generation := v.masterText()
	if err := r.Sweep(t.Context()); err != nil || v.masterText() != generation {
		t.Errorf("a second sweep had something to do, %v", err)
	}
}

func TestAProcessThatKnowsAnOlderMasterKeyWrapsWithTheNewOne(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	sealed := v.seal()
	longRunning := v.ring() // read the file before it was rotated
	if err := v.ring().Destroy(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	late := domain.Ref{Kind: "party", ID: "LATE"}
	if err := longRunning.Ensure(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	value, err := longRunning.Seal(late, "E-1", "payee.bank", "LATE")
	if err != nil {
		t.Fatal(err)
	}
	sealed[late] = value
	v.opens("the next start", sealed, people[1], people[2], late)
}

func TestTwoProcessesEraseAtTheSameTime(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	sealed := v.seal()
	a, b := v.ring(), v.ring()
	ended := make(chan error, 2)
	go func() { ended <- a.Destroy(t.Context(), people[0]) }()
	go func() { ended <- b.Destroy(t.Context(), people[1]) }()
	if err := errors.Join(<-ended, <-ended); err != nil {
		t.Fatal(err)
	}
	v.opens("afterwards", sealed, people[2])
	if got := v.boxes(); len(got) != 2 {
		t.Errorf("there are %d keys, want that of C003 and that of the tags", len(got))
	}
}

func TestAStaleCopyOfTheMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.seal()
	elsewhere := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(elsewhere, []byte(v.masterText()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.stream().Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	m, err := keys.OpenMaster(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.OpenStream(t.Context(), v.nc, "ZHITONG", 1, m)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Create(t.Context(), "party/LATE", bytes.Repeat([]byte{1}, 32))
	if err == nil || !strings.Contains(err.Error(), "rotated on another machine") {
		t.Errorf("a key wrapped with an older master key: %v", err)
	}
	if _, err := s.Load(t.Context()); !errors.Is(err, keys.ErrOtherMaster) {
		t.Errorf("load with an older master key: %v, want %v", err, keys.ErrOtherMaster)
	}
}

func TestALockThatIsNotGivenBackEndsWithTheContext(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.seal()
	s := v.stream()
	s.CrashBefore(func(string) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := v.stream().Create(ctx, "party/LATE", bytes.Repeat([]byte{1}, 32)); !errors.Is(err, context.Canceled) {
			t.Errorf("a key made while another process rotates: %v", err)
		}
		return nil
	})
	if err := s.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
}
