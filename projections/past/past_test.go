package past_test

import (
	"bytes"
	"context"
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

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/model"
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

// demoCommits is how much of the demo the history has: enough for claims that are
// paid for.
const demoCommits = 1200

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
	lines := projectionstest.Demo(t, "0.0001")[:demoCommits]
	h := folded(t, lines, uint64(len(lines)/momentsLookedAt+1))
	if claims := h.at[5][len(lines)][0]; !strings.HasPrefix(claims, "claims ") || strings.HasPrefix(claims, "claims 0 ") {
		t.Fatalf("the history has no claims: %s", claims)
	}
	return h
}

// randomHistory is a history of random commands, accepted and refused, of all kinds;
// every position of it is compared.
func randomHistory(t *testing.T, seed uint64, commands int) *history {
	t.Helper()
	l := log.NewMemory()
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), assembly.Options(l, ring))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for _, c := range model.Generate(seed, commands) {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		env, problem := app.ParseLine(text)
		if problem != nil {
			continue
		}
		if _, err := a.Submit(t.Context(), env).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	var lines [][]byte
	err = l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			lines = append(lines, bytes.Clone(line))
		}
		return nil
	})
	if err != nil || len(lines) < commands/3 {
		t.Fatalf("%d commits of %d commands, %v", len(lines), commands, err)
	}
	return folded(t, lines, 1)
}

// folded notes what the projections are at every stride-th position of the lines.
func folded(t testing.TB, lines [][]byte, stride uint64) *history {
	t.Helper()
	h := &history{lines: lines, stride: stride}
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

// TestPast tests one history in several ways.
func TestPast(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	for name, test := range map[string]func(*testing.T, *history){
		"EveryMomentEqualsAFoldFromTheBeginning": everyMoment,
		"ASourceHasEveryRow":                     sourceHasEveryRow,
		"WhatIsNotWholeIsIgnored":                notWhole,
		"AnotherStreamHasNothing":                anotherStream,
		"SeveralProcessesKeepAtOnce":             severalProcesses,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// everyMoment: by position and by time of recording,
// in any order of looks, with whatever was kept by then.
func everyMoment(t *testing.T, demo *history) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			h := demo
			if seed >= 2 {
				h = randomHistory(t, seed, 300)
			}
			random := rand.New(rand.NewPCG(seed, 6))
			s := past.Open(t.TempDir(), stream, h.step(2+random.IntN(20)))
			order := random.Perm(len(h.lines) / int(h.stride))
			if seed == 0 {
				slices.Sort(order)
			}
			later := 0
			for _, n := range order[:min(len(order), 40)] {
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

// sourceHasEveryRow: what a chain gives row by row is what it gives as a whole,
// and a fold that goes on from single rows ends where one from the beginning does.
func sourceHasEveryRow(t *testing.T, h *history) {
	s := past.Open(t.TempDir(), stream, h.step(7))
	h.keep(t, s, projections.Until{})
	ps := catalogue.All()
	for i := range ps {
		p := &ps[i]
		chain := s.Chain(p, projections.Until{})
		src, err := chain.Source()
		if err != nil {
			t.Fatal(err)
		}
		whole, err := chain.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, tab := range p.Tables {
			schema := tab.Schema()
			err := whole.Rows(schema, func(want []projections.Value) error {
				got, err := src.Row(schema, want[:schema.KeyLen])
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", schema.Name, diff)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if schema.KeyLen == 1 && schema.Columns[0].Type == projections.Text {
				if got, err := src.Row(schema, []projections.Value{{Text: "no such thing"}}); got != nil || err != nil {
					t.Errorf("%s: %v, %v", schema.Name, got, err)
				}
			}
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
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

// notWhole: whatever happens to a file, the answer is right, and
// the chain is mended.
func notWhole(t *testing.T, h *history) {
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

func anotherStream(t *testing.T, h *history) {
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

func severalProcesses(t *testing.T, h *history) {
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
