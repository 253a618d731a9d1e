package signing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/internal/lease"
	"zhitong/internal/signing"
)

const (
	origin  = "zhitong.example/log"
	waitMax = 30 * time.Second
)

// cluster is a broker with a log, and the keys that its processes share.
type cluster struct {
	t     *testing.T
	nc    *nats.Conn
	log   log.Log
	store keys.Store
	head  log.Head
	lines [][]byte
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	nc := embeddedtest.NATS(t)
	l, err := log.OpenJetStream(t.Context(), nc, log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{t: t, nc: nc, log: l, store: keys.NewMemory()}
}

func (c *cluster) append(n int) {
	c.t.Helper()
	var commits [][]byte
	for i := range n {
		commits = append(commits, fmt.Appendf(nil, "[%d]", len(c.lines)+i+1))
	}
	head, err := c.log.Append(c.t.Context(), c.head, commits)
	if err != nil {
		c.t.Fatal(err)
	}
	c.head, c.lines = head, append(c.lines, commits...)
}

// process is one of the processes, with a data folder of its own.
type process struct {
	t      *testing.T
	dir    string
	w      *tree.Writer
	chain  *signing.Chain
	member *signing.Member
	turns  *lease.Lease
}

func (c *cluster) process(name, dir string, l log.Log) *process {
	c.t.Helper()
	shared, err := signing.Keys(c.t.Context(), c.store, origin, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	w, err := tree.OpenWriter(dir, shared)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = w.Close() })
	chain, err := signing.OpenChain(c.t.Context(), c.nc, "ZHITONG", 1)
	if err != nil {
		c.t.Fatal(err)
	}
	turns, err := lease.Open(c.t.Context(), c.nc, "ZHITONG", "signing", name, 1)
	if err != nil {
		c.t.Fatal(err)
	}
	opts := keeper.Options{Every: 5 * time.Millisecond}
	return &process{c.t, dir, w, chain, signing.NewMember(l, w, chain, opts, func(string) {}), turns}
}

func (c *cluster) fresh(name string) *process {
	return c.process(name, filepath.Join(c.t.TempDir(), "audit"), c.log)
}

// run runs a process until the returned function is called.
func (p *process) run() (end func() error) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.member.Run(ctx, p.turns) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// covers waits until the folder shows a checkpoint of a size.
func (p *process) covers(size int) checkpoint.Signed {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), waitMax)
	defer cancel()
	s, err := p.w.Covering(ctx, uint64(size))
	if err != nil {
		p.t.Fatalf("no checkpoint of size %d: %v", size, err)
	}
	return s
}

// chained checks that every entry of the chain has the root of the commits, and
// returns the sizes.
func (c *cluster) chained() []uint64 {
	c.t.Helper()
	chain, err := signing.OpenChain(c.t.Context(), c.nc, "ZHITONG", 1)
	if err != nil {
		c.t.Fatal(err)
	}
	shared, err := signing.Keys(c.t.Context(), c.store, origin, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	verifiers, err := checkpoint.Verifiers(strings.Join(shared.VKeys(), "\n"))
	if err != nil {
		c.t.Fatal(err)
	}
	var sizes []uint64
	err = chain.Read(c.t.Context(), 1, func(e signing.Entry) error {
		s, err := checkpoint.Open(e.Note, verifiers)
		if err != nil {
			return err
		}
		var edge merkle.Edge
		for _, line := range c.lines[:s.Size] {
			if err := edge.Append(merkle.Leaf(line), func(int, uint64, []merkle.Hash) error { return nil }); err != nil {
				return err
			}
		}
		if s.Root != edge.Root() {
			c.t.Errorf("entry %d of size %d has another root than the log", e.Seq, s.Size)
		}
		sizes = append(sizes, s.Size)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return sizes
}

func TestOneSignsTheOtherGoesOnAndBothServeTheSame(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	one, other := c.fresh("one"), c.fresh("other")
	endOne := one.run()
	c.append(300)
	one.covers(300)
	endOther := other.run()
	c.append(3)
	a, b := one.covers(303), other.covers(303)
	if !bytes.Equal(a.Note, b.Note) {
		t.Errorf("they show two checkpoints:\n%s\n%s", a.Note, b.Note)
	}
	if !one.turns.Held() || other.turns.Held() {
		t.Errorf("turns: one %v, other %v", one.turns.Held(), other.turns.Held())
	}
	if err := endOne(); err != nil {
		t.Fatal(err)
	}
	c.append(500)
	other.covers(803)
	again := c.process("again", filepath.Join(t.TempDir(), "audit"), c.log)
	endAgain := again.run()
	again.covers(803)
	c.append(1)
	again.covers(804)
	other.covers(804)
	if err := errors.Join(endOther(), endAgain()); err != nil {
		t.Fatal(err)
	}
	c.chained()
	if diff := cmp.Diff(files(t, other.dir), files(t, again.dir)); diff != "" {
		t.Errorf("they serve two logs (-one +other):\n%s", diff)
	}
}

// files is what a folder serves.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, name := range []string{"checkpoint", "vkeys", "tile/0/000", "tile/0/002", "tile/1/000.p/3", "tile/entries/001", "tile/entries/003.p/36"} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		}
		got[name] = string(b)
	}
	return got
}

// TestAStaleSignerIsRefused has a process that slept through its turn sign on what
// it knows.
func TestAStaleSignerIsRefused(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.append(10)
	stale, other := c.fresh("stale"), c.fresh("other")
	if _, err := stale.member.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.append(10)
	if err := stale.w.Add(11, c.lines[10:]); err != nil {
		t.Fatal(err)
	}
	end := other.run()
	c.append(10)
	other.covers(30)
	before, err := os.ReadFile(filepath.Join(stale.dir, "checkpoints"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := stale.w.Checkpoint(); !errors.Is(err, signing.ErrMoved) || !errors.Is(err, tree.ErrNotApproved) || s.Size != 10 {
		t.Errorf("it signed: size %d, %v", s.Size, err)
	}
	after, err := os.ReadFile(filepath.Join(stale.dir, "checkpoints"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("it kept its signature (%v)", err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := stale.w.Reset(); err != nil {
		t.Fatal(err)
	}
	if s, err := stale.member.CatchUp(t.Context()); err != nil || s.Size != 30 {
		t.Errorf("afterwards it has size %d, %v", s.Size, err)
	}
	c.chained()
}

func TestSeveralAtOnceSignOneHistory(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	var ends []func() error
	var all []*process
	for i := range 4 {
		p := c.fresh(fmt.Sprint(i))
		all, ends = append(all, p), append(ends, p.run())
	}
	visitor := c.fresh("visitor")
	for range 10 {
		c.append(7)
		if s, err := visitor.member.CatchUp(t.Context()); err != nil || s.Size < uint64(len(c.lines)) {
			t.Fatalf("a process that does not stay: size %d, %v", s.Size, err)
		}
	}
	for _, p := range all {
		p.covers(70)
	}
	for _, end := range ends {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	sizes := c.chained()
	for i := 1; i < len(sizes); i++ {
		if sizes[i] <= sizes[i-1] {
			t.Errorf("the chain goes back: %v", sizes)
		}
	}
}

func TestALogThatIsNotTheOneSignedIsNotFollowed(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.append(300)
	if _, err := c.fresh("one").member.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string][][]byte{
		"Rewritten": append([][]byte{[]byte("[0]")}, c.lines[1:]...), "Shorter": c.lines[:299],
	} {
		t.Run(name, func(t *testing.T) {
			forged := log.NewMemory()
			if _, err := forged.Append(t.Context(), log.Head{}, lines); err != nil {
				t.Fatal(err)
			}
			p := c.process("forger", filepath.Join(t.TempDir(), "audit"), forged)
			if err := p.member.Run(t.Context(), p.turns); !errors.Is(err, tree.ErrRewritten) {
				t.Errorf("it follows: %v", err)
			}
			if last := p.w.Last(); last.Note != nil {
				t.Errorf("it shows %s", last.Note)
			}
		})
	}
	t.Run("AfterTheChain", func(t *testing.T) { // a process whose folder was signed for another history
		dir := filepath.Join(t.TempDir(), "audit")
		shared, err := signing.Keys(t.Context(), c.store, origin, nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := tree.OpenWriter(dir, shared)
		if err != nil {
			t.Fatal(err)
		}
		forged := append(append([][]byte{[]byte("[0]")}, c.lines[1:]...), []byte("[301]"))
		if err := w.Add(1, forged); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		p := c.process("other", dir, c.log)
		if err := p.member.Run(t.Context(), p.turns); !errors.Is(err, tree.ErrRewritten) {
			t.Errorf("it goes on: %v", err)
		}
	})
}

func TestWhatWasSignedBeforeThereWasAChainIsPutIntoIt(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.append(5)
	shared, err := signing.Keys(t.Context(), c.store, origin, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "audit")
	w, err := tree.OpenWriter(dir, shared)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][2]int{{0, 2}, {2, 5}} {
		if err := w.Add(uint64(part[0])+1, c.lines[part[0]:part[1]]); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c.append(5)
	if _, err := c.process("one", dir, c.log).member.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint64{2, 5, 10}, c.chained()); diff != "" {
		t.Error(diff)
	}
}

func TestDamagedTilesAreMadeAgain(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.append(300)
	dir := filepath.Join(t.TempDir(), "audit")
	one := c.process("one", dir, c.log)
	if _, err := one.member.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "tile")); err != nil {
		t.Fatal(err)
	}
	c.append(1)
	p := c.process("one", dir, c.log)
	s, err := p.member.CatchUp(t.Context())
	if err != nil || s.Size != 301 {
		t.Fatalf("size %d, %v", s.Size, err)
	}
	if _, err := p.w.Reader().Prove(7, s); err != nil {
		t.Error(err)
	}
	c.chained()
}

func TestCosignaturesAreInTheChain(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.append(3)
	one, other := c.fresh("one"), c.fresh("other")
	s, err := one.member.CatchUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	skey, err := checkpoint.NewCosignerKey("witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.ParseCosigner(skey, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := checkpoint.Sign(s.Checkpoint, cosigner)
	if err != nil {
		t.Fatal(err)
	}
	line := cosigned[bytes.Index(cosigned, []byte("\n\n"))+2:]
	if err := one.w.Cosign(s, line); err != nil {
		t.Fatal(err)
	}
	got, err := other.member.CatchUp(t.Context())
	if err != nil || !bytes.Contains(got.Note, line) {
		t.Errorf("the other shows %s (%v)", got.Note, err)
	}
}

func TestKeysAreShared(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	first, err := signing.Keys(t.Context(), c.store, origin, nil)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := signing.Rotate(t.Context(), c.store, origin)
	if err != nil {
		t.Fatal(err)
	}
	second, err := signing.Keys(t.Context(), c.store, "another", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rotated.VKeys(), second.VKeys()); diff != "" || second.VKeys()[0] != first.VKeys()[0] || second.Name() != origin {
		t.Errorf("other keys: %s", diff)
	}
	if n := len(second.Signers()); n != 2 {
		t.Errorf("%d keys sign after a rotation, want 2", n)
	}
	own := keys.NewMemory()
	skey, err := checkpoint.NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := signing.Keys(t.Context(), own, origin, []string{skey})
	if err != nil {
		t.Fatal(err)
	}
	again, err := signing.Keys(t.Context(), own, origin, nil)
	if err != nil || !cmp.Equal(taken.VKeys(), again.VKeys()) {
		t.Errorf("the key that a process had is not shared: %v", err)
	}
}
