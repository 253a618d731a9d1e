package app

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
)

// Envelope is a command as it arrives, before its data is looked at.
type Envelope struct {
	ID      string         // chosen by the client, unique in the programme
	Command string         // e.g. "order.submit"
	Actor   domain.ID      //
	Role    domain.Role    //
	Time    domain.Time    // claimed
	Data    jsontext.Value // the raw JSON object, with device if the entry was made offline

	Principal string     // the account that was authenticated; "" on the command line
	Via       events.Via // the way it came

	// HoldGap holds an entry of a device back with [CodeGap] while the device's entry
	// before is missing.
	HoldGap bool
}

// CodeGap is the code of an entry that was held back. It is no refusal: nothing is
// recorded of it, and it may come again.
const CodeGap = "device.gap"

// Result is the answer to a command. Its JSON is a line of `zhitong apply`.
type Result struct {
	ID      string          `json:"id"`
	OK      bool            `json:"ok"`
	Events  []EventRef      `json:"events,omitempty"`
	Problem *domain.Problem `json:"problem,omitempty"`

	// Repeated says that nothing was recorded since the command, or in the field's
	// own terms the same thing, had been done before.
	Repeated bool `json:"-"`
	// Position is the commit's position; 0 for a refusal or a dry run.
	Position uint64 `json:"-"`
}

// EventRef names an event of a reply.
type EventRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Seq  uint64 `json:"seq"` // the commit's position
}

// Pending is a command on its way. Answers come in the order of submission for
// commands of one goroutine, and only once they are durable.
type Pending struct {
	done    chan struct{}
	result  Result
	err     error
	repeat  uint64   // the position whose events are the reply; 0 for none
	repeats *repeats // where they are read

	answered func(*Result, error) // told once; nil for a dry run, or when nobody asks
}

// Wait returns the command's answer. An error means that the outcome is not a
// decision: the log is out of reach or ctx ended; sending the command again is
// always safe.
func (p *Pending) Wait(ctx context.Context) (Result, error) {
	r, err := p.Answer(ctx)
	if err == nil && p.repeat > 0 {
		return p.original(ctx)
	}
	return r, err
}

// Answer is [Pending.Wait] without the events of the reply to a repeat, for callers
// who do not need them: it reads nothing.
func (p *Pending) Answer(ctx context.Context) (Result, error) {
	select {
	case <-p.done:
		return p.result, p.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// original answers with the events of the commit that the command repeats.
func (p *Pending) original(ctx context.Context) (Result, error) {
	r := p.result
	var err error
	r.Events, err = p.repeats.reply(ctx, p.repeat)
	r.Position = p.repeat
	return r, err
}

// refs names the events of a commit.
func refs(c *events.Commit) []EventRef {
	list := make([]EventRef, len(c.Events))
	for i := range c.Events {
		list[i] = EventRef{c.Events[i].ID, events.TypeOf(c.Events[i].Fact), c.Position}
	}
	return list
}

func (p *Pending) fail(err error) {
	p.err = err
	p.tell()
	close(p.done)
}

func (p *Pending) tell() {
	if p.answered != nil {
		p.answered(&p.result, p.err)
	}
}

func (p *Pending) finish(r Result, repeat uint64, from *repeats) {
	p.result, p.repeat, p.repeats = r, repeat, from
	p.tell()
	close(p.done)
}
