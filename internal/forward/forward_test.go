package forward_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/internal/forward"
	"zhitong/internal/lease"
)

const (
	opening = `{"id":"open","command":"programme.open","actor":"U-OP","role":"operator","time":"2021-03-01T09:00:00+08:00","data":{"programme_id":"P369","name":{"zh":"直通369"}}}`
	waitMax = 30 * time.Second
)

// member is a process of a cluster.
type member struct {
	app   *app.App
	lease *lease.Lease
}

// join starts a process. One that leads decides for the others once it has the
// lease; serve says how it treats their commands.
func join(t *testing.T, nc *nats.Conn, name string, leads bool, serve func(context.Context, *app.App) error) member {
	t.Helper()
	l, err := log.OpenJetStream(t.Context(), nc, log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	ls, err := lease.Open(t.Context(), nc, log.StreamDefault, "commands", name, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := assembly.Options(l, ring)
	f := forward.Open(nc, ls, log.StreamDefault)
	o.Elsewhere = f
	a, err := app.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, a.Run)
	run(t, f.Run)
	if !leads {
		run(t, ls.Watch)
		return member{a, ls}
	}
	run(t, func(ctx context.Context) error {
		return ls.Run(ctx, func(ctx context.Context) error { return serve(ctx, a) })
	})
	return member{a, ls}
}

// run runs a service until the test ends.
func run(t *testing.T, service func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// knows waits until a process knows the holder of the lease.
func knows(t *testing.T, m member, holder string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	tooLong := time.After(waitMax)
	for m.lease.Holder() != holder {
		select {
		case <-tick.C:
		case <-tooLong:
			t.Fatalf("the lease is held by %q, not %q", m.lease.Holder(), holder)
		}
	}
}

func envelope(t *testing.T, line string) app.Envelope {
	t.Helper()
	env, p := app.ParseLine([]byte(line))
	if p != nil {
		t.Fatal(p)
	}
	return env
}

func funder(n int) string {
	return fmt.Sprintf(`{"id":"f-%[1]d","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-01T09:00:00+08:00","data":{"party_id":"F-%[1]d","kind":"funder","name":{"zh":"资金方"}}}`, n)
}

// sendAll submits n commands at once, from one goroutine, and checks that all were
// recorded in that order.
func sendAll(t *testing.T, a *app.App, n int) {
	t.Helper()
	pending := make([]*app.Pending, n)
	for i := range pending {
		pending[i] = a.Submit(t.Context(), envelope(t, funder(i)))
	}
	last := uint64(0)
	for i, p := range pending {
		r, err := p.Wait(t.Context())
		if err != nil || !r.OK {
			t.Fatalf("command %d: %+v, %v", i, r, err)
		}
		if r.Position <= last {
			t.Errorf("command %d is at position %d, the one before it at %d", i, r.Position, last)
		}
		last = r.Position
	}
}

func TestTheHolderDecidesAndTheAnswerIsTheSame(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	served := make(chan app.Envelope, 64)
	leader := join(t, nc, "leader", true, func(ctx context.Context, a *app.App) error {
		return forward.Serve(ctx, nc, log.StreamDefault, "leader", counted{a, served})
	})
	knows(t, leader, "leader")
	other := join(t, nc, "other", false, nil)
	knows(t, other, "leader")

	env := envelope(t, opening)
	env.Principal, env.Via = "account-1", "api"
	r, err := other.app.Submit(t.Context(), env).Wait(t.Context())
	if err != nil || !r.OK || r.Position != 1 || len(r.Events) != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got := <-served; got.Principal != "account-1" || got.Via != "api" || got.Time != env.Time {
		t.Errorf("the other process was given %+v", got)
	}
	again, err := other.app.Submit(t.Context(), env).Wait(t.Context())
	if err != nil || !again.Repeated || again.Position != 1 || again.Events[0] != r.Events[0] {
		t.Errorf("again: %+v, %v", again, err)
	}
	env = envelope(t, funder(1))
	env.Role = domain.Buyer
	refused, err := other.app.Submit(t.Context(), env).Wait(t.Context())
	if err != nil || refused.OK || refused.Problem.Class != domain.Denied || len(refused.Problem.Roles) == 0 {
		t.Errorf("refused: %+v %+v, %v", refused, refused.Problem, err)
	}
	sendAll(t, other.app, 50)
}

// counted notes the commands that were handed over.
type counted struct {
	*app.App
	served chan app.Envelope
}

func (c counted) SubmitHere(ctx context.Context, env app.Envelope) *app.Pending {
	select {
	case c.served <- env:
	default:
	}
	return c.App.SubmitHere(ctx, env)
}

func TestAHolderThatDoesNotAnswerIsDoneWithout(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*nats.Conn) func(context.Context, *app.App) error{
		"NobodyThere": func(*nats.Conn) func(context.Context, *app.App) error {
			return func(ctx context.Context, _ *app.App) error { <-ctx.Done(); return nil }
		},
		"Deaf": func(nc *nats.Conn) func(context.Context, *app.App) error {
			return func(ctx context.Context, _ *app.App) error {
				sub, err := nc.SubscribeSync("zt.commands.ZHITONG.leader")
				if err != nil {
					return err
				}
				<-ctx.Done()
				return sub.Unsubscribe()
			}
		},
		"DecidesAndStaysSilent": func(nc *nats.Conn) func(context.Context, *app.App) error {
			return func(ctx context.Context, a *app.App) error {
				sub, err := nc.Subscribe("zt.commands.ZHITONG.leader", func(m *nats.Msg) {
					m.Reply = nc.NewInbox() // the answer goes astray
					nc.PublishMsg(&nats.Msg{Subject: "zt.commands.ZHITONG.real", Reply: m.Reply, Data: m.Data})
				})
				if err != nil {
					return err
				}
				err = forward.Serve(ctx, nc, log.StreamDefault, "real", a)
				sub.Unsubscribe()
				return err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc := embeddedtest.NATS(t)
			leader := join(t, nc, "leader", true, serve(nc))
			knows(t, leader, "leader")
			other := join(t, nc, "other", false, nil)
			knows(t, other, "leader")
			if r, err := leader.app.Submit(t.Context(), envelope(t, opening)).Wait(t.Context()); err != nil || !r.OK {
				t.Fatalf("open: %+v, %v", r, err)
			}
			sendAll(t, other.app, 200)
			sendAll(t, other.app, 200) // the same again: nothing is recorded twice
			parties := 0
			l, err := log.OpenJetStream(t.Context(), nc, log.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Read(t.Context(), 1, func(b log.Block) error { parties += len(b.Commits); return nil }); err != nil {
				t.Fatal(err)
			}
			if parties != 201 {
				t.Errorf("%d commits in the log, want 201", parties)
			}
		})
	}
}
