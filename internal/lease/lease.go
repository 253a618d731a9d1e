// Package lease says which process of a cluster does a job that one is enough for:
// deciding the commands of the others, signing the log.
//
// It owns the turns: a key of a key-value bucket that ends by itself unless its
// holder renews it. It refuses to be relied upon: a process that was paused may
// believe for a while that it still holds a lease, so what must never happen twice
// is guarded where it happens, by comparing and setting. Start at [Lease.Run].
package lease

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/events/log"
)

const (
	// Lasts is how long a lease lasts that is not renewed.
	Lasts = 3 * time.Second
	// renewEvery is the pace of renewing, and of trying to get a lease that
	// another holds.
	renewEvery = Lasts / 3
	// bucketSuffix follows the stream's name in that of the bucket.
	bucketSuffix = "-leases"
)

// Lease is this process's part in the turns for one job. Its methods may be called
// from several goroutines.
type Lease struct {
	kv     jetstream.KeyValue
	job    string
	holder string

	seen atomic.Pointer[turn] // nil while nobody holds it
}

// turn is a lease as it was last seen.
type turn struct {
	holder   string
	revision uint64
}

// Open returns the lease for a job of the programme whose log is in a stream. The
// holder is this process's name, unlike that of any other; the first process makes
// the bucket, with so many replicas. It asks again until ctx ends, and looks once
// who holds the lease.
func Open(ctx context.Context, nc *nats.Conn, stream, job, holder string, replicas int) (*Lease, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("lease for %s: %w", job, err)
	}
	config := jetstream.KeyValueConfig{
		Bucket: stream + bucketSuffix, Description: "zhitong: which process does what one is enough for",
		TTL: Lasts, History: 1, Storage: jetstream.FileStorage, Replicas: max(replicas, 1),
	}
	for {
		kv, err := js.KeyValue(ctx, config.Bucket)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			kv, err = js.CreateKeyValue(ctx, config)
		}
		if err == nil {
			l := &Lease{kv: kv, job: job, holder: holder}
			l.look(ctx)
			return l, nil
		}
		if waitErr := wait(ctx, renewEvery/10); waitErr != nil {
			return nil, fmt.Errorf("lease for %s: %w", job, errors.Join(err, waitErr))
		}
	}
}

// Holder is who held the lease when this process last looked, "" for nobody. It may
// be wrong for as long as a lease lasts.
func (l *Lease) Holder() string {
	if t := l.seen.Load(); t != nil {
		return t.holder
	}
	return ""
}

// Held says whether this process holds the lease, as far as it knows.
func (l *Lease) Held() bool { return l.Holder() == l.holder }

// Watch looks who holds the lease until ctx ends, without ever asking for it.
func (l *Lease) Watch(ctx context.Context) error {
	for {
		l.look(ctx)
		if wait(ctx, renewEvery) != nil {
			return nil
		}
	}
}

// Run asks for the lease until ctx ends. While this process holds it, work runs; its
// context ends when the lease is lost or ctx ends, and Run waits for it. An error of
// work ends Run; when work returns nil while the lease is held, it is given to
// another.
func (l *Lease) Run(ctx context.Context, work func(context.Context) error) error {
	for {
		if revision, ok := l.take(ctx); ok {
			if err := l.hold(ctx, revision, work); err != nil {
				return err
			}
		}
		if wait(ctx, renewEvery) != nil {
			return nil
		}
	}
}

// look notes who holds the lease, and returns it.
func (l *Lease) look(ctx context.Context) *turn {
	asking, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	entry, err := l.kv.Get(asking, l.job)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		l.seen.Store(nil)
	case err == nil:
		l.seen.Store(&turn{string(entry.Value()), entry.Revision()})
	}
	return l.seen.Load()
}

// take tries to get the lease, if nobody has it.
func (l *Lease) take(ctx context.Context) (revision uint64, ok bool) {
	if l.look(ctx) != nil {
		return 0, false
	}
	asking, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	revision, err := l.kv.Create(asking, l.job, []byte(l.holder))
	if err != nil {
		return 0, false
	}
	l.seen.Store(&turn{l.holder, revision})
	return revision, true
}

// hold runs work and renews the lease beside it. What is not renewed within two
// thirds of its time is taken for lost, before another can have it.
func (l *Lease) hold(ctx context.Context, revision uint64, work func(context.Context) error) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- work(working) }()
	renewed := time.Now()
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			l.release(ctx, revision)
			return err
		case <-ctx.Done():
			err := <-done
			l.release(ctx, revision)
			return err
		case <-tick.C:
		}
		asking, cancel := context.WithDeadline(ctx, renewed.Add(Lasts*2/3))
		started := time.Now()
		next, err := l.kv.Update(asking, l.job, []byte(l.holder), revision)
		cancel()
		if err == nil {
			revision, renewed = next, started
			l.seen.Store(&turn{l.holder, revision})
			continue
		}
		if log.Stale(err) || time.Since(renewed) >= Lasts*2/3 {
			l.seen.Store(nil)
			stop()
			return <-done
		}
	}
}

// release gives the lease back, so that nobody waits for its end.
func (l *Lease) release(ctx context.Context, revision uint64) {
	l.seen.Store(nil)
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
	defer cancel()
	// Without an answer the lease ends by itself.
	_ = l.kv.Delete(asking, l.job, jetstream.LastRevision(revision))
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
