package snapshot_test

import (
	"bytes"
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/internal/app/snapshot"
)

type inner struct {
	No    int
	price domain.Price
}

// sample has every kind of value that states have.
type sample struct {
	yes    bool
	small  int8
	size   uint16
	name   domain.ID
	money  domain.Money
	at     domain.Time
	when   time.Time
	day    domain.Day
	hash   [32]byte
	pairs  [2]domain.ID
	raw    []byte
	list   []inner
	lines  []*inner
	byNo   map[int]*inner
	seen   map[domain.Ref]bool
	absent *inner
	whole  *big.Int
	self   *sample
}

func money(t *testing.T, s string) domain.Money {
	t.Helper()
	m, err := domain.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func filled(t *testing.T) *sample {
	t.Helper()
	at, err := domain.ParseTime("2021-03-03T10:00:00.5+06:00")
	if err != nil {
		t.Fatal(err)
	}
	price, err := domain.ParsePrice("12.345678")
	if err != nil {
		t.Fatal(err)
	}
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	s := &sample{yes: true, small: -7, size: 65535, name: "和田-1", money: money(t, "12.50").Neg(), at: at,
		when: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), day: at.Day(), hash: [32]byte{1, 31: 2}, pairs: [2]domain.ID{"a", ""},
		raw: []byte{0, 255}, list: []inner{{1, price}, {}}, seen: map[domain.Ref]bool{{Kind: "k", ID: "b"}: true, {Kind: "k", ID: "a"}: false}, whole: huge}
	for i := range 40 {
		s.lines = append(s.lines, &inner{No: i})
	}
	s.byNo = map[int]*inner{}
	for _, l := range s.lines {
		s.byNo[l.No] = l
	}
	s.self = s
	return s
}

func TestAValueComesBackAsItWas(t *testing.T) {
	t.Parallel()
	c := snapshot.Of[*sample]()
	want := filled(t)
	b := c.Append(nil, &want)
	for _, share := range []bool{false, true} {
		var got *sample
		rest, err := c.Read(append(b[:len(b):len(b)], 9), &got, share)
		if err != nil || !bytes.Equal(rest, []byte{9}) {
			t.Fatalf("rest %v, err %v", rest, err)
		}
		if got.self != got {
			t.Error("a pointer to the value itself leads elsewhere")
		}
		for i, l := range got.lines {
			if got.byNo[l.No] != l || l.No != i {
				t.Errorf("line %d: the map leads to another one than the slice", i)
			}
		}
		if again := c.Append(nil, &got); !bytes.Equal(again, b) {
			t.Error("written again it has other bytes")
		}
		if got.money.String() != "-12.50" || got.at.String() != want.at.String() || !got.at.Instant().Equal(want.at.Instant()) ||
			!got.when.Equal(want.when) || got.whole.Cmp(want.whole) != 0 || got.absent != nil || got.name != want.name {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if d := cmp.Diff(want.seen, got.seen); d != "" {
			t.Error(d)
		}
	}
}

func TestNilAndEmptyAreToldApart(t *testing.T) {
	t.Parallel()
	type both struct {
		A, B []int
		C, D map[string]int
	}
	c := snapshot.Of[both]()
	want := both{B: []int{}, D: map[string]int{}}
	var got both
	if _, err := c.Read(c.Append(nil, &want), &got, false); err != nil {
		t.Fatal(err)
	}
	if got.A != nil || got.B == nil || got.C != nil || got.D == nil {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestATypeWithoutAFormIsAMistakeOfTheProgram(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("the codec of a struct with an interface was made")
		}
	}()
	snapshot.Of[struct{ F domain.Fact }]()
}

// FuzzRead: whatever the bytes, reading gives an error or a value that has a form
// again; it never panics.
func FuzzRead(f *testing.F) {
	c := snapshot.Of[*sample]()
	s := &sample{lines: []*inner{{No: 1}}}
	f.Add(c.Append(nil, &s))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var v *sample
		if _, err := c.Read(b, &v, false); err == nil {
			c.Append(nil, &v)
		}
	})
}

func TestDamagedValuesAreRefusedOrRead(t *testing.T) {
	t.Parallel()
	c := snapshot.Of[*sample]()
	s := filled(t)
	b := c.Append(nil, &s)
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		damaged := bytes.Clone(b)
		for range 1 + random.IntN(3) {
			damaged[random.IntN(len(b))] = byte(random.Uint32())
		}
		var v *sample
		_, _ = c.Read(damaged, &v, false) // must not panic
	}
}

func file(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := snapshot.NewWriter(&out, snapshot.Header{Stream: "Z", Position: 9})
	w.Section("numbers")
	w.Frame([]byte("one"))
	w.Frame([]byte("two"))
	w.EndSection()
	w.Section("none")
	w.EndSection()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// contents reads a whole file as a list of names and frames.
func contents(b []byte) ([]string, error) {
	r, err := snapshot.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	list := []string{r.Header().Stream}
	for {
		name, err := r.Section()
		if err != nil || name == "" {
			return list, err
		}
		list = append(list, name)
		err = r.Frames(false, func(f []byte, at int64) error {
			if !bytes.Equal(b[at:at+int64(len(f))], f) {
				return errors.New("the frame does not stand where it is said to")
			}
			list = append(list, string(f))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
}

func TestAFileIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	got, err := contents(file(t))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Z", "numbers", "one", "two", "none"}, got); d != "" {
		t.Error(d)
	}
}

func TestEachDamagedByteIsFound(t *testing.T) {
	t.Parallel()
	b := file(t)
	for i := range b {
		for _, flip := range []byte{1, 128, 255} {
			damaged := bytes.Clone(b)
			damaged[i] ^= flip
			if _, err := contents(damaged); !errors.Is(err, snapshot.ErrDamaged) {
				t.Fatalf("byte %d changed by %d: %v", i, flip, err)
			}
		}
	}
	for n := range b {
		if _, err := contents(b[:n]); !errors.Is(err, snapshot.ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
}
