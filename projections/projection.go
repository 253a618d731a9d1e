package projections

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"

	"zhitong/events"
)

// Projection is a fold with the tables that it fills.
type Projection struct {
	Name    string // of the folder, e.g. "sales"
	Version int    // from 1; a new meaning takes a new one
	Tables  []AnyTable
	// Fold changes the tables by one event; see the package's rules of a fold.
	Fold func(db *DB, e *events.Event) error
}

// AnyTable is a [Table] of whatever key and row.
type AnyTable interface {
	Schema() *Schema
	newRows(*DB) store
}

// ID is the projection's name with its version, e.g. "v1_sales".
func (p *Projection) ID() string { return fmt.Sprintf("v%d_%s", p.Version, p.Name) }

// Declaration is a fingerprint of the projection's name, version and tables: rows
// kept elsewhere are these tables' only as long as it is the same.
func (p *Projection) Declaration() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", p.ID())
	for _, t := range p.Tables {
		s := t.Schema()
		fmt.Fprintf(h, "%s %t %d\n", s.Name, s.Public, s.KeyLen)
		for _, c := range s.Columns {
			fmt.Fprintf(h, "\t%s %s %d %t %t\n", c.Name, c.Type, c.Places, c.Key, c.Nullable)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Views returns the public tables.
func (p *Projection) Views() []*Schema {
	var vs []*Schema
	for _, t := range p.Tables {
		if t.Schema().Public {
			vs = append(vs, t.Schema())
		}
	}
	return vs
}

var projectionName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

// Check refuses projections that can't be folded side by side: a name that is not
// one, two of one name and version, a view in two projections.
func Check(ps []Projection) error {
	ids, owners := map[string]bool{}, map[string]string{}
	for i := range ps {
		p := &ps[i]
		if !projectionName.MatchString(p.Name) || p.Version < 1 || p.Fold == nil || len(p.Tables) == 0 {
			return fmt.Errorf("projection %q version %d: a name, a version from 1, tables and a fold are needed", p.Name, p.Version)
		}
		if ids[p.ID()] {
			return fmt.Errorf("projection %q version %d: declared twice", p.Name, p.Version)
		}
		ids[p.ID()] = true
		tables := map[string]bool{}
		for _, t := range p.Tables {
			s := t.Schema()
			if tables[s.Name] {
				return fmt.Errorf("projection %q: table %q twice", p.Name, s.Name)
			}
			tables[s.Name] = true
			if owner, taken := owners[s.Name]; s.Public && taken && owner != p.Name {
				return fmt.Errorf("view %q is in projections %q and %q", s.Name, owner, p.Name)
			}
			if s.Public {
				owners[s.Name] = p.Name
			}
		}
	}
	return nil
}

// FoldError says that a projection could not fold an event, or could not write
// what it made of it.
type FoldError struct {
	Projection string
	Position   uint64
	EventID    string
	EventName  string
	Err        error
}

// Error names the projection, the event and the cause.
func (e *FoldError) Error() string {
	return fmt.Sprintf("projection %q: event %s (%s) at position %d: %v", e.Projection, e.EventID, e.EventName, e.Position, e.Err)
}

// Unwrap returns the cause.
func (e *FoldError) Unwrap() error { return e.Err }

// Apply folds the events of one commit into db. The error is a [*FoldError] when
// the fold refused or panicked: db then holds a part of the commit and must be
// [DB.Reset]. Any other error is the database's: nothing is known of the fold.
func (p *Projection) Apply(db *DB, c *events.Commit) error {
	for i := range c.Events {
		e := &c.Events[i]
		err := p.applyOne(db, e)
		if db.failed != nil {
			return fmt.Errorf("projection %q: %w", p.Name, db.failed)
		}
		if err != nil {
			return &FoldError{Projection: p.Name, Position: c.Position, EventID: e.ID, EventName: e.Name(), Err: err}
		}
	}
	return nil
}

func (p *Projection) applyOne(db *DB, e *events.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{r, debug.Stack()}
		}
	}()
	return p.Fold(db, e)
}

// panicError is a panic of a fold.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// StackOf returns the stack of the panic that err came from, or nil.
func StackOf(err error) []byte {
	var p *panicError
	if errors.As(err, &p) {
		return p.stack
	}
	return nil
}
