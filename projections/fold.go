package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Reader reads the log from a position up to its head in order, in runs of
// commits whose bytes are the reader's own: what log.Log.Read does.
type Reader func(ctx context.Context, from uint64, fn func(first uint64, commits [][]byte) error) error

// Until says where a fold ends: with the last commit that is not behind either.
// The zero Until is the head.
type Until struct {
	Position uint64    // 0: not limited
	Recorded time.Time // zero: not limited; a commit recorded at this very time is in
}

// Folded is what projections made of the log up to a position, in memory.
type Folded struct {
	Position uint64    // of the last commit folded; 0 for none
	Hash     [32]byte  // of that commit's bytes
	Recorded time.Time // of that commit
	Events   uint64    // how many events were read
	// DBs has a DB for each projection given, or nil where its fold failed.
	DBs         []*DB
	Failed      []*FoldError
	projections []Projection
}

// FoldedOf is what somebody else folded of the projections, up to a position: a DB
// or the failure of each.
func FoldedOf(ps []Projection, dbs []*DB, failed []*FoldError, position uint64) *Folded {
	return &Folded{Position: position, DBs: dbs, Failed: failed, projections: ps}
}

// Limits of the pipeline of a fold.
const (
	decodeAheadMax = 8 // blocks that are being decoded or wait for it
	foldAheadMax   = 4 // blocks that wait for a projection
)

// Fold folds the log, from its beginning, for all projections at once, wholly in
// memory. Decoding uses all processors, ahead of the folds, which run beside each
// other. A projection that fails is noted in Failed and stops; the others go on.
// The error is the log's.
func Fold(ctx context.Context, read Reader, ps []Projection, until Until) (*Folded, error) {
	f := &Folded{DBs: make([]*DB, len(ps)), Failed: make([]*FoldError, len(ps)), projections: ps}
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
	start(func() error { return startDecoding(ctx, read, decoded) })

	inputs := make([]chan Block, len(ps))
	for i := range ps {
		inputs[i] = make(chan Block, foldAheadMax)
		start(func() error { return f.foldOne(i, inputs[i]) })
	}
	start(func() error {
		err := f.spread(ctx, decoded, inputs, until)
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
func startDecoding(ctx context.Context, read Reader, out chan<- *decoding) error {
	defer close(out)
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	return read(ctx, 1, func(first uint64, commits [][]byte) error {
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
			last := len(b.Commits) - 1
			f.Position, f.Hash = b.Last(), b.Hashes[last]
			f.Recorded = b.Commits[last].Events[0].Recorded
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

// foldOne folds the blocks of in for projection i. It reads to the end also when
// the projection has failed, so that nobody waits for it.
func (f *Folded) foldOne(i int, in <-chan Block) error {
	p := &f.projections[i]
	db := NewMemory(p)
	for b := range in {
		for k := range b.Commits {
			if db == nil {
				break
			}
			if err := p.Apply(db, &b.Commits[k]); err != nil {
				if !errors.As(err, &f.Failed[i]) {
					return err
				}
				db = nil
			}
		}
	}
	f.DBs[i] = db
	return nil
}

// Select returns the rows of a view as Folded has them; see [DB.Select].
func (f *Folded) Select(view string, where []Cond, limit int) (*Rows, error) {
	p, s, err := FindView(f.projections, view)
	if err != nil {
		return nil, err
	}
	for i := range f.projections {
		if &f.projections[i] != p {
			continue
		}
		if f.DBs[i] == nil {
			return nil, f.Failed[i]
		}
		rows, err := f.DBs[i].Select(s, where, limit)
		if err != nil {
			return nil, err
		}
		rows.Position = f.Position
		return rows, nil
	}
	return nil, fmt.Errorf("view %q: not folded", view)
}
