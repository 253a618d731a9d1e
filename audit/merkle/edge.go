package merkle

import "fmt"

// levelsMax is how many levels of tiles a tree of 2^63 leaves has.
const levelsMax = 8

// Edge is the right edge of a growing tree: on each level the hashes of the one
// tile that is not yet full. It is all that is needed to go on and to compute
// the root. The zero Edge is the empty tree. It is not safe for use by several
// goroutines.
type Edge struct {
	size   uint64
	levels [levelsMax][]Hash // levels[l] has ⌊size ÷ 256^l⌋ mod 256 hashes
}

// Size is the number of leaves.
func (e *Edge) Size() uint64 { return e.size }

// Partial returns the hashes of the tile of a level that is not full; nil when
// there are none. They are the edge's own: whoever keeps them copies them.
func (e *Edge) Partial(level int) []Hash { return e.levels[level] }

// Levels is how many levels have a tile that is not full, counted from 0 to the
// highest such level.
func (e *Edge) Levels() int {
	for l := levelsMax - 1; l >= 0; l-- {
		if len(e.levels[l]) > 0 {
			return l + 1
		}
	}
	return 0
}

// Append adds a leaf. full is called with every tile that it completes, lowest
// level first; the hashes are the edge's own.
func (e *Edge) Append(leaf Hash, full func(level int, index uint64, hashes []Hash) error) error {
	e.size++
	return e.push(0, leaf, e.size-1, full)
}

// AppendTile adds the leaves of a whole tile, whose root is [Perfect] of them; the
// tree must have no tile of leaves that is not full. It is Append of each, where
// somebody else has hashed them already.
func (e *Edge) AppendTile(leaves []Hash, root Hash, full func(level int, index uint64, hashes []Hash) error) error {
	if len(leaves) != TileWidth || len(e.levels[0]) > 0 {
		return fmt.Errorf("merkle: %d leaves behind %d do not make a tile", len(leaves), e.size)
	}
	e.size += TileWidth
	index := (e.size - 1) / TileWidth
	if err := full(0, index, leaves); err != nil {
		return err
	}
	return e.push(1, root, index, full)
}

// push adds a hash on a level and what it completes above.
func (e *Edge) push(l int, h Hash, index uint64, full func(level int, index uint64, hashes []Hash) error) error {
	for ; ; l++ {
		if e.levels[l] == nil {
			e.levels[l] = make([]Hash, 0, TileWidth)
		}
		e.levels[l] = append(e.levels[l], h)
		if len(e.levels[l]) < TileWidth {
			return nil
		}
		index /= TileWidth
		if err := full(l, index, e.levels[l]); err != nil {
			return err
		}
		h = Perfect(e.levels[l])
		e.levels[l] = e.levels[l][:0]
	}
}

// Restore sets the edge to a tree of the given size whose tiles that are not
// full are read with partial. The caller compares the root with one it trusts.
func (e *Edge) Restore(size uint64, partial func(level int, index uint64, width int) ([]Hash, error)) error {
	*e = Edge{size: size}
	for l, n := 0, size; n > 0; l, n = l+1, n/TileWidth {
		width := int(n % TileWidth)
		if width == 0 {
			continue
		}
		hashes, err := partial(l, n/TileWidth, width)
		if err != nil {
			return err
		}
		if len(hashes) != width {
			return fmt.Errorf("tile of level %d, index %d: %d hashes, %d are needed", l, n/TileWidth, len(hashes), width)
		}
		e.levels[l] = append(make([]Hash, 0, TileWidth), hashes...)
	}
	return nil
}

// Root is the root of the tree as it is.
func (e *Edge) Root() Hash {
	if e.size == 0 {
		return Empty()
	}
	var root Hash
	any := false
	for l := range e.levels {
		rest := e.levels[l]
		// The hashes fall into perfect subtrees, largest first; they are joined
		// from the right, the lower levels being the rightmost.
		for n := len(rest); n > 0; n = len(rest) {
			width := n & -n
			h := Perfect(rest[n-width:])
			rest = rest[:n-width]
			if any {
				h = Node(h, root)
			}
			root, any = h, true
		}
	}
	return root
}

// Perfect is the root over a power of two, at most a tile, of subtrees of one
// height.
func Perfect(hashes []Hash) Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	var buf [TileWidth / 2]Hash
	n := len(hashes) / 2
	for i := range n {
		buf[i] = Node(hashes[2*i], hashes[2*i+1])
	}
	for ; n > 1; n /= 2 {
		for i := range n / 2 {
			buf[i] = Node(buf[2*i], buf[2*i+1])
		}
	}
	return buf[0]
}
