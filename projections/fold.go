package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Reader reads the log from a position up to its head in order, in runs of
// commits whose bytes are the reader's own: what log.Log.Read does.
type Reader func(ctx context.Context, from uint64, fn func(first uint64, commits [][]byte) error) error

// Folded is what projections made of the log up to a position, in memory.
type Folded struct {
	Mark
	Events uint64 // how many events were read
	// DBs has a DB for each projection given, or nil where its fold failed.
	DBs         []*DB
	Failed      []*FoldError
	projections []Projection
}

// Folding is a fold that begins, stops and is looked at as somebody wants it.
type Folding struct {
	Until Until
	// From has a start for each projection; where it is nil, or a start has no DB, the
	// fold begins with the log. None may be behind Until. Folded takes the DBs over.
	From []Start
	// Next returns the position at which a fold that has come to one is looked at
	// next. It is asked where a fold begins and after each look. Nil: never.
	Next func(position uint64) uint64
	// Look is called at those positions with what projection i has become, between
	// two commits, in the goroutine of its fold. An error ends everything.
	Look func(i int, at Mark, db *DB) error
}

// Start is where the fold of one projection begins: what it was at a place.
type Start struct {
	Mark
	DB *DB
}

// Limits of the pipeline of a fold.
const (
	decodeAheadMax = 8 // blocks that are being decoded or wait for it
	foldAheadMax   = 4 // blocks that wait for a projection
)

// Fold folds the log, from its beginning, for all projections at once, wholly in
// memory: see [Folding.Fold].
func Fold(ctx context.Context, read Reader, ps []Projection, until Until) (*Folded, error) {
	return Folding{Until: until}.Fold(ctx, read, ps)
}

// Fold folds the log for all projections at once, wholly in memory. Decoding uses
// all processors, ahead of the folds, which run beside each other. A projection
// that fails is noted in Failed and stops; the others go on. The error is the
// log's, or the one of Look.
func (o Folding) Fold(ctx context.Context, read Reader, ps []Projection) (*Folded, error) {
	f := &Folded{DBs: make([]*DB, len(ps)), Failed: make([]*FoldError, len(ps)), projections: ps}
	starts := o.starts(ps)
	f.Mark = first(starts)
	if o.Until.Nothing || (o.Until.Position > 0 && f.Position >= o.Until.Position) {
		for i := range starts {
			f.DBs[i] = starts[i].DB
		}
		return f, nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var g sync.WaitGroup
	start := func(part func() error) {
		g.Go(func() {
			if err := part(); err != nil {
				stop(err) // the first one counts
			}
		})
	}
	decoded := make(chan *decoding, decodeAheadMax)
	from := f.Position + 1
	start(func() error { return startDecoding(ctx, read, from, decoded) })

	inputs := make([]chan Block, len(ps))
	for i := range ps {
		inputs[i] = make(chan Block, foldAheadMax)
		start(func() error { return o.foldOne(f, i, starts[i], inputs[i]) })
	}
	start(func() error {
		err := f.spread(ctx, decoded, inputs, o.Until)
		for _, in := range inputs {
			close(in)
		}
		return err
	})
	g.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return f, nil
}

// starts are where the folds begin.
func (o Folding) starts(ps []Projection) []Start {
	starts := make([]Start, len(ps))
	copy(starts, o.From)
	for i := range starts {
		if starts[i].DB == nil {
			starts[i] = Start{DB: NewMemory(&ps[i])}
		}
		if o.Look != nil {
			starts[i].DB.Track()
		}
	}
	return starts
}

// first is the place of the start that is the least far.
func first(starts []Start) Mark {
	var m Mark
	for i := range starts {
		if i == 0 || starts[i].Position < m.Position {
			m = starts[i].Mark
		}
	}
	return m
}

// errEnough ends the pipeline when the end is reached before the head.
var errEnough = errors.New("folded as far as asked")

// decoding is a block on its way.
type decoding struct {
	done  chan struct{}
	block Block
	err   error
}

// startDecoding reads the log and hands its blocks on in their order, each
// decoded in a goroutine of its own.
func startDecoding(ctx context.Context, read Reader, from uint64, out chan<- *decoding) error {
	defer close(out)
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	return read(ctx, from, func(first uint64, commits [][]byte) error {
		own := copyLines(commits)
		d := &decoding{done: make(chan struct{})}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		go func() {
			d.block, d.err = Decode(first, own)
			<-places
			close(d.done)
		}()
		select {
		case out <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// copyLines copies the lines into memory of their own.
func copyLines(lines [][]byte) [][]byte {
	all := bytes.Join(lines, nil)
	own := make([][]byte, len(lines))
	for i, l := range lines {
		own[i], all = all[:len(l):len(l)], all[len(l):]
	}
	return own
}

// spread hands the decoded blocks to all projections and notes how far it came.
func (f *Folded) spread(ctx context.Context, decoded <-chan *decoding, inputs []chan Block, until Until) error {
	for d := range decoded {
		<-d.done
		if d.err != nil {
			return d.err
		}
		b, enough := until.cut(d.block)
		if len(b.Commits) > 0 {
			if b.First != f.Position+1 {
				return fmt.Errorf("the log is not contiguous: position %d follows %d", b.First, f.Position)
			}
			f.Mark = b.mark(len(b.Commits) - 1)
			for i := range b.Commits {
				f.Events += uint64(len(b.Commits[i].Events))
			}
			for _, in := range inputs {
				select {
				case in <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		if enough {
			return errEnough
		}
	}
	return nil
}

// cut returns the part of b that is not behind u, and whether the rest of the log
// is.
func (u Until) cut(b Block) (Block, bool) {
	for i := range b.Commits {
		c := &b.Commits[i]
		if (u.Position > 0 && c.Position > u.Position) || (!u.Recorded.IsZero() && c.Events[0].Recorded.After(u.Recorded)) {
			return Block{First: b.First, Commits: b.Commits[:i], Hashes: b.Hashes[:i]}, true
		}
	}
	return b, u.Position > 0 && b.Last() >= u.Position
}

// mark is the place at the end of commit i.
func (b *Block) mark(i int) Mark {
	return Mark{b.First + uint64(i), b.Hashes[i], b.Commits[i].Events[0].Recorded}
}

// foldOne folds the blocks of in for projection i. It reads to the end also when
// the projection has failed, so that nobody waits for it.
func (o Folding) foldOne(f *Folded, i int, s Start, in <-chan Block) error {
	p, db := &f.projections[i], s.DB
	look := uint64(math.MaxUint64)
	if o.Next != nil {
		look = o.Next(s.Position)
	}
	for b := range in {
		b = b.Behind(s.Position)
		for k := range b.Commits {
			if db == nil {
				break
			}
			if err := p.Apply(db, &b.Commits[k]); err != nil {
				if !errors.As(err, &f.Failed[i]) {
					return err
				}
				db = nil
				continue
			}
			if b.First+uint64(k) >= look {
				if err := o.Look(i, b.mark(k), db); err != nil {
					return err
				}
				look = o.Next(b.First + uint64(k))
			}
		}
	}
	f.DBs[i] = db
	return nil
}

// View returns a view of the newest version with the rows that Folded has of it.
// Where its fold failed, the error says why.
func (f *Folded) View(name string) (*Projection, *Schema, *DB, error) {
	p, s, err := FindView(f.projections, name)
	if err != nil {
		return nil, nil, nil, err
	}
	for i := range f.projections {
		if &f.projections[i] != p {
			continue
		}
		if f.DBs[i] == nil {
			return nil, nil, nil, f.Failed[i]
		}
		return p, s, f.DBs[i], nil
	}
	return nil, nil, nil, fmt.Errorf("view %q: not folded", name)
}

// Select returns the rows of a view as Folded has them; see [DB.Select].
func (f *Folded) Select(view string, where []Cond, limit int) (*Rows, error) {
	return f.Answer(Question{View: view, Where: where, Limit: limit})
}

// Answer answers a question about a view from what Folded has; see [DB.Answer].
func (f *Folded) Answer(q Question) (*Rows, error) {
	_, s, db, err := f.View(q.View)
	if err != nil {
		return nil, err
	}
	keep, err := f.keeper(s, q.Scope)
	if err != nil {
		return nil, err
	}
	rows, err := db.answer(s, q, keep)
	if err == nil {
		rows.Position = f.Position
	}
	return rows, err
}
