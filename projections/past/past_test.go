package past_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/past"
	"zhitong/projections/projectionstest"
)

var stream = past.Stream{Name: "TEST", Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), First: "ab"}

// digests are the digests of every table of a projection.
func digests(t testing.TB, p *projections.Projection, db *projections.DB) []string {
	t.Helper()
	var list []string
	for _, tab := range p.Tables {
		d, err := db.Digest(tab.Schema())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %d %s", tab.Schema().Name, db.Len(tab.Schema()), d))
	}
	return list
}

// momentsLookedAt is about how many positions of a history are compared.
const momentsLookedAt = 80

// history is a log, and what each projection is at every position of it by a fold
// that begins with the log.
type history struct {
	lines [][]byte
	read  projections.Reader
	at    [][][]string // by projection and position, the digests; of every stride-th and the head
	marks []projections.Mark
	// stride is from one position that is compared to the next.
	stride uint64
}

// step is a distance of places to keep that gives about so many.
func (h *history) step(places int) int { return len(h.lines)/places + 1 }

func newHistory(t testing.TB) *history {
	t.Helper()
	h := &history{lines: projectionstest.Demo(t, "0.0005")}
	h.stride = uint64(len(h.lines)/momentsLookedAt + 1)
	h.read = projectionstest.Reader(projectionstest.NewLog(t, h.lines, 5))
	ps := catalogue.All()
	h.at, h.marks = make([][][]string, len(ps)), make([]projections.Mark, len(h.lines)+1)
	for i := range ps {
		h.at[i] = make([][]string, len(h.lines)+1)
		h.at[i][0] = digests(t, &ps[i], projections.NewMemory(&ps[i]))
	}
	var mu sync.Mutex
	_, err := projections.Folding{
		Next: func(position uint64) uint64 { return min(position+h.stride, max(position+1, uint64(len(h.lines)))) },
		Look: func(i int, at projections.Mark, db *projections.DB) error {
			d := digests(t, &ps[i], db)
			mu.Lock()
			defer mu.Unlock()
			h.at[i][at.Position], h.marks[at.Position] = d, at
			return nil
		},
	}.Fold(t.Context(), h.read, ps)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// keep folds up to until from what the store has, keeping on the way, and checks
// every projection at the end. It returns where the folds began.
func (h *history) keep(t *testing.T, s *past.Store, until projections.Until) []uint64 {
	t.Helper()
	ps := catalogue.All()
	from, kept := make([]projections.Start, len(ps)), make([]projections.Mark, len(ps))
	var began []uint64
	for i := range ps {
		chain := s.Chain(&ps[i], until)
		db, err := chain.Load()
		if err != nil {
			t.Fatal(err)
		}
		from[i], kept[i] = projections.Start{Mark: chain.Mark, DB: db}, chain.Mark
		began = append(began, chain.Position)
	}
	f, err := projections.Folding{Until: until, From: from, Next: s.Next,
		Look: func(i int, at projections.Mark, db *projections.DB) error {
			err := s.Write(&ps[i], kept[i], at, func(row past.Row) error { return db.Touched(row) })
			kept[i] = at
			return err
		},
	}.Fold(t.Context(), h.read, ps)
	if err != nil {
		t.Fatal(err)
	}
	for i := range ps {
		if diff := cmp.Diff(h.at[i][f.Position], digests(t, &ps[i], f.DBs[i])); diff != "" {
			t.Errorf("%s at position %d from %d (-from the beginning +from what was kept): %s", ps[i].Name, f.Position, began[i], diff)
		}
	}
	return began
}

// TestEveryMomentEqualsAFoldFromTheBeginning: by position and by time of recording,
// in any order of looks, with whatever was kept by then.
func TestEveryMomentEqualsAFoldFromTheBeginning(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 6))
			s := past.Open(t.TempDir(), stream, h.step(2+random.IntN(20)))
			order := random.Perm(len(h.lines) / int(h.stride))
			if seed == 0 {
				slices.Sort(order)
			}
			later := 0
			for _, n := range order[:40] {
				at := uint64(n+1) * h.stride
				until := projections.Until{Position: at}
				if random.IntN(2) == 0 {
					// Of several that were recorded at one time, the last is the moment.
					until = projections.Until{Recorded: h.marks[at].Recorded, Position: at}
				}
				for _, from := range h.keep(t, s, until) {
					if from > 0 {
						later++
					}
				}
			}
			if later == 0 {
				t.Error("no look ever began at what was kept")
			}
		})
	}
}

// files returns the files kept of a projection.
func files(t *testing.T, dir, id string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*", id, "*.past"))
	if err != nil || len(list) < 3 {
		t.Fatalf("%v, %v: too few for this test", list, err)
	}
	return list
}

// TestWhatIsNotWholeIsIgnored: whatever happens to a file, the answer is right, and
// the chain is mended.
func TestWhatIsNotWholeIsIgnored(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	for name, spoil := range map[string]func(b []byte) []byte{
		"Torn":    func(b []byte) []byte { return b[:len(b)-len(b)/3] },
		"Empty":   func([]byte) []byte { return nil },
		"TooLong": func(b []byte) []byte { return append(b, 'x') },
		"Gone":    nil,
		"ABitInTheRows": func(b []byte) []byte {
			b[len(b)-60] ^= 4
			return b
		},
		"ABitInTheSum": func(b []byte) []byte {
			b[len(b)-1] ^= 1
			return b
		},
		"OtherStream":      resign("\"name\":\"TEST\"", "\"name\":\"EVIL\""),
		"OtherDeclaration": resign("\"declaration\":\"", "\"declaration\":\"0"),
		"OtherForm":        resign("zhitong past 1", "zhitong past 2"),
		"RowsThatEndEarly": func(b []byte) []byte { return sign(b[:len(b)-sha256.Size-9]) },
		"UnknownTable": func(b []byte) []byte {
			body := b[:len(b)-sha256.Size]
			at := bytes.IndexByte(body[len("zhitong past 1\n"):], '\n') + len("zhitong past 1\n") + 1
			body[at] = 126
			return sign(body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := past.Open(dir, stream, h.step(12))
			head := projections.Until{Position: uint64(len(h.lines))}
			h.keep(t, s, head)
			list := files(t, dir, "v1_transport")
			path := list[1]
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if spoil == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, spoil(b), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if began := h.keep(t, s, head); began[2] != uint64(h.step(12)) {
				t.Errorf("transport was folded from %d, want from the end of the first file", began[2])
			}
			if began := h.keep(t, s, head); began[2] != began[0] {
				t.Errorf("afterwards transport was folded from %d, the others from %d: not mended", began[2], began[0])
			}
		})
	}
}

// sign writes the right sum behind a body, as somebody would who meant to deceive.
func sign(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

func resign(old, other string) func([]byte) []byte {
	return func(b []byte) []byte {
		return sign(bytes.Replace(b[:len(b)-sha256.Size], []byte(old), []byte(other), 1))
	}
}

func TestAnotherStreamHasNothing(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	dir := t.TempDir()
	h.keep(t, past.Open(dir, stream, h.step(12)), projections.Until{})
	other := stream
	other.Created = other.Created.Add(time.Nanosecond)
	s := past.Open(dir, other, 9)
	for i, from := range h.keep(t, s, projections.Until{}) {
		if from != 0 {
			t.Errorf("projection %d was folded from %d of another stream", i, from)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: the files of the other stream are still there", entries, err)
	}
}

func TestSeveralProcessesKeepAtOnce(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	dir := t.TempDir()
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() { h.keep(t, past.Open(dir, stream, h.step(12)), projections.Until{}) })
	}
	g.Wait()
	h.keep(t, past.Open(dir, stream, h.step(12)), projections.Until{})
	left, err := filepath.Glob(filepath.Join(dir, "*", "*", ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %s, %v", strings.Join(left, " "), err)
	}
}

// FuzzLoad: whatever stands in a file, loading it is an error or a DB, never a
// panic.
func FuzzLoad(f *testing.F) {
	h := newHistory(f)
	dir := f.TempDir()
	ps := catalogue.All()
	p := &ps[2]
	s := past.Open(dir, stream, len(h.lines)/2)
	kept := projections.Mark{}
	_, err := projections.Folding{Next: s.Next, Look: func(_ int, at projections.Mark, db *projections.DB) error {
		err := s.Write(p, kept, at, func(row past.Row) error { return db.Touched(row) })
		kept = at
		return err
	}}.Fold(f.Context(), h.read, ps[2:3])
	if err != nil {
		f.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*", p.ID(), "*.past"))
	if err != nil || len(list) == 0 {
		f.Fatal(list, err)
	}
	whole, err := os.ReadFile(list[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, byte(1))
	f.Add(len(whole)/2, byte(128))
	f.Fuzz(func(t *testing.T, at int, bit byte) {
		body := bytes.Clone(whole[:len(whole)-sha256.Size])
		body[(at%len(body)+len(body))%len(body)] ^= bit
		if err := os.WriteFile(list[0], sign(body), 0o600); err != nil {
			t.Fatal(err)
		}
		chain := s.Chain(p, projections.Until{})
		if _, err := chain.Load(); err != nil {
			t.Fatal(err)
		}
	})
}
