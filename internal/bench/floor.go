package bench

import (
	"bytes"
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/events/log"
)

// Floor is what the broker does with the same bytes when nothing else is done: one
// loop that publishes block after block on the expected head and waits for each
// acknowledgement.
type Floor struct {
	Single           Latency `json:"single_commit,omitzero"`
	Blocks           int     `json:"blocks"`
	CommitsPerSecond int64   `json:"commits_per_s"`
	Latency          Latency `json:"latency"`
}

// bare is a stream like the log's, written without any of our code.
type bare struct {
	js   jetstream.JetStream
	head uint64
}

const bareSubject = "zt.bench.floor"

func openBare(ctx context.Context, nc *nats.Conn) (*bare, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "FLOOR", Subjects: []string{bareSubject}, Storage: jetstream.FileStorage})
	return &bare{js: js}, err
}

// publish publishes a block and returns how long it took.
func (b *bare) publish(ctx context.Context, block []byte) (time.Duration, error) {
	began := time.Now()
	ack, err := b.js.Publish(ctx, bareSubject, block, jetstream.WithExpectLastSequence(b.head))
	if err != nil {
		return 0, err
	}
	b.head = ack.Sequence
	return time.Since(began), nil
}

// again publishes the log's blocks from a position on.
func (b *bare) again(ctx context.Context, l log.Log, from uint64, f *Floor) error {
	var blocks [][]byte
	commits := 0
	err := l.Read(ctx, from, func(block log.Block) error {
		blocks = append(blocks, append(bytes.Join(block.Commits, []byte{'\n'}), '\n'))
		commits += len(block.Commits)
		return nil
	})
	if err != nil {
		return err
	}
	var all []time.Duration
	began := time.Now()
	for _, block := range blocks {
		took, err := b.publish(ctx, block)
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	f.Blocks, f.CommitsPerSecond, f.Latency = len(blocks), perSecond(commits, time.Since(began)), latencyOf(all)
	return nil
}
