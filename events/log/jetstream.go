package log

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// StreamDefault is the name of a programme's stream when none is given.
const StreamDefault = "ZHITONG"

// Options say which stream is the log.
type Options struct {
	// Stream is the stream's name. Defaults to StreamDefault.
	Stream string
	// Replicas is the number of copies a new stream is given; an existing one
	// keeps its own. Defaults to 1.
	Replicas int
}

func (o Options) withDefaults() Options {
	if o.Stream == "" {
		o.Stream = StreamDefault
	}
	if o.Replicas == 0 {
		o.Replicas = 1
	}
	return o
}

// Subject is the one subject of a stream: zt.log for StreamDefault and
// zt.log.NAME for every other, so that several programmes fit in one account.
func Subject(stream string) string {
	if stream == StreamDefault {
		return "zt.log"
	}
	return "zt.log." + stream
}

// jetStream is the log of record on a JetStream stream.
type jetStream struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	stream  string
	subject string
	created time.Time // the stream that was opened; another one is refused
	anchors anchors
}

// OpenJetStream opens the log on a stream and creates it when it is absent.
// That the server syncs every write is the server's setting, not the stream's.
//
// It returns an error that wraps ErrIdentity, with the reason, when the stream
// is not kept as a log must be, or when its first or last message is not a
// block; and a plain one when the server's payload limit is too small.
//
// The log lives as long as nc; nc may reconnect, also to another server process
// that has taken over the same store.
func OpenJetStream(ctx context.Context, nc *nats.Conn, opts Options) (Log, error) {
	opts = opts.withDefaults()
	if need := int64(blockPayloadMax + payloadSlack); nc.MaxPayload() < need {
		return nil, fmt.Errorf("log: open %s: the server's max_payload is %d bytes, at least %d are needed (%d are recommended)", opts.Stream, nc.MaxPayload(), need, PayloadBytesMax)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("log: open %s: %w", opts.Stream, err)
	}
	info, err := openStream(ctx, js, streamConfig(opts))
	if err != nil {
		return nil, fmt.Errorf("log: open %s: %w", opts.Stream, err)
	}
	l := &jetStream{
		nc:      nc,
		js:      js,
		stream:  opts.Stream,
		subject: Subject(opts.Stream),
		created: info.Created,
	}
	if err := l.checkEnds(ctx); err != nil {
		return nil, fmt.Errorf("log: open %s: %w", opts.Stream, err)
	}
	return l, nil
}

// streamConfig is how a log is kept.
func streamConfig(opts Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              opts.Stream,
		Description:       "zhitong: log of record; one message is a block of commits",
		Subjects:          []string{Subject(opts.Stream)},
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardNew,
		Storage:           jetstream.FileStorage,
		Replicas:          opts.Replicas,
		Duplicates:        duplicatesWindow,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgSize:        -1,
		MaxMsgsPerSubject: -1,
		MaxConsumers:      -1,
		DenyDelete:        true,
		DenyPurge:         true,
		AllowDirect:       true,
	}
}

// duplicatesWindow is the smallest that the broker takes: it plays no part, for
// no message carries an id of the broker's.
const duplicatesWindow = 100 * time.Millisecond

// openStream looks the stream up or creates it, and checks how it is kept. It
// asks again until ctx ends, for a broker that is starting or electing a leader
// leaves questions unanswered.
func openStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	stream, err := findStream(ctx, js, want)
	for err != nil {
		var refusal *jetstream.APIError
		if errors.As(err, &refusal) && refusal.Code != statusUnavailable {
			return nil, err
		}
		if errors.Is(err, nats.ErrConnectionClosed) || pause(ctx) != nil {
			return nil, unavailable(err)
		}
		stream, err = findStream(ctx, js, want)
	}
	info := stream.CachedInfo()
	if err := checkConfig(info.Config, want); err != nil {
		return nil, err
	}
	return info, nil
}

// findStream makes one attempt at looking the stream up or creating it.
func findStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWaitMax)
	defer cancel()
	stream, err := js.Stream(ctx, want.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return stream, err
	}
	stream, err = js.CreateStream(ctx, want)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return js.Stream(ctx, want.Name) // another process was faster
	}
	return stream, err
}

// checkConfig says in words why a stream cannot be a log of record.
func checkConfig(got, want jetstream.StreamConfig) error {
	rules := []struct {
		ok     bool
		reason string
	}{
		{len(got.Subjects) == 1 && got.Subjects[0] == want.Subjects[0], fmt.Sprintf("its subjects are %q, must be [%q]", got.Subjects, want.Subjects[0])},
		{got.Storage == jetstream.FileStorage, "it is not stored in files"},
		{got.Retention == jetstream.LimitsPolicy, "its retention is " + got.Retention.String() + ", must be Limits"},
		{got.DenyDelete, "it allows messages to be deleted (deny_delete)"},
		{got.DenyPurge, "it allows itself to be purged (deny_purge)"},
		{got.AllowDirect, "it does not allow direct gets (allow_direct)"},
		{got.MaxMsgs <= 0 && got.MaxBytes <= 0 && got.MaxAge == 0 && got.MaxMsgsPerSubject <= 0, "it has limits that discard messages (max_msgs, max_bytes, max_age, max_msgs_per_subject)"},
		{got.MaxMsgSize <= 0 || got.MaxMsgSize >= blockPayloadMax+payloadSlack, fmt.Sprintf("its max_msg_size is %d, too small for a block", got.MaxMsgSize)},
		{!got.AllowRollup && !got.AllowMsgTTL, "it allows messages that discard others or end by themselves (allow_rollup_hdrs, allow_msg_ttl)"},
		{got.Mirror == nil && len(got.Sources) == 0, "it takes messages from other streams (mirror, sources)"},
		{got.SubjectTransform == nil, "it renames subjects (subject_transform)"},
		{!got.NoAck, "it does not acknowledge (no_ack)"},
	}
	for _, rule := range rules {
		if !rule.ok {
			return fmt.Errorf("%w: stream %s cannot be a log of record: %s", ErrIdentity, got.Name, rule.reason)
		}
	}
	return nil
}

// checkEnds is the cheap check at opening: the first block begins the log, and
// the last can be read and stands where its number allows.
func (l *jetStream) checkEnds(ctx context.Context) error {
	head, err := l.Head(ctx)
	if err != nil || head == (Head{}) {
		return err
	}
	first, err := l.block(ctx, 1)
	if err != nil {
		return err
	}
	if first.First != 1 {
		return fmt.Errorf("%w: its first block begins at position %d", ErrIdentity, first.First)
	}
	last, err := l.block(ctx, head.Seq)
	if err != nil {
		return err
	}
	if last.First < last.Seq || last.First-1 > (last.Seq-1)*BlockCommitsMax {
		return fmt.Errorf("%w: its last block %d cannot begin at position %d", ErrIdentity, last.Seq, last.First)
	}
	return nil
}

// Identity implements Log.
func (l *jetStream) Identity(ctx context.Context) (Identity, error) {
	info, err := l.info(ctx)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Stream: l.stream, Created: info.Created}
	if info.State.LastSeq == 0 {
		return id, nil
	}
	first, err := l.block(ctx, 1)
	if err != nil {
		return Identity{}, err
	}
	id.First = sha256.Sum256(first.Commits[0])
	return id, nil
}

// Head implements Log: the leader's last sequence, and the position that the
// block of that number says, which is remembered once known.
func (l *jetStream) Head(ctx context.Context) (Head, error) {
	info, err := l.info(ctx)
	if err != nil || info.State.LastSeq == 0 {
		return Head{}, err
	}
	seq := info.State.LastSeq
	if a, ok := l.anchors.at(seq); ok {
		return Head{Seq: seq, Position: a.last}, nil
	}
	b, err := l.block(ctx, seq)
	if err != nil {
		return Head{}, err
	}
	return Head{Seq: seq, Position: b.Last()}, nil
}
