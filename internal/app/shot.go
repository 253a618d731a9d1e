package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/app/snapshot"
)

// shot is a snapshot under way. It is of a moment at which all that was folded was
// durable; the committer goes on deciding meanwhile. Indexes stand still under what
// is laid over them; an aggregate is captured by the committer before it changes, or
// a few at a time when there is time. The rest is done by a goroutine of its own.
type shot struct {
	log      log.Log
	header   snapshot.Header
	meta     []byte
	sections []section
	cold     map[aggregateKey]record
	records  records // as they stood

	owed     []*warmAggregate // to be captured; the committer's
	captured []capturedRecord // the committer's until complete is closed
	complete chan struct{}

	// What came of it, once it is handed back.
	began time.Time
	took  time.Duration
	err   error
	fresh map[aggregateKey]record // where the records lie in the new base
	base  io.ReaderAt
	drop  io.Closer
}

// capturedRecord is an aggregate as it was at the moment of the snapshot.
type capturedRecord struct {
	ref domain.Ref
	b   []byte
}

// Names in a snapshot that are no index's.
const (
	metaSection      = "meta"
	aggregateSection = "aggregates"
)

// take begins a snapshot of the folds as they are. Nothing may be in flight, and
// nothing folded that is not durable.
func (f *folds) take(code [32]byte) (*shot, error) {
	t := &shot{log: f.log, complete: make(chan struct{}), began: time.Now(), sections: f.journal.tables,
		header: snapshot.Header{Code: code, Seq: f.durable.Seq, Position: f.durable.Position}}
	rand.Read(t.header.Nonce[:])
	var err error
	if t.meta, err = f.meta(); err != nil {
		return nil, err
	}
	if err := f.aggregates.take(t); err != nil {
		return nil, err
	}
	for _, s := range t.sections {
		s.freeze()
	}
	return t, nil
}

// take has the aggregates stand still for a snapshot.
func (a *aggregates) take(t *shot) error {
	for ref := range a.tails {
		w, err := a.find(ref)
		if err != nil {
			return err
		}
		if len(a.tails[ref]) > 0 { // not written anew by finding it
			w.owed = true
			t.owed = append(t.owed, w)
		}
	}
	t.cold, t.records = a.cold.m, a.records.still()
	a.cold.freeze()
	a.records.turn()
	a.shot = t
	return nil
}

// capture gives a state to the snapshot under way.
func (a *aggregates) capture(w *warmAggregate) {
	w.owed = false
	a.shot.captured = append(a.shot.captured, capturedRecord{w.ref, bytes.Clone(a.encode(w))})
}

// captureSome captures up to n of the states that are owed; true when none is left.
func (a *aggregates) captureSome(n int) bool {
	t := a.shot
	for len(t.owed) > 0 && n > 0 {
		last := len(t.owed) - 1
		w := t.owed[last]
		t.owed = t.owed[:last]
		if w.owed {
			a.capture(w)
			n--
		}
	}
	return len(t.owed) == 0
}

// taken takes note of what came of a snapshot: its records are the base from now on.
func (a *aggregates) taken(t *shot) error {
	a.shot = nil
	a.cold.thaw()
	for _, w := range t.owed {
		w.owed = false
	}
	if t.err != nil {
		return nil
	}
	a.cold.m = t.fresh
	for _, c := range t.captured {
		tail := a.tails[c.ref]
		n, _ := slices.BinarySearch(tail, t.header.Position+1)
		if tail = slices.Clone(tail[n:]); len(tail) == 0 {
			delete(a.tails, c.ref)
		} else {
			a.tails[c.ref] = tail
		}
	}
	return a.records.settle(t.base, t.drop)
}

// write writes the snapshot and opens it again. It is the work of a goroutine of its
// own.
func (t *shot) write(ctx context.Context, disk Disk) {
	t.err = t.identify(ctx)
	if t.err == nil {
		t.err = disk.Replace(snapshotName, t.fill)
	}
	if t.err == nil {
		t.base, t.drop, t.err = t.open(disk)
	}
	t.took = time.Since(t.began)
}

// identify completes the header: which log it is.
func (t *shot) identify(ctx context.Context) error {
	id, err := t.log.Identity(ctx)
	if err != nil {
		return err
	}
	t.header.Stream, t.header.Created, t.header.First = id.Stream, id.Created, id.First
	t.header.Commit, err = commitSum(ctx, t.log, t.header.Position)
	return err
}

// commitSum is the SHA-256 of a commit.
func commitSum(ctx context.Context, l log.Log, position uint64) (sum [32]byte, err error) {
	err = l.Load(ctx, []uint64{position}, func(_ uint64, line []byte) error {
		sum = sha256.Sum256(line)
		return nil
	})
	return sum, err
}

func (t *shot) fill(out io.Writer) error {
	w := snapshot.NewWriter(out, t.header)
	for _, s := range t.sections {
		w.Section(s.sectionName())
		s.write(w)
		w.EndSection()
	}
	w.Section(metaSection)
	w.Frame(t.meta)
	w.EndSection()
	w.Section(aggregateSection)
	if err := t.fillAggregates(w); err != nil {
		return err
	}
	w.EndSection()
	return w.Close()
}

// fillAggregates writes each aggregate's record: those captured, and the others as
// they lay.
func (t *shot) fillAggregates(w *snapshot.Writer) error {
	<-t.complete
	captured := make(map[aggregateKey][]byte, len(t.captured))
	for _, c := range t.captured {
		captured[keyOf(c.ref)] = c.b
	}
	old := make([]located, 0, len(t.cold))
	for k, at := range t.cold {
		if captured[k] == nil {
			old = append(old, located{k, at})
		}
	}
	n := len(captured) + len(old)
	w.Frame(binary.AppendUvarint(nil, uint64(n)))
	f := filling{w: w, fresh: make(map[aggregateKey]record, n)}
	for k, b := range captured {
		f.add(k, b)
	}
	slices.SortFunc(old, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.record.in, b.record.in), cmp.Compare(a.record.at, b.record.at))
	})
	for _, l := range old {
		b, err := t.records.get(l.key, l.record)
		if err != nil {
			return fmt.Errorf("copy a record: %w", err)
		}
		f.add(l.key, b)
		if w.Err() != nil {
			break
		}
	}
	f.flush()
	t.fresh = f.fresh
	return nil
}

// located is a record with its key.
type located struct {
	key aggregateKey
	record
}

// filling writes records, many to a frame, each with its length before it.
type filling struct {
	w     *snapshot.Writer
	fresh map[aggregateKey]record
	b     []byte
	in    []located // in b, by their place there
}

func (f *filling) add(k aggregateKey, b []byte) {
	f.b = binary.AppendUvarint(f.b, uint64(len(b)))
	at := record{0, int64(len(f.b)), int32(len(b))}
	f.b = append(f.b, b...)
	f.in = append(f.in, located{k, at})
	f.fresh[k] = at
	if len(f.b) >= snapshot.FrameBytes {
		f.flush()
	}
}

func (f *filling) flush() {
	if len(f.b) == 0 {
		return
	}
	at := f.w.Frame(f.b)
	for _, l := range f.in {
		l.record.at += at
		f.fresh[l.key] = l.record
	}
	f.b, f.in = f.b[:0], f.in[:0]
}

// open opens the snapshot that was just written, unless another process has put its
// own in that place meanwhile.
func (t *shot) open(disk Disk) (io.ReaderAt, io.Closer, error) {
	base, drop, err := openBase(disk)
	if err != nil {
		return nil, nil, err
	}
	r, err := snapshot.NewReader(io.NewSectionReader(base, 0, endOfFile))
	if err == nil && r.Header() != t.header {
		err = errOverwritten
	}
	if err != nil {
		return nil, nil, errors.Join(err, drop.Close())
	}
	return base, drop, nil
}

var errOverwritten = errors.New("another process has written its own")

// endOfFile is behind the end of every file.
const endOfFile = 1 << 62

// openBase opens the snapshot for reading anywhere in it. A disk that only reads
// from the beginning has it read into memory.
func openBase(disk Disk) (io.ReaderAt, io.Closer, error) {
	f, err := disk.Open(snapshotName)
	if err != nil {
		return nil, nil, err
	}
	if at, ok := f.(io.ReaderAt); ok {
		return at, f, nil
	}
	b, err := io.ReadAll(f)
	return bytes.NewReader(b), f, err
}
