package logtest

import (
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
)

// Lossy is a log on a bad line.
type Lossy struct {
	Log log.Log
	// Other is the same log on a good line.
	Other log.Log
	// Lose has the next attempt of an append to Log go astray, and then calls
	// meanwhile, before the appender can look.
	Lose func(loss Loss, meanwhile func())
}

// RunLost holds a log to what it promises when requests and answers are lost.
// open returns an empty log of its own for each case.
func RunLost(t *testing.T, open func(t *testing.T) Lossy) {
	block, other := Commits("mine", 3), Commits("other", 2)
	nothing := func(*testing.T, Lossy, log.Head) {}
	cases := []struct {
		name      string
		loss      Loss
		meanwhile func(t *testing.T, l Lossy, before log.Head)
		want      error
		stored    []string // behind the first commit
	}{
		{"LostRequestIsSentAgain", RequestLost, nothing, nil, texts(block)},
		{"LostAnswerIsFoundByLooking", AnswerLost, nothing, nil, texts(block)},
		{
			"LostRequestThenAnotherAppender", RequestLost,
			func(t *testing.T, l Lossy, before log.Head) { MustAppend(t, l.Other, before, other) },
			log.ErrConflict, texts(other),
		},
		{
			"LostAnswerThenAnotherAppender", AnswerLost,
			func(t *testing.T, l Lossy, before log.Head) {
				MustAppend(t, l.Other, log.Head{Seq: before.Seq + 1, Position: before.Position + 3}, other)
			},
			nil, append(texts(block), texts(other)...),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			before := MustAppend(t, l.Log, log.Head{}, Commits("first", 1))
			l.Lose(c.loss, func() { c.meanwhile(t, l, before) })
			head, err := l.Log.Append(Context(t), before, block)
			if c.want != nil {
				wantError(t, "append", err, c.want)
			} else if want := (log.Head{Seq: 2, Position: 4}); err != nil || head != want {
				t.Errorf("append: %+v, %v, want %+v", head, err, want)
			}
			wantEqual(t, "stored", All(t, l.Other, 2), c.stored)
			last, err := l.Log.Head(Context(t))
			if err != nil {
				t.Fatal(err)
			}
			MustAppend(t, l.Log, last, Commits("next", 1))
		})
	}
}
