package verify

import (
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
	commands  map[string]uint64 // position of each command id
	chains    map[string]link   // of each event id
}

// link is what an effect's envelope must continue.
type link struct {
	position    uint64
	correlation string
}

func newEnvelopes() *envelopes {
	return &envelopes{commits: newTally("commits", "events"), causation: newTally("causation", "effects"),
		commands: map[string]uint64{}, chains: map[string]link{}}
}

// reactionPrefix begins the command ids that no client may use.
const reactionPrefix = "~"

func (o *envelopes) commit(c *events.Commit) {
	first := &c.Events[0]
	at, used := o.commands[first.CommandID]
	o.commits.event(!used, first, "its command %q stands already at position %d", first.CommandID, at)
	o.commands[first.CommandID] = c.Position
	o.commits.event(!first.Recorded.Before(o.recorded), first, "recorded at %s, before the commit before it (%s)", first.Recorded, o.recorded)
	o.recorded = first.Recorded
	for i := range c.Events {
		e := &c.Events[i]
		o.commits.event(sameCommand(e, first), e, "its envelope is not that of the commit's first event")
		o.commits.event(e.ID == events.IDOf(e.CommandID, e.Index), e, "its id does not follow from the command %q", e.CommandID)
		o.commits.event(e.Subject == e.Fact.Subject(), e, "its subject %q is not that of its fact, %q", e.Subject, e.Fact.Subject())
		_, twice := o.chains[e.ID]
		o.commits.event(!twice, e, "its id stands twice")
		o.chains[e.ID] = link{c.Position, e.Correlation}
		o.cause(e)
	}
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
		o.causation.event(reaction && e.Causation != "" && e.Role == domain.System, e, "a reaction has a cause and the role system, and nothing else has")
	}
	if reaction {
		o.causation.event(strings.HasPrefix(e.CommandID, reactionPrefix), e, "a reaction whose command id %q any client could use", e.CommandID)
	}
	if e.Causation == "" {
		o.causation.event(e.Correlation == "", e, "it belongs to a chain and has no cause")
		return
	}
	cause, known := o.chains[e.Causation]
	if o.causation.event(known && cause.position < e.Position, e, "its cause %s does not stand before it", e.Causation); !known {
		return
	}
	want := cause.correlation
	if want == "" {
		want = e.Causation
	}
	o.causation.event(e.Correlation == want, e, "its chain is %q, that of its cause %q", e.Correlation, want)
}

func (o *envelopes) end() {}

func (o *envelopes) tallies() []*tally { return []*tally{o.commits, o.causation} }
