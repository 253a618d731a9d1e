package keys

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stream keeps wrapped keys in a plain stream, one message a name. A plain stream,
// not a key-value bucket: only there a secure delete erases the bytes.
type Stream struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	subject string // prefix
	master  *Master
	// step is told of every step of a rotation before it is taken; an error ends the
	// rotation there, as a crash would. Nil but in tests.
	step func(what string) error
}

// OpenStream opens the key stream of a log's stream and makes it at the first
// start.
func OpenStream(ctx context.Context, nc *nats.Conn, logStream string, replicas int, master *Master) (*Stream, error) {
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
	return &Stream{js: js, stream: s, subject: prefix, master: master}, nil
}

func (s *Stream) subjectOf(name string) string {
	return s.subject + base64.RawURLEncoding.EncodeToString([]byte(name))
}

func (s *Stream) nameOf(subject string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(subject[len(s.subject):])
	return string(b), err
}

// stored is a stored message.
type stored struct {
	seq uint64
	Wrapped
}

// all reads every stored message, oldest first.
func (s *Stream) all(ctx context.Context) ([]stored, error) {
	info, err := patiently(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) { return s.stream.Info(ctx) })
	if err != nil {
		return nil, err
	}
	var keys []stored
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
		keys = append(keys, stored{seq, Wrapped{name, m.Data}})
	}
	return keys, nil
}

// newest is the newest message of each name; there are two only while the master
// key is rotated, and after a rotation that was cut short.
func newest(all []stored) map[string]stored {
	keys := make(map[string]stored, len(all))
	for _, k := range all {
		keys[k.Name] = k
	}
	return keys
}

// Load reads and unwraps every key.
func (s *Stream) Load(ctx context.Context) (map[string][]byte, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	keys := make(map[string][]byte, len(all))
	for name, k := range newest(all) {
		if keys[name], err = s.master.unwrap(name, k.Box); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Copy returns the keys as they are stored, each wrapped with the master key, by
// name: what a backup of the keys holds.
func (s *Stream) Copy(ctx context.Context) ([]Wrapped, error) {
	var list []Wrapped
	err := s.master.share(ctx, func() error {
		all, err := s.all(ctx)
		for _, k := range newest(all) {
			list = append(list, k.Wrapped)
		}
		return err
	})
	slices.SortFunc(list, func(a, b Wrapped) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

// Create stores a key unless there is one.
func (s *Stream) Create(ctx context.Context, name string, key []byte) (got []byte, err error) {
	err = s.master.share(ctx, func() error {
		if err := s.current(ctx, name); err != nil {
			return err
		}
		got, err = s.create(ctx, name, key)
		return err
	})
	return got, err
}

func (s *Stream) create(ctx context.Context, name string, key []byte) ([]byte, error) {
	box, err := s.master.wrap(name, key)
	if err != nil {
		return nil, err
	}
	ack, err := patiently(ctx, func(ctx context.Context) (*jetstream.PubAck, error) {
		return s.js.Publish(ctx, s.subjectOf(name), box, jetstream.WithExpectLastSequencePerSubject(0))
	})
	if err == nil {
		if err := s.current(ctx, name); err != nil { // rotated meanwhile, on another machine
			return nil, errors.Join(err, s.erase(ctx, ack.Sequence))
		}
		return key, nil
	}
	// Somebody else's, or this one whose answer was lost: the one that is there counts.
	m, getErr := s.last(ctx, name)
	if getErr != nil {
		return nil, errors.Join(err, getErr)
	}
	return s.master.unwrap(name, m.Data)
}

// current refuses to wrap with a master key that has been rotated elsewhere: what
// it wraps nobody could open. The key of the tags is always there, and is the first
// to be wrapped anew, so it says which generation is current.
func (s *Stream) current(ctx context.Context, name string) error {
	if name == TagName {
		return nil
	}
	m, err := s.last(ctx, TagName)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if want, have := generationOf(m.Data), s.master.newest(); want != have {
		return fmt.Errorf("the master key %q ends with generation %s, the keys are wrapped with generation %s: it was rotated on another machine; copy the file from there", s.master.path, have, want)
	}
	return nil
}

func (s *Stream) last(ctx context.Context, name string) (*jetstream.RawStreamMsg, error) {
	return patiently(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		return s.stream.GetLastMsgForSubject(ctx, s.subjectOf(name))
	})
}

// erase overwrites a message. One that is not there is as good as erased.
func (s *Stream) erase(ctx context.Context, seq uint64) error {
	_, err := patiently(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.stream.SecureDeleteMsg(ctx, seq) })
	if err != nil && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("erase message %d of the key stream: %w", seq, err)
	}
	return nil
}
