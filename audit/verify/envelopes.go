package verify

import (
	"strconv"
	"strings"
	"time"

	"zhitong/domain"
	"zhitong/events"
)

// envelopes checks that commits are commands and that effects have causes.
type envelopes struct {
	commits   *tally
	causation *tally
	recorded  time.Time
	seen      map[commandMark]chain
	id        []byte // scratch
}

// commandMark is what the ids of a command's events begin with. Since it is made of
// the command's id, it stands for it.
type commandMark = [16]byte

// chain is what an effect's envelope must continue.
type chain struct {
	position    uint64
	events      int
	correlation eventMark // of the zero mark: it began by itself
}

// eventMark is an event's id, in less memory than its text.
type eventMark struct {
	command commandMark
	index   int
}

// markOf reads an event's id; false for what can't be one.
func markOf(id string) (m eventMark, ok bool) {
	const digits = 2 * len(commandMark{})
	if len(id) < digits+2 || id[digits] != '-' || id[digits+1] < '1' || id[digits+1] > '9' {
		return m, false
	}
	for i := range m.command {
		hi, lo := hexDigit(id[2*i]), hexDigit(id[2*i+1])
		if hi > 15 || lo > 15 {
			return m, false
		}
		m.command[i] = hi<<4 | lo
	}
	n, err := strconv.Atoi(id[digits+1:])
	m.index = n
	return m, err == nil && n > 0
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

func newEnvelopes() *envelopes {
	return &envelopes{commits: newTally("commits", "events"), causation: newTally("causation", "effects"), seen: map[commandMark]chain{}}
}

// reactionPrefix begins the command ids that no client may use.
const reactionPrefix = "~"

func (o *envelopes) commit(c *events.Commit) {
	first := &c.Events[0]
	mark := events.MarkOf(first.CommandID)
	before, used := o.seen[mark]
	if o.commits.fails(!used) {
		o.commits.wrong(first, "its command %q stands already at position %d", first.CommandID, before.position)
	}
	if o.commits.fails(!first.Recorded.Before(o.recorded)) {
		o.commits.wrong(first, "recorded at %s, before the commit before it (%s)", first.Recorded, o.recorded)
	}
	o.recorded = first.Recorded
	correlation, _ := markOf(first.Correlation)
	for i := range c.Events {
		e := &c.Events[i]
		if o.commits.fails(sameCommand(e, first)) {
			o.commits.wrong(e, "its envelope is not that of the commit's first event")
		}
		o.id = events.AppendID(o.id[:0], mark, e.Index)
		if o.commits.fails(e.ID == string(o.id)) {
			o.commits.wrong(e, "its id does not follow from the command %q", e.CommandID)
		}
		o.cause(e)
	}
	o.seen[mark] = chain{c.Position, len(c.Events), correlation}
}

// sameCommand reports whether two events of one commit come from one command.
func sameCommand(a, b *events.Event) bool {
	return a.CommandID == b.CommandID && a.CommandHash == b.CommandHash && a.Actor == b.Actor && a.Role == b.Role &&
		a.Principal == b.Principal && a.Via == b.Via && a.Recorded.Equal(b.Recorded) && a.Time.String() == b.Time.String() &&
		a.Correlation == b.Correlation && a.Causation == b.Causation
}

func (o *envelopes) cause(e *events.Event) {
	reaction := e.Via == events.ViaReaction
	if reaction || e.Causation != "" || e.Role == domain.System {
		if o.causation.fails(reaction && e.Causation != "" && e.Role == domain.System) {
			o.causation.wrong(e, "a reaction has a cause and the role system, and nothing else has")
		}
	}
	if reaction {
		if o.causation.fails(strings.HasPrefix(e.CommandID, reactionPrefix)) {
			o.causation.wrong(e, "a reaction whose command id %q any client could use", e.CommandID)
		}
	}
	if e.Causation == "" {
		if o.causation.fails(e.Correlation == "") {
			o.causation.wrong(e, "it belongs to a chain and has no cause")
		}
		return
	}
	m, ok := markOf(e.Causation)
	cause, known := o.seen[m.command]
	known = known && ok && m.index <= cause.events
	if o.causation.fails(known) {
		o.causation.wrong(e, "its cause %s does not stand before it", e.Causation)
		return
	}
	want := cause.correlation
	if want == (eventMark{}) {
		want = m
	}
	if got, _ := markOf(e.Correlation); o.causation.fails(got == want) {
		o.causation.wrong(e, "its chain is %q, that of its cause another", e.Correlation)
	}
}

func (o *envelopes) end() {}

func (o *envelopes) tallies() []*tally { return []*tally{o.commits, o.causation} }
