package app

import (
	"time"

	"zhitong/domain"
	"zhitong/events"
)

// Unit is the unit of work of one command: the handler reads aggregates and
// registries through it and emits facts into it. Facts are folded only after the
// handler has returned without a refusal, so a handler never sees its own facts,
// and a refused command leaves no trace. It belongs to the committer's goroutine.
type Unit struct {
	// By says who sends the command and when it is claimed to have happened.
	By domain.By
	// Now is the recording clock, read once for the command.
	Now time.Time
	// Recorded is when the log was last written, as it says.
	Recorded time.Time
	// CommandID is the command's id; Device is set for entries made offline.
	CommandID string
	Device    *events.Device
	// Registries are the folds across aggregates.
	Registries *Registries

	states States
	sealer Sealer
	facts  []domain.Fact
	repeat *Repeat
}

// States hands out folded aggregates. Get returns the state of ref, folded up to
// the present (also over commits in flight), or a new empty one made by fresh if
// the log holds nothing of it. Handlers only read it.
type States interface {
	Get(ref domain.Ref, fresh func() domain.Aggregate) (domain.Aggregate, error)
}

// Sealer encrypts personal values for the event with the given id.
type Sealer interface {
	Seal(person domain.Ref, eventID, path string, value domain.Personal) (domain.Sealed, error)
	Tag(value domain.Personal) (domain.Tag, error)
}

// Repeat says that the command repeats, in the field's own terms, one that was
// done before (the same waybill again): the reply is the original one and nothing
// new is recorded.
type Repeat struct{ Position uint64 }

// Emit adds facts to the command's commit, in order.
func (u *Unit) Emit(facts ...domain.Fact) { u.facts = append(u.facts, facts...) }

// RepeatOf ends the command as a repeat of the commit at position.
func (u *Unit) RepeatOf(position uint64) { u.repeat = &Repeat{position} }

// NextEventID is the id of the event that the next emitted fact will be in: what a
// personal field of it is sealed for.
func (u *Unit) NextEventID() string { return events.IDOf(u.CommandID, len(u.facts)+1) }

// Seal encrypts a personal value for the next emitted fact; path is the field's
// path in the fact, e.g. "payee.bank".
func (u *Unit) Seal(person domain.Ref, path string, value domain.Personal) (domain.Sealed, error) {
	return u.sealer.Seal(person, u.NextEventID(), path, value)
}

// Tag returns the keyed fingerprint of a personal value.
func (u *Unit) Tag(value domain.Personal) (domain.Tag, error) { return u.sealer.Tag(value) }

// load reads the state of ref; S is a pointer type whose fresh value is made by
// fresh. An error is a fault of the log, never a missing aggregate.
func load[S domain.Aggregate](u *Unit, ref domain.Ref, fresh func() S) (S, error) {
	a, err := u.states.Get(ref, func() domain.Aggregate { return fresh() })
	if err != nil {
		var none S
		return none, err
	}
	return a.(S), nil
}
