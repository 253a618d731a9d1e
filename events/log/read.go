package log

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// readSinglyMax is the number of blocks up to which Read fetches them one by
	// one: a consumer costs about as much as that many fetches.
	readSinglyMax = 16
	// heartbeat is how often an idle consumer shows that it is alive.
	heartbeat = time.Second
	// silenceMax is how long a consumer may be silent before it is made anew.
	silenceMax = 3 * time.Second
	// consumerIdleMax is when the broker drops a consumer that nobody listens to.
	consumerIdleMax = 10 * time.Second
	// anchorEvery is how many blocks lie between two whose place is remembered
	// while reading in bulk.
	anchorEvery = 64
	// endWait bounds the goodbye to a consumer.
	endWait = time.Second
)

// Read implements Log.
func (l *jetStream) Read(ctx context.Context, from uint64, fn func(Block) error) error {
	head, c, err := l.begin(ctx, from)
	if err != nil || c.from > head.Position {
		return err
	}
	if head.Seq-c.seq >= readSinglyMax {
		return l.consume(ctx, &c, head.Seq, fn)
	}
	for c.seq <= head.Seq {
		b, err := l.block(ctx, c.seq)
		if err != nil {
			return err
		}
		if err := c.step(b, fn); err != nil {
			return err
		}
	}
	return nil
}

// Follow implements Log.
func (l *jetStream) Follow(ctx context.Context, from uint64, fn func(Block) error) error {
	_, c, err := l.begin(ctx, from)
	if err != nil {
		return err
	}
	return l.consume(ctx, &c, endless, fn)
}

// endless is behind every block.
const endless = ^uint64(0)

// begin asks for the head and sets a cursor to the block that holds position
// from, or behind the head when from is behind it.
func (l *jetStream) begin(ctx context.Context, from uint64) (Head, cursor, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return Head{}, cursor{}, err
	}
	c := cursor{seq: head.Seq + 1, first: head.Position + 1, from: max(from, 1)}
	if c.from <= head.Position {
		where, err := l.locate(ctx, c.from, head)
		if err != nil {
			return Head{}, cursor{}, err
		}
		c.seq, c.first = where.seq, where.first
	}
	return head, c, nil
}

// consume passes the blocks from the cursor to until to fn. It makes a new
// consumer whenever one breaks: by a lost connection, a server that was
// replaced, or silence.
func (l *jetStream) consume(ctx context.Context, c *cursor, until uint64, fn func(Block) error) error {
	for c.seq <= until {
		before := c.seq
		broken, err := l.consumeOnce(ctx, c, until, fn)
		if !broken {
			return err
		}
		if c.seq == before {
			if err := pause(ctx); err != nil {
				return err
			}
		}
		info, err := l.info(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if info.State.LastSeq < c.seq-1 {
			return fmt.Errorf("%w: stream %s ends at block %d, block %d (position %d) has been read", ErrIdentity, l.stream, info.State.LastSeq, c.seq-1, c.first-1)
		}
	}
	return nil
}

// consumeOnce does what one consumer's life allows. With broken set the error
// says why it ended early; otherwise it is what consume returns.
func (l *jetStream) consumeOnce(ctx context.Context, c *cursor, until uint64, fn func(Block) error) (broken bool, err error) {
	alive, stop := untilBroken(ctx, l.nc)
	defer stop()
	alive, silent := watchSilence(alive)

	inbox := nats.NewInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return !l.nc.IsClosed(), unavailable(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails on a broken connection only
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return true, err
	}
	remove, err := l.createConsumer(alive, inbox, c.seq)
	if err != nil {
		return true, err
	}
	defer remove()
	for c.seq <= until {
		silent.busy.Store(false)
		msg, err := sub.NextMsgWithContext(alive)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			return true, err
		}
		silent.busy.Store(true)
		silent.heard.Store(true)
		if err := l.take(ctx, c, msg, fn); err != nil {
			return false, err
		}
	}
	return false, nil
}

// createConsumer makes an ephemeral push consumer with flow control that begins
// at seq; remove takes it away.
func (l *jetStream) createConsumer(ctx context.Context, inbox string, seq uint64) (remove func(), err error) {
	created, err := l.js.CreatePushConsumer(ctx, l.stream, jetstream.ConsumerConfig{
		DeliverSubject:    inbox,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       seq,
		AckPolicy:         jetstream.AckNonePolicy,
		MaxDeliver:        1,
		FlowControl:       true,
		IdleHeartbeat:     heartbeat,
		InactiveThreshold: consumerIdleMax,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return nil, err
	}
	name := created.CachedInfo().Name
	return func() {
		// Best effort: the broker drops it by itself after consumerIdleMax.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
		defer cancel()
		if l.nc.IsConnected() {
			_ = l.js.DeleteConsumer(ctx, l.stream, name)
		}
	}, nil
}

// Headers of the messages that keep a consumer going.
const (
	headerStatus     = "Status"
	headerStalled    = "Nats-Consumer-Stalled"
	headerLastStream = "Nats-Last-Stream"
)

// take handles one message of a consumer: a block, a heartbeat, or a question of
// the flow control. Blocks that did not arrive are fetched; one that the broker
// does not have is ErrIdentity.
func (l *jetStream) take(ctx context.Context, c *cursor, msg *nats.Msg, fn func(Block) error) error {
	if msg.Header.Get(headerStatus) != "" {
		reply := msg.Reply
		if reply == "" {
			reply = msg.Header.Get(headerStalled)
		}
		if reply != "" {
			_ = l.nc.Publish(reply, nil) // fails on a broken connection only
		}
		last, err := strconv.ParseUint(msg.Header.Get(headerLastStream), 10, 64)
		if err != nil {
			return nil // not a heartbeat
		}
		return l.fetchUntil(ctx, c, last, fn)
	}
	meta, err := msg.Metadata()
	if err != nil || meta.Sequence.Stream < c.seq {
		return nil // not of this consumer, or fetched already
	}
	if err := l.fetchUntil(ctx, c, meta.Sequence.Stream-1, fn); err != nil {
		return err
	}
	b, err := parseBlock(meta.Sequence.Stream, msg.Header, msg.Data)
	if err != nil {
		return err
	}
	if b.Seq%anchorEvery == 0 {
		l.anchors.put(b)
	}
	return c.step(b, fn)
}

// fetchUntil fetches the blocks from the cursor to last one by one.
func (l *jetStream) fetchUntil(ctx context.Context, c *cursor, last uint64, fn func(Block) error) error {
	for c.seq <= last {
		b, err := l.block(ctx, c.seq)
		if errors.Is(err, errNoBlock) {
			return fmt.Errorf("position %d is missing: %w", c.first, err)
		}
		if err != nil {
			return err
		}
		if err := c.step(b, fn); err != nil {
			return err
		}
	}
	return nil
}

// silence ends a context when nothing is received for silenceMax.
type silence struct {
	timer *time.Timer
	heard atomic.Bool // since the timer last ran
	busy  atomic.Bool // a message is being handled
}

// watchSilence begins to watch.
func watchSilence(ctx context.Context) (context.Context, *silence) {
	ctx, cancel := context.WithCancel(ctx)
	s := &silence{}
	s.busy.Store(true)
	s.timer = time.AfterFunc(silenceMax, func() {
		if s.heard.Swap(false) || s.busy.Load() {
			s.timer.Reset(silenceMax)
			return
		}
		cancel()
	})
	context.AfterFunc(ctx, func() { s.timer.Stop() })
	return ctx, s
}
