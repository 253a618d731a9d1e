package keys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// streamStore keeps wrapped keys in a plain stream, one message a name. A plain
// stream, not a key-value bucket: only there a secure delete erases the bytes.
type streamStore struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	subject string // prefix
	master  *Master
}

// OpenStream opens the key stream of a log's stream and makes it at the first
// start.
func OpenStream(ctx context.Context, nc *nats.Conn, logStream string, replicas int, master *Master) (Store, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	prefix := "zt.keys." + base64.RawURLEncoding.EncodeToString([]byte(logStream)) + "."
	cfg := jetstream.StreamConfig{
		Name: logStream + "_KEYS", Subjects: []string{prefix + "*"}, Storage: jetstream.FileStorage,
		Replicas: max(1, replicas), AllowDirect: true,
	}
	s, err := patiently(ctx, func(ctx context.Context) (jetstream.Stream, error) {
		s, err := js.CreateStream(ctx, cfg)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return js.Stream(ctx, cfg.Name)
		}
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("open key stream %q: %w", cfg.Name, err)
	}
	return &streamStore{js, s, prefix, master}, nil
}

func (s *streamStore) subjectOf(name string) string {
	return s.subject + base64.RawURLEncoding.EncodeToString([]byte(name))
}

func (s *streamStore) nameOf(subject string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(subject[len(s.subject):])
	return string(b), err
}

// wrappedKey is a stored message.
type wrappedKey struct {
	seq  uint64
	name string
	box  []byte
}

// all reads every stored message.
func (s *streamStore) all(ctx context.Context) ([]wrappedKey, error) {
	info, err := patiently(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) { return s.stream.Info(ctx) })
	if err != nil {
		return nil, err
	}
	var keys []wrappedKey
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq && info.State.Msgs > 0; seq++ {
		m, err := patiently(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) { return s.stream.GetMsg(ctx, seq) })
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		name, err := s.nameOf(m.Subject)
		if err != nil {
			return nil, fmt.Errorf("subject %q: %w", m.Subject, err)
		}
		keys = append(keys, wrappedKey{seq, name, m.Data})
	}
	return keys, nil
}

// Load reads and unwraps every key.
func (s *streamStore) Load(ctx context.Context) (map[string][]byte, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	newest := make(map[string][]byte, len(all)) // two only if a rotation was cut short
	for _, k := range all {
		newest[k.name] = k.box
	}
	for name, box := range newest {
		if newest[name], err = s.master.unwrap(name, box); err != nil {
			return nil, err
		}
	}
	return newest, nil
}

// Create stores a key unless there is one.
func (s *streamStore) Create(ctx context.Context, name string, key []byte) ([]byte, error) {
	box, err := s.master.wrap(name, key)
	if err != nil {
		return nil, err
	}
	_, err = patiently(ctx, func(ctx context.Context) (*jetstream.PubAck, error) {
		return s.js.Publish(ctx, s.subjectOf(name), box, jetstream.WithExpectLastSequencePerSubject(0))
	})
	if err == nil {
		return key, nil
	}
	// Somebody else's, or this one whose answer was lost: the one that is there counts.
	m, getErr := patiently(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		return s.stream.GetLastMsgForSubject(ctx, s.subjectOf(name))
	})
	if getErr != nil {
		return nil, errors.Join(err, getErr)
	}
	return s.master.unwrap(name, m.Data)
}

// Destroy erases the key's bytes, rotates the master key, wraps the others anew
// and retires the old master, so that no copy of the old file or of the stream
// opens the erased person's values.
func (s *streamStore) Destroy(ctx context.Context, name string) error {
	if err := s.master.Rotate(); err != nil {
		return err
	}
	all, err := s.all(ctx)
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.name != name {
			if err := s.rewrap(ctx, k); err != nil {
				return err
			}
		}
		err := s.stream.SecureDeleteMsg(ctx, k.seq)
		if err != nil && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("erase message %d: %w", k.seq, err)
		}
	}
	return s.master.Retire()
}

func (s *streamStore) rewrap(ctx context.Context, k wrappedKey) error {
	key, err := s.master.unwrap(k.name, k.box)
	if err != nil {
		return err
	}
	box, err := s.master.wrap(k.name, key)
	if err != nil {
		return err
	}
	_, err = s.js.Publish(ctx, s.subjectOf(k.name), box, jetstream.WithExpectLastSequencePerSubject(k.seq))
	return err
}
