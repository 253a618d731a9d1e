package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
)

// ErrRewritten says that the log does not pass through a checkpoint that was
// signed: commits were changed, lost or added in between. There is nothing to
// retry; an auditor must look.
var ErrRewritten = errors.New("audit: the log is not the one that was signed")

// Writer grows the Merkle log. It may be used by several goroutines; of one
// folder there is one Writer at a time, which the folder's lock holds.
type Writer struct {
	dir     string
	keys    *checkpoint.Keys
	reader  Reader
	approve func(note []byte) error // set by Through

	mu     sync.Mutex
	lock   *os.File                // guarded by mu; nil when closed
	edge   merkle.Edge             // guarded by mu
	bundle []byte                  // guarded by mu; the entries of the bundle that is not full
	leaves []merkle.Hash           // guarded by mu; scratch
	ahead  []checkpoint.Checkpoint // guarded by mu; signed ones that the tree has still to pass
	mend   bool                    // guarded by mu; the tiles of the last checkpoint are made again
	last   checkpoint.Signed       // guarded by mu; the latest signed
	files  *pending                // guarded by mu; written and not yet durable
	grown  chan struct{}           // guarded by mu; closed and replaced at each checkpoint
	failed error                   // guarded by mu; what is written may be anything: stop
}

// OpenWriter opens or makes the folder. When the tiles of the last checkpoint are
// not there or not whole the Writer begins at 0 and is to be given the whole log
// again: see [Writer.Size].
func OpenWriter(dir string, keys *checkpoint.Keys) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("audit folder: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("audit folder %q: %w", dir, err)
	}
	w := &Writer{dir: dir, keys: keys, lock: lock, reader: NewReader(os.DirFS(dir)),
		files: newPending(dir), grown: make(chan struct{})}
	if err := w.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("audit folder %q: %w", dir, err), lock.Close())
	}
	return w, nil
}

// load reads the checkpoints and the edge.
func (w *Writer) load() error {
	verifiers, err := checkpoint.Verifiers(strings.Join(w.keys.VKeys(), "\n"))
	if err != nil {
		return err
	}
	if err := w.files.replace("vkeys", []byte(strings.Join(w.keys.VKeys(), "\n")+"\n")); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(w.dir, "checkpoints"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	list, whole := SplitCheckpoints(b)
	if whole < len(b) { // a torn last one was never given to anybody
		if err := os.Truncate(filepath.Join(w.dir, "checkpoints"), int64(whole)); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	for i, signed := range list {
		c, err := checkpoint.Peek(signed)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		w.ahead = append(w.ahead, c)
	}
	if w.last, err = checkpoint.Open(list[len(list)-1], verifiers); err != nil {
		return fmt.Errorf("the last checkpoint was not signed by the keys of this log: %w", err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, mending)); err == nil || !w.restore() {
		w.mend = true
		return w.files.replace(mending, nil)
	}
	return nil
}

// mending is a file that is there while tiles below the last checkpoint are made
// again: a crash meanwhile may leave some of them torn.
const mending = "mending"

// restore takes the edge from the tiles of the last checkpoint; when that can't
// be done the edge stays at 0.
func (w *Writer) restore() bool {
	var edge merkle.Edge
	if edge.Restore(w.last.Size, w.reader.Tile) != nil || edge.Root() != w.last.Root {
		return false
	}
	n := w.last.Size / merkle.TileWidth
	if width := int(w.last.Size % merkle.TileWidth); width > 0 {
		bundle, err := w.reader.raw(KindEntries, n, width)
		if err != nil {
			return false
		}
		entries, err := w.reader.Bundle(n, width)
		if err != nil || !slices.Equal(merkle.Leaves(nil, entries), edge.Partial(0)) {
			return false
		}
		w.bundle = slices.Clone(bundle)
	}
	w.edge, w.ahead = edge, nil
	return true
}

// Size is the number of commits that the tree has: the next one to be given is
// at position Size + 1.
func (w *Writer) Size() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.edge.Size()
}

// Last is the latest signed checkpoint; its Note is nil while there is none.
func (w *Writer) Last() checkpoint.Signed {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// Reader reads the folder.
func (w *Writer) Reader() Reader { return w.reader }

// Edge returns the hashes of the leaves of the bundle that is not full, and the
// position of the first of them.
func (w *Writer) Edge() (first uint64, leaves []merkle.Hash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	leaves = slices.Clone(w.edge.Partial(0))
	return w.edge.Size() - uint64(len(leaves)) + 1, leaves
}

// Add adds the commits at the positions first, first + 1, … which must be the
// next ones. Nothing of it is durable before [Writer.Checkpoint].
func (w *Writer) Add(first uint64, commits [][]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	if first != w.edge.Size()+1 {
		return fmt.Errorf("audit: position %d does not follow %d", first, w.edge.Size())
	}
	w.leaves = merkle.Leaves(w.leaves[:0], commits)
	for i, leaf := range w.leaves {
		if err := w.add(commits[i], leaf); err != nil {
			w.failed = err
			return err
		}
	}
	return nil
}

// add adds one commit. The caller holds mu.
func (w *Writer) add(commit []byte, leaf merkle.Hash) error {
	if len(commit) > EntryBytesMax {
		if err := w.files.write(pathOf(KindLarge, w.edge.Size(), 0), commit); err != nil {
			return err
		}
	}
	w.bundle = appendEntry(w.bundle, commit)
	if err := w.edge.Append(leaf, w.full); err != nil {
		return err
	}
	if len(w.ahead) == 0 || w.ahead[0].Size != w.edge.Size() {
		return nil
	}
	for ; len(w.ahead) > 0 && w.ahead[0].Size == w.edge.Size(); w.ahead = w.ahead[1:] {
		if root := w.edge.Root(); root != w.ahead[0].Root {
			return fmt.Errorf("%w: up to position %d its root is %v, signed was %v", ErrRewritten, w.edge.Size(), root, w.ahead[0].Root)
		}
	}
	return nil
}

// full writes a tile that has become full, and with one of level 0 the bundle.
// The caller holds mu.
func (w *Writer) full(l int, index uint64, hashes []merkle.Hash) error {
	if l == 0 {
		if err := w.files.write(pathOf(KindEntries, index, 0), w.bundle); err != nil {
			return err
		}
		w.files.obsolete(pathOf(KindEntries, index, 0) + ".p")
		w.bundle = w.bundle[:0]
	}
	w.files.obsolete(pathOf(level(l), index, 0) + ".p")
	return w.files.write(pathOf(level(l), index, 0), tileBytes(hashes))
}

func tileBytes(hashes []merkle.Hash) []byte {
	b := make([]byte, 0, len(hashes)*len(merkle.Hash{}))
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

// Checkpoint makes durable what was added and signs it. It returns the latest
// checkpoint as it is when nothing was added, and while the tree has not yet
// passed all that was signed before.
func (w *Writer) Checkpoint() (checkpoint.Signed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil || len(w.ahead) > 0 || w.edge.Size() == w.last.Size && !w.mend {
		return w.last, w.failed
	}
	err := w.store()
	if err == nil && w.edge.Size() > w.last.Size {
		err = w.sign()
	}
	if err != nil {
		err = fmt.Errorf("audit: checkpoint of size %d: %w", w.edge.Size(), err)
		if !errors.Is(err, ErrNotApproved) {
			w.failed = err
		}
	}
	return w.last, err
}

// store makes the tiles and bundles durable. The caller holds mu.
func (w *Writer) store() error {
	for l, n := 0, w.edge.Size(); l < w.edge.Levels(); l++ {
		hashes := w.edge.Partial(l)
		n /= merkle.TileWidth
		if len(hashes) == 0 {
			continue
		}
		if err := w.storePartial(level(l), n, len(hashes), tileBytes(hashes)); err != nil {
			return err
		}
		if l > 0 {
			continue
		}
		if err := w.storePartial(KindEntries, n, len(hashes), w.bundle); err != nil {
			return err
		}
	}
	if err := w.files.sync(); err != nil || !w.mend {
		return err
	}
	w.mend = false
	return w.files.remove(mending)
}

// storePartial writes a tile or bundle that is not full. Narrower ones that may
// be damaged go. The caller holds mu.
func (w *Writer) storePartial(kind Kind, n uint64, width int, data []byte) error {
	if w.mend {
		if err := w.files.clear(pathOf(kind, n, 0) + ".p"); err != nil {
			return err
		}
	}
	return w.files.partial(kind, n, width, data)
}

// Covering waits until a checkpoint covers a position and returns it.
func (w *Writer) Covering(ctx context.Context, position uint64) (checkpoint.Signed, error) {
	for {
		w.mu.Lock()
		last, grown, failed := w.last, w.grown, w.failed
		w.mu.Unlock()
		if failed != nil || last.Size >= position {
			return last, failed
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// Close gives the folder free. What was added behind the last checkpoint is added
// again by whoever opens it next.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return nil
	}
	err := w.lock.Close()
	w.lock = nil
	w.failed = errors.Join(w.failed, errors.New("audit: the writer is closed"))
	return err
}
