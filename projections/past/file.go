package past

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/projections"
)

// form is the first line of a file.
const form = "zhitong past 1\n"

// errUnfit says that a file is not what its place asks for.
var errUnfit = errors.New("not a file of this stream and declaration, or damaged")

// header is the second line.
type header struct {
	Stream      Stream `json:"stream"`
	Projection  string `json:"projection"`
	Declaration string `json:"declaration"`
	From        place  `json:"from"`
	To          place  `json:"to"`
}

// place is a [projections.Mark] in JSON.
type place struct {
	Position uint64    `json:"position"`
	SHA256   string    `json:"sha256"`
	Recorded time.Time `json:"recorded"`
}

func placeOf(m projections.Mark) place {
	return place{m.Position, hex.EncodeToString(m.Hash[:]), m.Recorded.UTC()}
}

func (p place) mark() (m projections.Mark, err error) {
	b, err := hex.DecodeString(p.SHA256)
	if err != nil || len(b) != len(m.Hash) {
		return m, errUnfit
	}
	return projections.Mark{Position: p.Position, Hash: [32]byte(b), Recorded: p.Recorded}, nil
}

// writer writes a file beside its place.
type writer struct {
	file   *os.File
	out    *bufio.Writer
	sum    hash.Hash
	buf    []byte
	tables map[*projections.Schema]uint64
	err    error
}

const bufferBytes = 256 << 10

func create(path string, h header, p *projections.Projection) (*writer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return nil, err
	}
	w := &writer{file: file, out: bufio.NewWriterSize(file, bufferBytes), sum: sha256.New(), tables: map[*projections.Schema]uint64{}}
	for i, t := range p.Tables {
		w.tables[t.Schema()] = uint64(i + 1)
	}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, errors.Join(err, w.abandon())
	}
	w.write([]byte(form))
	w.write(append(line, '\n'))
	return w, nil
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		w.sum.Write(b)
		_, w.err = w.out.Write(b)
	}
}

// row writes a row, or the key of one that is gone.
func (w *writer) row(s *projections.Schema, vs []projections.Value, gone bool) error {
	n := w.tables[s] << 1
	if gone {
		n |= 1
	}
	b := binary.AppendUvarint(w.buf[:0], n)
	for _, v := range vs {
		if v.Null {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(v.Text))+1)
		b = append(b, v.Text...)
	}
	w.buf = b
	w.write(b)
	return w.err
}

// finish ends the file and puts it into its place.
func (w *writer) finish(path string) error {
	w.write([]byte{0})
	if w.err == nil {
		_, w.err = w.out.Write(w.sum.Sum(nil))
	}
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err != nil {
		return errors.Join(w.err, w.abandon())
	}
	if err := w.file.Close(); err != nil {
		return errors.Join(err, os.Remove(w.file.Name()))
	}
	return os.Rename(w.file.Name(), path)
}

// abandon removes what was written.
func (w *writer) abandon() error { return errors.Join(w.file.Close(), os.Remove(w.file.Name())) }

// readHeader reads the two lines of a file.
func readHeader(path string) (h header, err error) {
	file, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer file.Close()
	in := bufio.NewReader(file)
	if line, err := in.ReadString('\n'); err != nil || line != form {
		return h, errUnfit
	}
	line, err := in.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &h, json.RejectUnknownMembers(true)) != nil {
		return h, errUnfit
	}
	return h, nil
}

// readAll reads a file whose sum is right, and returns its rows' bytes.
func readAll(path string, want header) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) < sha256.Size {
		return nil, errUnfit
	}
	body := b[:len(b)-sha256.Size]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[len(body):]) {
		return nil, errUnfit
	}
	rest, ok := bytes.CutPrefix(body, []byte(form))
	line, rows, found := bytes.Cut(rest, []byte{'\n'})
	var h header
	if !ok || !found || json.Unmarshal(line, &h) != nil || h != want {
		return nil, errUnfit
	}
	return rows, nil
}

// rowReader goes through the rows of a file.
type rowReader struct {
	rest   []byte
	tables []*projections.Schema
	texts  texts
}

// next returns the next row; io.EOF behind the last.
func (r *rowReader) next(row []projections.Value) (s *projections.Schema, vs []projections.Value, gone bool, err error) {
	n, err := r.number()
	if err != nil || n == 0 {
		if err == nil {
			err = io.EOF
		}
		return nil, nil, false, err
	}
	table := n >> 1
	if table == 0 || table > uint64(len(r.tables)) {
		return nil, nil, false, errUnfit
	}
	s, gone = r.tables[table-1], n&1 == 1
	columns := len(s.Columns)
	if gone {
		columns = s.KeyLen
	}
	vs = row[:0]
	for i := range columns {
		n, err := r.number()
		if err != nil || n > uint64(len(r.rest))+1 {
			return nil, nil, false, errUnfit
		}
		if n == 0 {
			vs = append(vs, projections.Value{Null: true})
			continue
		}
		vs = append(vs, projections.Value{Text: r.texts.text(s, i, r.rest[:n-1])})
		r.rest = r.rest[n-1:]
	}
	return s, vs, gone, nil
}

func (r *rowReader) number() (uint64, error) {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		return 0, fmt.Errorf("%w: it ends within a row", errUnfit)
	}
	r.rest = r.rest[size:]
	return n, nil
}

// textsMax is how many texts of a column are shared between rows; a column with
// more has texts of their own.
const textsMax = 1024

// texts shares equal texts of a column, since most columns repeat a few.
type texts map[*projections.Schema][]map[string]string

func (t texts) text(s *projections.Schema, column int, b []byte) string {
	if s.Columns[column].Type != projections.Text {
		return string(b) // read at once, not kept
	}
	of := t[s]
	if of == nil {
		of = make([]map[string]string, len(s.Columns))
		for i := range of {
			of[i] = map[string]string{}
		}
		t[s] = of
	}
	if shared, ok := of[column][string(b)]; ok {
		return shared
	}
	text := string(b)
	if len(of[column]) < textsMax {
		of[column][text] = text
	}
	return text
}
