package tree

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
)

// ErrMending says that the tiles are being made again from the log.
var ErrMending = errors.New("audit: the tiles are being made again")

// Published is Raw for the world: only what the checkpoint covers, which was durable
// before it was signed. What is behind it does not exist yet.
func (r Reader) Published(p string, c checkpoint.Checkpoint) ([]byte, error) {
	kind, n, width, ok := parsePath(p)
	if !ok || !covered(kind, n, width, c.Size) {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	if _, err := fs.Stat(r.files, mending); err == nil {
		return nil, ErrMending
	}
	b, err := r.raw(kind, n, width)
	if err != nil {
		return nil, err
	}
	if width == 0 {
		width = merkle.TileWidth
	}
	if kind != KindEntries && kind != KindLarge && len(b) != width*tlog.HashSize {
		return nil, fmt.Errorf("%s has %d bytes, %d are needed", p, len(b), width*tlog.HashSize)
	}
	return b, nil
}

// covered reports whether all leaves below a tile, bundle or large commit are among
// the first size.
func covered(kind Kind, n uint64, width int, size uint64) bool {
	switch kind {
	case KindLarge:
		return n < size
	case KindEntries:
		return reach(0, n, width) <= size
	}
	for l := range levelsMax {
		if kind == level(l) {
			return reach(l, n, width) <= size
		}
	}
	return false
}

// levelsMax is how many levels of tiles a tree of 2^63 leaves has.
const levelsMax = 8

// reach is how many leaves stand before the end of a tile.
func reach(l int, n uint64, width int) uint64 {
	if width == 0 {
		width = merkle.TileWidth
	}
	hashes := n*merkle.TileWidth + uint64(width)
	for range l {
		if hashes > 1<<55 {
			return 1 << 63 // behind every tree
		}
		hashes *= merkle.TileWidth
	}
	return hashes
}

// OpenCheckpoints opens the file of all checkpoints.
func (r Reader) OpenCheckpoints() (fs.File, error) { return r.files.Open("checkpoints") }
