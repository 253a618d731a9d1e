package verify

import (
	"bytes"
	"context"
	"runtime"

	"zhitong/audit/merkle"
	"zhitong/audit/tree"
	"zhitong/events"
)

// batch is a run of commits on its way through the pipeline: as many as a tile of
// leaves, so that hashing and comparing need nothing of the batches before.
type batch struct {
	index     uint64   // in the tree, of the first commit
	positions []uint64 // as the reader counts them
	buffer    []byte   // of all lines, each behind a merkle.LeafPrefix
	ends      []int    // in buffer
	lines     [][]byte
	done      chan struct{}

	leaves     []merkle.Hash
	root       merkle.Hash // of a whole batch
	files      uint64      // compared
	wrongFiles []tree.Difference
	commits    []events.Commit // nil Events: not readable
	wrong      []string        // parallel: why the shape is wrong; "" when it isn't
}

// Limits of the pipeline.
const (
	batchesAhead   = 4
	batchCommits   = merkle.TileWidth
	progressEvery  = 100_000
	sourceBytesMax = 256
)

// read sends the log through the pipeline: decoding, hashing and comparing on all
// processors, the checks in order behind it.
func (r *run) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pipe{run: r, ctx: ctx, ordered: make(chan *batch, batchesAhead), places: make(chan struct{}, runtime.GOMAXPROCS(0)), free: make(chan *batch, 2*batchesAhead)}
	var readErr error
	go func() {
		defer close(p.ordered)
		if readErr = r.opts.Read(ctx, 1, p.add); readErr == nil {
			readErr = p.send()
		}
	}()
	var err error
	for b := range p.ordered {
		if <-b.done; err != nil {
			continue // so that the reader ends
		}
		if err = r.take(b); err != nil {
			cancel()
		}
		p.recycle(b)
	}
	if err != nil {
		return err
	}
	return readErr
}

// pipe cuts what is read into batches and sends them on.
type pipe struct {
	run     *run
	ctx     context.Context
	ordered chan *batch
	places  chan struct{}
	free    chan *batch // whose memory is used again
	now     *batch      // being filled
	read    uint64      // commits
}

// add takes a run of commits.
func (p *pipe) add(first uint64, commits [][]byte) error {
	for i, line := range commits {
		if p.now == nil {
			p.now = p.fresh()
		}
		b := p.now
		b.positions = append(b.positions, first+uint64(i))
		b.buffer = append(append(b.buffer, merkle.LeafPrefix), line...)
		b.ends = append(b.ends, len(b.buffer))
		p.read++
		if len(b.ends) == batchCommits {
			if err := p.send(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pipe) fresh() *batch {
	b := &batch{}
	select {
	case b = <-p.free:
	default:
	}
	*b = batch{index: p.read, positions: b.positions[:0], buffer: b.buffer[:0], ends: b.ends[:0], lines: b.lines[:0],
		leaves: b.leaves[:0], wrong: b.wrong[:0], done: make(chan struct{})}
	return b
}

// recycle lets the memory of a batch be used again; the commits were made of their
// own.
func (p *pipe) recycle(b *batch) {
	select {
	case p.free <- b:
	default:
	}
}

// send sends the batch that is being filled into the pipeline.
func (p *pipe) send() error {
	b := p.now
	if b == nil {
		return nil
	}
	p.now = nil
	start := 0
	for _, end := range b.ends {
		b.lines = append(b.lines, b.buffer[start+1:end:end])
		start = end
	}
	p.run.noteSource(b.lines[0])
	select {
	case p.places <- struct{}{}:
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
	go func() {
		b.work(p.run)
		<-p.places
		close(b.done)
	}()
	select {
	case p.ordered <- b:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// noteSource takes the source attribute from the first commit: it is the only part
// of the envelope that decoding does not keep.
func (r *run) noteSource(line []byte) {
	if r.sourceKnown {
		return
	}
	r.sourceKnown = true
	head := line[:min(len(line), sourceBytesMax)]
	_, rest, ok := bytes.Cut(head, []byte(`","source":"`))
	if source, _, found := bytes.Cut(rest, []byte(`"`)); ok && found {
		r.source = string(source)
	}
}

// work does everything that needs no other batch.
func (b *batch) work(r *run) {
	start := 0
	for _, end := range b.ends {
		b.leaves = append(b.leaves, merkle.LeafOfPrefixed(b.buffer[start:end]))
		start = end
	}
	if len(b.leaves) == merkle.TileWidth {
		b.root = merkle.Perfect(b.leaves)
	}
	b.files, b.wrongFiles = r.hashes.comparer.Run(b.index, b.lines, b.leaves)
	if !r.opts.HashesOnly {
		b.decode(r.source)
	}
}

// decode reads the commits. A line that is not known to be what would be written is
// written again and compared.
func (b *batch) decode(source string) {
	b.commits = make([]events.Commit, len(b.lines))
	var again []byte
	for i, line := range b.lines {
		c, exact, err := events.DecodeExact(line, source)
		b.wrong = append(b.wrong, "")
		if err != nil {
			b.wrong[i] = err.Error()
			continue
		}
		b.commits[i] = c
		if exact {
			continue
		}
		again, err = events.Encode(again[:0], source, c)
		if err != nil {
			b.wrong[i] = err.Error()
		} else if !bytes.Equal(again, line) {
			b.wrong[i] = "written again it has other bytes: " + firstDifference(line, again)
		}
	}
}

// firstDifference shows where two lines begin to differ.
func firstDifference(a, b []byte) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	show := func(x []byte) string { return string(x[max(0, i-24):min(len(x), i+24)]) }
	return "…" + show(a) + "… is …" + show(b) + "…"
}

// take runs the ordered checks over a batch.
func (r *run) take(b *batch) error {
	if err := r.hashes.add(b); err != nil {
		return err
	}
	for i, position := range b.positions {
		says := position
		if b.commits != nil && b.commits[i].Events != nil {
			says = b.commits[i].Position
		}
		if r.positions.fails(position == r.report.Commits+1 && says == position) {
			r.positions.wrongAt(position, "it follows %d and says that it is at %d", r.report.Commits, says)
		}
		r.report.Commits++
		if b.commits == nil {
			continue
		}
		if r.shapes.fails(b.wrong[i] == "") {
			r.shapes.wrongAt(position, "%s", b.wrong[i])
		}
		if c := &b.commits[i]; c.Events != nil {
			r.decoded(c)
		}
		if r.report.Commits%progressEvery == 0 {
			r.opts.Progress(r.report.Commits)
		}
	}
	r.folds.send(b.commits)
	return nil
}
