package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"zhitong/events/log"
)

// errKilled is what a killed process would see, if it could still see.
var errKilled = errors.New("simulate: the process was killed")

// kind is what a process wants to do to the world.
type kind string

// The kinds.
const (
	kindAppend  kind = "append"
	kindHead    kind = "head"
	kindFollow  kind = "head of the committer"
	kindRead    kind = "read"
	kindLoad    kind = "load"
	kindReply   kind = "load for a reply"
	kindShot    kind = "question for a snapshot"
	kindOpen    kind = "snapshot open"
	kindReplace kind = "snapshot replace"
	kindBegin   kind = "views begin"
	kindCommit  kind = "views commit"
)

// verdict is what the scheduler has befall a move.
type verdict struct {
	word  string    // for the trace
	err   error     // the move fails with it
	fault log.Fault // of an append
	after int       // a read breaks off after so many blocks; 0 for never
	torn  int       // a snapshot's content is cut or changed at this byte; 0 for nowhere
	old   bool      // a snapshot is the one before
	late  bool      // of a commit: it is done, and its answer lost
	kill  kill      // the process dies
}

// kill says when, seen from its step, a process dies.
type kill int

const (
	killNot kill = iota
	killBefore
	killAfter
)

// move is a step that stands at its gate.
type move struct {
	life    *life
	n       int // the how-manieth of its kind in its life
	kind    kind
	detail  string
	open    chan verdict
	attempt *attempt // of an append
}

// attempt is what an append would store.
type attempt struct {
	expected log.Head
	commits  [][]byte
}

func (m *move) String() string {
	if m.kind == kindReply {
		return fmt.Sprintf("%s %s %s", m.life.name, m.kind, m.detail) // many may come at once
	}
	return fmt.Sprintf("%s %s#%d %s", m.life.name, m.kind, m.n, m.detail)
}

// life is one process from its start to its end.
type life struct {
	name   string
	ctx    context.Context
	cancel context.CancelFunc
	death  chan struct{} // closed when it is killed
	ended  chan error    // what its work came to; of capacity 1
	gone   bool          // it has ended, and the scheduler knows
	fed    source        // what has become ready for its committer while that stands at a gate

	moves map[kind]int // guarded by gates.mu
}

// source is what a committer waits for. Two of them ready at the same moment would be
// taken in an order that no seed decides, so the scheduler sees to it that this does
// not happen: while a committer stands at a gate it is fed from one source only.
type source string

const (
	fedNothing source = ""
	fedCommand source = "a command"
	fedOutcome source = "the outcome of a block"
	fedTime    source = "time"
	fedShot    source = "a snapshot"
)

// feeds says whether a source may become ready for the committer, which stands at a
// gate or not.
func (l *life) feeds(s source, stands bool) bool {
	return !stands || l.fed == fedNothing || l.fed == s
}

// feeds is the source that opening the move may make ready.
func (m *move) feeds() source {
	if m.kind == kindShot || m.kind == kindReplace || m.kind == kindOpen {
		return fedShot
	}
	return fedOutcome
}

// committing says that a move is the committer's, not the appender's.
func (m *move) committing() bool {
	return m.kind == kindRead || m.kind == kindLoad || m.kind == kindFollow
}

func newLife(name string) *life {
	l := &life{name: name, death: make(chan struct{}), ended: make(chan error, 1), moves: map[kind]int{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

func (l *life) killed() bool {
	select {
	case <-l.death:
		return true
	default:
		return false
	}
}

// gates are the moves that wait for the scheduler.
type gates struct {
	mu      sync.Mutex
	waiting []*move // guarded by mu
}

// pass waits until the scheduler opens the gate. The error is the verdict's, or says
// that the process was killed or ctx has ended.
func (g *gates) pass(ctx context.Context, l *life, k kind, detail string, a *attempt) (verdict, error) {
	if l.killed() {
		return verdict{}, errKilled
	}
	if err := ctx.Err(); err != nil {
		return verdict{}, outOfReach(err)
	}
	m := &move{life: l, kind: k, detail: detail, open: make(chan verdict, 1), attempt: a}
	g.mu.Lock()
	l.moves[k]++
	m.n = l.moves[k]
	g.waiting = append(g.waiting, m)
	g.mu.Unlock()
	defer g.leave(m)
	select {
	case v := <-m.open:
		return v, v.err
	case <-l.death:
		return verdict{}, errKilled
	case <-ctx.Done():
		return verdict{}, outOfReach(ctx.Err())
	}
}

// outOfReach is what a log says whose answer did not come in time.
func outOfReach(err error) error { return fmt.Errorf("%w: %w", log.ErrUnavailable, err) }

func (g *gates) leave(m *move) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = slices.DeleteFunc(g.waiting, func(other *move) bool { return other == m })
}

// standing lists the moves that wait, in an order that does not depend on which
// goroutine came first.
func (g *gates) standing() []*move {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := slices.Clone(g.waiting)
	slices.SortFunc(list, func(a, b *move) int {
		return cmp.Or(cmp.Compare(a.life.name, b.life.name), cmp.Compare(a.kind, b.kind), cmp.Compare(a.detail, b.detail), cmp.Compare(a.n, b.n))
	})
	return list
}
