package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app/snapshot"
)

// memoryDisk is a Disk in memory that can only be read from the beginning.
type memoryDisk struct {
	mu    sync.Mutex
	files map[string][]byte
	wrote int // files replaced
}

func (d *memoryDisk) Open(name string) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, ok := d.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(b))), nil
}

func (d *memoryDisk) Replace(name string, fill func(io.Writer) error) error {
	var out bytes.Buffer
	if err := fill(&out); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files == nil {
		d.files = make(map[string][]byte)
	}
	d.files[name] = out.Bytes()
	d.wrote++
	return nil
}

// everything is what folds hold, in a form that can be compared: each index as a
// sorted list of encoded entries, each aggregate as its record.
func everything(t testing.TB, f *folds) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, s := range f.journal.tables {
		all[s.sectionName()] = s.(interface{ dump() []string }).dump()
	}
	for ref := range refsOf(t, f.log) {
		w, err := f.aggregates.find(ref)
		if err != nil {
			t.Fatal(err)
		}
		if w != nil {
			all["aggregates"] = append(all["aggregates"], fmt.Sprintf("%s %x", ref, f.aggregates.encode(w)))
		}
	}
	slices.Sort(all["aggregates"])
	m, err := f.meta()
	if err != nil {
		t.Fatal(err)
	}
	all["meta"] = []string{fmt.Sprintf("%x at %d", m, f.position)}
	return all
}

func (t *table[K, V]) dump() []string {
	list := []string{}
	for k, v := range t.all() {
		e := indexEntry[K, V]{k, v}
		list = append(list, fmt.Sprintf("%v: %x", k, t.codec.Append(nil, &e)))
	}
	slices.Sort(list)
	return list
}

// refsOf are the subjects of a log's events.
func refsOf(t testing.TB, l log.Log) map[domain.Ref]bool {
	t.Helper()
	refs := make(map[domain.Ref]bool)
	err := readAhead(t.Context(), l, 1, func(b decodedBlock) error {
		for _, c := range b.commits {
			for _, e := range c.Events {
				refs[e.Subject] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

// foldsOf opens the folds of a log without running them.
func foldsOf(t testing.TB, l log.Log, s Snapshots) *folds {
	t.Helper()
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(t, l, ring)
	o.Snapshots = s
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.c.snaps.close(); err != nil {
			t.Error(err)
		}
	})
	return a.c.folds
}

// startWith opens and runs an App; the function ends it.
func startWith(t testing.TB, l log.Log, s Snapshots) (*App, func()) {
	t.Helper()
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(t, l, ring)
	o.Snapshots = s
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// filledLog runs some commands and leaves a snapshot of them.
func filledLog(t testing.TB, disk Disk, n int) *log.Memory {
	t.Helper()
	l := log.NewMemory()
	a, end := startWith(t, l, Snapshots{Disk: disk, Every: 4})
	for i := range n {
		send(t, a, taking(fmt.Sprint("T-", i), fmt.Sprint("x", i%3), "7"))
	}
	end()
	return l
}

func TestASnapshotAndTheTailGiveTheWhole(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]Disk{"InMemory": &memoryDisk{}, "Folder": Folder(filepath.Join(t.TempDir(), "snapshots"))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := filledLog(t, disk, 10)
			s := Snapshots{Disk: disk, Every: 1 << 40}
			f := foldsOf(t, l, s)
			if f.loaded == 0 {
				t.Fatal("no snapshot was used")
			}
			if d := cmp.Diff(everything(t, foldsOf(t, l, Snapshots{})), everything(t, f)); d != "" {
				t.Fatal(d)
			}
			a, end := startWith(t, l, s) // more on top, without another snapshot
			send(t, a, taking("more", "x1", "1"))
			end()
			if d := cmp.Diff(everything(t, foldsOf(t, l, Snapshots{})), everything(t, foldsOf(t, l, s))); d != "" {
				t.Fatal(d)
			}
		})
	}
}

func TestAPutAwayAggregateComesBackAsItWas(t *testing.T) {
	t.Parallel()
	l := filledLog(t, &memoryDisk{}, 10)
	want := everything(t, foldsOf(t, l, Snapshots{}))
	f := foldsOf(t, l, Snapshots{})
	for w := f.aggregates.oldest; w != nil; w = f.aggregates.oldest {
		f.aggregates.keep(w, f.aggregates.encode(w))
		f.aggregates.forget(w)
	}
	if d := cmp.Diff(want, everything(t, f)); d != "" {
		t.Error(d)
	}
}

func TestADamagedRecordIsMadeAgainFromTheLog(t *testing.T) {
	t.Parallel()
	disk := &memoryDisk{}
	l := filledLog(t, disk, 10)
	f := foldsOf(t, l, Snapshots{Disk: disk})
	want := everything(t, foldsOf(t, l, Snapshots{}))
	b, err := io.ReadAll(io.NewSectionReader(f.aggregates.records.base, 0, endOfFile))
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b); i++ {
		b[i] ^= 0x55
	}
	f.aggregates.records.base = bytes.NewReader(b)
	if d := cmp.Diff(want, everything(t, f)); d != "" {
		t.Error(d)
	}
}

func TestASnapshotThatDoesNotFitIsNotUsed(t *testing.T) {
	t.Parallel()
	disk := &memoryDisk{}
	l := filledLog(t, disk, 10)
	other := log.NewMemory()
	if err := l.Read(t.Context(), 1, func(b log.Block) error {
		_, err := other.Inject(b.Commits...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	shorter := log.NewMemory()
	for name, c := range map[string]struct {
		l    log.Log
		code byte
		want error
	}{"OfAnotherProgram": {l, 1, errForeign}, "OfALogMadeAnew": {other, 0, errForeign}, "OfALogThatIsEmpty": {shorter, 0, errForeign}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolds(c.l, func(domain.Ref) {}, nil, nil)
			if err := f.load(t.Context(), disk, [32]byte{c.code}, nil); !errors.Is(err, c.want) {
				t.Errorf("load = %v, want %v", err, c.want)
			}
			s := Snapshots{Disk: disk, Code: [32]byte{c.code}}
			if f := foldsOf(t, c.l, s); f.loaded != 0 {
				t.Error("the snapshot was used")
			}
		})
	}
}

// truncated is a log that has lost its last blocks.
type truncated struct {
	log.Log
	head log.Head
}

func (l truncated) Head(context.Context) (log.Head, error) { return l.head, nil }

func TestASnapshotAheadOfTheLogIsNotUsed(t *testing.T) {
	t.Parallel()
	disk := &memoryDisk{}
	l := filledLog(t, disk, 10)
	f := newFolds(truncated{l, log.Head{Seq: 1, Position: 1}}, func(domain.Ref) {}, nil, nil)
	if err := f.load(t.Context(), disk, [32]byte{}, nil); !errors.Is(err, errForeign) {
		t.Errorf("load = %v, want %v", err, errForeign)
	}
}

func TestEachDamagedByteOfASnapshotIsFound(t *testing.T) {
	t.Parallel()
	disk := &memoryDisk{}
	l := filledLog(t, disk, 10)
	whole := disk.files[snapshotName]
	want := everything(t, foldsOf(t, l, Snapshots{}))
	open := func(b []byte) *folds {
		return foldsOf(t, l, Snapshots{Disk: &memoryDisk{files: map[string][]byte{snapshotName: b}}})
	}
	load := func(b []byte) error {
		o := testOptions(t, l, nil)
		f := newFolds(l, func(domain.Ref) {}, o.Kinds, o.Reactions)
		return f.load(t.Context(), &memoryDisk{files: map[string][]byte{snapshotName: b}}, [32]byte{}, func(string) any { return new(take) })
	}
	if err := load(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if load(b) == nil {
			t.Fatalf("with byte %d changed it is used", i)
		}
		if load(whole[:i]) == nil {
			t.Fatalf("cut to %d bytes it is used", i)
		}
		if i%199 == 0 {
			if d := cmp.Diff(want, everything(t, open(b))); d != "" {
				t.Fatal(d)
			}
		}
	}
}

// failing is a Disk on which the n-th replacement stops half way.
type failing struct {
	Disk
	mu    sync.Mutex
	fails int
}

var errDiskFull = errors.New("no space left on device")

func (d *failing) Replace(name string, fill func(io.Writer) error) error {
	d.mu.Lock()
	d.fails--
	fails := d.fails >= 0
	d.mu.Unlock()
	if !fails {
		return d.Disk.Replace(name, fill)
	}
	return d.Disk.Replace(name, func(out io.Writer) error { return fill(stopping{out}) })
}

type stopping struct{ io.Writer }

func (s stopping) Write(b []byte) (int, error) {
	n, _ := s.Writer.Write(b[:len(b)/2])
	return n, errDiskFull
}

func TestASnapshotThatCannotBeWrittenHindersNothing(t *testing.T) {
	t.Parallel()
	folder := Folder(t.TempDir())
	disk := &failing{Disk: folder, fails: 1 << 30}
	l := filledLog(t, disk, 30)
	if _, err := folder.Open(snapshotName); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a snapshot: %v", err)
	}
	left, err := os.ReadDir(string(folder))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	disk.fails = 0
	a, end := startWith(t, l, Snapshots{Disk: disk, Every: 4})
	send(t, a, taking("more", "x1", "1"))
	end()
	if f := foldsOf(t, l, Snapshots{Disk: disk}); f.loaded == 0 {
		t.Error("no snapshot was taken once there was room")
	}
}

func TestWhatAKilledProcessLeftHalfDoneIsNotUsed(t *testing.T) {
	t.Parallel()
	folder := Folder(t.TempDir())
	l := filledLog(t, folder, 10)
	if err := os.WriteFile(filepath.Join(string(folder), snapshotName+".1"+unfinished), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := foldsOf(t, l, Snapshots{Disk: folder}); f.loaded == 0 {
		t.Error("the snapshot before was not used")
	}
}

// TestFrozenIndexesGoOn has one goroutine read what is frozen while the other goes
// on changing it, and undoing.
func TestFrozenIndexesGoOn(t *testing.T) {
	t.Parallel()
	var j Journal
	x := NewIndex[int, string](&j, "x")
	want := make(map[int]string)
	for i := range 1000 {
		x.Put(i, fmt.Sprint(i))
		want[i] = fmt.Sprint(i)
	}
	j.Forget(j.Mark())
	before := maps.Clone(want)
	x.t.freeze()
	var file bytes.Buffer
	written := make(chan error, 1)
	go func() {
		w := snapshot.NewWriter(&file, snapshot.Header{})
		w.Section("x")
		x.t.write(w)
		w.EndSection()
		written <- w.Close()
	}()
	change := func() {
		for i := 0; i < 1500; i += 7 {
			x.Put(i, "new")
			want[i] = "new"
			x.Delete(i + 1)
			delete(want, i+1)
		}
	}
	change()
	j.Rollback(0)
	if got := len(maps.Collect(x.t.all())); got != len(before) || x.Len() != len(before) {
		t.Errorf("after the rollback there are %d entries, Len %d, want %d", got, x.Len(), len(before))
	}
	change()
	j.Forget(j.Mark())
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	x.t.thaw()
	for step := 0; !x.t.settle(100); step++ {
		x.Put(2000+step, "late")
		want[2000+step] = "late"
		if x.Len() != len(want) {
			t.Fatalf("Len %d, want %d", x.Len(), len(want))
		}
	}
	if d := cmp.Diff(want, x.t.m); d != "" || x.t.over != nil {
		t.Error(d)
	}
	var y Journal
	read := NewIndex[int, string](&y, "x")
	r, err := snapshot.NewReader(&file)
	if err == nil {
		_, err = r.Section()
	}
	if err == nil {
		err = read.t.read(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, read.t.m); d != "" {
		t.Errorf("the snapshot is not of the moment: %s", d)
	}
}
