package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// checkEvery is the default of [Options.CheckEvery].
	checkEvery = 5 * time.Second
	// staleMax is how long a process may go on with what it knows when the bucket is
	// out of reach: a revocation elsewhere takes effect here within it.
	staleMax = 2 * time.Minute
	// lastUseEvery is how often the last use of one token or session is written.
	lastUseEvery = 10 * time.Minute
	// sweepEvery is how often what has expired is removed.
	sweepEvery = time.Hour
	// expiredKept is how long an expired token is still listed.
	expiredKept = 30 * 24 * time.Hour
	// watchWaitMax bounds the beginning of a watch.
	watchWaitMax = 10 * time.Second
)

// watch begins to follow the bucket and reads all of it into a new cache, which
// then replaces the old one.
func (s *Store) watch(ctx context.Context) (jetstream.KeyWatcher, error) {
	last, err := s.last(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.beginWatch(ctx)
	if err != nil {
		return nil, err
	}
	c := newCache()
	give := time.NewTimer(watchWaitMax)
	defer give.Stop()
	for {
		select {
		case e, ok := <-w.Updates():
			if ok && e == nil { // everything that was there
				c.revision = max(c.revision, last) // the last may have been a deletion that is forgotten
				if old := s.cache.Swap(c); old != nil {
					c.inherit(old)
				}
				s.heard.Store(s.clock().UnixNano())
				return w, nil
			}
			if !ok {
				return nil, errWatchEnded
			}
			if err := c.take(e); err != nil {
				return nil, errors.Join(err, w.Stop())
			}
		case <-give.C:
			return nil, errors.Join(errWatchEnded, w.Stop())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), w.Stop())
		}
	}
}

var errWatchEnded = errors.New("accounts: the bucket does not tell")

// beginWatch asks for a watch that lives as long as the store; the question itself
// is given up after a while and asked again.
func (s *Store) beginWatch(ctx context.Context) (jetstream.KeyWatcher, error) {
	for attempt := 1; ; attempt++ {
		life, cancel := context.WithCancel(s.life)
		timer := time.AfterFunc(answerWaitMax, cancel)
		w, err := s.kv.WatchAll(life)
		if timer.Stop() && err == nil {
			return w, nil // life ends with the store's
		}
		cancel()
		if err == nil {
			err = context.DeadlineExceeded
		}
		if attempt == attemptsMax || ctx.Err() != nil || s.life.Err() != nil {
			return nil, err
		}
		if !pause(ctx, retryPause) {
			return nil, ctx.Err()
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// take takes one word of the bucket.
func (c *cache) take(e jetstream.KeyValueEntry) error {
	if e.Operation() != jetstream.KeyValuePut {
		c.drop(e.Key(), e.Revision(), false)
		return nil
	}
	return c.put(e.Key(), e.Revision(), e.Value(), false)
}

// inherit keeps when credentials were last seen here, over a new reading.
func (c *cache) inherit(old *cache) {
	old.mu.RLock()
	defer old.mu.RUnlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []struct{ to, from map[string]entry[credential] }{{c.tokens, old.tokens}, {c.sessions, old.sessions}} {
		for hash, e := range m.to {
			if was, ok := m.from[hash]; ok && was.seen != nil && e.seen != nil {
				e.seen.Store(was.seen.Load())
			}
		}
	}
}

// follow takes the bucket's words until the store ends. A watch that has ended, or
// has fallen silent while the bucket went on, is begun anew.
func (s *Store) follow(w jetstream.KeyWatcher) {
	tick := time.NewTicker(s.checkEvery)
	defer tick.Stop()
	behind := uint64(0) // a revision that has not come for a whole tick
	for {
		var err error
		select {
		case <-s.life.Done():
			return
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				err = errWatchEnded
			case e != nil:
				err = s.cache.Load().take(e)
			}
		case <-tick.C:
			behind, err = s.check(behind)
		}
		if err == nil {
			continue
		}
		if s.life.Err() != nil {
			return
		}
		s.logger.WarnContext(s.life, "accounts: the bucket is read anew", "error", err)
		_ = w.Stop() // it may have ended by itself
		for w, err = s.watch(s.life); err != nil; w, err = s.watch(s.life) {
			if !pause(s.life, retryPause) {
				return
			}
		}
		behind = 0
	}
}

// check asks how far the bucket is. Nothing newer than what has been told: what is
// known is the truth of this moment.
func (s *Store) check(behind uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(s.life, answerWaitMax)
	defer cancel()
	asked := s.clock()
	last, err := s.last(ctx)
	_, revision, _ := s.cache.Load().state()
	switch {
	case err != nil: // out of reach: what is known grows old, see fresh
		return 0, nil
	case revision >= last:
		s.heard.Store(asked.UnixNano())
		return 0, nil
	case behind > 0 && revision < behind:
		return 0, fmt.Errorf("%w: at revision %d, the bucket at %d", errWatchEnded, revision, last)
	}
	return last, nil
}

// last is the bucket's last revision.
func (s *Store) last(ctx context.Context) (uint64, error) {
	status, err := s.kv.Status(ctx)
	if err != nil {
		return 0, err
	}
	info, ok := status.(*jetstream.KeyValueBucketStatus)
	if !ok {
		return 0, errors.New("accounts: the bucket has no status")
	}
	return info.StreamInfo().State.LastSeq, nil
}

// fresh reports whether what is known is young enough to let somebody in.
func (s *Store) fresh(now time.Time) error {
	if old := now.UnixNano() - s.heard.Load(); old > int64(staleMax) {
		return fmt.Errorf("%w: nothing was heard of them for %s", ErrUnavailable, time.Duration(old).Round(time.Second))
	}
	return nil
}

// keep writes last uses and removes what has expired, until the store ends.
func (s *Store) keep() {
	tick := time.NewTicker(s.checkEvery)
	defer tick.Stop()
	swept := time.Time{}
	for {
		select {
		case <-s.life.Done():
			return
		case <-tick.C:
		case <-s.used:
		}
		s.flush(s.life, lastUseEvery)
		if now := s.now(); now.Sub(swept) >= sweepEvery {
			swept = now
			s.sweep(s.life)
		}
	}
}

// flush writes the last uses that the bucket does not know: the first one soon, then
// one each time every has passed. What fails is written the next time.
func (s *Store) flush(ctx context.Context, every time.Duration) {
	c := s.cache.Load()
	for prefix, m := range map[string]map[string]entry[credential]{tokenPrefix: c.tokens, sessionPrefix: c.sessions} {
		for hash, e := range c.all(m, "") {
			seen := e.seen.Load()
			if seen == 0 || ctx.Err() != nil {
				continue
			}
			at := time.Unix(seen, 0).UTC()
			if !at.After(e.value.LastUsed) || !e.value.LastUsed.IsZero() && at.Sub(e.value.LastUsed) < every {
				continue
			}
			r := *e.value
			r.LastUsed = at
			// Another process that wrote it meanwhile, or removed it, is right.
			if err := s.write(ctx, prefix+hash, r, e.revision); err != nil && !errors.Is(err, errChanged) {
				s.logger.WarnContext(ctx, "accounts: last use is not written", "error", err)
				return
			}
		}
	}
}

// sweep removes sessions that have ended, tokens that expired long ago, and the
// broker's own notes of what was removed.
func (s *Store) sweep(ctx context.Context) {
	c, now := s.cache.Load(), s.now()
	for hash, e := range c.all(c.sessions, "") {
		if s.ofSession(e, nil, now) != nil {
			s.swept(ctx, sessionPrefix+hash)
		}
	}
	for hash, e := range c.all(c.tokens, "") {
		if now.Sub(e.value.Expires) > expiredKept {
			s.swept(ctx, tokenPrefix+hash)
		}
	}
	c.forget()
	if err := s.kv.PurgeDeletes(ctx, jetstream.DeleteMarkersOlderThan(sweepEvery)); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "accounts: sweep", "error", err)
	}
}

func (s *Store) swept(ctx context.Context, key string) {
	if err := s.remove(ctx, key); err != nil && ctx.Err() == nil {
		s.logger.WarnContext(ctx, "accounts: sweep", "error", err)
	}
}
