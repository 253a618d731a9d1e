// Package apptest runs commands through the real application on a log in memory,
// for tests of commands and their rules.
//
// It owns no rule and no clock of its own: a [World] is an app.App whose recording
// clock stands still far ahead of every claimed time. It never enters the binary.
package apptest

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/domain/roles"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
)

// Now is the recording clock of every World.
var Now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TB is what a World needs of a test; *rapid.T has it too.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

var _ TB = (*testing.T)(nil)

// World is an application on an empty log, running until its test ends. It belongs
// to one goroutine.
type World struct {
	App *app.App
	t   TB
	log log.Log

	ctx    context.Context
	cancel context.CancelFunc
	commit map[uint64]*events.Commit // read so far
}

// Parts are what a World runs besides the trade.
type Parts struct {
	Commands  []app.Command
	Reactions []app.Reaction
	Kinds     map[string]func() domain.Aggregate
}

// New starts an application with the commands given.
func New(t TB, parts Parts) *World {
	t.Helper()
	w := &World{t: t, log: log.NewMemory(), commit: make(map[uint64]*events.Commit)}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	ring, err := keys.OpenRing(w.ctx, keys.NewMemory())
	if err != nil {
		t.Fatalf("open keys: %v", err)
	}
	kinds := app.TradeKinds()
	maps.Copy(kinds, parts.Kinds)
	w.App, err = app.Open(w.ctx, app.Options{
		Log: w.log, Ring: ring, Commands: parts.Commands, Reactions: parts.Reactions, Kinds: kinds,
		Allowed: roles.Check, Clock: func() time.Time { return Now },
	})
	if err != nil {
		t.Fatalf("open app: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.App.Run(w.ctx) }()
	t.Cleanup(func() {
		w.cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return w
}

// Do sends one line of `apply` and returns its answer.
func (w *World) Do(line string) app.Result {
	w.t.Helper()
	env, problem := app.ParseLine([]byte(line))
	if problem != nil {
		w.t.Fatalf("line %s: %v", line, problem)
	}
	r, err := w.App.Submit(w.ctx, env).Wait(w.ctx)
	if err != nil {
		w.t.Fatalf("command %q: %v", env.ID, err)
	}
	return r
}

// Send sends a command whose data is given as a value.
func (w *World) Send(id, command string, by domain.By, data any) app.Result {
	w.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		w.t.Fatalf("command %q: %v", id, err)
	}
	env := app.Envelope{ID: id, Command: command, Actor: by.Actor, Role: by.Role, Time: by.Time, Data: raw, Via: events.ViaCLI}
	r, err := w.App.Submit(w.ctx, env).Wait(w.ctx)
	if err != nil {
		w.t.Fatalf("command %q: %v", id, err)
	}
	return r
}

// Facts returns the facts of an answer, in order; none for a refusal.
func (w *World) Facts(r app.Result) []domain.Fact {
	w.t.Helper()
	if len(r.Events) == 0 {
		return nil
	}
	var facts []domain.Fact
	for _, e := range w.Commit(r.Events[0].Seq).Events {
		facts = append(facts, e.Fact)
	}
	return facts
}

// Commit returns the commit at a position.
func (w *World) Commit(position uint64) *events.Commit {
	w.t.Helper()
	if c := w.commit[position]; c != nil {
		return c
	}
	err := w.log.Load(w.ctx, []uint64{position}, func(_ uint64, line []byte) error {
		c, err := events.Decode(line)
		w.commit[position] = &c
		return err
	})
	if err == nil && w.commit[position] == nil {
		err = errors.New("not there")
	}
	if err != nil {
		w.t.Fatalf("position %d: %v", position, err)
	}
	return w.commit[position]
}

// Position is the position of the last commit.
func (w *World) Position() uint64 {
	w.t.Helper()
	head, err := w.log.Head(w.ctx)
	if err != nil {
		w.t.Fatalf("head: %v", err)
	}
	return head.Position
}
