package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/log"
)

// folds is everything that decisions rest on, folded from the log: aggregates, the
// command index, the registries, and the reactions that are owed. It belongs to the
// committer's goroutine.
type folds struct {
	reactions map[string][]Reaction
	log       log.Log
	forget    func(person domain.Ref) // told of each person whose erasure is durably asked for

	journal    Journal
	registry   *Registries
	commands   Index[commandKey, commandEntry]
	devices    Index[deviceSeq, digest]
	aggregates *aggregates
	owed       owed

	durable  log.Head // up to here the log has it
	loaded   uint64   // position of the snapshot that this began with
	position uint64   // of the last commit folded, durable or not
	recorded time.Time
	steps    steps[moment]
}

// moment is how far the folds were.
type moment struct {
	position uint64
	recorded time.Time
}

// digest is a SHA-256 of which the half is kept: enough that nobody can make two
// things of one digest, and the index of a million commands stays small.
type digest [16]byte

func digestOf(parts ...string) (d digest) {
	h := sha256.New()
	for _, s := range parts {
		h.Write([]byte(s))
		h.Write([]byte{'\n'})
	}
	var sum [sha256.Size]byte
	copy(d[:], h.Sum(sum[:0]))
	return d
}

// commandKey stands for a command's id.
type commandKey digest

func commandKeyOf(id string) commandKey { return commandKey(digestOf(id)) }

// commandEntry is what the command index knows of a command.
type commandEntry struct {
	content  digest // of its hash
	position uint64
}

// deviceSeq is a number that a device has used; its value is the content.
type deviceSeq struct {
	device domain.ID
	seq    int64
}

func newFolds(l log.Log, forget func(domain.Ref), kinds map[string]func() domain.Aggregate, reactions []Reaction) *folds {
	f := &folds{log: l, forget: forget, reactions: make(map[string][]Reaction)}
	f.registry = NewRegistries(&f.journal)
	f.commands = NewIndex[commandKey, commandEntry](&f.journal, "commands")
	f.devices = NewIndex[deviceSeq, digest](&f.journal, "devices")
	f.aggregates = newAggregates(l, &f.journal, &f.durable, kinds)
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
	return readAhead(ctx, f.log, f.durable.Position+1, func(b decodedBlock) error {
		for i := range b.commits {
			c := &b.commits[i]
			if want := b.first + uint64(i); c.Position != want || c.Position != f.position+1 {
				return fmt.Errorf("position %d: the commit says %d, expected %d: %w", want, c.Position, f.position+1, log.ErrIdentity)
			}
			if err := f.apply(c); err != nil {
				return err
			}
			if _, err := f.react(c); err != nil {
				return err
			}
			f.forgetIn(c)
		}
		f.journal.Forget(f.journal.Mark())
		f.durable = log.Head{Seq: b.seq, Position: f.position}
		f.aggregates.evict()
		return nil
	})
}

// apply folds a commit, durable or not yet.
func (f *folds) apply(c *events.Commit) error {
	first := &c.Events[0]
	f.commands.Put(commandKeyOf(first.CommandID), commandEntry{digestOf(first.CommandHash), c.Position})
	f.owed.paid(first.CommandID)
	if d := first.Device; d != nil {
		f.devices.Put(deviceSeq{d.ID, d.Seq}, deviceContent(first))
	}
	f.steps.push(moment{f.position, f.recorded})
	f.journal.add(f)
	f.position, f.recorded = c.Position, first.Recorded
	for i := range c.Events {
		e := &c.Events[i]
		if err := f.aggregates.fold(e); err != nil {
			return err
		}
		f.registry.Apply(e)
	}
	return nil
}

func (f *folds) undo() {
	m := f.steps.pop()
	f.position, f.recorded = m.position, m.recorded
}

func (f *folds) drop() { f.steps.drop() }

// reacts says whether anything may follow from a commit by itself.
func (f *folds) reacts(c *events.Commit) bool {
	for i := range c.Events {
		if len(f.reactions[c.Events[i].Name()]) > 0 {
			return true
		}
	}
	return false
}

// react notes the reactions to a commit as owed and returns them. It runs right
// after the commit was folded.
func (f *folds) react(c *events.Commit) ([]*debt, error) {
	var due []*debt
	for i := range c.Events {
		e := &c.Events[i]
		for _, r := range f.reactions[e.Name()] {
			commands, err := r.React(f.registry, f.aggregates, e)
			if err != nil {
				return nil, fmt.Errorf("reaction to event %q: %w", e.ID, err)
			}
			for _, sc := range commands {
				d := &debt{id: ReactionID(e.ID, sc.Suffix), command: sc, cause: *e}
				if _, done := f.commands.Get(commandKeyOf(d.id)); done {
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
func deviceContent(e *events.Event) digest {
	id := e.CommandID
	if r, ok := refusedEntry(e); ok {
		id = r
	}
	return digestOf(id, e.CommandHash)
}
