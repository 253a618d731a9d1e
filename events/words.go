package events

import (
	"encoding/binary"
	"sync"
)

// words are strings that were read lately: ids, names and short numbers come again
// and again, and need to be in memory once.
type words [1 << wordsBits]string

const (
	wordsBits   = 10
	wordBytes   = 40 // a longer one is not looked for
	wordsSpread = 0x9e3779b97f4a7c15
)

// of is b as a string.
func (w *words) of(b []byte) string {
	if w == nil || len(b) > wordBytes || len(b) == 0 {
		return string(b)
	}
	place := &w[mixed(b)>>(64-wordsBits)]
	if *place != string(b) {
		*place = string(b)
	}
	return *place
}

// mixed spreads words over 64 bits, by their length, beginning and end.
func mixed(b []byte) uint64 {
	n := uint64(len(b))
	if len(b) < 8 {
		for _, c := range b {
			n = n<<8 | uint64(c)
		}
		return n * wordsSpread
	}
	return ((binary.LittleEndian.Uint64(b)+n)*wordsSpread ^ binary.LittleEndian.Uint64(b[len(b)-8:])) * wordsSpread
}

// wordsPool has words that nobody uses now.
var wordsPool = sync.Pool{New: func() any { return new(words) }}
