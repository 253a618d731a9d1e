package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/model"
	"zhitong/projections"
	"zhitong/projections/catalogue"
)

// Plant is a bug that is put in on purpose, to see that the checks see it.
type Plant string

// The planted bugs. More are planted into the source itself; see mutants_test.go.
const (
	PlantNothing       Plant = ""
	PlantFalseAnswer   Plant = "an append is answered that was never stored"
	PlantNoExpectation Plant = "the log does not look at the expected head"
	PlantNoCompare     Plant = "the views' checkpoint is written without comparing"
)

// Options say which history is run.
type Options struct {
	// Seed draws the commands and everything that goes wrong.
	Seed uint64
	// Settle waits until everything stands still: synctest.Wait, of the bubble that
	// Run is called in. Required.
	Settle func()
	// Commands is about how many commands there are. Defaults to 60.
	Commands int
	// At, if set, decides what befalls each step, and nothing else goes wrong. The
	// steps of all processes come in the same order every time, as long as nothing has
	// failed.
	At func(*move) verdict
	// Plant puts a bug in. Defaults to none.
	Plant Plant
	// Trace takes every step, a line each. Defaults to nobody.
	Trace io.Writer
}

// Report says what a history came to.
type Report struct {
	Steps, Commands, Accepted, Refused, Repeated, Resent int
	Commits                                              uint64
	Faults                                               map[string]int // by word
	Trace                                                [32]byte       // tells one history from another
}

// began is the recording clock at the beginning.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is everything that processes share, and they themselves.
type world struct {
	opts  Options
	rnd   *rand.Rand
	gates gates
	log   *log.Memory
	keys  *keys.Memory
	disk  *disk
	// snapshotEvery is how many commits lie between two snapshots; 0 for none.
	snapshotEvery uint64
	list          []projections.Projection
	store         *store
	start         time.Time // of the bubble's clock

	apps    []*application
	leaders []*viewProcess
	senders []*sender
	todo    []model.Command
	twice   map[string]bool // ids of more than one command
	history *history
	trace   trace
	profile profile
	report  Report

	mu      sync.Mutex
	answers []*sending // guarded by mu; not yet looked at
}

// application is a place where the application runs, again and again.
type application struct {
	name  string
	lives int
	life  *life         // nil while none runs
	skew  time.Duration // of its clock
	still int           // stands still for so many steps more

	mu  sync.Mutex
	app *app.App // guarded by mu; nil until it has opened
}

// viewProcess is a place where a projector runs.
type viewProcess struct {
	name  string
	lives int
	life  *life
	still int
}

// sender is a client: it sends commands in its order, several at a time, and sends
// again whatever got no answer.
type sender struct {
	queue    []*order
	inFlight []*sending
}

// order is a command that a client wants carried out.
type order struct {
	command model.Command
	sends   int
	reply   *reply // what it was answered; nil so far
}

// sending is one attempt at a command.
type sending struct {
	order  *order
	from   *sender
	at     *application
	life   *life
	n      int    // the how-manieth of the world
	before uint64 // the log's position when it was sent
	rests  uint64 // of the next accepted command of the same process, as far as answered; 0 for none
	result app.Result
	err    error
}

// Run runs one history to its end and returns an error when something was not as
// promised. It must be called within a bubble of testing/synctest.
func Run(o Options) (Report, error) {
	if o.Commands == 0 {
		o.Commands = 60
	}
	w := newWorld(o)
	err := w.live()
	w.end()
	w.report.Trace = w.trace.sum()
	if err != nil {
		err = fmt.Errorf("seed %d, step %d: %w\nthe last steps:\n%s", o.Seed, w.report.Steps, err, w.trace.tail())
	}
	return w.report, err
}

func newWorld(o Options) *world {
	w := &world{
		opts: o, rnd: rand.New(rand.NewPCG(o.Seed, 2021)), keys: keys.NewMemory(), list: catalogue.All(), start: time.Now(),
		history: newHistory(), trace: trace{out: o.Trace}, report: Report{Faults: map[string]int{}},
	}
	w.profile = drawProfile(w.rnd)
	if o.At != nil {
		w.profile = profile{}
	}
	if w.rnd.IntN(3) > 0 {
		w.snapshotEvery = uint64(2 + w.rnd.IntN(12))
	}
	w.log = log.NewMemory(log.OnAppend(w.attempt))
	w.disk = newDisk()
	w.store = newStore(w.list)
	w.store.compares = o.Plant != PlantNoCompare
	w.draw()
	for i := range 1 + w.rnd.IntN(2) {
		w.apps = append(w.apps, &application{name: fmt.Sprintf("app%d", i+1)})
	}
	for i := range 2 {
		w.leaders = append(w.leaders, &viewProcess{name: fmt.Sprintf("views%d", i+1)})
	}
	for range 1 + w.rnd.IntN(3) {
		w.senders = append(w.senders, &sender{})
	}
	// A command goes to the client that its place in the history falls to: mostly the
	// one that sent the one before.
	at := 0
	for i := range w.todo {
		if w.rnd.IntN(4) == 0 {
			at = w.rnd.IntN(len(w.senders))
		}
		w.senders[at].queue = append(w.senders[at].queue, &order{command: w.todo[i]})
	}
	return w
}

// draw makes the commands, and notes which ids stand for more than one of them. A
// second command under the id of one with personal values is left out: the hash of
// its content depends on a key, so that the two can't be told apart in the log.
func (w *world) draw() {
	personal := map[string]bool{}
	for _, c := range assembly.Options(nil, nil).Commands {
		personal[c.Name] = len(c.Personal) > 0
	}
	w.twice = map[string]bool{}
	contents := map[string]string{}
	for _, c := range model.Generate(w.opts.Seed, w.opts.Commands) {
		before, now := contents[c.ID], contentHash(c)
		if before != "" && before != now {
			if personal[c.Command] {
				continue
			}
			w.twice[c.ID] = true
		}
		contents[c.ID] = now
		w.todo = append(w.todo, c)
	}
	w.report.Commands = len(w.todo)
}

// clock is an application's own.
func (w *world) clock(a *application) func() time.Time {
	return func() time.Time {
		a.mu.Lock()
		defer a.mu.Unlock()
		return began.Add(time.Since(w.start) + a.skew)
	}
}

// startApp starts an application's process.
func (w *world) startApp(a *application) {
	a.lives++
	l := newLife(fmt.Sprintf("%s.%d", a.name, a.lives))
	a.life = l
	go func() {
		err := w.runApp(a, l)
		a.mu.Lock()
		a.app = nil
		a.mu.Unlock()
		l.ended <- err
	}()
}

func (w *world) runApp(a *application, l *life) error {
	ring, err := keys.OpenRing(l.ctx, w.keys)
	if err != nil {
		return err
	}
	o := assembly.Options(line{w, l}, ring)
	o.Clock = w.clock(a)
	if w.snapshotEvery > 0 {
		o.Snapshots = app.Snapshots{Disk: folder{w, l}, Every: w.snapshotEvery}
	}
	opened, err := app.Open(l.ctx, o)
	if err != nil {
		return err
	}
	a.mu.Lock()
	if l.ctx.Err() == nil {
		a.app = opened
	}
	a.mu.Unlock()
	return opened.Run(l.ctx)
}

// startViews starts a projector's process.
func (w *world) startViews(v *viewProcess) {
	v.lives++
	l := newLife(fmt.Sprintf("%s.%d", v.name, v.lives))
	v.life = l
	d := &leader{w: w, life: l, store: w.store, line: line{w, l}, list: w.list}
	go func() { l.ended <- d.run(l.ctx) }()
}

// kill ends a process between two steps. What it had under way at the log may have
// been stored, be lost, or still arrive.
func (w *world) kill(l *life) {
	word := "killed"
	for _, m := range w.gates.standing() {
		if m.life != l || m.attempt == nil || w.opts.Plant == PlantNoExpectation {
			continue
		}
		fault := pick(w.rnd, []log.Fault{log.FaultUnknownAbsent, log.FaultUnknownStored, log.FaultUnknownDelayed})
		word = map[log.Fault]string{log.FaultUnknownAbsent: "killed before its append", log.FaultUnknownStored: "killed after its append", log.FaultUnknownDelayed: "killed with its append under way"}[fault]
		w.afterDeath(m.attempt, fault)
	}
	w.note(word, l.name)
	w.endLife(l)
}

// endLife kills a process, if it lives.
func (w *world) endLife(l *life) {
	if !l.killed() {
		close(l.death)
		l.cancel()
	}
	w.opts.Settle()
}

// end lets every process die, so that the bubble can end.
func (w *world) end() {
	for _, l := range w.lives() {
		if *l != nil {
			w.endLife(*l)
		}
	}
	w.opts.Settle()
}

// lives are the places of all processes; nil in one where none runs.
func (w *world) lives() []**life {
	var list []**life
	for _, a := range w.apps {
		list = append(list, &a.life)
	}
	for _, v := range w.leaders {
		list = append(list, &v.life)
	}
	return list
}

// reap looks at processes that have ended by themselves or were killed. Ending for
// any reason but a fault of the world is a failure, and so is going on after a kill.
func (w *world) reap() error {
	for _, place := range w.lives() {
		l := *place
		if l == nil {
			continue
		}
		select {
		case err := <-l.ended:
			if err := w.mayEnd(l, err); err != nil {
				return err
			}
			*place, l.gone = nil, true
		default:
			if l.killed() {
				return fmt.Errorf("process %s was told to end and still has not", l.name)
			}
		}
	}
	return nil
}

// unanswered finds a command whose process has ended without a word about it.
func (w *world) unanswered() error {
	for _, s := range w.senders {
		for _, x := range s.inFlight {
			if x.life.gone && x.life.ctx.Err() == nil {
				x.life.cancel()
				return fmt.Errorf("command %q, sent to %s, has no answer, and the process has ended", x.order.command.ID, x.life.name)
			}
		}
	}
	return nil
}

func (w *world) mayEnd(l *life, err error) error {
	if l.killed() || err == nil && l.ctx.Err() != nil || errors.Is(err, log.ErrUnavailable) || errors.Is(err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("process %s has ended: %v", l.name, err)
}

// running lists the applications that take commands.
func (w *world) running() []*application {
	return slices.DeleteFunc(slices.Clone(w.apps), func(a *application) bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.app == nil || a.life == nil || a.life.ctx.Err() != nil
	})
}

// note traces a step and counts its fault.
func (w *world) note(word, detail string) {
	w.report.Faults[word]++
	w.trace.add(fmt.Sprintf("%d %s %s: %s", w.report.Steps, time.Since(w.start), word, detail))
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
