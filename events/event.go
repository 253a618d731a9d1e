package events

import (
	"time"

	"zhitong/domain"
)

// Event is one fact with its envelope, as folds and rules see it. The stored form
// is written by [Encode] and read by [Decode].
type Event struct {
	ID      string      // unique; derived from the command id and the event's place: [IDOf]
	Subject domain.Ref  // the aggregate
	Time    domain.Time // claimed: when it happened in the world
	Fact    domain.Fact // never nil

	Recorded    time.Time   // set by the committer, never decreasing along the log
	Actor       domain.ID   // who
	Role        domain.Role // as what
	Principal   string      // the account that was authenticated; "" where there was none
	Via         Via         // the way it came
	CommandID   string      // unique in the programme
	CommandHash string      // hex SHA-256 of the command's canonical content
	Correlation string      // id of the event that began the chain; "" for the first
	Causation   string      // id of the event that this one reacts to; "" for none
	Device      *Device     // for entries made offline

	Position uint64 // of the commit
	Index    int    // place in the commit, 1-based
	Of       int    // number of events of the commit
}

// Name is the fact's name, e.g. "order.submitted".
func (e *Event) Name() string { return e.Fact.FactName() }

// Month is the Shanghai month of the claimed time, YYYY-MM.
func (e *Event) Month() string { return e.Time.Day().Month() }

// Commit is the facts of one command: 1…n events of one position, whole or absent.
type Commit struct {
	Position uint64
	Events   []Event
}

// Device says on which device an entry was made, and when by its own clock.
type Device struct {
	ID       domain.ID   `json:"id"`
	Seq      int64       `json:"seq"`
	Zone     string      `json:"zone,omitzero"`
	Time     domain.Time `json:"time,omitzero"`
	Replaces string      `json:"replaces,omitzero"` // command id of the refused entry that this one replaces
}

// Via is the way by which a command came.
type Via string

// The ways.
const (
	ViaAPI      Via = "api"
	ViaPage     Via = "page"
	ViaCLI      Via = "cli"
	ViaImport   Via = "import"
	ViaReaction Via = "reaction"
)
