package signing

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/audit/checkpoint"
)

// chainSuffix follows the log's stream in the name of the chain's.
const chainSuffix = "_CHECKPOINTS"

const (
	// answerMax bounds one question to the broker.
	answerMax = 2 * time.Second
	// attemptsMax bounds how often it is asked again before a signature is given up
	// for now.
	attemptsMax = 3
	// retryPause lies between two questions.
	retryPause = 50 * time.Millisecond
)

// Errors of a chain.
var (
	// ErrMoved says that another process has signed meanwhile. Nothing was kept.
	ErrMoved = errors.New("signing: another process has signed")
	// errUnknown says that the broker gave no answer: the note may be kept or not.
	// What stands in the chain says it.
	errUnknown = errors.New("signing: no answer from the broker")
)

// Entry is a signed note with its number in the chain, from 1 on.
type Entry struct {
	Seq  uint64
	Note []byte
}

// Chain is the one succession of signed checkpoints of a log. Its methods may be
// called from several goroutines.
type Chain struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	subject string
}

// OpenChain opens the chain next to a log's stream, and makes it at the first start.
func OpenChain(ctx context.Context, nc *nats.Conn, logStream string, replicas int) (*Chain, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	c := &Chain{js: js, subject: "zt.checkpoints." + base64.RawURLEncoding.EncodeToString([]byte(logStream))}
	cfg := jetstream.StreamConfig{
		Name: logStream + chainSuffix, Description: "zhitong: every signed checkpoint of the log",
		Subjects: []string{c.subject}, Storage: jetstream.FileStorage, Replicas: max(1, replicas),
		DenyDelete: true, DenyPurge: true, // and no direct reads: those may be behind
	}
	for {
		asking, cancel := context.WithTimeout(ctx, answerMax)
		c.stream, err = js.Stream(asking, cfg.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			c.stream, err = js.CreateStream(asking, cfg)
		}
		cancel()
		if err == nil {
			return c, nil
		}
		if pause(ctx) != nil {
			return nil, fmt.Errorf("open the chain of checkpoints: %w", err)
		}
	}
}

// Length is the number of the last entry; 0 when there is none.
func (c *Chain) Length(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerMax)
	defer cancel()
	info, err := c.stream.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("chain of checkpoints: %w: %w", errUnknown, err)
	}
	return info.State.LastSeq, nil
}

// entry reads one entry; found is false behind the end.
func (c *Chain) entry(ctx context.Context, seq uint64) (e Entry, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerMax)
	defer cancel()
	m, err := c.stream.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("chain of checkpoints, entry %d: %w: %w", seq, errUnknown, err)
	}
	return Entry{seq, m.Data}, true, nil
}

// Append keeps a signed note behind the entry numbered after. ErrMoved says that
// another stands there. An answer that is lost is looked for in the chain.
func (c *Chain) Append(ctx context.Context, after uint64, note []byte) (uint64, error) {
	var failed error
	for range attemptsMax {
		asking, cancel := context.WithTimeout(ctx, answerMax)
		_, err := c.js.Publish(asking, c.subject, note, jetstream.WithExpectLastSequence(after))
		cancel()
		if err == nil {
			return after + 1, nil
		}
		e, found, lookErr := c.entry(ctx, after+1)
		switch {
		case found && bytes.Equal(e.Note, note):
			return after + 1, nil
		case found:
			return 0, ErrMoved
		}
		failed = errors.Join(err, lookErr)
		if pause(ctx) != nil {
			break
		}
	}
	return 0, fmt.Errorf("%w: %w", errUnknown, failed)
}

// firstFrom is the number of the first entry whose checkpoint has at least a size;
// one behind the end when there is none.
func (c *Chain) firstFrom(ctx context.Context, size uint64) (uint64, error) {
	length, err := c.Length(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	n := sort.Search(int(length), func(i int) bool {
		e, found, err := c.entry(ctx, uint64(i)+1)
		if err == nil && !found {
			err = fmt.Errorf("chain of checkpoints: entry %d is missing", i+1)
		}
		var at checkpoint.Checkpoint
		if err == nil {
			at, err = checkpoint.Peek(e.Note)
		}
		if err != nil {
			failed = errors.Join(failed, err)
		}
		return at.Size >= size
	})
	return uint64(n) + 1, failed
}

// Read calls fn with the entries from a number on, up to the present end.
func (c *Chain) Read(ctx context.Context, from uint64, fn func(Entry) error) error {
	for seq := from; ; seq++ {
		e, found, err := c.entry(ctx, seq)
		if err != nil || !found {
			return err
		}
		if err := fn(e); err != nil {
			return err
		}
	}
}

// pause waits a moment, or says that ctx has ended.
func pause(ctx context.Context) error {
	t := time.NewTimer(retryPause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
