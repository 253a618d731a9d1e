package projections

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Digest tells whether two tables hold the same rows: the sum, modulo 2²⁵⁶, of
// the SHA-256 of each row's canonical line, read as big-endian numbers. It does
// not depend on an order, so it is kept up to date row by row; an empty table has
// the digest 0. Anyone can recompute it from the view's lines of JSON.
type Digest struct{ words [4]uint64 } // least significant first

// DigestLine is the digest of a table with the one row.
func DigestLine(line []byte) Digest {
	sum := sha256.Sum256(line)
	return digestOf(sum[:])
}

func digestOf(b []byte) (d Digest) {
	for i := range d.words {
		d.words[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	return d
}

// ParseDigest reads what [Digest.String] wrote.
func ParseDigest(s string) (Digest, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		return Digest{}, fmt.Errorf("digest %q: not 64 hexadecimal digits", s)
	}
	return digestOf(b), nil
}

// Add returns d + e.
func (d Digest) Add(e Digest) Digest {
	var carry uint64
	for i := range d.words {
		d.words[i], carry = bits.Add64(d.words[i], e.words[i], carry)
	}
	return d
}

// Sub returns d − e.
func (d Digest) Sub(e Digest) Digest {
	var borrow uint64
	for i := range d.words {
		d.words[i], borrow = bits.Sub64(d.words[i], e.words[i], borrow)
	}
	return d
}

// String is 64 hexadecimal digits.
func (d Digest) String() string {
	var b [32]byte
	for i, w := range d.words {
		binary.BigEndian.PutUint64(b[24-8*i:], w)
	}
	return hex.EncodeToString(b[:])
}
