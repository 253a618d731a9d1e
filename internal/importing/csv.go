package importing

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvScanner parts text into records by RFC 4180. CR, LF and CRLF end a record
// outside quotes and are left alone inside them; empty lines are passed over, as
// encoding/csv does.
type csvScanner struct {
	text      string
	pos       int
	line      int // physical line of pos, from 1
	delimiter byte
}

// errQuote is the fault of a CSV text at pos; see [csvScanner.next].
type errQuote struct {
	pos    int
	detail string
}

func (e *errQuote) Error() string { return e.detail }

// next returns the next record and the line where it begins, io.EOF after the
// last, or an *errQuote. Cells share the scanner's text where they can.
func (s *csvScanner) next() (cells []string, line int, err error) {
	for s.pos < len(s.text) && s.atLineEnd() {
		s.skipLineEnd()
	}
	if s.pos == len(s.text) {
		return nil, 0, io.EOF
	}
	line = s.line
	for {
		cell, err := s.cell()
		if err != nil {
			return nil, line, err
		}
		cells = append(cells, cell)
		switch {
		case s.pos == len(s.text):
			return cells, line, nil
		case s.text[s.pos] == s.delimiter:
			s.pos++
		case s.atLineEnd():
			s.skipLineEnd()
			return cells, line, nil
		default:
			return nil, line, &errQuote{s.pos, "a character between the quote that ends a cell and the next cell"}
		}
	}
}

// cell reads one cell up to what follows it.
func (s *csvScanner) cell() (string, error) {
	if s.pos < len(s.text) && s.text[s.pos] == '"' {
		return s.quoted()
	}
	rest := s.text[s.pos:]
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case s.delimiter, '\r', '\n':
			s.pos += i
			return rest[:i], nil
		case '"':
			return "", &errQuote{s.pos + i, "a quote inside a cell that is not quoted"}
		}
	}
	s.pos = len(s.text)
	return rest, nil
}

// quoted reads a cell that begins with a quote.
func (s *csvScanner) quoted() (string, error) {
	open := s.pos
	s.pos++
	var b strings.Builder
	doubled := false
	for {
		n := strings.IndexByte(s.text[s.pos:], '"')
		if n < 0 {
			return "", &errQuote{open, "a quoted cell that does not end"}
		}
		part := s.text[s.pos : s.pos+n]
		s.line += countLineEnds(part)
		s.pos += n + 1
		if s.pos == len(s.text) || s.text[s.pos] != '"' {
			if !doubled {
				return part, nil
			}
			b.WriteString(part)
			return b.String(), nil
		}
		doubled = true
		b.WriteString(part)
		b.WriteByte('"')
		s.pos++
	}
}

func (s *csvScanner) atLineEnd() bool { return s.text[s.pos] == '\r' || s.text[s.pos] == '\n' }

func (s *csvScanner) skipLineEnd() {
	if strings.HasPrefix(s.text[s.pos:], "\r\n") {
		s.pos++
	}
	s.pos++
	s.line++
}

// readCSV reads a CSV file into t.
func (t *Table) readCSV(data []byte, delimiter byte) error {
	text, encoding, err := decode(t.File, data)
	if err != nil {
		return err
	}
	t.Encoding = encoding
	s := &csvScanner{text: text, line: 1, delimiter: delimiter}
	for {
		cells, line, err := s.next()
		if err == io.EOF {
			return nil
		}
		if q := (*errQuote)(nil); errors.As(err, &q) {
			at, col := position(text[:q.pos])
			e := &FileError{File: t.File, Line: at, Column: fmt.Sprint(col), Detail: q.detail}
			if t.Header != nil {
				e.Row = len(t.Records) + 1
			}
			return e
		}
		if err := t.add(cells, line); err != nil {
			return err
		}
	}
}
