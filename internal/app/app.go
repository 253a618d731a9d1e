package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
)

// Limits of the committer.
const (
	// queueMax is the number of commands that wait to be decided; who comes later
	// waits in Submit, and only for a moment in Offer.
	queueMax = 4096
	// offerWaitMax is how long Offer waits for a place in the queue: several blocks'
	// time.
	offerWaitMax = 500 * time.Millisecond
	// decideAttemptsMax bounds how often a command is decided again because another
	// process wrote first.
	decideAttemptsMax = 1000
	// AheadMax is how far a claimed time, or the log's last recording, may be ahead
	// of the clock.
	AheadMax = 5 * time.Minute
	// owedAfter is how old a reaction of another process must be before this one
	// carries it out: its process has had the time to do so.
	owedAfter = 10 * time.Second
	// drainMax is how long the end waits for an effect that is under way.
	drainMax = 10 * time.Second
)

// ErrStopped says that the application has been told to end; the command was not
// recorded, or is unknown to have been.
var ErrStopped = errors.New("app: stopped")

// ErrBusy says that more commands wait than there is room for. The command was not
// recorded; sending it again in a moment is safe, as always.
var ErrBusy = errors.New("app: too many commands wait; try again in a moment")

// Options make an App. Every field but Clock and Snapshots is required.
type Options struct {
	Log       log.Log
	Ring      *keys.Ring
	Commands  []Command
	Reactions []Reaction
	// Kinds makes the empty state of each kind of aggregate that has one.
	Kinds map[string]func() domain.Aggregate
	// Allowed is the one table of roles: nil, or why not.
	Allowed func(command string, role domain.Role) *domain.Problem
	// Clock is read once a command. Defaults to time.Now.
	Clock func() time.Time
	// Snapshots say where the folds are kept between two runs. Defaults to nowhere.
	Snapshots Snapshots
	// Elsewhere is where another process of a cluster may decide. Defaults to none.
	Elsewhere Elsewhere
}

// App is where commands meet the log: it decides them one after the other on top
// of everything before, appends what they say, and carries out what follows from
// it. Submit may be called from any goroutine; the rest happens in Run.
type App struct {
	log      log.Log
	ring     *keys.Ring
	commands map[string]*Command
	allowed  func(string, domain.Role) *domain.Problem
	clock    func() time.Time
	source   string

	elsewhere Elsewhere
	lastHere  atomic.Pointer[Pending] // kept only where there is an elsewhere

	repeats repeats
	head    atomic.Pointer[log.Head]
	queue   chan *submission
	stopped chan struct{} // closed when Run has ended
	stop    sync.Once

	c *committer // used by Run's goroutine only
}

// Open folds the log and returns an App that waits for Run.
func Open(ctx context.Context, o Options) (*App, error) {
	id, err := o.Log.Identity(ctx)
	if err != nil {
		return nil, err
	}
	a := &App{log: o.Log, ring: o.Ring, allowed: o.Allowed, clock: o.Clock, source: events.SourceOf(id.Stream),
		commands: make(map[string]*Command), queue: make(chan *submission, queueMax), stopped: make(chan struct{}), elsewhere: o.Elsewhere}
	if a.clock == nil {
		a.clock = time.Now
	}
	for i := range o.Commands {
		a.commands[o.Commands[i].Name] = &o.Commands[i]
	}
	f, err := a.fold(ctx, &o)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	a.forgetErased(f.registry)
	a.c = newCommitter(a, f, o.Snapshots)
	head := f.durable
	a.head.Store(&head)
	a.repeats = repeats{log: o.Log, head: a.Head}
	return a, nil
}

// fold makes the folds: from the snapshot, if there is one that fits, and the log's
// tail behind it.
func (a *App) fold(ctx context.Context, o *Options) (*folds, error) {
	fresh := func() *folds { return newFolds(o.Log, o.Ring.Forget, o.Kinds, append(o.Reactions, a.erasure())) }
	f := fresh()
	if disk := o.Snapshots.Disk; disk != nil {
		err := f.load(ctx, disk, o.Snapshots.Code, a.freshOf)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				slog.Warn("the snapshot of the folds is not used; the whole log is read instead", "error", err)
			}
			f = fresh()
		}
	}
	if err := f.catchUp(ctx); err != nil {
		return nil, err
	}
	if f.position-f.loaded > SnapshotEvery {
		debug.FreeOSMemory() // what much reading has left behind is not needed again
	}
	return f, nil
}

// Head is the last head that this App has seen to be durable.
func (a *App) Head() log.Head { return *a.head.Load() }

// Submit hands over a command. It waits only for a place in the queue; the answer
// is the Pending's. Commands of one goroutine are decided in the order in which it
// submits them, and each with its reactions before the next.
func (a *App) Submit(ctx context.Context, env Envelope) *Pending {
	return a.submit(ctx, env, nil)
}

// Offer is Submit for clients that can be told to come back: when no place in the
// queue becomes free within offerWaitMax the answer is [ErrBusy].
func (a *App) Offer(ctx context.Context, env Envelope) *Pending {
	timer := time.NewTimer(offerWaitMax)
	defer timer.Stop()
	return a.submit(ctx, env, timer.C)
}

// submit hands a command over; enough ends the wait for a place in the queue.
func (a *App) submit(ctx context.Context, env Envelope, enough <-chan time.Time) *Pending {
	if a.elsewhere != nil {
		if p := a.submitElsewhere(ctx, env); p != nil {
			return p
		}
	}
	p := &Pending{done: make(chan struct{})}
	a.enqueue(ctx, p, env, false, enough)
	if a.elsewhere != nil {
		a.lastHere.Store(p)
	}
	return p
}

// DryRun decides a command on the log as it is, answers as usual and records
// nothing.
func (a *App) DryRun(ctx context.Context, env Envelope) (Result, error) {
	p := &Pending{done: make(chan struct{})}
	a.enqueue(ctx, p, env, true, nil)
	return p.Wait(ctx)
}

// enqueue reads a command and hands it to the committer; it waits for a place in the
// queue until enough says that it has waited enough.
func (a *App) enqueue(ctx context.Context, p *Pending, env Envelope, dry bool, enough <-chan time.Time) {
	read, err := a.prepare(ctx, env)
	if err != nil {
		p.fail(fmt.Errorf("command %q: %w", env.ID, err))
		return
	}
	select {
	case a.queue <- &submission{prepared: read, pending: p, dry: dry}:
		select {
		case <-a.stopped: // Run may not have seen it any more
			a.turnAway()
		default:
		}
	case <-a.stopped:
		p.fail(ErrStopped)
	case <-ctx.Done():
		p.fail(ctx.Err())
	case <-enough:
		p.fail(fmt.Errorf("command %q: %w", env.ID, ErrBusy))
	}
}

// Run decides and appends until ctx ends; then it finishes what is in flight and
// returns nil. It returns an error when the log turned out not to be what it was.
// It may be called once.
func (a *App) Run(ctx context.Context) error {
	a.sweep(ctx)
	err := a.c.run(ctx)
	a.stop.Do(func() { close(a.stopped) })
	a.turnAway()
	if a.c.drained {
		err = a.c.snaps.last()
	}
	return errors.Join(err, a.c.snaps.close())
}

// turnAway answers everything in the queue when nobody decides any more.
func (a *App) turnAway() {
	for {
		select {
		case s := <-a.queue:
			s.pending.fail(ErrStopped)
		default:
			return
		}
	}
}
