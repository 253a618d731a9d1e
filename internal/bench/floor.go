package bench

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	floorStream  = "BENCH_FLOOR"
	floorSubject = "bench.floor"
)

// Floor publishes blocks of a log once more, as they are, to a stream of its own
// in a bare loop: what the broker and the disk take, and nothing else.
type Floor struct {
	js   jetstream.JetStream
	log  jetstream.Stream
	last uint64 // sequence of the last message of the floor's stream
}

// NewFloor makes the floor's stream beside the log's, on a connection to the same
// server.
func NewFloor(ctx context.Context, nc *nats.Conn, logStream string) (*Floor, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("bench floor: %w", err)
	}
	f := &Floor{js: js}
	if f.log, err = js.Stream(ctx, logStream); err != nil {
		return nil, fmt.Errorf("bench floor: %w", err)
	}
	config := jetstream.StreamConfig{Name: floorStream, Subjects: []string{floorSubject}, Storage: jetstream.FileStorage, AllowDirect: true}
	if _, err := js.CreateStream(ctx, config); err != nil {
		return nil, fmt.Errorf("bench floor: %w", err)
	}
	return f, nil
}

// repeat publishes the blocks of a phase, each on the expected sequence and after
// the acknowledgement of the one before. They are read before the clock starts.
func (f *Floor) repeat(ctx context.Context, p phase, m *measurement) error {
	var blocks []*nats.Msg
	for seq := p.from.Seq + 1; seq <= p.to.Seq; seq++ {
		raw, err := f.log.GetMsg(ctx, seq)
		if err != nil {
			return fmt.Errorf("bench floor: read block %d: %w", seq, err)
		}
		maps.DeleteFunc(raw.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "Nats-") })
		blocks = append(blocks, &nats.Msg{Subject: floorSubject, Header: raw.Header, Data: raw.Data})
		m.commands += bytes.Count(raw.Data, []byte("\n"))
	}
	began := time.Now()
	last := began
	for _, b := range blocks {
		ack, err := f.js.PublishMsg(ctx, b, jetstream.WithExpectLastSequence(f.last), jetstream.WithExpectStream(floorStream))
		if err != nil {
			return fmt.Errorf("bench floor: publish: %w", err)
		}
		f.last = ack.Sequence
		now := time.Now()
		m.latencies = append(m.latencies, now.Sub(last))
		last = now
	}
	m.elapsed += last.Sub(began)
	m.blocks += len(blocks)
	return nil
}
