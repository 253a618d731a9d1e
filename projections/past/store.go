package past

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhitong/projections"
)

// Stream is the identity of the log that the rows were folded from.
type Stream struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	First   string    `json:"first"` // SHA-256 of the first commit, hexadecimal
}

// StepCommits is the usual distance between two places that are kept.
const StepCommits = 25_000

// stepShare is the part of the way to a place that lies between it and the next, at
// least.
const stepShare = 20

// Store is a folder of files of one stream. Several processes may use it at once.
// Its methods may be called from several goroutines.
type Store struct {
	dir  string // of the stream
	all  string // of all streams
	of   Stream
	step uint64
}

// Open returns the store of a stream in a folder, with so many commits from one
// place to the next. It touches nothing.
func Open(dir string, of Stream, stepCommits int) *Store {
	of.Created = of.Created.UTC()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", of.Name, of.Created.Format(time.RFC3339Nano), of.First))
	return &Store{dir: filepath.Join(dir, hex.EncodeToString(sum[:8])), all: dir, of: of, step: uint64(max(1, stepCommits))}
}

// Next returns the place to keep that follows a position: the same in every
// process, so that files of several fit together. The distance grows with the log,
// so that there are never many files and the rest to fold stays a small part.
func (s *Store) Next(position uint64) uint64 { return position + max(s.step, position/stepShare) }

func (s *Store) folder(p *projections.Projection) string { return filepath.Join(s.dir, p.ID()) }

func (s *Store) header(p *projections.Projection, from, to projections.Mark) header {
	return header{s.of, p.ID(), p.Declaration(), placeOf(from), placeOf(to)}
}

func fileName(from, to uint64) string { return fmt.Sprintf("%012d-%012d.past", from, to) }

// Chain is what is kept of one projection from the log's beginning up to a place.
type Chain struct {
	projections.Mark // where it ends
	p                *projections.Projection
	files            []file
}

// file is a link of a chain.
type file struct {
	path string
	header
}

// Chain returns the longest chain whose end is not behind until. What of it can't
// be read is seen by [Chain.Load].
func (s *Store) Chain(p *projections.Projection, until projections.Until) Chain {
	c := Chain{p: p}
	for _, f := range s.list(p) {
		if f.from != c.Position {
			continue
		}
		path := filepath.Join(s.folder(p), fileName(f.from, f.to))
		h, err := readHeader(path)
		if err != nil {
			continue
		}
		to, err := h.To.mark()
		if err != nil || to.Position != f.to || h != s.header(p, c.Mark, to) || !until.Holds(to) {
			continue
		}
		c.files, c.Mark = append(c.files, file{path, h}), to
	}
	return c
}

// span is the name of a file, read.
type span struct{ from, to uint64 }

// list lists the files of a projection, in the order of where they begin; of those
// that begin at one place the one that goes farthest comes first.
func (s *Store) list(p *projections.Projection) []span {
	entries, err := os.ReadDir(s.folder(p))
	if err != nil {
		return nil
	}
	var all []span
	for _, e := range entries {
		from, to, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".past"), "-")
		if !ok || !strings.HasSuffix(e.Name(), ".past") {
			continue
		}
		f, err1 := strconv.ParseUint(from, 10, 64)
		t, err2 := strconv.ParseUint(to, 10, 64)
		if err1 == nil && err2 == nil && t > f {
			all = append(all, span{f, t})
		}
	}
	slices.SortFunc(all, func(a, b span) int {
		if a.from != b.from {
			return int(int64(a.from) - int64(b.from))
		}
		return int(int64(b.to) - int64(a.to))
	})
	return all
}

// Load returns a DB with what the projection was at the chain's end. Where a file
// turns out to be damaged, it and the chain from there on are dropped; the chain
// then ends before it. Other errors are those of the disk.
func (c *Chain) Load() (*projections.DB, error) {
	for {
		db, bad, err := c.load()
		if err == nil || !errors.Is(err, errUnfit) {
			return db, err
		}
		if err := c.cut(bad); err != nil {
			return nil, err
		}
	}
}

// cut drops file i and what follows it.
func (c *Chain) cut(i int) error {
	if err := os.Remove(c.files[i].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := c.files[i].From.mark()
	if err != nil {
		return err
	}
	c.files, c.Mark = c.files[:i], from
	return nil
}

// load reads every file; bad is the number of the one that an error is about. The
// next file is read while the rows of one are taken.
func (c *Chain) load() (db *projections.DB, bad int, err error) {
	type loaded struct {
		rows []byte
		err  error
	}
	ahead := make(chan loaded, 1)
	files := c.files
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for i := range files {
			rows, err := readAll(files[i].path, files[i].header)
			if errors.Is(err, fs.ErrNotExist) {
				err = errUnfit // somebody has removed it
			}
			select {
			case ahead <- loaded{rows, err}:
			case <-stop:
				return
			}
		}
	}()
	db = projections.NewMemory(c.p)
	shared := texts{}
	for i := range files {
		l := <-ahead
		if l.err == nil {
			l.err = take(db, c.p, l.rows, shared)
		}
		if l.err != nil {
			return nil, i, l.err
		}
	}
	return db, 0, nil
}

// take puts the rows of a file into db.
func take(db *projections.DB, p *projections.Projection, rows []byte, shared texts) error {
	r := rowReader{rest: rows, tables: schemas(p), texts: shared}
	var row []projections.Value
	for {
		s, vs, gone, err := r.next(row)
		switch {
		case errors.Is(err, io.EOF) && len(r.rest) == 0:
			return nil
		case errors.Is(err, io.EOF):
			return errUnfit
		case err != nil:
			return err
		case gone:
			err = db.Drop(s, vs)
		default:
			err = db.Put(s, vs)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errUnfit, err)
		}
		row = vs
	}
}

func schemas(p *projections.Projection) []*projections.Schema {
	list := make([]*projections.Schema, len(p.Tables))
	for i, t := range p.Tables {
		list[i] = t.Schema()
	}
	return list
}

// Has reports whether a file from one place to the other is kept, by its name and
// header.
func (s *Store) Has(p *projections.Projection, from, to projections.Mark) bool {
	h, err := readHeader(filepath.Join(s.folder(p), fileName(from.Position, to.Position)))
	return err == nil && h == s.header(p, from, to)
}

// Write keeps what changed of a projection between two places: write calls row with
// every row that did, or the key of one that is gone. The first file of a stream
// removes those of other streams.
func (s *Store) Write(p *projections.Projection, from, to projections.Mark, write func(row Row) error) error {
	if from.Position == 0 {
		if err := s.removeOthers(); err != nil {
			return err
		}
	}
	path := filepath.Join(s.folder(p), fileName(from.Position, to.Position))
	w, err := create(path, s.header(p, from, to), p)
	if err != nil {
		return err
	}
	if err := write(w.row); err != nil {
		return errors.Join(err, w.abandon())
	}
	return w.finish(path)
}

// Row takes a row, or the key of one that is gone.
type Row func(s *projections.Schema, row []projections.Value, gone bool) error

func (s *Store) removeOthers() error {
	entries, err := os.ReadDir(s.all)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(s.dir) {
			if err := os.RemoveAll(filepath.Join(s.all, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
