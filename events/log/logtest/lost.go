package logtest

import (
	"context"
	"testing"

	"zhitong/events/log"
)

// Loss is what goes astray between an appender and its log.
type Loss int

const (
	// RequestLost loses an attempt before anything is stored.
	RequestLost Loss = iota
	// AnswerLost loses the answer after the block has been stored.
	AnswerLost
	// Duplicated has an attempt arrive twice, one right behind the other.
	Duplicated
	// Delayed holds an attempt back until Late, though the appender has lost sight
	// of it.
	Delayed
)

// Lossy is a log on a bad line.
type Lossy struct {
	Log log.Log
	// Other is the same log on a good line.
	Other log.Log
	// Lose has this befall the next attempt of an append to Log, and then calls
	// meanwhile, before the appender can look.
	Lose func(loss Loss, meanwhile func())
	// Late lets a delayed attempt arrive and returns when the broker has dealt with
	// it.
	Late func()
}

// lostCase is what befalls one append, and what must come of it.
type lostCase struct {
	name      string
	loss      Loss
	meanwhile func(t *testing.T, l Lossy, before log.Head)
	want      error
	after     func(t *testing.T, l Lossy, before log.Head) // the append has returned
	stored    []string                                     // behind the first commit
}

func lostCases() []lostCase {
	block, other := Commits("mine", 3), Commits("other", 2)
	nothing := func(*testing.T, Lossy, log.Head) {}
	late := func(_ *testing.T, l Lossy, _ log.Head) { l.Late() }
	rival := func(t *testing.T, l Lossy, before log.Head) { MustAppend(t, l.Other, before, other) }
	return []lostCase{
		{"LostRequestIsSentAgain", RequestLost, nothing, nil, nothing, texts(block)},
		{"LostAnswerIsFoundByLooking", AnswerLost, nothing, nil, nothing, texts(block)},
		{"LostRequestThenAnotherAppender", RequestLost, rival, log.ErrConflict, nothing, texts(other)},
		{
			"LostAnswerThenAnotherAppender", AnswerLost,
			func(t *testing.T, l Lossy, before log.Head) {
				MustAppend(t, l.Other, log.Head{Seq: before.Seq + 1, Position: before.Position + 3}, other)
			},
			nil, nothing, append(texts(block), texts(other)...),
		},
		{"RequestThatArrivesTwiceIsStoredOnce", Duplicated, nothing, nil, nothing, texts(block)},
		{"DelayedRequestArrivesBeforeTheLook", Delayed, late, nil, nothing, texts(block)},
		{"DelayedRequestArrivesAfterItsRepetition", Delayed, nothing, nil, late, texts(block)},
		{"DelayedRequestArrivesAfterAnotherAppender", Delayed, rival, log.ErrConflict, late, texts(other)},
	}
}

// RunLost holds a log to what it promises when requests and answers are lost, come
// twice or come late. open returns an empty log of its own for each case.
func RunLost(t *testing.T, open func(t *testing.T) Lossy) {
	for _, c := range lostCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			before := MustAppend(t, l.Log, log.Head{}, Commits("first", 1))
			l.Lose(c.loss, func() { c.meanwhile(t, l, before) })
			head, err := l.Log.Append(Context(t), before, Commits("mine", 3))
			if c.want != nil {
				wantError(t, "append", err, c.want)
			} else if want := (log.Head{Seq: 2, Position: 4}); err != nil || head != want {
				t.Errorf("append: %+v, %v, want %+v", head, err, want)
			}
			c.after(t, l, before)
			wantEqual(t, "stored", All(t, l.Other, 2), c.stored)
			goesOn(t, l.Log)
		})
	}
	t.Run("UnknownOutcomeMayStillArrive", func(t *testing.T) {
		t.Parallel()
		l := open(t)
		before := MustAppend(t, l.Log, log.Head{}, Commits("first", 1))
		ctx, cancel := context.WithCancel(Context(t))
		l.Lose(Delayed, cancel)
		_, err := l.Log.Append(ctx, before, Commits("mine", 3))
		wantError(t, "append", err, log.ErrUnknown)
		wantEqual(t, "stored at first", All(t, l.Other, 2), []string(nil))
		l.Late()
		_, err = l.Log.Append(Context(t), before, Commits("decided anew", 1))
		wantError(t, "append on the head of before", err, log.ErrConflict)
		wantEqual(t, "stored", All(t, l.Other, 2), texts(Commits("mine", 3)))
		goesOn(t, l.Log)
	})
}

// goesOn appends another block at the head as it is.
func goesOn(t *testing.T, l log.Log) {
	t.Helper()
	last, err := l.Head(Context(t))
	if err != nil {
		t.Fatal(err)
	}
	MustAppend(t, l, last, Commits("next", 1))
}
