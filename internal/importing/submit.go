package importing

import "context"

// Result is the answer to one command.
type Result struct {
	OK     bool
	New    bool // something was recorded; false when it was a repeat
	Code   string
	Field  string // as in a problem: "lines[1].quantity"
	Value  string
	Detail string
}

// Submitter takes commands. Submit is called from one goroutine and may block
// while too much is on its way.
type Submitter interface {
	Submit(ctx context.Context, c Command) Pending
}

// Pending is a command on its way.
type Pending interface {
	// Wait returns the answer; a refusal by a rule is one. The error is for
	// everything else, and ends the import: it can be run again.
	Wait(ctx context.Context) (Result, error)
}

// Rehearser decides commands on top of each other and of the log as it is, and
// records nothing. It returns one result for each command, in order. A refused
// command leaves no trace in the rehearsal; those before it stay.
type Rehearser interface {
	Rehearse(ctx context.Context, commands []Command) ([]Result, error)
}
