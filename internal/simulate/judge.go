package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/model"
	"zhitong/projections"
)

// history is what has been seen of the log and of the answers: it only grows.
type history struct {
	sent     int
	commits  []events.Commit // by position
	hashes   []string
	byID     map[string]uint64 // command id → position
	recorded time.Time
	replies  []*reply // refusals and repeats, to be judged in the end
}

// reply is what a command was answered for good.
type reply struct {
	sending  *sending
	outcome  model.Outcome
	result   app.Result
	rests    uint64 // the position that a refusal most likely rests on
	from, to uint64 // it rests on one of these
}

func newHistory() *history { return &history{byID: map[string]uint64{}} }

func (h *history) position() uint64 { return uint64(len(h.commits)) }

// look reads what the log has that was not seen yet, checks it, and checks that what
// was seen last is still as it was.
func (h *history) look(l *log.Memory) error {
	from := max(1, h.position())
	return l.Read(context.Background(), from, func(b log.Block) error {
		for i, line := range b.Commits {
			position := b.First + uint64(i)
			if position <= h.position() {
				if hashOf(line) != h.hashes[position-1] {
					return fmt.Errorf("position %d has changed its content", position)
				}
				continue
			}
			if err := h.take(position, line); err != nil {
				return fmt.Errorf("position %d: %w", position, err)
			}
		}
		return nil
	})
}

// take checks a new commit: whole, at its place, a command once, time not going back.
func (h *history) take(position uint64, line []byte) error {
	c, err := events.Decode(line)
	if err != nil {
		return err
	}
	first := &c.Events[0]
	if position != h.position()+1 || c.Position != position {
		return fmt.Errorf("the commit there says that it is at %d, behind %d", c.Position, h.position())
	}
	if at, twice := h.byID[first.CommandID]; twice {
		return fmt.Errorf("command %q was recorded at position %d already", first.CommandID, at)
	}
	for i := range c.Events {
		e := &c.Events[i]
		switch {
		case e.Of != len(c.Events) || e.Index != i+1 || e.CommandID != first.CommandID:
			return fmt.Errorf("event %s says that it is %d of %d", e.ID, e.Index, e.Of)
		case e.Recorded.Before(h.recorded):
			return fmt.Errorf("it was recorded at %s, the one before at %s", e.Recorded, h.recorded)
		}
	}
	h.recorded = first.Recorded
	h.byID[first.CommandID] = position
	h.commits, h.hashes = append(h.commits, c), append(h.hashes, hashOf(line))
	return nil
}

// collect looks at the answers that have come since the last step.
func (w *world) collect() error {
	if err := w.history.look(w.log); err != nil {
		return err
	}
	w.mu.Lock()
	list := w.answers
	w.answers = nil
	w.mu.Unlock()
	slices.SortFunc(list, func(a, b *sending) int { return cmp.Compare(a.n, b.n) })
	next := map[*life]uint64{} // the position of the next accepted command of a process
	for _, x := range slices.Backward(list) {
		if x.rests = next[x.life]; x.result.OK && !x.result.Repeated {
			next[x.life] = x.result.Position
		}
	}
	for _, x := range list {
		x.from.inFlight = slices.DeleteFunc(x.from.inFlight, func(other *sending) bool { return other == x })
		if err := w.take(x); err != nil {
			return fmt.Errorf("command %q, sent to %s: %w", x.order.command.ID, x.life.name, err)
		}
	}
	return nil
}

// take judges one answer as far as that can be done at once. A command without an
// answer is sent again.
func (w *world) take(x *sending) error {
	switch {
	case x.err != nil:
		if !w.mayFail(x) {
			return fmt.Errorf("failed: %w", x.err)
		}
		w.trace.add(fmt.Sprintf("  %s failed: %s", x.order.command.ID, x.life.name))
		x.from.queue = append([]*order{x.order}, x.from.queue...)
		return nil
	case x.result.Problem != nil && x.result.Problem.Class == domain.Unavailable:
		x.from.queue = append([]*order{x.order}, x.from.queue...)
		return nil
	}
	r := &reply{sending: x, result: x.result, from: x.before, to: w.history.position()}
	switch {
	case x.result.OK && !x.result.Repeated:
		r.outcome = model.Accepted
	case x.result.OK:
		r.outcome = model.Repeat
	default:
		r.outcome = model.Refused
	}
	r.rests = r.to
	if x.rests > r.from {
		r.rests = x.rests - 1
	}
	w.trace.add(fmt.Sprintf("  %s %s", x.order.command.ID, r.outcome))
	if err := w.durable(r); err != nil {
		return err
	}
	return w.sameAsBefore(x.order, r)
}

// mayFail says that a fault of the world is behind an error.
func (w *world) mayFail(x *sending) bool {
	for _, known := range []error{log.ErrUnknown, log.ErrUnavailable, log.ErrFull, log.ErrConflict, app.ErrStopped, errKilled, context.Canceled} {
		if errors.Is(x.err, known) {
			return true
		}
	}
	return x.life.killed()
}

// durable checks that what was acknowledged is in the log, at this moment.
func (w *world) durable(r *reply) error {
	if r.outcome == model.Refused {
		return nil
	}
	for _, e := range r.result.Events {
		if e.Seq == 0 || e.Seq > w.history.position() {
			return fmt.Errorf("acknowledged at position %d, the log ends at %d", e.Seq, w.history.position())
		}
		c := &w.history.commits[e.Seq-1]
		if !slices.ContainsFunc(c.Events, func(have events.Event) bool { return have.ID == e.ID }) {
			return fmt.Errorf("acknowledged event %s is not at position %d", e.ID, e.Seq)
		}
	}
	if len(r.result.Events) == 0 {
		return errors.New("acknowledged without an event")
	}
	return nil
}

// sameAsBefore holds that a command has one answer for ever, and that it is recorded
// exactly where the answer says.
func (w *world) sameAsBefore(o *order, r *reply) error {
	at, recorded := w.recorded(o.command)
	switch before := o.reply; {
	case r.outcome == model.Accepted && !recorded, r.outcome == model.Accepted && at != r.result.Position:
		return fmt.Errorf("accepted at position %d, recorded at %d", r.result.Position, at)
	case r.outcome == model.Refused && recorded && at <= r.from:
		return fmt.Errorf("refused, and recorded at position %d: %v", at, r.result.Problem)
	case recorded && r.outcome == model.Repeat && r.result.Events[0].Seq != at:
		return fmt.Errorf("answered with position %d, recorded at %d", r.result.Events[0].Seq, at)
	case before != nil && before.outcome != model.Refused && r.outcome == model.Refused && before.sending.n < r.sending.n:
		return fmt.Errorf("%s before, now refused: %v", before.outcome, r.result.Problem)
	case before != nil && before.outcome != model.Refused && r.outcome != model.Refused && !slices.Equal(before.result.Events, r.result.Events):
		return fmt.Errorf("answered %v before, now %v", before.result.Events, r.result.Events)
	}
	if r.outcome == model.Repeat && recorded {
		w.report.Repeated++ // an earlier attempt is the original
	} else {
		if r.outcome == model.Accepted {
			w.report.Accepted++
		} else {
			w.history.replies = append(w.history.replies, r)
			w.report.Refused++
		}
	}
	if o.reply == nil || o.reply.outcome == model.Refused {
		o.reply = r
	}
	return nil
}

// recorded is where a command stands in the log, if it does. A client may have used
// its id for another command.
func (w *world) recorded(c model.Command) (at uint64, there bool) {
	at, there = w.history.byID[c.ID]
	if !there || !w.twice[c.ID] {
		return at, there
	}
	return at, w.history.commits[at-1].Events[0].CommandHash == contentHash(c)
}

// contentHash is the hash of a command without personal values, as the format says.
func contentHash(c model.Command) string {
	text, err := json.Marshal(struct {
		Command string         `json:"command"`
		Actor   string         `json:"actor"`
		Role    string         `json:"role"`
		Time    string         `json:"time"`
		Data    jsontext.Value `json:"data"`
	}{c.Command, c.Actor, c.Role, c.Time, c.Data})
	if err != nil {
		return err.Error()
	}
	canonical := jsontext.Value(text)
	if err := canonical.Canonicalize(); err != nil {
		return err.Error()
	}
	return hashOf(canonical)
}

// judge holds the whole history against the model and the views against the log.
func (w *world) judge() error {
	if err := w.history.look(w.log); err != nil {
		return err
	}
	w.report.Commits = w.history.position()
	for _, s := range w.senders {
		if len(s.queue) > 0 {
			return fmt.Errorf("%d commands have no answer", len(s.queue))
		}
	}
	if err := log.Verify(context.Background(), w.log); err != nil {
		return err
	}
	m, err := w.replay()
	if err != nil {
		return err
	}
	folded, err := projections.Fold(context.Background(), func(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
		return w.log.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
	}, w.list, projections.Until{})
	if err != nil {
		return err
	}
	if d := w.store.differs(folded, w.list); d != "" {
		return errors.New(d)
	}
	if d := m.Differs(func(view string) ([]model.Row, error) { return rowsOf(folded, view) }); d != "" {
		return fmt.Errorf("model and views: %s", d)
	}
	return nil
}

func rowsOf(folded *projections.Folded, view string) ([]model.Row, error) {
	rows, err := folded.Select(view, nil, 0)
	if err != nil {
		return nil, err
	}
	got := make([]model.Row, len(rows.Values))
	for i := range rows.Values {
		if err := json.Unmarshal(rows.AppendLine(nil, i), &got[i]); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// replay sends the recorded commands to the model in the order of the log: it must
// accept each. What was refused or repeated it must refuse or repeat at some moment
// between question and answer.
func (w *world) replay() (*model.Model, error) {
	byID := map[string]model.Command{}
	for _, c := range w.todo {
		if _, recorded := w.recorded(c); recorded || byID[c.ID].ID == "" {
			byID[c.ID] = c
		}
	}
	m := model.New(began)
	open, err := w.passOver(m, byID, func(r *reply, at uint64) bool { return at == r.rests })
	if err != nil || len(open) == 0 {
		return m, err
	}
	for _, r := range open {
		if err := w.findMoment(r, byID); err != nil {
			return nil, err
		}
	}
	// The model that is returned must not have seen a command that it accepts only
	// at another moment.
	m = model.New(began)
	_, err = w.passOver(m, byID, func(*reply, uint64) bool { return false })
	return m, err
}

// passOver replays the log, trying each refusal where try says so, and returns those
// that it found no fault with at no tried moment.
func (w *world) passOver(m *model.Model, byID map[string]model.Command, try func(*reply, uint64) bool) ([]*reply, error) {
	var open []*reply
	open = append(open, w.history.replies...)
	for at := uint64(0); ; at++ {
		open = slices.DeleteFunc(open, func(r *reply) bool {
			if !try(r, at) {
				return false
			}
			outcome, _ := m.Apply(r.sending.order.command)
			return outcome == r.outcome
		})
		if at == w.history.position() {
			return open, nil
		}
		id := w.history.commits[at].Events[0].CommandID
		if strings.HasPrefix(id, "~") {
			continue
		}
		c, known := byID[id]
		if !known {
			return nil, fmt.Errorf("position %d: nobody sent command %q", at+1, id)
		}
		if outcome, word := m.Apply(c); outcome != model.Accepted {
			return nil, fmt.Errorf("position %d: the log has %q %s, the model says %s %s", at+1, id, c.Command, outcome, word)
		}
	}
}

// findMoment tries every moment at which a reply can have been decided, each on a
// model of its own.
func (w *world) findMoment(r *reply, byID map[string]model.Command) error {
	var said []string
	for at := r.from; at <= r.to; at++ {
		m := model.New(began)
		for i := range at {
			if c, known := byID[w.history.commits[i].Events[0].CommandID]; known {
				m.Apply(c)
			}
		}
		outcome, word := m.Apply(r.sending.order.command)
		if outcome == r.outcome {
			return nil
		}
		said = append(said, fmt.Sprintf("%s %s", outcome, word))
	}
	return fmt.Errorf("command %q %s was %s (%v) by %s between positions %d and %d, where the model says %s",
		r.sending.order.command.ID, r.sending.order.command.Command, r.outcome, r.result.Problem, r.sending.life.name, r.from, r.to, strings.Join(slices.Compact(said), ", "))
}
