package lease_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/internal/embedded/embeddedtest"
	"zhitong/internal/lease"
)

const (
	job     = "committer"
	waitMax = 30 * time.Second
)

func open(t *testing.T, nc *nats.Conn, holder string) *lease.Lease {
	t.Helper()
	l, err := lease.Open(t.Context(), nc, "ZHITONG", job, holder, 1)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run runs a lease until the returned function is called; each turn is told.
func run(t *testing.T, l *lease.Lease) (turns chan context.Context, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	turns = make(chan context.Context, 8)
	ended := make(chan error, 1)
	go func() {
		ended <- l.Run(ctx, func(ctx context.Context) error {
			turns <- ctx
			<-ctx.Done()
			return nil
		})
	}()
	return turns, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func next(t *testing.T, turns chan context.Context) context.Context {
	t.Helper()
	select {
	case ctx := <-turns:
		return ctx
	case <-time.After(waitMax):
		t.Fatal("nobody got the lease")
		return nil
	}
}

func TestOneAtATimeAndTheOtherFollows(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	one, other := open(t, nc, "one"), open(t, nc, "other")
	turns, end := run(t, one)
	next(t, turns)
	otherTurns, endOther := run(t, other)
	defer endOther()
	if !one.Held() || other.Held() {
		t.Errorf("one held: %v, other held: %v", one.Held(), other.Held())
	}
	end()
	next(t, otherTurns)
	if one.Held() || !other.Held() {
		t.Errorf("afterwards one held: %v, other held: %v", one.Held(), other.Held())
	}
}

func TestALeaseThatIsTakenAwayEndsTheWork(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	one := open(t, nc, "one")
	turns, end := run(t, one)
	defer end()
	working := next(t, turns)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(t.Context(), "ZHITONG-leases")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.PutString(t.Context(), job, "usurper"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-working.Done():
	case <-time.After(waitMax):
		t.Fatal("the work goes on without the lease")
	}
	if one.Held() {
		t.Error("the lease is still held")
	}
	next(t, turns) // the usurper does not renew
}

func TestAHolderThatVanishesIsFollowed(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, nc, "one")
	kv, err := js.KeyValue(t.Context(), "ZHITONG-leases")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Create(t.Context(), job, []byte("dead")); err != nil {
		t.Fatal(err)
	}
	turns, end := run(t, l)
	defer end()
	next(t, turns)
}
