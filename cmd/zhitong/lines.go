package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"zhitong/internal/app"
)

// lineReader reads lines of any length and holds at most one command's worth.
type lineReader struct {
	r *bufio.Reader
	n int // lines read
}

func newLineReader(r io.Reader) *lineReader { return &lineReader{r: bufio.NewReaderSize(r, 64<<10)} }

// line is one line of input without its end.
type line struct {
	no   int    // 1-based
	text []byte // nil when it is too long
	size int    // in bytes
}

// next returns the next line; io.EOF after the last. The text is the caller's. A
// line longer than a command may be is passed over without being held.
func (l *lineReader) next() (line, error) {
	out := line{no: l.n + 1}
	var held []byte
	for {
		part, err := l.r.ReadSlice('\n')
		out.size += len(part)
		if out.size <= app.LineBytesMax+2 {
			held = append(held, part...)
		} else {
			held = nil
		}
		switch {
		case err == nil, err == io.EOF && out.size > 0:
			l.n++
			if out.size > app.LineBytesMax+2 {
				if err == nil {
					out.size-- // the line's end
				}
				return out, nil
			}
			if out.text = trimEnd(held); out.no == 1 {
				out.text = bytes.TrimPrefix(out.text, []byte("\xef\xbb\xbf"))
			}
			out.size = len(out.text)
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

// blank reports whether there is nothing on the line.
func (l line) blank() bool { return l.text != nil && len(bytes.TrimSpace(l.text)) == 0 }
