package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/events"
)

// Until says where a restore ends: at a position, or with the last commit recorded at
// or before an instant. The zero Until is everything.
type Until struct {
	Position uint64
	Time     time.Time
}

// IsZero reports whether everything is wanted.
func (u Until) IsZero() bool { return u == Until{} }

// ErrNotThere says that a restore is to end where the copy has nothing.
var ErrNotThere = errors.New("the copy does not reach there")

// Options of a check.
type Options struct {
	// Verifiers are the public keys to trust; nil for those in the backup.
	Verifiers note.Verifiers
	// Since are signed checkpoints that somebody has kept elsewhere, by name of the
	// file.
	Since map[string][]byte
	// Until is where a restore will end.
	Until Until
}

// Compared is a checkpoint held against the copy.
type Compared struct {
	Name string // of its file; "" for the copy's own
	checkpoint.Signed
	// Missing is how many of the commits that it covers are not restored. Those that
	// are, are exactly the ones it covers only where the copy reaches it.
	Missing uint64
	// Reached reports whether the copy has everything that it covers, so that its root
	// was compared.
	Reached bool
}

// Checked is what a check found of a copy that is whole.
type Checked struct {
	// To is the last position to restore; Event and Recorded are its last event.
	To       uint64
	Event    string
	Recorded time.Time
	// Own is the copy's own checkpoint, Since those that were brought, by name.
	Own   Compared
	Since []Compared
	// Erased are the parties whose erasure the copy asks for anywhere, also behind To:
	// their keys must not come back. Later are those of them whose request is behind To.
	Erased, Later []domain.ID
}

// DiffersError says that a copy is not what was signed.
type DiffersError struct {
	Name string // of the checkpoint's file; "" for one in the copy
	Size uint64
}

func (e *DiffersError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("the commits do not give the root that was signed for position %d", e.Size)
	}
	return fmt.Sprintf("%s: the commits do not give the root that it signs for position %d: one of the two is another history", e.Name, e.Size)
}

// check is one run of [Backup.Check].
type check struct {
	b     *Backup
	o     Options
	found Checked
	edge  merkle.Edge
	marks []mark
}

// mark is a root that the tree must have at a size.
type mark struct {
	name string
	checkpoint.Checkpoint
}

// Check reads everything: each part against the manifest, the commits against every
// signed checkpoint in the backup and those that were brought. It returns a
// *DamagedError, a *DiffersError, or ErrNotThere for an end that the backup has not.
func (b *Backup) Check(ctx context.Context, o Options) (Checked, error) {
	c := &check{b: b, o: o}
	err := b.rest()
	if err == nil {
		err = c.readMarks()
	}
	if err == nil {
		err = c.fold(ctx)
	}
	return c.found, err
}

// readMarks reads the checkpoints.
func (c *check) readMarks() error {
	keys, err := c.b.VKeys()
	if err != nil {
		return err
	}
	if c.o.Verifiers == nil {
		if c.o.Verifiers, err = checkpoint.Verifiers(keys); err != nil {
			return damaged(vkeysName, "%v", err)
		}
	}
	own, err := c.b.Checkpoint()
	if err != nil {
		return err
	}
	if c.found.Own.Signed, err = checkpoint.Open(own, c.o.Verifiers); err != nil {
		return damaged(checkpointName, "%v", err)
	}
	if size := c.found.Own.Size; size != c.b.Position {
		return damaged(checkpointName, "it covers position %d, the backup ends at %d", size, c.b.Position)
	}
	kept, err := c.b.Checkpoints()
	if err != nil {
		return err
	}
	list, whole := tree.SplitCheckpoints(kept)
	if whole != len(kept) {
		return damaged(checkpointsDir, "the last checkpoint is cut short")
	}
	for _, n := range append(list, own) {
		p, err := checkpoint.Peek(n)
		if err != nil {
			return damaged(checkpointsDir, "%v", err)
		}
		c.marks = append(c.marks, mark{"", p})
	}
	return c.readBrought()
}

func (c *check) readBrought() error {
	names := make([]string, 0, len(c.o.Since))
	for name := range c.o.Since {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s, err := checkpoint.Open(c.o.Since[name], c.o.Verifiers)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.found.Since = append(c.found.Since, Compared{Name: name, Signed: s, Reached: s.Size <= c.b.Position})
		c.marks = append(c.marks, mark{name, s.Checkpoint})
	}
	slices.SortStableFunc(c.marks, func(a, b mark) int { return compareSizes(a.Size, b.Size) })
	return nil
}

func compareSizes(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// fold reads the log.
func (c *check) fold(ctx context.Context) error {
	if c.o.Until.Position > c.b.Position {
		return fmt.Errorf("position %d: %w: it ends at position %d", c.o.Until.Position, ErrNotThere, c.b.Position)
	}
	f := finder{until: c.o.Until}
	for i, p := range c.b.Parts {
		if p.First == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := c.b.members[i].read(c.b.file, c.b.size)
		if err != nil {
			return err
		}
		f.whole(p)
		var last []byte
		err = lines(p, data, func(position uint64, commit []byte) error {
			last = commit
			if err := c.add(commit); err != nil {
				return err
			}
			return f.commit(position, commit)
		})
		if err != nil {
			return err
		}
		if recorded, err := recordedOf(p.Last, last); err != nil || !recorded.Equal(p.Recorded) {
			return damaged(p.Name, "its last commit is not the one that the manifest describes")
		}
	}
	if f.to == 0 {
		return fmt.Errorf("%s: %w: its first commit was recorded later", c.o.Until.Time.Format(time.RFC3339Nano), ErrNotThere)
	}
	return c.conclude(&f)
}

// add hashes a commit and compares the roots that were signed for this size.
func (c *check) add(commit []byte) error {
	if err := c.edge.Append(merkle.Leaf(commit), fullTile); err != nil {
		return err
	}
	for ; len(c.marks) > 0 && c.marks[0].Size <= c.edge.Size(); c.marks = c.marks[1:] {
		if m := c.marks[0]; m.Size == c.edge.Size() && m.Root != c.edge.Root() {
			return &DiffersError{m.name, m.Size}
		}
	}
	return nil
}

func (c *check) conclude(f *finder) error {
	c.found.To = f.to
	last, err := events.Decode(f.last)
	if err != nil {
		return fmt.Errorf("position %d: %w", f.to, err)
	}
	end := &last.Events[len(last.Events)-1]
	c.found.Event, c.found.Recorded = end.ID, end.Recorded
	c.found.Own.Reached = true
	c.found.Own.Missing = c.found.Own.Size - f.to
	for i := range c.found.Since {
		if s := &c.found.Since[i]; s.Size > f.to {
			s.Missing = s.Size - f.to
		}
	}
	for _, e := range f.erased {
		c.found.Erased = append(c.found.Erased, e.party)
		if e.position > f.to {
			c.found.Later = append(c.found.Later, e.party)
		}
	}
	return nil
}

// finder finds where to end and who is erased, commit after commit.
type finder struct {
	until  Until
	to     uint64
	last   []byte // the commit at to
	inside bool   // the part being read is before the end as a whole
	erased []erasure
}

type erasure struct {
	party    domain.ID
	position uint64
}

// whole says that a part follows: where all of it was recorded in time, its commits
// need not be decoded.
func (f *finder) whole(p Part) {
	f.inside = f.until.Time.IsZero() || !p.Recorded.IsZero() && !p.Recorded.After(f.until.Time)
}

var erasing = []byte(`"type":"` + events.TypePrefix + party.ErasureRequested{}.FactName() + ".v")

func (f *finder) commit(position uint64, commit []byte) error {
	if bytes.Contains(commit, erasing) {
		c, err := events.Decode(commit)
		if err != nil {
			return fmt.Errorf("position %d: %w", position, err)
		}
		for i := range c.Events {
			if r, ok := c.Events[i].Fact.(party.ErasureRequested); ok {
				f.erased = append(f.erased, erasure{r.PartyID, position})
			}
		}
	}
	if f.until.Position > 0 && position > f.until.Position || position != f.to+1 {
		return nil
	}
	if !f.inside {
		recorded, err := recordedOf(position, commit)
		if err != nil || recorded.After(f.until.Time) {
			return err
		}
	}
	f.to, f.last = position, append(f.last[:0], commit...)
	return nil
}
