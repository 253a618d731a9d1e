package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	blockBytes = 512
	// memberBytesMax is the largest member that a reader takes into memory: a part of
	// the log is closed at partBytesMax, and its last commit may cross that line.
	memberBytesMax = 64 << 20
	// membersMax is the largest number of members.
	membersMax = 1 << 20
)

// DamagedError says which part of a file is not whole.
type DamagedError struct {
	Part string // a member's name, or a place in words
	Why  string
}

func (e *DamagedError) Error() string { return e.Part + ": " + e.Why }

func damaged(part, why string, args ...any) error {
	return &DamagedError{part, fmt.Sprintf(why, args...)}
}

// header is the one way in which a member's header is written.
func header(name string, size int64) ([]byte, error) {
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Format: tar.FormatUSTAR})
	return b.Bytes(), err
}

// padding is what follows a member up to a whole block.
func padding(size int64) int64 { return (blockBytes - size%blockBytes) % blockBytes }

// archiveEnd is the end of an archive.
var archiveEnd = make([]byte, 2*blockBytes)

// member is one member of an archive.
type member struct {
	name string
	size int64
	at   int64 // where its bytes begin
	sum  string
}

// archiveWriter writes members.
type archiveWriter struct {
	w       io.Writer
	members []member
}

func (a *archiveWriter) add(name string, data []byte) error {
	h, err := header(name, int64(len(data)))
	if err != nil {
		return fmt.Errorf("member %s: %w", name, err)
	}
	for _, b := range [][]byte{h, data, make([]byte, padding(int64(len(data))))} {
		if _, err := a.w.Write(b); err != nil {
			return err
		}
	}
	a.members = append(a.members, member{name: name, size: int64(len(data)), sum: sum(data)})
	return nil
}

func (a *archiveWriter) end() error {
	_, err := a.w.Write(archiveEnd)
	return err
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// list reads the headers of an archive of a size. Nothing of the members' bytes is
// checked but that they are there.
func list(r io.ReaderAt, size int64) ([]member, error) {
	var members []member
	last := "the beginning"
	for at := int64(0); ; {
		block := make([]byte, blockBytes)
		if err := readAt(r, block, at, size); err != nil {
			return nil, damaged("behind "+last, "%v", err)
		}
		if bytes.Equal(block, archiveEnd[:blockBytes]) {
			return members, checkEnd(r, at, size, last)
		}
		m, err := parseHeader(block)
		if err != nil {
			return nil, damaged("the header behind "+last, "%v", err)
		}
		m.at = at + blockBytes
		pad := make([]byte, padding(m.size))
		if err := readAt(r, pad, m.at+m.size, size); err != nil {
			return nil, damaged(m.name, "%v", err)
		}
		if !bytes.Equal(pad, archiveEnd[:len(pad)]) {
			return nil, damaged(m.name, "the padding behind it is not empty")
		}
		if len(members) == membersMax {
			return nil, damaged(m.name, "more than %d members", membersMax)
		}
		members, last = append(members, m), m.name
		at = m.at + m.size + int64(len(pad))
	}
}

func checkEnd(r io.ReaderAt, at, size int64, last string) error {
	end := make([]byte, len(archiveEnd))
	if err := readAt(r, end, at, size); err != nil {
		return damaged("the end, behind "+last, "%v", err)
	}
	if !bytes.Equal(end, archiveEnd) || at+int64(len(end)) != size {
		return damaged("the end, behind "+last, "something stands there that does not belong")
	}
	return nil
}

// readAt reads a whole piece of a file of a size.
func readAt(r io.ReaderAt, b []byte, at, size int64) error {
	if at+int64(len(b)) > size {
		return fmt.Errorf("the file ends at byte %d: it was cut short", size)
	}
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("the file ends at byte %d: it was cut short", at+int64(n))
	}
	return err
}

// parseHeader reads a header and holds it against the one way of writing it.
func parseHeader(block []byte) (member, error) {
	h, err := tar.NewReader(bytes.NewReader(block)).Next()
	if err != nil {
		return member{}, errors.New("it is no header of a backup")
	}
	m := member{name: h.Name, size: h.Size}
	if m.size < 0 || m.size > memberBytesMax || m.name == "" || strings.ContainsAny(m.name, "\x00\n") {
		return member{}, errors.New("it is no header of a backup")
	}
	again, err := header(m.name, m.size)
	if err != nil || !bytes.Equal(again, block) {
		return member{}, errors.New("it was changed")
	}
	return m, nil
}

// read returns the bytes of a member, which must have the sum.
func (m member) read(r io.ReaderAt, size int64) ([]byte, error) {
	b := make([]byte, m.size)
	if err := readAt(r, b, m.at, size); err != nil {
		return nil, damaged(m.name, "%v", err)
	}
	if m.sum != "" && sum(b) != m.sum {
		return nil, damaged(m.name, "its SHA-256 is not the one in the manifest: it was changed")
	}
	return b, nil
}
