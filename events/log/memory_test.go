package log_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
)

func TestMemoryFindsLostAnswers(t *testing.T) {
	t.Parallel()
	logtest.RunLost(t, func(t *testing.T) logtest.Lossy {
		var mu sync.Mutex
		var next []func() log.Fault // what befalls the attempts to come
		m := log.NewMemory(log.OnAppend(func(context.Context, log.Head, [][]byte) log.Fault {
			mu.Lock()
			if len(next) == 0 {
				mu.Unlock()
				return log.FaultNone
			}
			fault := next[0]
			next = next[1:]
			mu.Unlock()
			return fault()
		}))
		late := func() {
			if _, waiting := m.Deliver(); !waiting {
				t.Error("nothing was held back")
			}
		}
		return logtest.Lossy{Log: m, Other: m, Late: late, Lose: func(loss logtest.Loss, meanwhile func()) {
			fault := map[logtest.Loss]log.Fault{
				logtest.RequestLost: log.FaultRequestLost, logtest.AnswerLost: log.FaultAnswerLost,
				logtest.Duplicated: log.FaultDuplicated, logtest.Delayed: log.FaultDelayed,
			}[loss]
			mu.Lock()
			defer mu.Unlock()
			next = []func() log.Fault{
				func() log.Fault { return fault },
				func() log.Fault { meanwhile(); return log.FaultNone },
			}
		}}
	})
}

func TestMemoryFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  log.Fault
		want   error
		stored uint64
	}{
		"UnknownAbsent": {log.FaultUnknownAbsent, log.ErrUnknown, 0},
		"UnknownStored": {log.FaultUnknownStored, log.ErrUnknown, 1},
		"Unavailable":   {log.FaultUnavailable, log.ErrUnavailable, 0},
		"Full":          {log.FaultFull, log.ErrFull, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := log.NewMemory(log.OnAppend(func(context.Context, log.Head, [][]byte) log.Fault { return c.fault }))
			_, err := m.Append(t.Context(), log.Head{}, logtest.Commits("x", 1))
			for _, sentinel := range []error{log.ErrUnknown, log.ErrUnavailable, log.ErrFull, log.ErrConflict} {
				if got, want := errors.Is(err, sentinel), sentinel == c.want; got != want {
					t.Errorf("error %v is %v: %v, want %v", err, sentinel, got, want)
				}
			}
			if head, _ := m.Head(t.Context()); head.Position != c.stored {
				t.Errorf("head %+v, want position %d", head, c.stored)
			}
		})
	}
}

func TestMemoryHookDelaysAndConflicts(t *testing.T) {
	t.Parallel()
	reached, goOn := make(chan struct{}), make(chan struct{})
	m := log.NewMemory(log.OnAppend(func(context.Context, log.Head, [][]byte) log.Fault {
		close(reached)
		<-goOn
		return log.FaultNone
	}))
	failed := make(chan error)
	go func() {
		_, err := m.Append(t.Context(), log.Head{}, logtest.Commits("x", 1))
		failed <- err
	}()
	<-reached
	if _, err := m.Inject(logtest.Commits("other", 2)...); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if err := <-failed; !errors.Is(err, log.ErrConflict) {
		t.Errorf("append: %v", err)
	}
}
