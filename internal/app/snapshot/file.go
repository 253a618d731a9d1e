package snapshot

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Header says what a snapshot is of. A snapshot fits a log and a program only if
// everything here does.
type Header struct {
	Code     [32]byte // identifies the program whose folds these are
	Nonce    [16]byte // of this one file
	Stream   string   // the log's identity: name,
	Created  time.Time
	First    [32]byte // … and SHA-256 of its first commit
	Seq      uint64   // the block that ends at Position
	Position uint64   // of the last commit that is folded in
	Commit   [32]byte // SHA-256 of that commit
}

const (
	// format is the first line of a file.
	format = "zhitong folds 1\n"
	// FrameBytes is the size at which a writer of many small values begins another
	// frame.
	FrameBytes = 64 << 10
	// frameBytesMax is the size above which no frame can have been written.
	frameBytesMax = 1 << 30
	sumBytes      = 16
	lengthBytes   = 4
)

// ErrDamaged says that a file is not whole: cut short, torn, changed, or none.
var ErrDamaged = errors.New("snapshot: damaged")

var headers = Of[Header]()

// chain is the sum over everything so far.
type chain struct{ sum [sha256.Size]byte }

// next takes one frame in and returns the bytes that stand behind it.
func (c *chain) next(length [lengthBytes]byte, frame []byte) []byte {
	h := sha256.New()
	h.Write(c.sum[:])
	h.Write(length[:])
	h.Write(frame)
	h.Sum(c.sum[:0])
	return c.sum[:sumBytes]
}

// Writer writes a file. The first error stays and is returned by Close.
type Writer struct {
	out   *bufio.Writer
	chain chain
	at    int64
	err   error
}

// NewWriter begins a file.
func NewWriter(out io.Writer, h Header) *Writer {
	w := &Writer{out: bufio.NewWriterSize(out, 1<<20)}
	w.write([]byte(format))
	w.Frame(headers.Append(nil, &h))
	return w
}

func (w *Writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
		w.at += int64(len(b))
	}
}

// Section begins a section; the name is not empty.
func (w *Writer) Section(name string) { w.Frame([]byte(name)) }

// Frame writes a frame of the section and returns where in the file its bytes begin.
// They must not be empty.
func (w *Writer) Frame(b []byte) (at int64) {
	var length [lengthBytes]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(b)))
	if len(b) > frameBytesMax && w.err == nil {
		w.err = fmt.Errorf("snapshot: a frame of %d bytes, at most %d", len(b), frameBytesMax)
	}
	w.write(length[:])
	at = w.at
	w.write(b)
	w.write(w.chain.next(length, b))
	return at
}

// EndSection ends a section.
func (w *Writer) EndSection() { w.Frame(nil) }

// Err is why writing has failed so far.
func (w *Writer) Err() error { return w.err }

// Close ends the file. It does not close what it was written to.
func (w *Writer) Close() error {
	w.Frame(nil)
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// Reader reads a file from its beginning.
type Reader struct {
	in     *bufio.Reader
	chain  chain
	at     int64
	header Header
}

// NewReader reads the header. What is wrong with the file is ErrDamaged, with the
// reason, here and in all methods.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 1<<20)}
	line := make([]byte, len(format))
	if _, err := io.ReadFull(r.in, line); err != nil || string(line) != format {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrDamaged)
	}
	r.at = int64(len(line))
	b, _, err := r.frame(nil)
	if err != nil {
		return nil, err
	}
	rest, err := headers.Read(b, &r.header, false)
	if err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: its header: %w", ErrDamaged, err)
	}
	return r, nil
}

// Header is the file's header.
func (r *Reader) Header() Header { return r.header }

// frame reads a frame into b, growing it, and says where its bytes begin.
func (r *Reader) frame(b []byte) ([]byte, int64, error) {
	var length [lengthBytes]byte
	if _, err := io.ReadFull(r.in, length[:]); err != nil {
		return nil, 0, fmt.Errorf("%w: it ends at byte %d: %w", ErrDamaged, r.at, err)
	}
	n := int(binary.LittleEndian.Uint32(length[:]))
	if n > frameBytesMax {
		return nil, 0, fmt.Errorf("%w: a frame of %d bytes at byte %d", ErrDamaged, n, r.at)
	}
	at := r.at + lengthBytes
	b, err := r.fill(b[:0], n+sumBytes)
	if err != nil {
		return nil, 0, err
	}
	r.at = at + int64(len(b))
	frame, sum := b[:n], b[n:]
	if string(r.chain.next(length, frame)) != string(sum) {
		return nil, 0, fmt.Errorf("%w: the sum at byte %d is wrong", ErrDamaged, at+int64(n))
	}
	return frame, at, nil
}

// fill reads n bytes behind b. It makes room as the bytes come, so that a wrong
// length costs no memory.
func (r *Reader) fill(b []byte, n int) ([]byte, error) {
	for len(b) < n {
		from, more := len(b), min(n-len(b), max(FrameBytes, len(b)))
		if cap(b) < from+more {
			b = append(make([]byte, 0, from+more), b...)
		}
		b = b[:from+more]
		if _, err := io.ReadFull(r.in, b[from:]); err != nil {
			return nil, fmt.Errorf("%w: it ends within the frame at byte %d: %w", ErrDamaged, r.at, err)
		}
	}
	return b, nil
}

// Section moves to the next section and returns its name, "" at the file's end. The
// section before must have been read to its end.
func (r *Reader) Section() (string, error) {
	b, _, err := r.frame(nil)
	return string(b), err
}

// Frames calls fn with each frame of the section, and where its bytes begin. They
// belong to fn's caller, who reads the next frame into them, unless keep is set.
func (r *Reader) Frames(keep bool, fn func(b []byte, at int64) error) error {
	var buffer []byte
	for {
		if keep {
			buffer = nil
		}
		b, at, err := r.frame(buffer)
		if err != nil || len(b) == 0 {
			return err
		}
		if err := fn(b, at); err != nil {
			return err
		}
		buffer = b
	}
}
