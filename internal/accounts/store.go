package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// answerWaitMax bounds one attempt at the bucket; what is lost is asked again.
	answerWaitMax = 2 * time.Second
	// attemptsMax bounds the attempts: long enough for another process to take the
	// broker over, or for a cluster to choose a leader.
	attemptsMax = 75
	// retryPause lies between two attempts.
	retryPause = 200 * time.Millisecond
	// changeAttemptsMax bounds how often a change is made anew because another
	// process changed the same record first.
	changeAttemptsMax = 16
)

// Options make a Store.
type Options struct {
	// Stream is the name of the log's stream, which names the bucket.
	Stream string
	// Replicas is how many nodes hold the bucket. Defaults to 1.
	Replicas int
	// CheckEvery is how often the bucket is asked how far it is, and last uses are
	// looked through. Defaults to 5 s.
	CheckEvery time.Duration
	// Clock defaults to time.Now.
	Clock func() time.Time
	// Hasher defaults to argon2id with 19 MiB, two passes and one lane.
	Hasher Hasher
	// Logger is told what goes wrong in the background. Defaults to nobody.
	Logger *slog.Logger
}

// Store is the accounts of a programme. It may be used from several goroutines and
// is one of several processes' on the same bucket: each follows it, so that what one
// changes the others know a moment later.
type Store struct {
	kv     jetstream.KeyValue
	cache  atomic.Pointer[cache]
	clock  func() time.Time
	hasher Hasher
	logger *slog.Logger

	checkEvery time.Duration

	hashing chan struct{} // a place for each hash that is being made
	waiting atomic.Int64  // who waits for a place
	used    chan struct{} // something was used for the first time
	heard   atomic.Int64  // when the bucket was last known to have told everything, in Unix nanoseconds

	life  context.Context
	end   context.CancelFunc
	ended sync.WaitGroup
}

// Open opens the accounts' bucket, which is made at the first start, reads it, and
// follows it until Close.
func Open(ctx context.Context, nc *nats.Conn, o Options) (*Store, error) {
	s := &Store{clock: o.Clock, hasher: o.Hasher, logger: o.Logger, hashing: make(chan struct{}, hashingMax), used: make(chan struct{}, 1)}
	if s.checkEvery = o.CheckEvery; s.checkEvery <= 0 {
		s.checkEvery = checkEvery
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.hasher == nil {
		s.hasher = argon{}
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	cfg := jetstream.KeyValueConfig{
		Bucket: o.Stream + "_ACCOUNTS", Description: "zhitong: accounts, hashes of tokens and sessions",
		History: 1, Storage: jetstream.FileStorage, Replicas: max(1, o.Replicas),
	}
	s.kv, err = patiently(ctx, func(ctx context.Context) (jetstream.KeyValue, error) {
		kv, err := js.CreateKeyValue(ctx, cfg)
		if errors.Is(err, jetstream.ErrBucketExists) {
			return js.KeyValue(ctx, cfg.Bucket)
		}
		return kv, err
	})
	if err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	w, err := s.watch(ctx)
	if err != nil {
		s.end()
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	s.ended.Go(func() { s.follow(w) })
	s.ended.Go(s.keep)
	return s, nil
}

// Close writes what is still to be written of last uses, and ends.
func (s *Store) Close() {
	s.end()
	s.ended.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), answerWaitMax)
	defer cancel()
	s.flush(ctx, 0)
}

// now is the clock in whole seconds, as records hold it.
func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Second) }

// read brings a key's newest value into the cache, past what the watch has told.
func (s *Store) read(ctx context.Context, key string) error {
	e, err := patiently(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return s.kv.Get(ctx, key) })
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	return s.cache.Load().put(key, e.Revision(), e.Value(), true)
}

// write stores a value on top of the revision given, 0 for a new key. It returns
// errChanged when the key has another revision.
func (s *Store) write(ctx context.Context, key string, value any, revision uint64) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	// An answer that was lost makes the second attempt look like a conflict: who
	// changes a record reads it again then, and finds it done.
	written, err := patiently(ctx, func(ctx context.Context) (uint64, error) {
		if revision == 0 {
			return s.kv.Create(ctx, key, text)
		}
		return s.kv.Update(ctx, key, text, revision)
	})
	switch {
	case errors.Is(err, jetstream.ErrKeyExists), stale(err):
		return errChanged
	case err != nil:
		return unavailable(err)
	}
	return s.cache.Load().put(key, written, text, true)
}

// remove ends a token or a session. What is gone already is fine.
func (s *Store) remove(ctx context.Context, key string) error {
	_, err := patiently(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.kv.Purge(ctx, key) })
	if err != nil {
		return unavailable(err)
	}
	c := s.cache.Load()
	c.mu.RLock()
	revision := c.credentials(key)[key[len(tokenPrefix):]].revision
	c.mu.RUnlock()
	c.drop(key, revision, true)
	return nil
}

// change changes an account's record until no other process gets in between. fn
// gets what is there, or nil, and returns what shall be there, or nil for no change.
func (s *Store) change(ctx context.Context, id string, fn func(now *accountRecord) (*accountRecord, error)) error {
	key := accountKey(id)
	for range changeAttemptsMax {
		if err := s.read(ctx, key); err != nil {
			return err
		}
		old, revision, ok := s.cache.Load().account(id)
		before := &old
		if !ok {
			before = nil
		}
		after, err := fn(before)
		if err != nil || after == nil {
			return err
		}
		if err := s.write(ctx, key, after, revision); !errors.Is(err, errChanged) {
			return err
		}
	}
	return fmt.Errorf("account %q: changed by others %d times: %w", id, changeAttemptsMax, ErrUnavailable)
}

// errChanged says that somebody else changed a record first.
var errChanged = errors.New("accounts: the record has changed")

func stale(err error) bool {
	var refusal *jetstream.APIError
	return errors.As(err, &refusal) && refusal.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

// patiently calls fn until it succeeds or refuses. A broker that is starting, or
// that changes hands, leaves questions unanswered: fn must be safe to repeat.
func patiently[T any](ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		once, cancel := context.WithTimeout(ctx, answerWaitMax)
		v, err := fn(once)
		cancel()
		if err == nil || !passing(err) || attempt == attemptsMax || ctx.Err() != nil {
			return v, err
		}
		pause := time.NewTimer(retryPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return v, err
		}
	}
}

// passing reports whether the broker gave no answer, or one that may change in a
// moment.
func passing(err error) bool {
	var refusal *jetstream.APIError
	if errors.As(err, &refusal) {
		return refusal.Code == 503
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrDisconnected) || errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, jetstream.ErrNoStreamResponse)
}
