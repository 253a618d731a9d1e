package app

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"

	"zhitong/domain"
)

// aggregateKey stands for an aggregate's reference in a third of the room.
type aggregateKey [16]byte

func keyOf(ref domain.Ref) (k aggregateKey) {
	sum := sha256.Sum256([]byte(ref.String()))
	copy(k[:], sum[:])
	return k
}

// record is where the folded state of an aggregate lies in bytes.
type record struct {
	in uint8 // 0: the snapshot that was loaded or written last; else an arena
	at int64
	n  int32
}

// records hold aggregates that are not warm, in bytes: in the latest snapshot, and
// in arenas what was put away since.
type records struct {
	base   io.ReaderAt // nil before there is a snapshot
	drop   io.Closer   // of base; nil for none
	arenas map[uint8]*arena
	now    uint8 // the arena that is written to
}

// arena is memory that is only added to. Collectors of garbage have nothing to look
// for in it.
type arena struct {
	chunks [][]byte
	bytes  int
}

// arenaChunk is the size of a piece of an arena.
const arenaChunk = 1 << 18

// put adds b and says where it lies.
func (a *arena) put(b []byte) int64 {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < len(b) {
		a.chunks = append(a.chunks, make([]byte, 0, max(arenaChunk, len(b))))
		last++
	}
	at := len(a.chunks[last])
	a.chunks[last] = append(a.chunks[last], b...)
	a.bytes += len(b)
	return int64(last)<<32 | int64(at)
}

func (a *arena) get(at int64, n int32) []byte {
	off := int64(uint32(at))
	return a.chunks[at>>32][off : off+int64(n)]
}

func newRecords() records {
	return records{arenas: map[uint8]*arena{1: {}}, now: 1}
}

// put keeps a record in memory.
func (r *records) put(b []byte) record {
	return record{r.now, r.arenas[r.now].put(b), int32(len(b))}
}

// turn begins another arena, so that those before it stand still.
func (r *records) turn() {
	for r.now++; r.now == 0 || r.arenas[r.now] != nil; r.now++ {
	}
	r.arenas[r.now] = &arena{}
}

// still is what records lie in now, for a goroutine that writes a snapshot.
func (r *records) still() records {
	return records{base: r.base, arenas: maps.Clone(r.arenas)}
}

// settle puts a new base in the place of the old one and of every arena but the one
// that is written to.
func (r *records) settle(base io.ReaderAt, drop io.Closer) error {
	old := r.drop
	r.base, r.drop = base, drop
	r.arenas = map[uint8]*arena{r.now: r.arenas[r.now]}
	if old != nil {
		return old.Close()
	}
	return nil
}

// inMemory is how many bytes the arenas hold.
func (r *records) inMemory() int {
	n := 0
	for _, a := range r.arenas {
		n += a.bytes
	}
	return n
}

// A record begins with its key and a sum over what follows.
const recordHead = len(aggregateKey{}) + 4

var (
	errRecord  = errors.New("the record is damaged")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// seal writes the head of a record whose state stands behind it already.
func seal(b []byte, k aggregateKey) []byte {
	copy(b, k[:])
	binary.LittleEndian.PutUint32(b[len(k):], crc32.Checksum(b[recordHead:], castagnoli))
	return b
}

// get returns the bytes of a record, head and all, for the caller to keep.
func (r *records) get(k aggregateKey, at record) ([]byte, error) {
	b := make([]byte, at.n)
	if at.in != 0 {
		copy(b, r.arenas[at.in].get(at.at, at.n))
	} else if _, err := r.base.ReadAt(b, at.at); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecord, err)
	}
	if len(b) < recordHead || aggregateKey(b[:len(k)]) != k ||
		binary.LittleEndian.Uint32(b[len(k):]) != crc32.Checksum(b[recordHead:], castagnoli) {
		return nil, errRecord
	}
	return b, nil
}
