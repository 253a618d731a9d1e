package historytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/assembly"
	"zhitong/internal/demo"
)

// House is the whole application, with its log and its keys in the test's hands.
type House struct {
	Log  log.Log
	Ring *keys.Ring
	App  *app.App

	t testing.TB
	n int
}

// NewHouse starts the application on an empty log; it ends with the test.
func NewHouse(t testing.TB) *House {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	h := &House{Log: log.NewMemory(), Ring: ring, t: t}
	o := assembly.Options(h.Log, ring)
	o.Clock = func() time.Time { return apptest.Now }
	if h.App, err = app.Open(ctx, o); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.App.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return h
}

// Demo sends the demo programme.
func (h *House) Demo(scale string) {
	h.t.Helper()
	p, err := demo.New(demo.Options{Scale: scale, Seed: demo.DefaultSeed})
	if err != nil {
		h.t.Fatal(err)
	}
	for env := range p.Commands() {
		h.send(env)
	}
}

func (h *House) send(env app.Envelope) app.Result {
	h.t.Helper()
	r, err := h.App.Submit(context.Background(), env).Wait(context.Background())
	if err != nil {
		h.t.Fatalf("command %q: %v", env.ID, err)
	}
	return r
}

// Line sends a line of apply.
func (h *House) Line(line string) app.Result {
	h.t.Helper()
	env, problem := app.ParseLine([]byte(line))
	if problem != nil {
		h.t.Fatalf("line %s: %v", line, problem)
	}
	return h.send(env)
}

// Do sends a command that must be accepted; data is JSON.
func (h *House) Do(command, actor, role, when, data string) app.Result {
	h.t.Helper()
	h.n++
	r := h.Line(fmt.Sprintf(`{"id":"T%d","command":%q,"actor":%q,"role":%q,"time":%q,"data":%s}`, h.n, command, actor, role, when, data))
	if !r.OK {
		h.t.Fatalf("%s %s: %v", command, data, r.Problem)
	}
	return r
}
