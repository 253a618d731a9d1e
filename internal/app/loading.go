package app

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app/snapshot"
)

// errForeign says that a snapshot is whole but not of this program's folds of this
// log.
var errForeign = errors.New("the snapshot is another one's")

// load fills empty folds from the snapshot on the disk. After an error they are of
// no use; the error says why the snapshot is none of theirs.
func (f *folds) load(ctx context.Context, disk Disk, code [32]byte, command func(string) any) (err error) {
	base, drop, err := openBase(disk)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, drop.Close())
		}
	}()
	r, err := snapshot.NewReader(io.NewSectionReader(base, 0, endOfFile))
	if err != nil {
		return err
	}
	h := r.Header()
	if err := fits(ctx, f.log, h, code); err != nil {
		return err
	}
	if err := f.read(r, command); err != nil {
		return err
	}
	f.durable, f.position, f.loaded = log.Head{Seq: h.Seq, Position: h.Position}, h.Position, h.Position
	return f.aggregates.records.settle(base, drop)
}

// fits says whether a snapshot is of this log and program. That the commit at its
// position is the same one says that everything before is, too: a log only grows.
func fits(ctx context.Context, l log.Log, h snapshot.Header, code [32]byte) error {
	if h.Code != code {
		return fmt.Errorf("%w: another program wrote it", errForeign)
	}
	id, err := l.Identity(ctx)
	if err != nil {
		return err
	}
	if h.Stream != id.Stream || !h.Created.Equal(id.Created) || h.First != id.First {
		return fmt.Errorf("%w: it is of another log", errForeign)
	}
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	if h.Position > head.Position || h.Seq > head.Seq || (h.Position == head.Position) != (h.Seq == head.Seq) {
		return fmt.Errorf("%w: it is of position %d in block %d, the log ends at position %d in block %d", errForeign, h.Position, h.Seq, head.Position, head.Seq)
	}
	sum, err := commitSum(ctx, l, h.Position)
	if err == nil && sum != h.Commit {
		err = fmt.Errorf("%w: the commit at position %d is another one", errForeign, h.Position)
	}
	return err
}

// read reads every section; each must be there, once.
func (f *folds) read(r *snapshot.Reader, command func(string) any) error {
	left := map[string]func() error{
		metaSection:      func() error { return f.readMeta(r, command) },
		aggregateSection: func() error { return f.aggregates.read(r) },
	}
	for _, s := range f.journal.tables {
		left[s.sectionName()] = func() error { return s.read(r) }
	}
	for {
		name, err := r.Section()
		if err != nil {
			return err
		}
		if name == "" {
			break
		}
		read := left[name]
		if read == nil {
			return fmt.Errorf("%w: section %q", snapshot.ErrDamaged, name)
		}
		delete(left, name)
		if err := read(); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("%w: %d sections are missing", snapshot.ErrDamaged, len(left))
	}
	return nil
}

// read notes where the records lie.
func (a *aggregates) read(r *snapshot.Reader) error {
	counted := false
	return r.Frames(false, func(b []byte, at int64) error {
		if !counted { // the first frame is their number
			n, _ := binary.Uvarint(b)
			a.cold.m, counted = make(map[aggregateKey]record, n), true
			return nil
		}
		for rest := b; len(rest) > 0; {
			n, size := binary.Uvarint(rest)
			if size <= 0 || n < uint64(recordHead) || n > uint64(len(rest)-size) {
				return fmt.Errorf("%w: the records at byte %d", snapshot.ErrDamaged, at)
			}
			begin := at + int64(len(b)-len(rest)+size)
			a.cold.m[aggregateKey(rest[size:size+len(aggregateKey{})])] = record{0, begin, int32(n)}
			rest = rest[size+int(n):]
		}
		return nil
	})
}

// meta is what a snapshot holds besides indexes and aggregates.
type meta struct {
	Recorded time.Time
	Owed     []owedRecord
}

// owedRecord is a reaction that is owed.
type owedRecord struct {
	ID, Suffix, Name string
	Data             []byte // the command's, as JSON
	Effect           bool
	Cause            []byte // a commit of the one event
	Index, Of        int    // where the event stood in its commit
}

var metas = snapshot.Of[meta]()

func (f *folds) meta() ([]byte, error) {
	m := meta{Recorded: f.recorded}
	for _, d := range f.owed.list {
		data, err := json.Marshal(d.command.Data, json.Deterministic(true))
		if err != nil {
			return nil, fmt.Errorf("reaction %q: %w", d.id, err)
		}
		alone := d.cause
		alone.Index, alone.Of = 1, 1
		cause, err := events.Encode(nil, "", events.Commit{Position: alone.Position, Events: []events.Event{alone}})
		if err != nil {
			return nil, fmt.Errorf("reaction %q: %w", d.id, err)
		}
		m.Owed = append(m.Owed, owedRecord{d.id, d.command.Suffix, d.command.Name, data, d.command.Effect != nil, cause, d.cause.Index, d.cause.Of})
	}
	return metas.Append(nil, &m), nil
}

func (f *folds) readMeta(r *snapshot.Reader, command func(string) any) error {
	return r.Frames(true, func(b []byte, _ int64) error {
		var m meta
		if _, err := metas.Read(b, &m, false); err != nil {
			return err
		}
		f.recorded = m.Recorded
		for _, o := range m.Owed {
			d, err := f.debt(&o, command)
			if err != nil {
				return fmt.Errorf("reaction %q: %w", o.ID, err)
			}
			f.owed.owe(d)
		}
		f.journal.Forget(f.journal.Mark())
		return nil
	})
}

// debt makes an owed reaction again from what was kept of it.
func (f *folds) debt(o *owedRecord, command func(string) any) (*debt, error) {
	c, err := events.Decode(o.Cause)
	if err != nil {
		return nil, err
	}
	d := &debt{id: o.ID, cause: c.Events[0], command: SystemCommand{Suffix: o.Suffix, Name: o.Name, Data: command(o.Name)}}
	d.cause.Index, d.cause.Of = o.Index, o.Of
	if d.command.Data == nil {
		return nil, fmt.Errorf("there is no command %s", o.Name)
	}
	if err := json.Unmarshal(o.Data, d.command.Data, strict); err != nil {
		return nil, err
	}
	if !o.Effect {
		return d, nil
	}
	d.command.Effect, err = f.effectOf(d)
	return d, err
}

// effectOf asks the reactions once more for what is to be done outside the log: an
// effect depends on its event alone.
func (f *folds) effectOf(d *debt) (func(context.Context) error, error) {
	for _, r := range f.reactions[d.cause.Name()] {
		commands, err := r.React(f.registry, f.aggregates, &d.cause)
		if err != nil {
			return nil, err
		}
		for _, c := range commands {
			if c.Suffix == d.command.Suffix && c.Name == d.command.Name && c.Effect != nil {
				return c.Effect, nil
			}
		}
	}
	return nil, fmt.Errorf("no reaction has the effect of %s", d.command.Name)
}

// freshOf makes the empty data of a command by its name, nil for none.
func (a *App) freshOf(name string) any {
	if c := a.commands[name]; c != nil {
		return c.New()
	}
	return nil
}
