package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app/snapshot"
)

// Limits of the aggregates in memory.
const (
	// warmAggregatesMax is the number of aggregates that are kept as Go values; those
	// not used for the longest time are put away in bytes.
	warmAggregatesMax = 16_384
	// warmBytesMax bounds what they take together, as estimated.
	warmBytesMax = 64 << 20
	// putAwayMax is how many are put away between two blocks.
	putAwayMax = 1024
	// tailMax is the number of commits that are folded on top of a record before it
	// is written anew.
	tailMax = 64
)

// aggregates are the folded aggregates: those in use as Go values, the others as
// records. What became of an aggregate since its record is its tail: the positions
// of commits, from which it is folded again when its state had to be given up.
type aggregates struct {
	log     log.Log
	journal *Journal
	forms   map[string]form
	durable *log.Head

	warm           map[domain.Ref]*warmAggregate
	newest, oldest *warmAggregate // by use
	bytes          int            // estimated, of all warm ones
	made, typical  int            // new ones so far, and what they take as a rule
	tails          map[domain.Ref][]uint64
	cold           table[aggregateKey, record]
	records        records
	steps          steps[domain.Ref]
	scratch        []byte

	shot *shot // the snapshot under way; nil for none
}

// form is how the states of one kind are made and written.
type form struct {
	fresh func() domain.Aggregate
	codec snapshot.Dynamic
	typ   reflect.Type
}

// warmAggregate is a state in use.
type warmAggregate struct {
	ref          domain.Ref
	state        domain.Aggregate
	last         uint64 // position of the latest commit folded in
	folds        int    // facts since it was weighed
	size         int    // estimated bytes
	newer, older *warmAggregate
	owed         bool // to the snapshot under way, before it changes
}

func newAggregates(l log.Log, j *Journal, durable *log.Head, kinds map[string]func() domain.Aggregate) *aggregates {
	a := &aggregates{log: l, journal: j, durable: durable, forms: make(map[string]form), warm: make(map[domain.Ref]*warmAggregate),
		tails: make(map[domain.Ref][]uint64), cold: table[aggregateKey, record]{m: make(map[aggregateKey]record)}, records: newRecords()}
	for kind, fresh := range kinds {
		state := fresh()
		a.forms[kind] = form{fresh, snapshot.OfPointer(state), reflect.TypeOf(state).Elem()}
	}
	return a
}

// Get implements [States].
func (a *aggregates) Get(ref domain.Ref, fresh func() domain.Aggregate) (domain.Aggregate, error) {
	w, err := a.find(ref)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return fresh(), nil
	}
	return w.state, nil
}

// find returns an aggregate, warm, or nil when the log holds nothing of it.
func (a *aggregates) find(ref domain.Ref) (*warmAggregate, error) {
	if w := a.warm[ref]; w != nil {
		a.use(w)
		return w, nil
	}
	at, known := a.cold.get(keyOf(ref))
	tail := a.tails[ref]
	if !known && len(tail) == 0 {
		return nil, nil
	}
	state, err := a.load(ref, at, known, tail)
	if err != nil {
		return nil, fmt.Errorf("load %q: %w", ref, err)
	}
	w := &warmAggregate{ref: ref, state: state}
	if n := len(tail); n > 0 {
		w.last = tail[n-1]
	}
	a.warm[ref] = w
	a.link(w)
	if b := a.weigh(w); len(tail) > tailMax && w.last <= a.durable.Position {
		a.keep(w, b)
	}
	return w, nil
}

// load makes a state from its record and its tail.
func (a *aggregates) load(ref domain.Ref, at record, known bool, tail []uint64) (domain.Aggregate, error) {
	if !known {
		state := a.forms[ref.Kind].fresh()
		return state, a.foldPositions(ref, state, tail)
	}
	b, err := a.records.get(keyOf(ref), at)
	var state domain.Aggregate
	if err == nil {
		f := a.forms[ref.Kind]
		state = reflect.New(f.typ).Interface().(domain.Aggregate)
		err = f.codec.Read(b[recordHead:], state, true)
	}
	if err != nil {
		slog.Warn("a snapshot's record can't be read; the whole log is read instead", "subject", ref.String(), "error", err)
		return a.fromTheLog(ref)
	}
	return state, a.foldPositions(ref, state, tail)
}

// foldPositions folds what commits at positions say of ref.
func (a *aggregates) foldPositions(ref domain.Ref, state domain.Aggregate, positions []uint64) error {
	if len(positions) == 0 {
		return nil
	}
	return a.log.Load(context.Background(), positions, func(position uint64, line []byte) error {
		return foldLine(ref, state, position, line)
	})
}

// fromTheLog folds ref from all that is durable.
func (a *aggregates) fromTheLog(ref domain.Ref) (domain.Aggregate, error) {
	state := a.forms[ref.Kind].fresh()
	err := a.log.Read(context.Background(), 1, func(b log.Block) error {
		for i, line := range b.Commits {
			position := b.First + uint64(i)
			if position > a.durable.Position {
				return errAbove
			}
			if err := foldLine(ref, state, position, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errAbove) {
		return nil, err
	}
	return state, nil
}

// foldLine folds what one commit says of ref.
func foldLine(ref domain.Ref, state domain.Aggregate, position uint64, line []byte) error {
	c, err := events.Decode(line)
	if err != nil {
		return fmt.Errorf("position %d: %w", position, err)
	}
	for i := range c.Events {
		if c.Events[i].Subject == ref {
			state.Apply(c.Events[i].Fact)
		}
	}
	return nil
}

// fold brings an event into its aggregate.
func (a *aggregates) fold(e *events.Event) error {
	f, ok := a.forms[e.Subject.Kind]
	if !ok {
		return nil // a kind without a state
	}
	w, err := a.find(e.Subject)
	if err != nil {
		return err
	}
	if w == nil {
		w = &warmAggregate{ref: e.Subject, state: f.fresh()}
		a.warm[e.Subject] = w
		a.link(w)
	}
	if w.owed {
		a.capture(w)
	}
	w.state.Apply(e.Fact)
	if w.last != e.Position {
		w.last = e.Position
		a.tails[e.Subject] = append(a.tails[e.Subject], e.Position)
		a.steps.push(e.Subject)
		a.journal.add(a)
	}
	a.reckon(w)
	return nil
}

// reckon brings the estimate of what a state takes up to date, now and then: of new
// ones some are weighed and the others taken to be alike.
func (a *aggregates) reckon(w *warmAggregate) {
	const sampled = 8
	switch w.folds++; {
	case w.folds > 1 && w.folds&(w.folds-1) == 0:
		a.weigh(w)
	case w.folds > 1 || w.size > 0: // weighed before
	case a.made%sampled == 0:
		a.weigh(w)
		a.typical += (w.size - a.typical) / sampled
		a.made++
	default:
		w.size = a.typical
		a.bytes += w.size
		a.made++
	}
}

// undo gives up a state that holds what is not durable; it was folded in place.
func (a *aggregates) undo() {
	ref := a.steps.pop()
	if w := a.warm[ref]; w != nil {
		a.forget(w)
	}
	if tail := a.tails[ref]; len(tail) > 1 {
		a.tails[ref] = tail[:len(tail)-1]
	} else {
		delete(a.tails, ref)
	}
}

func (a *aggregates) drop() { a.steps.drop() }

// encode returns the record of a state, in memory that the next call uses again.
func (a *aggregates) encode(w *warmAggregate) []byte {
	var head [recordHead]byte
	a.scratch = a.forms[w.ref.Kind].codec.Append(append(a.scratch[:0], head[:]...), w.state)
	return seal(a.scratch, keyOf(w.ref))
}

// weigh estimates what a state takes in memory and returns its record.
func (a *aggregates) weigh(w *warmAggregate) []byte {
	// A Go value takes some five times the bytes of its record; the rest is the
	// entry itself.
	const inflation, entry = 5, 300
	b := a.encode(w)
	size := inflation*len(b) + entry
	a.bytes += size - w.size
	w.size = size
	return b
}

// keep makes b the record of a state that is durable; its tail is folded in.
func (a *aggregates) keep(w *warmAggregate, b []byte) {
	a.cold.set(keyOf(w.ref), change[record]{v: a.records.put(b)})
	delete(a.tails, w.ref)
}

// evict puts away what was not used for the longest time, beyond the limits. What is
// not durable stays.
func (a *aggregates) evict() {
	for range putAwayMax {
		w := a.oldest
		if w == nil || len(a.warm) <= warmAggregatesMax && a.bytes <= warmBytesMax || w.last > a.durable.Position {
			return
		}
		if w.owed {
			a.capture(w)
		}
		if len(a.tails[w.ref]) > 0 {
			a.keep(w, a.encode(w))
		}
		a.forget(w)
	}
}

// forget takes a state out of memory.
func (a *aggregates) forget(w *warmAggregate) {
	delete(a.warm, w.ref)
	a.unlink(w)
	a.bytes -= w.size
	w.owed = false // who gives up what is owed has captured it, or it was never durable
}

// use makes w the one used last.
func (a *aggregates) use(w *warmAggregate) {
	if a.newest != w {
		a.unlink(w)
		a.link(w)
	}
}

func (a *aggregates) link(w *warmAggregate) {
	w.older, w.newer = a.newest, nil
	if a.newest != nil {
		a.newest.newer = w
	} else {
		a.oldest = w
	}
	a.newest = w
}

func (a *aggregates) unlink(w *warmAggregate) {
	if w.newer != nil {
		w.newer.older = w.older
	} else {
		a.newest = w.older
	}
	if w.older != nil {
		w.older.newer = w.newer
	} else {
		a.oldest = w.newer
	}
	w.newer, w.older = nil, nil
}
