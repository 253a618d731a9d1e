package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/tree"
	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/backup"
	"zhitong/internal/embedded/embeddedtest"
)

// world is a log with an application that writes it and a signed tree beside it.
type world struct {
	t    *testing.T
	log  log.Log
	app  *app.App
	dir  string // of the tree
	keys *checkpoint.Keys
}

func newWorld(t *testing.T, l log.Log) *world {
	t.Helper()
	w := &world{t: t, log: l, dir: filepath.Join(t.TempDir(), "audit")}
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	o := assembly.Options(l, ring)
	// The recording clock goes a minute on with every command.
	var mu sync.Mutex
	now := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	o.Clock = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Minute)
		return now
	}
	if w.app, err = app.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if w.keys, err = checkpoint.OpenKeys(filepath.Join(t.TempDir(), "log.key"), "test/log"); err != nil {
		t.Fatal(err)
	}
	w.do("open", "programme.open", "operator", `{"programme_id":"P369","name":{"zh":"直通369"}}`)
	return w
}

func (w *world) do(id, command, role, data string) {
	env, p := app.ParseLine(fmt.Appendf(nil, `{"id":%q,"command":%q,"actor":"U","role":%q,"time":"2021-03-01T09:00:00+08:00","data":%s}`, id, command, role, data))
	if p != nil {
		w.t.Error(p)
		return
	}
	if r, err := w.app.Submit(context.Background(), env).Wait(context.Background()); err != nil || !r.OK {
		w.t.Errorf("%s: %v %v", command, r.Problem, err)
	}
}

func (w *world) party(id string) {
	w.do("R-"+id, "party.register", "officer", fmt.Sprintf(`{"party_id":%q,"kind":"funder","name":{"zh":"资金方"}}`, id))
}

// source signs the log as it is.
func (w *world) source() backup.Source {
	w.t.Helper()
	tw, err := tree.OpenWriter(w.dir, w.keys)
	if err != nil {
		w.t.Fatal(err)
	}
	defer tw.Close()
	s, err := keeper.New(w.log, tw, keeper.Options{}).CatchUp(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := tw.Reader().Checkpoints()
	if err != nil {
		w.t.Fatal(err)
	}
	return backup.Source{Log: w.log, Signed: s, Checkpoints: all, VKeys: strings.Join(w.keys.VKeys(), "\n") + "\n"}
}

func (w *world) make(src backup.Source) []byte {
	w.t.Helper()
	var b bytes.Buffer
	if _, err := backup.Make(w.t.Context(), &b, src); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

// file writes bytes to a file.
func file(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "b.zt")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// check opens and checks a backup.
func check(t *testing.T, name string, o backup.Options) (backup.Checked, error) {
	t.Helper()
	b, err := backup.Open(name)
	if err != nil {
		return backup.Checked{}, err
	}
	defer b.Close()
	return b.Check(t.Context(), o)
}

// lines are the commits of a log.
func lines(t *testing.T, l log.Log) (list []string) {
	t.Helper()
	err := l.Read(t.Context(), 1, func(b log.Block) error {
		for _, c := range b.Commits {
			list = append(list, string(c))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func nothing(uint64) {}

func TestTheSameLogGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	w.party("F-1")
	src := w.source()
	one, two := w.make(src), w.make(src)
	if !bytes.Equal(one, two) {
		t.Error("two backups of one log differ")
	}
	w.party("F-2")
	w.source() // signs on
	if !bytes.Equal(one, w.make(src)) {
		t.Error("a backup up to a checkpoint differs once the log has grown")
	}
}

// TestAnyChangedByteIsFound flips each byte of a small backup, cuts it at each length
// and adds to it: all of it is refused, and a part is named.
func TestAnyChangedByteIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	w.party("F-1")
	whole := w.make(w.source())
	name := file(t, whole)
	if _, err := check(t, name, backup.Options{}); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	refused := func(what string, at int) {
		var damaged *backup.DamagedError
		if _, err := check(t, name, backup.Options{}); !errors.As(err, &damaged) || damaged.Part == "" {
			t.Errorf("%s %d: %v, want the part that is damaged", what, at, err)
		}
	}
	write := func(at int, b ...byte) {
		if _, err := f.WriteAt(b, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	for at := range whole {
		write(at, whole[at]^byte(1<<(at%8)))
		refused("a bit flipped in byte", at)
		write(at, whole[at])
	}
	write(len(whole), 0)
	refused("a byte more than", len(whole))
	for n := len(whole) - 1; n >= 0; n-- {
		if err := f.Truncate(int64(n)); err != nil {
			t.Fatal(err)
		}
		refused("cut at", n)
	}
}

// TestADamagedPartIsNamed changes one byte of each part.
func TestADamagedPartIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	w.party("F-1")
	whole := w.make(w.source())
	for part, inside := range map[string]string{
		"README": "This is a backup", "log/000000000001-000000000002.ndjson": "party.registered", "audit/vkeys": "test/log+", "manifest.json": `"last_event"`,
	} {
		at := bytes.Index(whole, []byte(inside))
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		var damaged *backup.DamagedError
		if _, err := check(t, file(t, changed), backup.Options{}); !errors.As(err, &damaged) || damaged.Part != part {
			t.Errorf("%s changed: %v", part, err)
		}
	}
}

// TestABackupIsMadeWhileCommandsRun makes backups while eight writers write; each holds
// exactly a beginning of the log, and is restored to it.
func TestABackupIsMadeWhileCommandsRun(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 60
	l, err := log.OpenJetStream(t.Context(), embeddedtest.NATS(t), log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, l)
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				w.party(fmt.Sprintf("F-%d-%d", n, i))
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var copies [][]byte
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		copies = append(copies, w.make(w.source()))
	}
	all := lines(t, l)
	if len(all) != 1+writers*each {
		t.Fatalf("the log has %d commits", len(all))
	}
	if len(copies) < 3 {
		t.Errorf("only %d backups were made while the writers wrote", len(copies))
	}
	for _, data := range copies[max(0, len(copies)-3):] {
		b, err := backup.Open(file(t, data))
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.Check(t.Context(), backup.Options{})
		if err != nil {
			t.Fatal(err)
		}
		to, err := log.OpenJetStream(t.Context(), embeddedtest.NATS(t), log.Options{})
		if err != nil {
			t.Fatal(err)
		}
		head, err := backup.Fill(t.Context(), to, b.Each, c.To, false, nothing)
		if err != nil || head.Position != b.Position {
			t.Errorf("restored to %d of %d, %v", head.Position, b.Position, err)
		}
		if diff := cmp.Diff(all[:b.Position], lines(t, to)); diff != "" {
			t.Errorf("restored: %s", diff)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAPointInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	for n := range 5 {
		w.party(fmt.Sprintf("F-%d", n))
	}
	name := file(t, w.make(w.source()))
	var at []time.Time // when each commit was recorded
	for _, line := range lines(t, w.log) {
		c, err := events.Decode([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, c.Events[0].Recorded)
	}
	for what, x := range map[string]struct {
		until backup.Until
		want  uint64
	}{
		"everything":                   {backup.Until{}, 6},
		"a position":                   {backup.Until{Position: 4}, 4},
		"the last position":            {backup.Until{Position: 6}, 6},
		"the moment of a commit":       {backup.Until{Time: at[2]}, 3},
		"a moment between two commits": {backup.Until{Time: at[3].Add(-time.Nanosecond)}, 3},
		"a moment behind the end":      {backup.Until{Time: at[5].Add(time.Hour)}, 6},
	} {
		c, err := check(t, name, backup.Options{Until: x.until})
		if err != nil || c.To != x.want || !c.Recorded.Equal(at[x.want-1]) || c.Own.Missing != 6-x.want {
			t.Errorf("%s: up to %d recorded %s, %d missing, %v; want %d", what, c.To, c.Recorded, c.Own.Missing, err, x.want)
		}
	}
	for what, until := range map[string]backup.Until{
		"a position behind the end": {Position: 7}, "a moment before the beginning": {Time: at[0].Add(-time.Second)},
	} {
		if _, err := check(t, name, backup.Options{Until: until}); !errors.Is(err, backup.ErrNotThere) {
			t.Errorf("%s: %v, want %v", what, err, backup.ErrNotThere)
		}
	}
}

// TestItIsHeldAgainstACheckpointThatWasKept brings checkpoints of the same log, of
// another one, and of one that went on.
func TestItIsHeldAgainstACheckpointThatWasKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	w.party("F-1")
	early := w.source().Signed.Note
	w.party("F-2")
	name := file(t, w.make(w.source()))
	w.party("F-3")
	late := w.source().Signed.Note
	forged, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: w.keys.Name(), Size: 2}, w.keys.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check(t, name, backup.Options{Since: map[string][]byte{"a-early": early, "b-late": late}})
	if err != nil || len(c.Since) != 2 {
		t.Fatalf("%+v, %v", c.Since, err)
	}
	if s := c.Since[0]; s.Name != "a-early" || s.Size != 2 || !s.Reached || s.Missing != 0 {
		t.Errorf("an earlier one: %+v", s)
	}
	if s := c.Since[1]; s.Name != "b-late" || s.Size != 4 || s.Reached || s.Missing != 1 {
		t.Errorf("a later one: %+v", s)
	}
	var differs *backup.DiffersError
	if _, err := check(t, name, backup.Options{Since: map[string][]byte{"forged": forged}}); !errors.As(err, &differs) || differs.Name != "forged" {
		t.Errorf("one of another history: %v", err)
	}
	other := newWorld(t, log.NewMemory())
	if _, err := check(t, name, backup.Options{Since: map[string][]byte{"foreign": other.source().Signed.Note}}); err == nil || !strings.Contains(err.Error(), "foreign") {
		t.Errorf("one of another log: %v", err)
	}
}

// TestARewrittenLogIsNotCopied changes what was signed before.
func TestARewrittenLogIsNotCopied(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t, log.NewMemory()), newWorld(t, log.NewMemory())
	w.party("F-1")
	other.party("F-2")
	src := w.source()
	src.Log = other.log
	if _, err := backup.Make(t.Context(), io.Discard, src); !errors.Is(err, backup.ErrNotSigned) {
		t.Errorf("got %v, want %v", err, backup.ErrNotSigned)
	}
}

// TestACopyThatSignsAnotherHistoryIsRefused: the parts are whole and the last
// checkpoint fits, but an earlier one, which the log once signed, does not.
func TestACopyThatSignsAnotherHistoryIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	w.party("F-1")
	forged, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: w.keys.Name(), Size: 1}, w.keys.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	src := w.source()
	src.Checkpoints = append([][]byte{forged}, src.Checkpoints...)
	var differs *backup.DiffersError
	if _, err := check(t, file(t, w.make(src)), backup.Options{}); !errors.As(err, &differs) || differs.Size != 1 {
		t.Errorf("got %v, want another root at position 1", err)
	}
}

func TestARestoreThatWasCutShortGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	for n := range 5 {
		w.party(fmt.Sprintf("F-%d", n))
	}
	all := lines(t, w.log)
	b, err := backup.Open(file(t, w.make(w.source())))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for cut := range uint64(len(all) + 1) {
		to := log.NewMemory()
		if cut > 0 {
			if _, err := backup.Fill(t.Context(), to, b.Each, cut, false, nothing); err != nil {
				t.Fatal(err)
			}
			if _, err := backup.Fill(t.Context(), to, b.Each, b.Position, false, nothing); !errors.Is(err, backup.ErrNotEmpty) {
				t.Errorf("cut at %d, begun anew: %v, want %v", cut, err, backup.ErrNotEmpty)
			}
		}
		if _, err := backup.Fill(t.Context(), to, b.Each, b.Position, true, nothing); err != nil {
			t.Errorf("cut at %d, gone on: %v", cut, err)
		}
		if diff := cmp.Diff(all, lines(t, to)); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
	}
	other := newWorld(t, log.NewMemory())
	other.party("ELSE")
	if _, err := backup.Fill(t.Context(), other.log, b.Each, b.Position, true, nothing); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("into another log: %v, want %v", err, backup.ErrNotEmpty)
	}
}

func TestErasedPersonsAreNamedAlsoBehindTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, log.NewMemory())
	w.party("F-1")
	w.party("F-2")
	w.do("E-1", "person.erase", "operator", `{"party_id":"F-1","reason":"asked"}`)
	w.do("E-2", "person.erase", "operator", `{"party_id":"F-2","reason":"asked"}`)
	c, err := check(t, file(t, w.make(w.source())), backup.Options{Until: backup.Until{Position: 4}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]domain.ID{"F-1", "F-2"}, c.Erased); diff != "" {
		t.Errorf("erased: %s", diff)
	}
	if diff := cmp.Diff([]domain.ID{"F-2"}, c.Later); diff != "" {
		t.Errorf("behind the end: %s", diff)
	}
}

func TestAFileIsWrittenWholeOrNotAtAllAndNeverReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "copy")
	broken := errors.New("the disk is full")
	err := backup.New(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	})
	if entries, _ := os.ReadDir(dir); !errors.Is(err, broken) || len(entries) != 0 {
		t.Errorf("a failed write: %v, left %v", err, entries)
	}
	write := func(s string) error {
		return backup.New(name, func(w io.Writer) error { _, err := io.WriteString(w, s); return err })
	}
	if err := write("one"); err != nil {
		t.Fatal(err)
	}
	if err := write("two"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second write: %v, want %v", err, fs.ErrExist)
	}
	info, err := os.Stat(name)
	text, _ := os.ReadFile(name)
	if err != nil || info.Mode().Perm() != 0o600 || string(text) != "one" {
		t.Errorf("the file has mode %v and says %q, %v", info.Mode(), text, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestAKeysFileOpensWithItsMasterKeyOnlyAndWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	master, err := keys.OpenMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte{7}, 32)
	person, err := master.Wrap("party/C1", key)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := backup.WrapSigning(master, []byte("PRIVATE+KEY"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := (backup.Keys{Stream: backup.Stream{Name: "ZHITONG", First: "00"}, Persons: []keys.Wrapped{person}, Signing: signing}).Write(&b); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), key) || bytes.Contains(b.Bytes(), []byte("PRIVATE+KEY")) {
		t.Error("a key stands in it in clear")
	}
	k, err := backup.ReadKeys(file(t, b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if o, err := k.Open(master); err != nil || !bytes.Equal(o.Persons["party/C1"], key) || string(o.Signing) != "PRIVATE+KEY" {
		t.Errorf("opened: %v, %v", o, err)
	}
	other, err := keys.OpenMaster(filepath.Join(dir, "other.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Open(other); !errors.Is(err, keys.ErrOtherMaster) {
		t.Errorf("with another master key: %v, want %v", err, keys.ErrOtherMaster)
	}
	var damaged *backup.DamagedError
	for at := range b.Bytes() {
		changed := bytes.Clone(b.Bytes())
		changed[at] ^= 1
		if _, err := backup.ReadKeys(file(t, changed)); !errors.As(err, &damaged) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
		if _, err := backup.ReadKeys(file(t, b.Bytes()[:at])); !errors.As(err, &damaged) {
			t.Fatalf("cut at %d: %v", at, err)
		}
	}
}
