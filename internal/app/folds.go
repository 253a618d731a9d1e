package app

import (
	"context"
	"fmt"
	"time"

	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/events"
	"zhitong/events/log"
)

// Limits of what is kept in memory.
const (
	// warmAggregatesMax is the number of folded aggregates kept; the others are
	// loaded by their positions when they are needed.
	warmAggregatesMax = 200_000
	// evictPositionsMax spares aggregates of more commits than this from eviction.
	evictPositionsMax = 64
)

// folds is everything that decisions rest on, folded from the log: warm
// aggregates, where the others are, the command index, the registries, and the
// reactions that are owed. It belongs to the committer's goroutine.
type folds struct {
	kinds     map[string]func() domain.Aggregate
	reactions map[string][]Reaction
	log       log.Log
	forget    func(person domain.Ref) // told of each erased person

	journal   Journal
	registry  *Registries
	commands  Index[string, commandEntry]
	devices   Index[deviceSeq, string]
	warm      map[domain.Ref]domain.Aggregate
	positions map[domain.Ref][]uint64
	owed      owed

	durable  log.Head  // up to here the log has it
	position uint64    // of the last commit folded, durable or not
	recorded time.Time // of the last commit folded
}

// commandEntry is what the command index knows of a command.
type commandEntry struct {
	hash     string
	position uint64
}

// deviceSeq is a number that a device has used; its value is the content.
type deviceSeq struct {
	device domain.ID
	seq    int64
}

func newFolds(l log.Log, forget func(domain.Ref), kinds map[string]func() domain.Aggregate, reactions []Reaction) *folds {
	f := &folds{kinds: kinds, log: l, forget: forget, reactions: make(map[string][]Reaction),
		warm: make(map[domain.Ref]domain.Aggregate), positions: make(map[domain.Ref][]uint64)}
	f.registry = NewRegistries(&f.journal)
	f.commands = NewIndex[string, commandEntry](&f.journal)
	f.devices = NewIndex[deviceSeq, string](&f.journal)
	f.owed.j = &f.journal
	for _, r := range reactions {
		for _, name := range r.On {
			f.reactions[name] = append(f.reactions[name], r)
		}
	}
	return f
}

// catchUp folds what the log holds beyond what is durable here. Nothing may be in
// flight. When it fails the folds stand at the end of a block.
func (f *folds) catchUp(ctx context.Context) error {
	err := f.takeBlocks(ctx)
	if err != nil {
		f.rollback() // the block that it broke off in
	}
	return err
}

func (f *folds) takeBlocks(ctx context.Context) error {
	return f.log.Read(ctx, f.durable.Position+1, func(b log.Block) error {
		for i, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return fmt.Errorf("position %d: %w", b.First+uint64(i), err)
			}
			if want := b.First + uint64(i); c.Position != want || c.Position != f.position+1 {
				return fmt.Errorf("position %d: the commit says %d, expected %d: %w", want, c.Position, f.position+1, log.ErrIdentity)
			}
			if err := f.apply(&c); err != nil {
				return err
			}
			if _, err := f.react(&c); err != nil {
				return err
			}
		}
		f.journal.Forget(f.journal.Mark())
		f.durable = log.Head{Seq: b.Seq, Position: b.Last()}
		f.evict()
		return nil
	})
}

// apply folds a commit, durable or not yet.
func (f *folds) apply(c *events.Commit) error {
	first := &c.Events[0]
	f.commands.Put(first.CommandID, commandEntry{first.CommandHash, c.Position})
	f.owed.paid(first.CommandID)
	if d := first.Device; d != nil {
		f.devices.Put(deviceSeq{d.ID, d.Seq}, deviceContent(first))
	}
	before, recorded := f.position, f.recorded
	f.journal.add(func() { f.position, f.recorded = before, recorded })
	f.position, f.recorded = c.Position, first.Recorded
	for i := range c.Events {
		e := &c.Events[i]
		if err := f.fold(e); err != nil {
			return err
		}
		f.registry.Apply(e)
		if gone, ok := e.Fact.(party.Erased); ok {
			f.forget(gone.Subject())
		}
	}
	return nil
}

// fold brings an event into its aggregate and notes its position.
func (f *folds) fold(e *events.Event) error {
	if f.kinds[e.Subject.Kind] == nil {
		return nil // a kind without a state
	}
	at := f.positions[e.Subject]
	state, warm := f.warm[e.Subject]
	if !warm {
		var err error
		if state, err = f.cold(e.Subject, at, e.Position); err != nil {
			return err
		}
		f.warm[e.Subject] = state
	}
	state.Apply(e.Fact)
	if n := len(at); n == 0 || at[n-1] != e.Position {
		f.positions[e.Subject] = append(at, e.Position)
		f.journal.add(func() {
			delete(f.warm, e.Subject) // folded in place: read again when needed
			if at := f.positions[e.Subject]; len(at) > 1 {
				f.positions[e.Subject] = at[:len(at)-1]
			} else {
				delete(f.positions, e.Subject)
			}
		})
	}
	return nil
}

// cold folds an aggregate from its positions in the log, leaving out the one that
// is being folded.
func (f *folds) cold(ref domain.Ref, at []uint64, except uint64) (domain.Aggregate, error) {
	state := f.kinds[ref.Kind]()
	if n := len(at); n > 0 && at[n-1] == except {
		at = at[:n-1]
	}
	if len(at) == 0 {
		return state, nil
	}
	err := f.log.Load(context.Background(), at, func(position uint64, line []byte) error {
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
	})
	if err != nil {
		return nil, fmt.Errorf("load %q: %w", ref, err)
	}
	return state, nil
}

// Get implements [States].
func (f *folds) Get(ref domain.Ref, fresh func() domain.Aggregate) (domain.Aggregate, error) {
	if state, ok := f.warm[ref]; ok {
		return state, nil
	}
	at := f.positions[ref]
	if len(at) == 0 {
		return fresh(), nil
	}
	state, err := f.cold(ref, at, 0)
	if err == nil {
		f.warm[ref] = state
	}
	return state, err
}

// evict drops aggregates beyond the limit. Only durable ones may go, so it runs
// when nothing is in flight.
func (f *folds) evict() {
	for ref := range f.warm {
		if len(f.warm) <= warmAggregatesMax {
			return
		}
		if len(f.positions[ref]) <= evictPositionsMax {
			delete(f.warm, ref)
		}
	}
}

// react notes the reactions to a commit as owed and returns them. It runs right
// after the commit was folded.
func (f *folds) react(c *events.Commit) ([]*debt, error) {
	var due []*debt
	for i := range c.Events {
		e := &c.Events[i]
		for _, r := range f.reactions[e.Name()] {
			commands, err := r.React(f.registry, f, e)
			if err != nil {
				return nil, fmt.Errorf("reaction to event %q: %w", e.ID, err)
			}
			for _, sc := range commands {
				d := &debt{id: ReactionID(e.ID, sc.Suffix), command: sc, cause: *e}
				if _, done := f.commands.Get(d.id); done {
					continue
				}
				f.owed.owe(d)
				due = append(due, d)
			}
		}
	}
	return due, nil
}

// rollback undoes everything that is not durable.
func (f *folds) rollback() { f.journal.Rollback(0) }

// deviceContent identifies what a device said under a sequence number: the command
// and its content, also where the entry was refused.
func deviceContent(e *events.Event) string {
	id := e.CommandID
	if r, ok := refusedEntry(e); ok {
		id = r
	}
	return id + "\n" + e.CommandHash
}
