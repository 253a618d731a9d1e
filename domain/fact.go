package domain

import "strings"

// Fact is what an event says: a past, immutable fact in the field's words. Its
// stored form (name, version, JSON) is the business of package events.
type Fact interface {
	// FactName is the fact's name, e.g. "order.submitted".
	FactName() string
	// Subject is the aggregate that the fact belongs to.
	Subject() Ref
}

// Aggregate folds the facts of one subject. Apply holds no rules: a stored fact
// is never refused. A fact that it does not know is a programmer's error: [Unknown].
type Aggregate interface {
	Apply(Fact)
}

// Unknown is what Apply does with a fact that is not one of its aggregate's: it
// panics, since a catalogue that decodes the fact and an aggregate that does not
// know it are one program.
func Unknown(f Fact) { panic("domain: " + f.Subject().Kind + " does not know " + f.FactName()) }

// Ref names an aggregate.
type Ref struct {
	Kind string // "order", "shipment", …
	ID   ID
}

// String is the event's subject: kind, a slash, and the id as written. It is
// reversible since no kind holds a slash.
func (r Ref) String() string { return r.Kind + "/" + string(r.ID) }

// ParseRef reads what [Ref.String] wrote.
func ParseRef(s string) (Ref, bool) {
	kind, id, ok := strings.Cut(s, "/")
	return Ref{kind, ID(id)}, ok && kind != "" && id != ""
}

// By says who sends a command and when: it is passed to deciders, and its claimed
// time stands in the events.
type By struct {
	Actor ID
	Role  Role
	Time  Time // claimed: when it happened in the world
}

// MayActFor reports whether by may act for party as far as role is concerned: who
// comes in that role is the party itself, so the actor must be the party; who
// comes in another role is not held by this rule.
func (by By) MayActFor(role Role, party ID) bool {
	return by.Role != role || by.Actor == party
}

// Role is what an actor acts as.
type Role string

// The roles.
const (
	Cooperative Role = "cooperative"
	Buyer       Role = "buyer"
	Carrier     Role = "carrier"
	Dispatcher  Role = "dispatcher"
	Officer     Role = "officer"
	Finance     Role = "finance"
	Auditor     Role = "auditor"
	Funder      Role = "funder"
	Operator    Role = "operator"
	System      Role = "system" // reactions only; no client can be it
)

// Roles lists every role in the order of the documentation.
var Roles = [...]Role{Cooperative, Buyer, Carrier, Dispatcher, Officer, Finance, Auditor, Funder, Operator, System}

// Known reports whether r is one of [Roles].
func (r Role) Known() bool {
	for _, k := range Roles {
		if r == k {
			return true
		}
	}
	return false
}
