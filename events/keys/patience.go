package keys

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// answerWaitMax bounds one attempt at the broker; what is lost is asked again.
	answerWaitMax = 2 * time.Second
	// attemptsMax bounds the attempts: long enough for another process to take the
	// broker over.
	attemptsMax = 30
	// retryPause lies between two attempts.
	retryPause = 50 * time.Millisecond
)

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
