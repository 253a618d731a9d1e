package tree

import (
	"fmt"
	"strconv"
	"strings"

	"zhitong/audit/merkle"
)

// EntryBytesMax is the largest commit that stands in an entry bundle itself.
const EntryBytesMax = 1<<16 - 1

// Kind is what a file below tile/ holds.
type Kind string

// The kinds besides a level's number.
const (
	KindEntries Kind = "entries"
	KindLarge   Kind = "large"
)

// level is the kind of the tiles of a level.
func level(l int) Kind { return Kind(strconv.Itoa(l)) }

// pathOf is the path of a tile, bundle or large commit. Width 0 and 256 mean a
// full one.
func pathOf(kind Kind, n uint64, width int) string {
	p := "tile/" + string(kind) + "/" + digits(n)
	if width > 0 && width < merkle.TileWidth {
		p += ".p/" + strconv.Itoa(width)
	}
	return p
}

// digits writes n in groups of three: 1234067 is x001/x234/067.
func digits(n uint64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

// parsePath reads what pathOf wrote, and nothing else.
func parsePath(p string) (kind Kind, n uint64, width int, ok bool) {
	rest, found := strings.CutPrefix(p, "tile/")
	k, rest, cut := strings.Cut(rest, "/")
	if !found || !cut {
		return "", 0, 0, false
	}
	kind = Kind(k)
	if kind != KindEntries && kind != KindLarge {
		l, err := strconv.Atoi(k)
		if err != nil || l < 0 || l > 63 {
			return "", 0, 0, false
		}
	}
	rest, w, partial := strings.Cut(rest, ".p/")
	if partial {
		var err error
		if width, err = strconv.Atoi(w); err != nil || width < 1 || width >= merkle.TileWidth || kind == KindLarge {
			return "", 0, 0, false
		}
	}
	for part := range strings.SplitSeq(rest, "/") {
		d, err := strconv.ParseUint(strings.TrimPrefix(part, "x"), 10, 64)
		if err != nil || n > 1<<53 {
			return "", 0, 0, false
		}
		n = n*1000 + d
	}
	return kind, n, width, pathOf(kind, n, width) == p
}
