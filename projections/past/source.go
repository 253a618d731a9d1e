package past

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"

	"zhitong/projections"
)

// Source gives single rows of what a projection was at a chain's end. It holds where
// each row stands in the files, not the rows, so that a fold can go on from there in
// little memory. It belongs to one goroutine.
type Source struct {
	tables []*projections.Schema
	files  []*os.File
	at     map[uint64]spot // by the hash of table and key
	seed   maphash.Seed
	buf    []byte
}

// spot is where a row stands.
type spot struct {
	file   int32
	length int32
	offset int64
}

var _ projections.Source = (*Source)(nil)

// Source returns a source of the chain's rows, which the caller closes. As with
// [Chain.Load], the chain ends before a file that turns out to be damaged.
func (c *Chain) Source() (*Source, error) {
	for {
		s, bad, err := c.source()
		if err == nil || !errors.Is(err, errUnfit) {
			return s, err
		}
		if err := c.cut(bad); err != nil {
			return nil, err
		}
	}
}

func (c *Chain) source() (s *Source, bad int, err error) {
	s = &Source{tables: schemas(c.p), at: map[uint64]spot{}, seed: maphash.MakeSeed()}
	for i := range c.files {
		if err := s.index(c.files[i]); err != nil {
			return nil, i, errors.Join(err, s.Close())
		}
	}
	return s, 0, nil
}

// index notes where the rows of a file stand.
func (s *Source) index(f file) error {
	rows, err := readAll(f.path, f.header)
	if errors.Is(err, os.ErrNotExist) {
		return errUnfit
	}
	if err != nil {
		return err
	}
	open, err := os.Open(f.path)
	if err != nil {
		return err
	}
	s.files = append(s.files, open)
	info, err := open.Stat()
	if err != nil {
		return err
	}
	begin := info.Size() - sumBytes - int64(len(rows)) // where the rows begin
	r := rowReader{rest: rows, tables: s.tables}
	for {
		before := len(r.rest)
		n, err := r.number()
		if err != nil {
			return err
		}
		if n == 0 {
			if len(r.rest) > 0 {
				return errUnfit
			}
			return nil
		}
		table := n >> 1
		if table == 0 || table > uint64(len(s.tables)) {
			return errUnfit
		}
		t, gone := s.tables[table-1], n&1 == 1
		columns := len(t.Columns)
		if gone {
			columns = t.KeyLen
		}
		from := r.rest
		keyBytes := 0
		for i := range columns {
			if err := r.skip(); err != nil {
				return err
			}
			if i == t.KeyLen-1 {
				keyBytes = len(from) - len(r.rest)
			}
		}
		h := s.hash(table, from[:keyBytes])
		if gone {
			delete(s.at, h)
			continue
		}
		s.at[h] = spot{int32(len(s.files) - 1), int32(before - len(r.rest)), begin + int64(len(rows)-before)}
	}
}

// skip passes over a column.
func (r *rowReader) skip() error {
	n, err := r.number()
	if err != nil || n > uint64(len(r.rest))+1 {
		return errUnfit
	}
	if n > 0 {
		r.rest = r.rest[n-1:]
	}
	return nil
}

func (s *Source) hash(table uint64, key []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_ = h.WriteByte(byte(table)) // it never fails
	_, _ = h.Write(key)
	return h.Sum64()
}

// Row returns the row with the key, or nil.
func (s *Source) Row(t *projections.Schema, key []projections.Value) ([]projections.Value, error) {
	table := uint64(slices.Index(s.tables, t) + 1)
	b := s.buf[:0]
	for _, v := range key {
		b = binary.AppendUvarint(b, uint64(len(v.Text))+1)
		b = append(b, v.Text...)
	}
	at, ok := s.at[s.hash(table, b)]
	if !ok {
		s.buf = b
		return nil, nil
	}
	b = slices.Grow(b[:0], int(at.length))[:at.length]
	s.buf = b
	if _, err := s.files[at.file].ReadAt(b, at.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r := rowReader{rest: b, tables: s.tables, texts: texts{}}
	got, vs, _, err := r.next(nil)
	if err != nil {
		return nil, err
	}
	if got != t || !slices.Equal(vs[:t.KeyLen], key) {
		return nil, fmt.Errorf("table %s: another row stands where %v was noted", t.Name, key)
	}
	return vs, nil
}

// All says that no table is handed out whole.
func (s *Source) All(*projections.Schema, func([]projections.Value) error) (bool, error) {
	return false, nil
}

// Close closes the files.
func (s *Source) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
