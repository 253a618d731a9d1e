package blocks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/embedded"
	"zhitong/internal/embedded/blocks"
)

// store is a broker's store that holds a log.
type store struct {
	t       *testing.T
	dir     string
	commits []string // by position, from 1
	head    log.Head
	created string
}

// fill writes blocks of changing sizes with a broker, and ends it.
func fill(t *testing.T, n int) *store {
	t.Helper()
	s := &store{t: t, dir: t.TempDir()}
	s.with(func(l log.Log) {
		for i := range n {
			commits := logtest.Commits(fmt.Sprintf("b%d", i+1), 1+i%4)
			s.head = logtest.MustAppend(t, l, s.head, commits)
			for _, c := range commits {
				s.commits = append(s.commits, string(c))
			}
		}
		id, err := l.Identity(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		s.created = id.Created.String()
	})
	return s
}

// with runs fn on the log, with a broker of its own.
func (s *store) with(fn func(log.Log)) {
	s.t.Helper()
	server, err := embedded.StartServer(s.dir, 0, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer server.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		s.t.Fatal(err)
	}
	defer nc.Close()
	l, err := log.OpenJetStream(logtest.Context(s.t), nc, log.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	fn(l)
}

func (s *store) stream() string {
	s.t.Helper()
	dirs, err := blocks.Streams(s.dir)
	if err != nil || len(dirs) != 1 {
		s.t.Fatalf("streams %q, %v", dirs, err)
	}
	return dirs[0]
}

func (s *store) scan() *blocks.Report {
	s.t.Helper()
	r, err := blocks.Scan(s.stream())
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *store) block() string { return filepath.Join(s.stream(), "msgs", "1.blk") }

// change rewrites the file of blocks.
func (s *store) change(fn func([]byte) []byte) {
	s.t.Helper()
	content, err := os.ReadFile(s.block())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.block(), fn(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// original finds a commit as it was.
func (s *store) original(position uint64) []byte {
	if position == 0 || position > uint64(len(s.commits)) {
		return nil
	}
	return []byte(s.commits[position-1])
}

// mend mends the store and checks that a broker then has exactly the log that was.
func (s *store) mend(r *blocks.Report) {
	s.t.Helper()
	keep := filepath.Join(s.t.TempDir(), "kept")
	if err := r.Mend(s.original, keep); err != nil {
		s.t.Fatal(err)
	}
	if again := s.scan(); !again.Whole() || again.Head != s.head {
		s.t.Fatalf("mended, and now %+v with damage %v", again.Head, again.Damage)
	}
	s.with(func(l log.Log) {
		if err := log.Verify(logtest.Context(s.t), l); err != nil {
			s.t.Fatal(err)
		}
		if got := strings.Join(logtest.All(s.t, l, 1), "\n"); got != strings.Join(s.commits, "\n") {
			s.t.Fatal("the mended log is another one")
		}
		id, err := l.Identity(context.Background())
		if err != nil || id.Created.String() != s.created {
			s.t.Errorf("identity %v, %v, want the stream of %s", id, err, s.created)
		}
		logtest.MustAppend(s.t, l, s.head, logtest.Commits("goes on", 2))
	})
}

func TestEveryRecordOfTheBrokerIsRead(t *testing.T) {
	t.Parallel()
	s := fill(t, 60)
	r := s.scan()
	if !r.Whole() || r.Torn || r.Head != s.head || r.Stream != "ZHITONG" {
		t.Errorf("report %+v, want head %+v", r, s.head)
	}
}

// Every bit of a file is flipped, one at a time: each is seen and its position named;
// every so many the file is mended.
func TestAFlippedBitIsNamedAndMended(t *testing.T) {
	t.Parallel()
	s := fill(t, 3)
	whole, err := os.ReadFile(s.block())
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(whole) * 8 {
		s.change(func([]byte) []byte {
			c := bytes.Clone(whole)
			c[bit/8] ^= 1 << (bit % 8)
			return c
		})
		report := s.scan()
		if report.Whole() {
			t.Fatalf("bit %d of byte %d was flipped, and nothing was seen (torn: %v)", bit%8, bit/8, report.Torn)
		}
		report.Expect(s.head)
		for _, d := range report.Damage {
			if d.First == 0 || d.Last == 0 || !strings.Contains(d.String(), "position") {
				t.Fatalf("byte %d: damage %v names no position", bit/8, d)
			}
		}
		if bit%mendEvery != 0 {
			continue
		}
		if err := report.Mend(s.original, t.TempDir()); err != nil {
			t.Fatalf("byte %d: %v: %v", bit/8, report.Damage, err)
		}
		if again := s.scan(); !again.Whole() || again.Head != s.head {
			t.Fatalf("byte %d: mended, and now %+v, %v", bit/8, again.Head, again.Damage)
		}
	}
	s.change(func([]byte) []byte { return whole })
	s.mend(s.scan())
}

// mendEvery is how many flipped bits there are to one that is mended.
const mendEvery = 61

func TestDamageIsMended(t *testing.T) {
	t.Parallel()
	for name, hurt := range map[string]func(*store){
		"ARunOfZeros": func(s *store) {
			s.change(func(c []byte) []byte { clear(c[len(c)/3 : len(c)/2]); return c })
		},
		"TheFirstMessage": func(s *store) {
			s.change(func(c []byte) []byte { c[30] ^= 4; return c })
		},
		"BytesCutOut": func(s *store) {
			s.change(func(c []byte) []byte { return append(c[:len(c)/3], c[len(c)/2:]...) })
		},
		"BytesPutIn": func(s *store) {
			s.change(func(c []byte) []byte {
				return append(append(bytes.Clone(c[:500]), []byte("what is this?")...), c[500:]...)
			})
		},
		"TheEndCutOff": func(s *store) {
			s.change(func(c []byte) []byte { return c[:len(c)/2] })
		},
		"TheFileIsEmpty": func(s *store) {
			s.change(func([]byte) []byte { return nil })
		},
		"TheFileIsGone": func(s *store) {
			if err := os.Remove(s.block()); err != nil {
				s.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fill(t, 40)
			hurt(s)
			r := s.scan()
			r.Expect(s.head)
			if r.Whole() {
				t.Fatal("nothing was seen")
			}
			s.mend(r)
		})
	}
}

func TestAMessageThatWasBeingWrittenIsNoDamage(t *testing.T) {
	t.Parallel()
	s := fill(t, 5)
	before := s.scan().Head
	s.with(func(l log.Log) { logtest.MustAppend(t, l, s.head, logtest.Commits("the last", 3)) })
	whole, err := os.ReadFile(s.block())
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndex(whole, []byte("zt.log")) - 22
	for cut := last + 1; cut < len(whole); cut += 3 {
		s.change(func([]byte) []byte { return whole[:cut] })
		if r := s.scan(); !r.Whole() || !r.Torn || r.Head != before {
			t.Fatalf("cut at byte %d of %d: %+v", cut-last, len(whole)-last, r)
		}
	}
	s.change(func([]byte) []byte {
		c := bytes.Clone(whole)
		clear(c[len(c)-40:])
		return c
	})
	if r := s.scan(); !r.Whole() || !r.Torn {
		t.Errorf("a page that was never filled: %+v", r)
	}
}

func TestWhatNobodyHoldsIsNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	s := fill(t, 20)
	s.change(func(c []byte) []byte { clear(c[len(c)/3 : len(c)/2]); return c })
	r := s.scan()
	hurt, err := os.ReadFile(s.block())
	if err != nil {
		t.Fatal(err)
	}
	lost := r.Damage[0].First + 1
	find := func(position uint64) []byte {
		if position == lost {
			return nil
		}
		return s.original(position)
	}
	if lacking := r.Lacks(find); len(lacking) != 1 || lacking[0].First != lost || lacking[0].Last != lost {
		t.Errorf("lacking %v, want position %d", lacking, lost)
	}
	if err := r.Mend(find, t.TempDir()); !errors.Is(err, blocks.ErrMissing) || !strings.Contains(err.Error(), fmt.Sprint(lost)) {
		t.Errorf("mend: %v", err)
	}
	if now, err := os.ReadFile(s.block()); err != nil || !bytes.Equal(now, hurt) {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestDamagedSettingsAreNamed(t *testing.T) {
	t.Parallel()
	s := fill(t, 3)
	meta := filepath.Join(s.stream(), "meta.inf")
	text, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(meta, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r := s.scan()
	if r.Whole() || !strings.Contains(r.Damage[0].String(), "meta.inf") {
		t.Errorf("damage %v", r.Damage)
	}
	if err := r.Mend(s.original, t.TempDir()); !errors.Is(err, blocks.ErrMissing) {
		t.Errorf("mend: %v", err)
	}
}
