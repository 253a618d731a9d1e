package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/minio/highwayhash"
)

const (
	headBytes   = 22 // length, sequence, time, length of the subject
	sumBytes    = 8
	headersFlag = 1 << 31
	// recordBytesMax is above every record that a log can have.
	recordBytesMax = 32 << 20
)

// record is one stored message. Its slices share memory with the file's content.
type record struct {
	seq     uint64
	time    int64
	subject []byte
	headers []byte
	payload []byte
}

// summer reckons the checksums of one file.
type summer struct{ hash.Hash }

// newSummer makes the summer of a stream's n-th file.
func newSummer(stream string, index uint32) (summer, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, index))
	h, err := highwayhash.New64(key[:])
	return summer{h}, err
}

// of is the checksum of a record: of its bytes 4 to 20, subject, headers, payload.
func (s summer) of(head, subject, headers, payload []byte) []byte {
	s.Reset()
	s.Write(head[4:20])
	s.Write(subject)
	s.Write(headers)
	s.Write(payload)
	return s.Sum(nil)
}

// parse reads the record at the beginning of b, and how long it is. An error says
// what is wrong; errShort that b ends before the record does.
func (s summer) parse(b []byte) (record, int, error) {
	if len(b) < headBytes {
		return record{}, 0, errShort
	}
	length := binary.LittleEndian.Uint32(b)
	n := int(length &^ headersFlag)
	switch {
	case n < headBytes+sumBytes || n > recordBytesMax:
		return record{}, 0, fmt.Errorf("it says that it has %d bytes", n)
	case n > len(b):
		return record{}, 0, errShort
	}
	return s.parseWhole(b[:n], length&headersFlag != 0)
}

// parseWhole reads a record that is all of b.
func (s summer) parseWhole(b []byte, hasHeaders bool) (record, int, error) {
	head, body := b[:headBytes], b[headBytes:len(b)-sumBytes]
	r := record{seq: binary.LittleEndian.Uint64(head[4:]), time: int64(binary.LittleEndian.Uint64(head[12:]))}
	subject := int(binary.LittleEndian.Uint16(head[20:]))
	if subject > len(body) {
		return r, 0, fmt.Errorf("it says that its subject has %d bytes", subject)
	}
	r.subject, r.payload = body[:subject], body[subject:]
	if hasHeaders {
		if len(r.payload) < 4 {
			return r, 0, fmt.Errorf("it has no room for its headers")
		}
		size := binary.LittleEndian.Uint32(r.payload)
		if uint64(size) > uint64(len(r.payload)-4) {
			return r, 0, fmt.Errorf("it says that its headers have %d bytes", size)
		}
		r.headers, r.payload = r.payload[4:4+size], r.payload[4+size:]
	}
	if !bytes.Equal(s.of(head, r.subject, r.headers, r.payload), b[len(b)-sumBytes:]) {
		return r, 0, errSum
	}
	return r, len(b), nil
}

// append writes a record behind b.
func (s summer) append(b []byte, r record) []byte {
	start := len(b)
	n := headBytes + len(r.subject) + len(r.payload) + sumBytes
	length := uint32(n)
	if len(r.headers) > 0 {
		n += 4 + len(r.headers)
		length = uint32(n) | headersFlag
	}
	b = binary.LittleEndian.AppendUint32(b, length)
	b = binary.LittleEndian.AppendUint64(b, r.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.time))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(r.subject)))
	b = append(b, r.subject...)
	if len(r.headers) > 0 {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(r.headers)))
		b = append(b, r.headers...)
	}
	b = append(b, r.payload...)
	return append(b, s.of(b[start:start+headBytes], r.subject, r.headers, r.payload)...)
}

// settingsSum is the checksum of a stream's settings, as the broker writes it.
func settingsSum(stream string, text []byte) (string, error) {
	key := sha256.Sum256([]byte(stream))
	h, err := highwayhash.New64(key[:])
	if err != nil {
		return "", err
	}
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil)), nil
}
