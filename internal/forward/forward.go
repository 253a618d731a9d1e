// Package forward hands the commands of a cluster's processes to the one that holds
// the lease, so that they do not write the same head against each other.
//
// It owns the way there and back over NATS, and what happens when the other process
// does not answer. It refuses to matter for safety: whoever decides appends on the
// head that it decided on, and a command that two processes decide is recorded once,
// by its id. What it carries is in clear on the connection and stored nowhere, so in
// a cluster the connection is encrypted. Start at [Open] and [Serve].
package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/internal/app"
	"zhitong/internal/lease"
)

const (
	// answerMax is how long the other process may take for an answer before this
	// one decides the command.
	answerMax = 4 * time.Second
	// lookEvery is the pace of looking for requests that were not answered.
	lookEvery = answerMax / 8
	// silentFor is how long a process that has not answered is not asked again.
	silentFor = 5 * time.Second
	// inFlightMax bounds the commands that have been handed over; more wait.
	inFlightMax = 4096
)

// errNoAnswer says that the process that decides did not answer.
var errNoAnswer = errors.New("forward: the process that decides commands does not answer")

// subject is where a process takes the commands of others.
func subject(stream, holder string) string { return "zt.commands." + stream + "." + holder }

// Forwarder hands commands over. It implements [app.Elsewhere].
type Forwarder struct {
	nc     *nats.Conn
	lease  *lease.Lease
	stream string
	inbox  string
	places chan struct{}

	mu      sync.Mutex
	next    uint64            // guarded by mu; the last request's number
	waiting map[uint64]waiter // guarded by mu
	silent  string            // guarded by mu; a holder that has not answered
	until   time.Time         // guarded by mu; when it is asked again
	ended   bool              // guarded by mu
}

// waiter is a command that has been handed over.
type waiter struct {
	done func(app.Result, error)
	sent time.Time
}

// Open returns a Forwarder that follows the lease. It works while Run does.
func Open(nc *nats.Conn, l *lease.Lease, stream string) *Forwarder {
	return &Forwarder{nc: nc, lease: l, stream: stream, inbox: nc.NewInbox(),
		places: make(chan struct{}, inFlightMax), waiting: make(map[uint64]waiter)}
}

// Decide implements [app.Elsewhere].
func (f *Forwarder) Decide(env app.Envelope, done func(app.Result, error)) bool {
	holder := f.lease.Holder()
	if holder == "" || f.lease.Held() {
		return false
	}
	payload, err := encodeRequest(env)
	if err != nil {
		return false // no JSON: the refusal needs no other process
	}
	f.places <- struct{}{}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || holder == f.silent && time.Now().Before(f.until) {
		<-f.places
		return false
	}
	f.next++
	answerTo := f.inbox + "." + strconv.FormatUint(f.next, 10)
	if err := f.nc.PublishRequest(subject(f.stream, holder), answerTo, payload); err != nil {
		<-f.places
		return false
	}
	f.waiting[f.next] = waiter{done, time.Now()}
	return true
}

// Run takes the answers until ctx ends. Then what is not answered is decided here.
func (f *Forwarder) Run(ctx context.Context) error {
	sub, err := f.nc.Subscribe(f.inbox+".*", f.answered)
	if err != nil {
		return fmt.Errorf("forward: %w", err)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			f.giveUp(now.Add(-answerMax))
		case <-ctx.Done():
			f.end()
			if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
				return fmt.Errorf("forward: %w", err)
			}
			return nil
		}
	}
}

// end lets no more commands be handed over, and has the rest decided here.
func (f *Forwarder) end() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.giveUp(time.Now())
}

// answered takes an answer. A broker that knows nobody at the subject says so with
// an empty one.
func (f *Forwarder) answered(m *nats.Msg) {
	if m.Header.Get("Status") != "" {
		f.giveUp(time.Now())
		return
	}
	number, err := strconv.ParseUint(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], 10, 64)
	if err != nil {
		return
	}
	result, err := decodeReply(m.Data)
	f.mu.Lock()
	w, ok := f.waiting[number]
	if ok && err == nil {
		delete(f.waiting, number)
	}
	f.mu.Unlock()
	switch {
	case !ok: // it has been decided here meanwhile
	case err != nil:
		f.giveUp(time.Now())
	default:
		<-f.places
		w.done(result, nil)
	}
}

// giveUp has everything that waits decided here, in order, when one request from
// before then has not been answered. The holder is left alone for a while.
func (f *Forwarder) giveUp(then time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock() // whoever comes meanwhile must not overtake
	late := false
	for _, w := range f.waiting {
		late = late || !w.sent.After(then)
	}
	if !late {
		return
	}
	f.silent, f.until = f.lease.Holder(), time.Now().Add(silentFor)
	numbers := make([]uint64, 0, len(f.waiting))
	for n := range f.waiting {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		w := f.waiting[n]
		delete(f.waiting, n)
		<-f.places
		w.done(app.Result{}, errNoAnswer)
	}
}
