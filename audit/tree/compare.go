package tree

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"zhitong/audit/merkle"
)

// Comparer holds a log's commits against the stored tiles and bundles.
type Comparer struct {
	r       Reader
	size    uint64 // up to which tiles and bundles must be there
	buffers *sync.Pool
}

// Difference is a file that is not what the commits make.
type Difference struct {
	Position uint64 // of the first commit that it is wrong about, or of the last below it
	Detail   string
}

// NewComparer compares up to a size, which a checkpoint was signed for.
func NewComparer(r Reader, size uint64) Comparer {
	return Comparer{r: r, size: size, buffers: &sync.Pool{New: func() any { b := make([]byte, 0, 1); return &b }}}
}

// Run compares the tile of leaves and the bundle of a run of commits, of which the
// first has an index that is a multiple of merkle.TileWidth; the run ends behind
// merkle.TileWidth commits or at the end of the log. It returns how many files were
// compared. It may be called by several goroutines.
func (c Comparer) Run(first uint64, commits [][]byte, leaves []merkle.Hash) (files uint64, wrong []Difference) {
	if first >= c.size {
		return 0, nil
	}
	n := int(min(c.size-first, merkle.TileWidth))
	if len(commits) < n {
		return 0, nil // the log ends before: its checkpoint fails
	}
	index, width := first/merkle.TileWidth, n%merkle.TileWidth
	if d := c.tile(0, index, width, first+1, leaves[:n]); d != nil {
		wrong = append(wrong, *d)
	}
	if d := c.bundle(index, width, first, commits[:n]); d != nil {
		wrong = append(wrong, *d)
	}
	for i, commit := range commits[:n] {
		if len(commit) > EntryBytesMax {
			files++
			if d := c.compare(KindLarge, first+uint64(i), 0, first+uint64(i)+1, commit); d != nil {
				wrong = append(wrong, *d)
			}
		}
	}
	return files + 2, wrong
}

// Tile compares a tile above the leaves; width is as in its path.
func (c Comparer) Tile(l int, index uint64, hashes []merkle.Hash, size uint64) *Difference {
	return c.tile(l, index, len(hashes)%merkle.TileWidth, size, hashes)
}

func (c Comparer) tile(l int, n uint64, width int, position uint64, want []merkle.Hash) *Difference {
	buf := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buf)
	have, err := c.r.rawInto(*buf, level(l), n, width)
	*buf = keep(*buf, have)
	if err == nil && len(have) == len(want)*len(merkle.Hash{}) {
		for i := range want {
			if !bytes.Equal(have[i*len(merkle.Hash{}):(i+1)*len(merkle.Hash{})], want[i][:]) {
				return &Difference{position, fmt.Sprintf("%s has another hash %d than the commits make", pathOf(level(l), n, width), i)}
			}
		}
		return nil
	}
	if err != nil {
		return &Difference{position, fmt.Sprintf("%s cannot be read: %v", pathOf(level(l), n, width), err)}
	}
	return &Difference{position, fmt.Sprintf("%s has %d bytes, the commits make %d hashes", pathOf(level(l), n, width), len(have), len(want))}
}

// Size is up to where is compared.
func (c Comparer) Size() uint64 { return c.size }

func (c Comparer) compare(kind Kind, n uint64, width int, position uint64, want []byte) *Difference {
	have, err := c.r.raw(kind, n, width)
	switch {
	case err != nil:
		return &Difference{position, fmt.Sprintf("%s cannot be read: %v", pathOf(kind, n, width), err)}
	case !bytes.Equal(have, want):
		return &Difference{position, fmt.Sprintf("%s is not what the commits make", pathOf(kind, n, width))}
	}
	return nil
}

// keep is the larger of two buffers.
func keep(a, b []byte) []byte {
	if cap(b) > cap(a) {
		return b[:0]
	}
	return a
}

// bundle compares an entry bundle, entry by entry, so that the first commit that it
// has otherwise is named.
func (c Comparer) bundle(n uint64, width int, first uint64, commits [][]byte) *Difference {
	path := pathOf(KindEntries, n, width)
	buf := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buf)
	have, err := c.r.rawInto(*buf, KindEntries, n, width)
	*buf = keep(*buf, have)
	if err != nil {
		return &Difference{first + 1, fmt.Sprintf("%s cannot be read: %v", path, err)}
	}
	for i, commit := range commits {
		want := commit
		if len(commit) > EntryBytesMax {
			want = nil
		}
		if len(have) < entryLength+len(want) || int(binary.BigEndian.Uint16(have)) != len(want) || !bytes.Equal(have[entryLength:entryLength+len(want)], want) {
			return &Difference{first + uint64(i) + 1, fmt.Sprintf("%s has another entry %d than the commit", path, i)}
		}
		have = have[entryLength+len(want):]
	}
	if len(have) > 0 {
		return &Difference{first + uint64(len(commits)), fmt.Sprintf("%s has %d bytes behind its last entry", path, len(have))}
	}
	return nil
}

// entryLength is how many bytes the length of an entry takes.
const entryLength = 2
