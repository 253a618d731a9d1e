package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"zhitong/events/log"
	"zhitong/web/problem"
)

const (
	// streamsMax is how many streams one process serves at once.
	streamsMax = 256
	// reconnectAfter is when a client that was cut off is asked to come back.
	reconnectAfter = 2 * time.Second
	// aheadMax is how many blocks are read ahead of a client.
	aheadMax = 4
)

// part is what is sent at once: the commits of a block, as the stream writes them.
type part struct {
	bytes []byte
	last  uint64
}

// stream sends commits as server-sent events: one message a commit, its id the
// position, its data the stored bytes of the events, one a line. It goes on behind
// Last-Event-ID (else behind the head, or at from), without a gap and without
// sending anything twice.
func (a *API) stream(w http.ResponseWriter, r *http.Request, by caller) error {
	values, err := parameters(r, []string{"from", "subject"}, nil)
	if err == nil {
		err = mayReadEvents(by)
	}
	if err != nil {
		return err
	}
	subject, err := subjectOf(values)
	if err != nil {
		return err
	}
	next, err := a.streamFrom(r, values)
	if err != nil {
		return err
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		return problem.TooMany(reconnectAfter)
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return nil
	}
	out := newPatient(w, a)
	fmt.Fprintf(out.w, "retry: %d\n\n", reconnectAfter.Milliseconds())
	if err := out.flush(); err != nil {
		return nil // the client has gone
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	parts := make(chan part, aheadMax)
	go func() {
		defer close(parts)
		_ = a.Log.Follow(ctx, next, func(b log.Block) error { return follow(ctx, parts, b, subject) }) // the client comes back
	}()
	a.pump(ctx, out, parts, func() error { return a.still(r, by) })
	return nil
}

// streamFrom is the position of the first commit to be sent.
func (a *API) streamFrom(r *http.Request, values map[string][]string) (uint64, error) {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		n, err := strconv.ParseUint(id, 10, 62)
		if err != nil {
			return 0, problem.Parameter("Last-Event-ID", id, "the id of a message is needed: a position")
		}
		head, err := a.Log.Head(r.Context())
		if err == nil && n > head.Position {
			return 0, problem.Parameter("Last-Event-ID", id, "the log ends at %d: this is the id of another log", head.Position)
		}
		return n + 1, err
	}
	if values["from"] != nil {
		return position(values, "from", 1)
	}
	head, err := a.Log.Head(r.Context())
	return head.Position + 1, err
}

// follow writes the commits of a block as messages.
func follow(ctx context.Context, parts chan<- part, b log.Block, subject string) error {
	p := part{last: b.Last()}
	for i, commit := range b.Commits {
		var data []byte
		err := eachEvent(commit, subject, func(event []byte) error {
			data = append(append(append(data, "data: "...), event...), '\n')
			return nil
		})
		if err != nil {
			return err
		}
		if data != nil {
			p.bytes = append(fmt.Appendf(p.bytes, "id: %d\nevent: commit\n", b.First+uint64(i)), data...)
			p.bytes = append(p.bytes, '\n')
		}
	}
	select {
	case parts <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pump sends parts as they come, and a sign of life in between, until the client
// goes, the log is out of reach, the account may no more, or the server ends.
func (a *API) pump(ctx context.Context, out *patient, parts <-chan part, still func() error) {
	beat := time.NewTicker(a.HeartbeatEvery)
	defer beat.Stop()
	seen := uint64(0) // of what nothing was sent, since it is of other subjects
	for {
		var err error
		select {
		case p, open := <-parts:
			if !open {
				return
			}
			if seen = p.last; len(p.bytes) > 0 {
				seen = 0
			}
			if still() != nil {
				return
			}
			if _, err = out.w.Write(p.bytes); err == nil && len(parts) == 0 {
				err = out.flush()
			}
		case <-beat.C:
			if still() != nil {
				return
			}
			if seen > 0 { // an id without data moves the client on
				fmt.Fprintf(out.w, "id: %d\n", seen)
				seen = 0
			}
			if _, err = out.w.WriteString(": \n\n"); err == nil {
				err = out.flush()
			}
		case <-a.Stopping:
			err = errors.Join(errStopping, out.flush())
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

var errStopping = errors.New("the server ends")
