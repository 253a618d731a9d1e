package simulate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"zhitong/events/log"
)

// errCut is what a broken read fails with.
var errCut = fmt.Errorf("simulate: the line was cut: %w", log.ErrUnavailable)

// line is one process's way to the log.
type line struct {
	w    *world
	life *life
}

var _ log.Log = line{}

// lineKey finds the line, or the one fault, that an attempt travels with.
type lineKey struct{}

// replyKey finds the id of the sending whose reply a load is for.
type replyKey struct{}

// Identity implements log.Log.
func (l line) Identity(ctx context.Context) (log.Identity, error) {
	k := kindFollow
	if forSnapshot() {
		k = kindShot
	}
	if _, err := l.w.gates.pass(ctx, l.life, k, "identity", nil); err != nil {
		return log.Identity{}, err
	}
	return l.w.log.Identity(ctx)
}

// Head implements log.Log.
func (l line) Head(ctx context.Context) (log.Head, error) {
	k := kindFollow
	if _, bounded := ctx.Deadline(); bounded {
		k = kindHead // the appender, which bounds whatever it does
	}
	if _, err := l.w.gates.pass(ctx, l.life, k, "", nil); err != nil {
		return log.Head{}, err
	}
	return l.w.log.Head(ctx)
}

// Append implements log.Log: every attempt stands at a gate; see world.attempt.
func (l line) Append(ctx context.Context, expected log.Head, commits [][]byte) (log.Head, error) {
	if l.w.opts.Plant == PlantNoExpectation {
		return l.appendAnywhere(ctx, expected, commits)
	}
	return l.w.log.Append(context.WithValue(ctx, lineKey{}, l), expected, commits)
}

// appendAnywhere is the planted bug of a broker that does not look at the expected
// head.
func (l line) appendAnywhere(ctx context.Context, expected log.Head, commits [][]byte) (log.Head, error) {
	a := &attempt{expected, commits}
	if _, err := l.w.gates.pass(ctx, l.life, kindAppend, a.String(), a); err != nil {
		return log.Head{}, err
	}
	return l.w.log.Inject(commits...)
}

// attempt is called by the log before each attempt of an append.
func (w *world) attempt(ctx context.Context, expected log.Head, commits [][]byte) log.Fault {
	switch via := ctx.Value(lineKey{}).(type) {
	case log.Fault:
		return via
	case line:
		a := &attempt{expected, commits}
		v, err := w.gates.pass(ctx, via.life, kindAppend, a.String(), a)
		if errors.Is(err, errKilled) {
			return log.FaultUnknownAbsent
		}
		return v.fault
	}
	return log.FaultNone
}

func (a *attempt) String() string {
	return fmt.Sprintf("%d commits behind %d/%d", len(a.commits), a.expected.Seq, a.expected.Position)
}

// afterDeath has an attempt of a killed process be stored, lost or still under way.
func (w *world) afterDeath(a *attempt, fault log.Fault) {
	ctx := context.WithValue(context.Background(), lineKey{}, fault)
	_, _ = w.log.Append(ctx, a.expected, a.commits) // nobody is left to be told
}

// Read implements log.Log.
func (l line) Read(ctx context.Context, from uint64, fn func(log.Block) error) error {
	v, err := l.w.gates.pass(ctx, l.life, kindRead, fmt.Sprintf("from %d", from), nil)
	if err != nil {
		return err
	}
	blocks := 0
	return l.w.log.Read(ctx, from, func(b log.Block) error {
		if blocks++; v.after > 0 && blocks > v.after {
			return errCut
		}
		if l.life.killed() {
			return errKilled
		}
		return fn(b)
	})
}

// Follow implements log.Log; nothing in the world follows.
func (l line) Follow(context.Context, uint64, func(log.Block) error) error {
	return fmt.Errorf("simulate: nobody follows: %w", log.ErrUnavailable)
}

// Load implements log.Log.
func (l line) Load(ctx context.Context, positions []uint64, fn func(uint64, []byte) error) error {
	k, detail := kindLoad, fmt.Sprintf("%d positions", len(positions))
	if id, ok := ctx.Value(replyKey{}).(string); ok {
		k, detail = kindReply, id // not the committer, but whoever answers a client
	} else if forSnapshot() {
		k = kindShot
	}
	if _, err := l.w.gates.pass(ctx, l.life, k, detail, nil); err != nil {
		return err
	}
	return l.w.log.Load(ctx, positions, fn)
}

// callersMax is how many callers are looked at.
const callersMax = 24

// forSnapshot says that the question comes from the goroutine that writes a snapshot,
// which nothing else tells.
func forSnapshot() bool {
	var pcs [callersMax]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "app.(*shot).write") {
			return true
		}
		if !more {
			return false
		}
	}
}
