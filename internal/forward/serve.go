package forward

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"

	"zhitong/internal/app"
)

// Decider is what decides the commands of other processes; see [app.App].
type Decider interface {
	SubmitHere(ctx context.Context, env app.Envelope) *app.Pending
}

// Serve takes the commands of other processes, in their order, until ctx ends.
// Run it while holder has the lease; running longer does no harm.
func Serve(ctx context.Context, nc *nats.Conn, stream, holder string, a Decider) error {
	messages := make(chan *nats.Msg, inFlightMax)
	sub, err := nc.ChanSubscribe(subject(stream, holder), messages)
	if err != nil {
		return fmt.Errorf("forward: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection ends with the process
	for {
		select {
		case m := <-messages:
			env, err := decodeRequest(m.Data)
			if err != nil {
				respond(m, app.Result{}, fmt.Errorf("unreadable command: %w", err))
				continue
			}
			pending := a.SubmitHere(ctx, env)
			go func() {
				result, err := pending.Wait(context.WithoutCancel(ctx))
				respond(m, result, err)
			}()
		case <-ctx.Done():
			return nil
		}
	}
}

func respond(m *nats.Msg, result app.Result, failed error) {
	payload, err := encodeReply(result, failed)
	if err == nil {
		err = m.Respond(payload)
	}
	if err != nil { // the other process decides by itself when no answer comes
		slog.Warn("answer to a forwarded command", "command_id", result.ID, "error", err)
	}
}
