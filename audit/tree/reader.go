package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
)

// Reader reads the folder of a Merkle log, live or copied. It trusts nothing:
// what it returns is checked against a checkpoint by whoever uses it, except
// where a method says otherwise. It may be used by several goroutines.
type Reader struct{ files fs.FS }

// NewReader reads the folder at the root of files.
func NewReader(files fs.FS) Reader { return Reader{files} }

// VKeys are the log's public keys as they stand in the folder. A careful auditor
// brings keys of their own.
func (r Reader) VKeys() (string, error) {
	b, err := fs.ReadFile(r.files, "vkeys")
	return string(b), err
}

// Latest is the latest signed checkpoint.
func (r Reader) Latest() ([]byte, error) { return fs.ReadFile(r.files, "checkpoint") }

// Checkpoints are all signed checkpoints, oldest first, without a torn last one.
func (r Reader) Checkpoints() ([][]byte, error) {
	b, err := fs.ReadFile(r.files, "checkpoints")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	list, _ := SplitCheckpoints(b)
	return list, err
}

// SplitCheckpoints cuts the file checkpoints into its notes; whole is how many
// bytes they take with their empty lines.
func SplitCheckpoints(b []byte) (list [][]byte, whole int) {
	for rest := b; ; {
		i := bytes.Index(rest, []byte("\n\n")) // ends the text
		if i < 0 {
			return list, whole
		}
		j := bytes.Index(rest[i+2:], []byte("\n\n")) // ends the signatures
		if j < 0 {
			return list, whole
		}
		n := i + 2 + j + 2
		list = append(list, rest[:n-1:n-1])
		whole += n
		rest = rest[n:]
	}
}

// Raw is the bytes of a file below tile/ as a client asks for it. A partial tile
// or bundle is also cut from a wider one, and from the full one.
func (r Reader) Raw(p string) ([]byte, error) {
	kind, n, width, ok := parsePath(p)
	if !ok {
		return nil, fs.ErrNotExist
	}
	return r.raw(kind, n, width)
}

func (r Reader) raw(kind Kind, n uint64, width int) ([]byte, error) {
	return r.rawInto(nil, kind, n, width)
}

// rawInto is raw into the memory of buf, if it is enough.
func (r Reader) rawInto(buf []byte, kind Kind, n uint64, width int) ([]byte, error) {
	b, err := r.readInto(buf, pathOf(kind, n, width))
	if err == nil || width == 0 || width == merkle.TileWidth || !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	if b, err = fs.ReadFile(r.files, pathOf(kind, n, 0)); err != nil {
		wider, werr := r.wider(kind, n, width)
		if werr != nil {
			return nil, werr
		}
		if b, err = fs.ReadFile(r.files, pathOf(kind, n, wider)); err != nil {
			return nil, err
		}
	}
	if kind == KindEntries {
		return prefixOf(b, width)
	}
	if len(b) < width*tlog.HashSize {
		return nil, fmt.Errorf("%s has %d bytes", pathOf(kind, n, width), len(b))
	}
	return b[:width*tlog.HashSize], nil
}

// readInto reads a file into the memory of buf, if it is enough. With none it asks
// the folder for the whole file, which is all that a served log gives.
func (r Reader) readInto(buf []byte, name string) (b []byte, err error) {
	if buf == nil {
		return fs.ReadFile(r.files, name)
	}
	f, err := r.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	n := int(info.Size())
	if cap(buf) < n+1 {
		buf = make([]byte, n+n/8+1)
	}
	got, err := io.ReadFull(f, buf[:n+1]) // one more, to see that it ends
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return buf[:got], nil
	case err == nil:
		err = fmt.Errorf("%s grows while it is read", name)
	}
	return nil, err
}

// wider is the narrowest partial tile that is wider than width.
func (r Reader) wider(kind Kind, n uint64, width int) (int, error) {
	entries, err := fs.ReadDir(r.files, pathOf(kind, n, 0)+".p")
	if err != nil {
		return 0, err
	}
	best := 0
	for _, e := range entries {
		w, err := strconv.Atoi(e.Name())
		if err == nil && w > width && w < merkle.TileWidth && (best == 0 || w < best) {
			best = w
		}
	}
	if best == 0 {
		return 0, &fs.PathError{Op: "open", Path: path.Join(pathOf(kind, n, width)), Err: fs.ErrNotExist}
	}
	return best, nil
}

// Tile is the hashes of a tile.
func (r Reader) Tile(l int, n uint64, width int) ([]merkle.Hash, error) {
	b, err := r.raw(level(l), n, width)
	if err != nil {
		return nil, err
	}
	if width == 0 {
		width = merkle.TileWidth
	}
	if len(b) != width*tlog.HashSize {
		return nil, fmt.Errorf("%s has %d bytes, %d are needed", pathOf(level(l), n, width), len(b), width*tlog.HashSize)
	}
	out := make([]merkle.Hash, width)
	for i := range out {
		copy(out[i][:], b[i*tlog.HashSize:])
	}
	return out, nil
}

// Bundle is the commits of a bundle. A commit that cannot be read is nil; the
// error then says why the first of them can't be, and the others are there.
func (r Reader) Bundle(n uint64, width int) ([][]byte, error) {
	b, err := r.raw(KindEntries, n, width)
	if err != nil {
		return nil, err
	}
	entries, err := parseBundle(b)
	for i, e := range entries {
		if e != nil {
			continue
		}
		large, lerr := fs.ReadFile(r.files, pathOf(KindLarge, n*merkle.TileWidth+uint64(i), 0))
		if lerr != nil && err == nil {
			err = lerr
		}
		entries[i] = large
	}
	if err == nil && width > 0 && len(entries) != width {
		err = fmt.Errorf("%s has %d entries", pathOf(KindEntries, n, width), len(entries))
	}
	return entries, err
}

// tiles lets package tlog read the tiles.
type tiles struct{ r Reader }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(list))
	for i, tile := range list {
		var err error
		if out[i], err = t.r.raw(level(tile.L), uint64(tile.N), tile.W); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// hashes reads hashes of the tree of c, each checked against its root.
func (r Reader) hashes(c checkpoint.Checkpoint) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: int64(c.Size), Hash: c.Root}, tiles{r})
}

// Inclusion proves that the commit of an index stands in the tree of c.
func (r Reader) Inclusion(index uint64, c checkpoint.Checkpoint) ([]merkle.Hash, error) {
	if index >= c.Size {
		return nil, fmt.Errorf("position %d is behind the checkpoint of size %d", index+1, c.Size)
	}
	return tlog.ProveRecord(int64(c.Size), int64(index), r.hashes(c))
}

// Consistency proves that the tree of c continues that of an earlier size.
func (r Reader) Consistency(size uint64, c checkpoint.Checkpoint) ([]merkle.Hash, error) {
	switch {
	case size > c.Size:
		return nil, fmt.Errorf("size %d is behind the checkpoint of size %d", size, c.Size)
	case size == 0 || size == c.Size:
		return nil, nil
	}
	return tlog.ProveTree(int64(c.Size), int64(size), r.hashes(c))
}

// Commit is the bytes of the commit at a position, checked against c.
func (r Reader) Commit(position uint64, c checkpoint.Checkpoint) ([]byte, error) {
	if position == 0 || position > c.Size {
		return nil, fmt.Errorf("position %d is not in the checkpoint of size %d", position, c.Size)
	}
	index := position - 1
	n, width := index/merkle.TileWidth, bundleWidth(index/merkle.TileWidth, c.Size)
	entries, err := r.Bundle(n, width)
	if i := index % merkle.TileWidth; uint64(len(entries)) <= i || entries[i] == nil {
		return nil, fmt.Errorf("position %d: %w", position, errors.Join(err, fs.ErrNotExist))
	}
	commit := entries[index%merkle.TileWidth]
	want, err := r.hashes(c).ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
	if err != nil {
		return nil, err
	}
	if merkle.Leaf(commit) != want[0] {
		return nil, fmt.Errorf("position %d: the bundle's bytes are not those of the tree", position)
	}
	return commit, nil
}

// bundleWidth is the width of a bundle in a tree of a size; 0 is a full one.
func bundleWidth(n, size uint64) int {
	return int(min(size-n*merkle.TileWidth, merkle.TileWidth) % merkle.TileWidth)
}

// Prove makes the proof of the commit at a position under a signed checkpoint.
func (r Reader) Prove(position uint64, s checkpoint.Signed) (checkpoint.Proof, error) {
	commit, err := r.Commit(position, s.Checkpoint)
	if err != nil {
		return checkpoint.Proof{}, err
	}
	hashes, err := r.Inclusion(position-1, s.Checkpoint)
	if err != nil {
		return checkpoint.Proof{}, fmt.Errorf("position %d: %w", position, err)
	}
	return checkpoint.Proof{Index: position - 1, Commit: commit, Hashes: hashes, Note: s.Note}, nil
}
