package tree

import (
	"bytes"
	"fmt"

	"zhitong/audit/merkle"
)

// Comparer holds a log's commits against the stored tiles and bundles.
type Comparer struct {
	r    Reader
	size uint64 // up to which tiles and bundles must be there
	edge merkle.Edge
	sum  []byte // the bundle as it should be
	bad  func(position uint64, detail string)

	// Tiles and Bundles count what was compared.
	Tiles, Bundles uint64
}

// NewComparer compares up to a size, which a checkpoint was signed for. bad is
// called with the position behind which something differs.
func NewComparer(r Reader, size uint64, bad func(position uint64, detail string)) *Comparer {
	return &Comparer{r: r, size: size, bad: bad}
}

// Edge is the tree of the commits given so far.
func (c *Comparer) Edge() *merkle.Edge { return &c.edge }

// Add gives the next commit and its leaf.
func (c *Comparer) Add(commit []byte, leaf merkle.Hash) error {
	index := c.edge.Size()
	if index >= c.size {
		return c.edge.Append(leaf, func(int, uint64, []merkle.Hash) error { return nil })
	}
	c.sum = appendEntry(c.sum, commit)
	if len(commit) > EntryBytesMax {
		c.compare(pathOf(KindLarge, index, 0), index+1, commit, KindLarge, index, 0)
	}
	if err := c.edge.Append(leaf, c.full); err != nil {
		return err
	}
	if c.edge.Size() == c.size {
		c.partials()
	}
	return nil
}

func (c *Comparer) full(l int, n uint64, hashes []merkle.Hash) error {
	c.Tiles++
	c.compare(pathOf(level(l), n, 0), c.edge.Size(), tileBytes(hashes), level(l), n, 0)
	if l == 0 {
		c.Bundles++
		c.compare(pathOf(KindEntries, n, 0), c.edge.Size(), c.sum, KindEntries, n, 0)
		c.sum = c.sum[:0]
	}
	return nil
}

func (c *Comparer) partials() {
	for l, n := 0, c.size; l < c.edge.Levels(); l++ {
		n /= merkle.TileWidth
		width := len(c.edge.Partial(l))
		if width == 0 {
			continue
		}
		c.Tiles++
		c.compare(pathOf(level(l), n, width), c.size, tileBytes(c.edge.Partial(l)), level(l), n, width)
		if l == 0 {
			c.Bundles++
			c.compare(pathOf(KindEntries, n, width), c.size, c.sum, KindEntries, n, width)
		}
	}
}

func (c *Comparer) compare(path string, position uint64, want []byte, kind Kind, n uint64, width int) {
	have, err := c.r.raw(kind, n, width)
	switch {
	case err != nil:
		c.bad(position, fmt.Sprintf("%s cannot be read: %v", path, err))
	case !bytes.Equal(have, want):
		c.bad(position, fmt.Sprintf("%s is not what the commits make", path))
	}
}
