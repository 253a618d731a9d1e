package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/app"
)

// Bounds of a history. One that has not come to its end by then hangs, which is a
// failure.
const (
	stormyStepsMax = 4000
	calmStepsMax   = 8000
	inFlightMax    = 6 // commands of one client
)

// profile says how much goes wrong in one history: each number is times in a
// thousand.
type profile struct {
	appendFault, readFault, commitFault, diskFault int // of an opened gate
	killApp, killViews, ask, pause, clock, late    int // of a step
}

// drawProfile makes one seed calm and another wild, each in its own way.
func drawProfile(r *rand.Rand) profile {
	level := func(most int) int { return []int{0, most / 4, most}[r.IntN(3)] }
	return profile{
		appendFault: level(400), readFault: level(120), commitFault: level(300), diskFault: level(300),
		killApp: level(25), killViews: level(25), ask: level(15), pause: level(20), clock: level(20), late: level(60),
	}
}

func (w *world) chance(thousandths int) bool { return w.rnd.IntN(1000) < thousandths }

// live runs the history: a stormy part, in which things go wrong, and a calm one, in
// which everything must come to its end.
func (w *world) live() error {
	for w.report.Steps < stormyStepsMax && !w.answered() {
		if err := w.step(true); err != nil {
			return err
		}
	}
	w.calm()
	for from := w.report.Steps; !w.finished(); {
		if w.report.Steps-from > calmStepsMax {
			return errors.New("the world was calm, and yet it has not come to its end")
		}
		if err := w.step(false); err != nil {
			return err
		}
	}
	return w.judge()
}

// calm ends everything that goes wrong. What was held back arrives now or never.
func (w *world) calm() {
	w.profile = profile{}
	for _, a := range w.apps {
		a.mu.Lock()
		a.skew = 0
		a.mu.Unlock()
		a.still = 0
	}
	for _, v := range w.leaders {
		v.still = 0
	}
	for {
		if _, waiting := w.log.Deliver(); !waiting {
			break
		}
	}
	w.note("calm", "")
}

// step does one thing, once everything stands still, and checks what came of it.
func (w *world) step(stormy bool) error {
	w.report.Steps++
	// No two timers of the processes end at the same instant.
	time.Sleep(time.Microsecond + time.Duration(w.report.Steps))
	w.opts.Settle()
	stands := w.committers()
	for _, place := range w.lives() {
		if l := *place; l != nil && !stands[l] {
			l.fed = fedNothing // it has taken everything
		}
	}
	if err := w.reap(); err != nil {
		return err
	}
	if err := w.collect(); err != nil {
		return err
	}
	if err := w.unanswered(); err != nil {
		return err
	}
	if stormy && w.misfortune() {
		return nil
	}
	w.startSomething(stormy)
	open := w.openable()
	switch n := w.rnd.IntN(10); {
	case n < 6 && len(open) > 0:
		w.openGate(pick(w.rnd, open))
	case n < 9 && w.send():
	case len(open) > 0 && n == 9:
		w.openGate(open[0])
	case w.maySleep():
		w.sleep(stormy)
	case len(open) > 0:
		w.openGate(open[0])
	}
	return nil
}

// maySleep says that time may pass.
func (w *world) maySleep() bool {
	stands := w.committers()
	for _, m := range w.gates.standing() {
		if stands[m.life] && (!m.committing() || !m.life.feeds(fedTime, true)) {
			return false
		}
	}
	return true
}

// timePassed takes note that time has become ready for the committers that stand at a
// gate, also for those that came there meanwhile.
func (w *world) timePassed() {
	w.opts.Settle()
	for l, s := range w.committers() {
		if s {
			l.fed = fedTime
		}
	}
}

// startSomething starts what does not run: at once where it is calm.
func (w *world) startSomething(stormy bool) {
	for _, a := range w.apps {
		if a.life == nil && (!stormy || w.rnd.IntN(4) == 0) {
			w.note("start", a.name)
			w.startApp(a)
			w.opts.Settle()
		}
	}
	for _, v := range w.leaders {
		if v.life == nil && (!stormy || w.rnd.IntN(4) == 0) {
			w.note("start", v.name)
			w.startViews(v)
			w.opts.Settle()
		}
	}
}

// misfortune has something happen to a process, a clock or a message, or not.
func (w *world) misfortune() bool {
	switch p := w.profile; {
	case w.chance(p.killApp):
		if a := pick(w.rnd, w.apps); a.life != nil {
			w.kill(a.life)
			return true
		}
	case w.chance(p.killViews):
		if v := pick(w.rnd, w.leaders); v.life != nil {
			w.kill(v.life)
			return true
		}
	case w.chance(p.ask):
		if a := pick(w.rnd, w.apps); a.life != nil && a.life.ctx.Err() == nil && !w.committers()[a.life] {
			w.note("asked to end", a.life.name)
			a.life.cancel()
			return true
		}
	case w.chance(p.pause):
		steps := 1 + w.rnd.IntN(120)
		if w.rnd.IntN(2) == 0 {
			a := pick(w.rnd, w.apps)
			a.still = steps
			w.note("stands still", a.name)
		} else {
			v := pick(w.rnd, w.leaders)
			v.still = steps
			w.note("stands still", v.name)
		}
		return true
	case w.chance(p.clock):
		a := pick(w.rnd, w.apps)
		skew := time.Duration(w.rnd.IntN(3600)-1800) * time.Second
		a.mu.Lock()
		a.skew = skew
		a.mu.Unlock()
		w.note("clock", fmt.Sprintf("%s %s", a.name, skew))
		return true
	case w.chance(p.late):
		if stored, waiting := w.log.Deliver(); waiting {
			w.note("late message", fmt.Sprintf("stored: %v", stored))
			return true
		}
	}
	return false
}

// openable lists the moves of processes that do not stand still.
func (w *world) openable() []*move {
	still := map[*life]bool{}
	for _, a := range w.apps {
		if a.still > 0 {
			a.still--
			still[a.life] = true
		}
	}
	for _, v := range w.leaders {
		if v.still > 0 {
			v.still--
			still[v.life] = true
		}
	}
	standing := w.committers()
	return slices.DeleteFunc(w.gates.standing(), func(m *move) bool {
		return still[m.life] || !m.committing() && !m.life.feeds(m.feeds(), standing[m.life])
	})
}

// committers says which processes' committers stand at a gate.
func (w *world) committers() map[*life]bool {
	stands := map[*life]bool{}
	for _, m := range w.gates.standing() {
		stands[m.life] = stands[m.life] || m.committing()
	}
	return stands
}

// openGate lets a move happen, or something else in its place.
func (w *world) openGate(m *move) {
	v := w.verdictOn(m)
	w.note(v.word, m.String())
	if !m.committing() && w.committers()[m.life] {
		m.life.fed = m.feeds()
	}
	switch v.kill {
	case killBefore:
		w.endLife(m.life)
	case killAfter:
		// The step has its effect, and nobody is left to take note of it.
		if m.attempt != nil {
			w.afterDeath(m.attempt, log.FaultUnknownStored)
			w.endLife(m.life)
			return
		}
		m.open <- verdict{}
		w.opts.Settle()
		w.endLife(m.life)
	default:
		m.open <- v
	}
}

// appendFaults are what may befall an attempt, by how often.
var appendFaults = []struct {
	fault log.Fault
	word  string
}{
	{log.FaultRequestLost, "request lost"}, {log.FaultAnswerLost, "answer lost"}, {log.FaultDuplicated, "delivered twice"},
	{log.FaultDelayed, "delayed"}, {log.FaultUnknownAbsent, "unknown, not stored"}, {log.FaultUnknownStored, "unknown, stored"},
	{log.FaultUnknownDelayed, "unknown, still under way"}, {log.FaultUnavailable, "out of reach"}, {log.FaultFull, "full"},
}

func (w *world) verdictOn(m *move) verdict {
	if w.opts.At != nil {
		return w.opts.At(m)
	}
	ok := verdict{word: "done"}
	switch m.kind {
	case kindAppend:
		if w.opts.Plant == PlantFalseAnswer && w.chance(100) {
			return verdict{word: "answered without being stored", fault: log.FaultFalseAnswer}
		}
		if w.chance(w.profile.appendFault) {
			f := pick(w.rnd, appendFaults)
			return verdict{word: f.word, fault: f.fault}
		}
	case kindRead:
		if w.chance(w.profile.readFault) {
			return verdict{word: "read cut", after: 1 + w.rnd.IntN(8)}
		}
	case kindHead, kindFollow, kindLoad, kindReply, kindShot:
		if w.chance(w.profile.readFault) {
			return verdict{word: "question lost", err: errCut}
		}
	case kindBegin:
		if w.chance(w.profile.commitFault) {
			return verdict{word: "views out of reach", err: errCut}
		}
	case kindCommit:
		if w.chance(w.profile.commitFault) {
			if w.rnd.IntN(2) == 0 {
				return verdict{word: "views rolled back", err: errCut}
			}
			return verdict{word: "views written, answer lost", late: true}
		}
	case kindOpen, kindReplace:
		if w.chance(w.profile.diskFault) {
			return w.diskVerdict(m.kind)
		}
	}
	return ok
}

// sleep lets time pass: the processes' own timers run.
func (w *world) sleep(stormy bool) {
	d := time.Duration(1+w.rnd.IntN(400)) * time.Millisecond
	if w.rnd.IntN(20) == 0 {
		d = time.Duration(1+w.rnd.IntN(90)) * time.Second
	}
	if head := w.history.recorded; !stormy && head.Sub(began.Add(time.Since(w.start))) > time.Minute {
		d = head.Sub(began.Add(time.Since(w.start))) // the log was written by a fast clock
	}
	w.note("time", d.String())
	time.Sleep(d)
	w.timePassed()
}

// send has a client send its next command; false when none has any, or nobody
// listens.
func (w *world) send() bool {
	stands := w.committers()
	listening := slices.DeleteFunc(w.running(), func(a *application) bool { return !a.life.feeds(fedCommand, stands[a.life]) })
	ready := slices.DeleteFunc(slices.Clone(w.senders), func(s *sender) bool {
		return len(s.queue) == 0 || len(s.inFlight) >= inFlightMax
	})
	if len(listening) == 0 || len(ready) == 0 {
		return false
	}
	s, a := pick(w.rnd, ready), pick(w.rnd, listening)
	o := s.queue[0]
	s.queue = s.queue[1:]
	if o.reply == nil && w.rnd.IntN(12) == 0 {
		// Sent once more later, whatever comes of it: same id, same reply.
		s.queue = append(s.queue, o)
		w.report.Resent++
	}
	if stands[a.life] {
		a.life.fed = fedCommand
	}
	w.submit(s, a, o)
	return true
}

func (w *world) submit(s *sender, a *application, o *order) {
	w.history.sent++
	o.sends++
	x := &sending{order: o, from: s, at: a, life: a.life, n: w.history.sent, before: w.history.position()}
	s.inFlight = append(s.inFlight, x)
	w.note("send", fmt.Sprintf("%s %s to %s", o.command.ID, o.command.Command, a.life.name))
	a.mu.Lock()
	running := a.app
	a.mu.Unlock()
	env, problem := envelopeOf(o)
	if problem != nil {
		x.result = app.Result{ID: o.command.ID, Problem: problem}
		w.answer(x)
		return
	}
	go func() {
		ctx := context.WithValue(x.life.ctx, replyKey{}, fmt.Sprintf("%s (%d)", o.command.ID, x.n))
		x.result, x.err = running.Submit(ctx, env).Wait(ctx)
		w.answer(x)
	}()
}

func envelopeOf(o *order) (app.Envelope, *domain.Problem) {
	text, err := json.Marshal(o.command)
	if err != nil {
		return app.Envelope{}, domain.Refuse(domain.Malformed, "malformed", "", "", "%s", err)
	}
	return app.ParseLine(text)
}

func (w *world) answer(x *sending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, x)
}

// answered says that every client has got all its answers.
func (w *world) answered() bool {
	for _, s := range w.senders {
		if len(s.queue)+len(s.inFlight) > 0 {
			return false
		}
	}
	return true
}

// finished says that, beside that, the views stand where the log does.
func (w *world) finished() bool {
	head, err := w.log.Head(context.Background())
	return err == nil && w.answered() && w.store.checkpoint.position == head.Position && w.history.position() == head.Position
}
