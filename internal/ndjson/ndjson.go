// Package ndjson reads commands a line each, from a file or a request's body.
//
// It owns what a line is: its end, its size, a byte order mark. It refuses to know
// what a line says. Start at [Reader].
package ndjson

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"zhitong/internal/app"
)

// Reader reads lines of any length and holds at most one command's worth.
type Reader struct {
	r *bufio.Reader
	n int // lines read
}

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Line is one line of input without its end.
type Line struct {
	No   int    // 1-based
	Text []byte // nil when it is too long
	Size int    // in bytes
}

// Next returns the next line; io.EOF after the last. The text is the caller's. A
// line longer than a command may be is passed over without being held.
func (l *Reader) Next() (Line, error) {
	out := Line{No: l.n + 1}
	var held []byte
	for {
		part, err := l.r.ReadSlice('\n')
		out.Size += len(part)
		if out.Size <= app.LineBytesMax+2 {
			held = append(held, part...)
		} else {
			held = nil
		}
		switch {
		case err == nil, err == io.EOF && out.Size > 0:
			l.n++
			if out.Size > app.LineBytesMax+2 {
				if err == nil {
					out.Size-- // the line's end
				}
				return out, nil
			}
			if out.Text = trimEnd(held); out.No == 1 {
				out.Text = bytes.TrimPrefix(out.Text, []byte("\xef\xbb\xbf"))
			}
			out.Size = len(out.Text)
			return out, nil
		case errors.Is(err, bufio.ErrBufferFull):
		default:
			return out, err
		}
	}
}

func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	b = bytes.TrimSuffix(b, []byte("\r"))
	if b == nil {
		b = []byte{}
	}
	return b
}

// Blank reports whether there is nothing on the line.
func (l Line) Blank() bool { return l.Text != nil && len(bytes.TrimSpace(l.Text)) == 0 }

// Read is how many lines were read.
func (l *Reader) Read() int { return l.n }
