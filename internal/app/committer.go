package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/log"
)

// submission is a command in the committer's hands.
type submission struct {
	*prepared
	pending  *Pending // nil for reactions
	dry      bool
	attempts int
	debt     *debt // set for reactions
}

// answer is a reply that may be given once the block it rests on is durable.
type answer struct {
	s      *submission
	result Result
	repeat uint64 // a position whose events are the reply
}

// block is what was decided since the last block was sent: commits in order, and
// the answers that rest on them or on the head below them.
type block struct {
	commits []events.Commit
	answers []answer
	again   []*submission // in order of decision, to be decided again on conflict
	after   []*debt       // reactions with an effect, due once this is durable

	expected log.Head // set when it is sent: what the block is appended to
	mark     Mark     // set when it is sent: the journal's end
}

func (b *block) empty() bool { return len(b.commits) == 0 && len(b.answers) == 0 }

// committer decides commands one after the other, each on top of the one before,
// while the writer appends what was decided before. At most one block is in
// flight; what is decided meanwhile is the next.
type committer struct {
	app   *App
	folds *folds

	next     *block
	inFlight *block
	front    []*submission // decided before the queue: reactions, and conflicts again
	effects  chan effected
	acting   int // effects under way

	write chan *block
	wrote chan written
	snaps *snapshots

	unfolded *events.Commit // decided, and not folded yet
	recent   recent

	drained bool // it has ended, and all that it folded is durable
}

func newCommitter(a *App, f *folds, s Snapshots) *committer {
	return &committer{app: a, folds: f, next: &block{}, write: make(chan *block), wrote: make(chan written),
		effects: make(chan effected, 64), snaps: newSnapshots(f, s)}
}

// run is the committer's goroutine.
func (c *committer) run(ctx context.Context) error {
	w := appender{log: c.app.log, source: c.app.source}
	go w.run(c.write, c.wrote)
	defer close(c.write)
	tick := time.NewTicker(owedAfter / 2)
	defer tick.Stop()
	c.collect(c.folds.recorded.Add(time.Second))
	c.snaps.look(false)
	for ctx.Err() == nil {
		if err := c.decideFront(ctx); err != nil {
			return c.giveUp(err)
		}
		if err := c.step(ctx, tick.C); err != nil {
			return c.giveUp(err)
		}
	}
	return c.drain()
}

// step waits for the next thing to do: a command, if there is room in the next
// block; the outcome of the block in flight; the clock; a snapshot's work.
func (c *committer) step(ctx context.Context, tick <-chan time.Time) error {
	if err := c.send(); err != nil {
		return err
	}
	queue := c.app.queue
	if len(c.next.again) >= log.BlockCommitsMax || c.snaps.due {
		queue = nil // a snapshot is of a moment at which nothing is in flight
	}
	if c.snaps.due && c.inFlight == nil && c.next.empty() {
		if err := c.snaps.begin(); err != nil {
			return err
		}
		queue = c.app.queue
	}
	select {
	case s := <-queue:
		if err := c.decide(ctx, s); err != nil {
			return err
		}
		return c.more(ctx)
	case w := <-c.wrote:
		return c.written(ctx, w)
	case e := <-c.effects:
		c.effected(e)
	case <-tick:
		if err := c.follow(ctx); err != nil {
			return err
		}
		c.collect(c.app.clock().Add(-owedAfter))
		c.snaps.look(true)
	case <-c.snaps.work():
		return c.snaps.step()
	case t := <-c.snaps.done:
		return c.snaps.finish(t)
	case <-ctx.Done():
	}
	return nil
}

// more decides what waits already, so that a block holds whatever came meanwhile;
// it never waits for anything.
func (c *committer) more(ctx context.Context) error {
	for len(c.next.again) < log.BlockCommitsMax {
		if err := c.decideFront(ctx); err != nil {
			return err
		}
		select {
		case s := <-c.app.queue:
			if err := c.decide(ctx, s); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (c *committer) decideFront(ctx context.Context) error {
	for len(c.front) > 0 {
		s := c.front[0]
		c.front = c.front[1:]
		if err := c.decide(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// send hands the next block to the writer if it is idle, and then folds what was left
// for this moment.
func (c *committer) send() error {
	if c.inFlight != nil || c.next.empty() {
		return nil
	}
	b := c.next
	c.inFlight, c.next = b, &block{}
	b.expected = c.folds.durable
	c.write <- b
	if len(b.commits) == 1 {
		runtime.Gosched() // a client alone waits for the writer, not for the fold
	}
	err := c.foldLast()
	b.mark = c.folds.journal.Mark()
	return err
}

// decide decides one command on top of everything so far and adds what comes of it
// to the next block. An error is a fault of the log.
func (c *committer) decide(ctx context.Context, s *submission) error {
	s.attempts++
	if err := c.foldLast(); err != nil {
		c.front = append(c.front, s) // for giveUp, which answers it
		return err
	}
	d, err := c.decision(s)
	if err != nil {
		c.front = append(c.front, s) // for giveUp, which answers it
		return fmt.Errorf("command %q: %w", s.env.ID, err)
	}
	c.next.again = append(c.next.again, s)
	if s.debt != nil {
		s.debt.tried = true
	}
	if d.commit == nil && d.problem != nil && s.device != nil && !s.dry {
		d.commit = c.refusedEntry(ctx, s, d.problem)
	}
	result := Result{ID: s.env.ID, OK: d.problem == nil, Problem: d.problem}
	if d.commit != nil && d.problem == nil {
		result.Events, result.Position = refs(d.commit), d.commit.Position
		if !s.dry {
			c.recent.put(result.Events)
		}
	}
	if s.dry {
		result.Position = 0
	} else if d.commit != nil {
		if err := c.record(d.commit); err != nil {
			return err
		}
	}
	if result.Repeated = d.repeat > 0; result.Repeated {
		if events := c.recent.get(d.repeat); events != nil {
			result.Events, result.Position, d.repeat = events, d.repeat, 0
		}
	}
	c.next.answers = append(c.next.answers, answer{s, result, d.repeat})
	return nil
}

// record adds a decided commit to the next block and folds it. Where nothing can
// follow from it by itself that is left until it has been sent, or until another
// command is to be decided on top of it.
func (c *committer) record(commit *events.Commit) error {
	c.next.commits = append(c.next.commits, *commit)
	c.unfolded = commit
	if c.folds.reacts(commit) {
		return c.foldLast()
	}
	return nil
}

// foldLast folds the commit that was decided last, unless it is folded, and puts its
// reactions in front of the queue.
func (c *committer) foldLast() error {
	commit := c.unfolded
	if commit == nil {
		return nil
	}
	c.unfolded = nil
	if err := c.folds.apply(commit); err != nil {
		return err
	}
	due, err := c.folds.react(commit)
	if err != nil {
		return err
	}
	var front []*submission
	for _, d := range due {
		if d.command.Effect != nil {
			c.next.after = append(c.next.after, d)
			continue
		}
		front = append(front, c.app.reaction(d))
	}
	c.front = append(front, c.front...)
	return nil
}

// collect puts the owed reactions whose cause was recorded before t in front of the
// queue: all of them at the start, later those that another process has left. One
// that was refused is tried again at the next start only.
func (c *committer) collect(t time.Time) {
	for _, d := range c.folds.owed.olderThan(t) {
		switch {
		case d.tried:
		case d.command.Effect != nil:
			c.effect(d)
		default:
			d.tried = true
			c.front = append(c.front, c.app.reaction(d))
		}
	}
}

// effected is the outcome of an effect.
type effected struct {
	debt *debt
	err  error
}

// effect carries out the effect of a reaction whose cause is durable, then has the
// command decided.
func (c *committer) effect(d *debt) {
	d.tried = true
	c.acting++
	go func() {
		e := effected{d, d.command.Effect(context.Background())}
		select {
		case c.effects <- e:
		case <-c.app.stopped:
		}
	}()
}

// effected takes the outcome of an effect. One that failed is owed still.
func (c *committer) effected(e effected) {
	c.acting--
	if e.err != nil {
		slog.Error("effect of a reaction; tried again in a moment", "event_id", e.debt.cause.ID, "command", e.debt.command.Name, "error", e.err)
		e.debt.tried = false
		return
	}
	c.front = append(c.front, c.app.reaction(e.debt))
}

// written takes the outcome of the block in flight.
func (c *committer) written(ctx context.Context, w written) error {
	b := c.inFlight
	c.inFlight = nil
	switch {
	case w.err == nil:
		c.durable(b, w.head)
		c.folds.aggregates.evict()
		c.snaps.look(false)
		return c.snaps.step()
	case errors.Is(w.err, log.ErrConflict), errors.Is(w.err, errTooLarge):
		return c.again(ctx, b, w)
	case errors.Is(w.err, log.ErrIdentity):
		return w.err
	}
	return c.failAll(ctx, b, w.err)
}

// again undoes what is not durable, catches up and lets everything be decided
// again. A command whose commit is too large is refused.
func (c *committer) again(ctx context.Context, b *block, w written) error {
	list := append(b.again, c.next.again...)
	c.next = &block{}
	c.unfolded = nil
	c.recent.forget()
	c.folds.rollback()
	if err := c.folds.catchUp(ctx); err != nil {
		c.front = append(list, c.front...) // for giveUp, which answers them
		return err
	}
	var front []*submission
	for _, s := range list {
		switch {
		case s.debt != nil: // decided again with its cause, or owed by whoever wrote it
			if _, owed := c.folds.owed.byID[s.debt.id]; owed {
				front = append(front, s)
			}
		case w.tooLarge != "" && s.env.ID == w.tooLarge:
			s.problem = domain.Refuse(domain.Limit, "commit.too_large", "", "", "%s; send fewer lines in one command", w.err)
			front = append(front, s)
		case s.attempts >= decideAttemptsMax:
			s.pending.fail(fmt.Errorf("command %q: decided %d times, each time another process wrote first; try again: %w", s.env.ID, s.attempts, log.ErrConflict))
		default:
			front = append(front, s)
		}
	}
	c.front = append(front, c.front...)
	return nil
}

// failAll answers everything that is not durable with err: the log is out of reach
// or full.
func (c *committer) failAll(ctx context.Context, b *block, err error) error {
	for _, s := range append(append(b.again, c.next.again...), c.front...) {
		if s.debt != nil {
			s.debt.tried = false // left to the next tick
			continue
		}
		s.pending.fail(fmt.Errorf("command %q: %w", s.env.ID, err))
	}
	c.next, c.front = &block{}, nil
	c.unfolded = nil
	c.recent.forget()
	c.folds.rollback()
	if err := c.folds.catchUp(ctx); err != nil && errors.Is(err, log.ErrIdentity) {
		return err
	}
	return nil
}

// durable takes note that a block is in the log and gives its answers.
func (c *committer) durable(b *block, head log.Head) {
	c.folds.durable = head
	c.folds.journal.Forget(b.mark)
	c.app.head.Store(&head)
	for i := range b.commits {
		c.folds.forgetIn(&b.commits[i])
	}
	for _, d := range b.after {
		c.effect(d)
	}
	for _, a := range b.answers {
		if a.s.pending != nil {
			a.s.pending.finish(a.result, a.repeat, &c.app.repeats)
		}
	}
}

// drain finishes what is under way when the application ends: the block in flight,
// and effects with what is said of them. What was decided after it is given back.
func (c *committer) drain() error {
	enough := time.NewTimer(drainMax)
	defer enough.Stop()
	for c.inFlight != nil || !c.next.empty() || c.acting > 0 {
		if err := c.send(); err != nil {
			return c.giveUp(err)
		}
		select {
		case w := <-c.wrote:
			b := c.inFlight
			c.inFlight = nil
			if w.err != nil {
				return c.giveUpBlocks(ErrStopped, b, c.next)
			}
			c.durable(b, w.head)
		case e := <-c.effects:
			c.effected(e)
			if err := c.decideFront(context.Background()); err != nil {
				return c.giveUp(err)
			}
		case <-enough.C:
			c.acting = 0 // left to the next start
		}
	}
	c.drained = true
	return c.giveUpBlocks(ErrStopped)
}

func (c *committer) giveUp(err error) error {
	if c.inFlight != nil {
		<-c.wrote
		return errors.Join(err, c.giveUpBlocks(err, c.inFlight, c.next))
	}
	return errors.Join(err, c.giveUpBlocks(err, c.next))
}

func (c *committer) giveUpBlocks(err error, blocks ...*block) error {
	for _, b := range blocks {
		for _, s := range b.again {
			if s.pending != nil {
				s.pending.fail(fmt.Errorf("command %q: %w", s.env.ID, err))
			}
		}
	}
	for _, s := range c.front {
		if s.pending != nil {
			s.pending.fail(err)
		}
	}
	return nil
}
