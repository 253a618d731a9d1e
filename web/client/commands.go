package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answerBytesMax is the size of an answer to a command, and of a line of a batch's.
const answerBytesMax = 1 << 20

// Command is something to be done. ID is the client's choice, unique in the
// programme: whoever makes it anew for the same thing does it twice.
type Command struct {
	ID   string
	Name string    // e.g. "order.submit"
	Time time.Time // when it happened, in the zone of where it did
	Data any       // a struct of package domain, or anything that has its JSON
}

// Answer is what became of a command.
type Answer struct {
	ID     string  `json:"id"`
	OK     bool    `json:"ok"`
	Events []Event `json:"events,omitempty"`
	// Refusal is why a command of a batch was refused; [Client.Send] returns it as an
	// error.
	Refusal *Refusal `json:"problem,omitempty"`

	// Replayed says that nothing was recorded since it had been before. Only Send
	// knows it.
	Replayed bool `json:"-"`
}

// Position is the position of the command's commit in the log; 0 where it has none.
func (a Answer) Position() uint64 {
	if len(a.Events) == 0 {
		return 0
	}
	return a.Events[0].Position
}

// Event names an event.
type Event struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Position uint64 `json:"seq"`
}

// Refusal is why a line of a batch was refused.
type Refusal struct {
	Code   string   `json:"code"`
	Line   int      `json:"line,omitzero"`
	Field  string   `json:"field,omitempty"`
	Value  string   `json:"value,omitempty"`
	Detail string   `json:"detail,omitempty"`
	Roles  []string `json:"roles,omitempty"`
}

// Error returns code, field and detail in one line.
func (r *Refusal) Error() string {
	return sentence(r.Code, r.Field, r.Detail)
}

// body is a command as it is sent.
type body struct {
	ID      string         `json:"id"`
	Command string         `json:"command,omitempty"`
	Time    string         `json:"time"`
	Data    jsontext.Value `json:"data"`
}

func (c Command) body(named bool) ([]byte, error) {
	data, err := json.Marshal(c.Data)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", c.ID, err)
	}
	b := body{ID: c.ID, Time: c.Time.Format(time.RFC3339Nano), Data: data}
	if named {
		b.Command = c.Name
	}
	return json.Marshal(b)
}

// Send sends a command and waits until it is recorded, durably. It is sent again
// while the server is busy or out of reach. A refusal is a [*Problem]. After any
// other error nobody knows whether it was recorded: send the same Command again.
func (c *Client) Send(ctx context.Context, command Command) (Answer, error) {
	return c.command(ctx, command, "")
}

// DryRun asks what would become of a command; nothing is recorded.
func (c *Client) DryRun(ctx context.Context, command Command) (Answer, error) {
	return c.command(ctx, command, "?dry_run=1")
}

func (c *Client) command(ctx context.Context, command Command, query string) (a Answer, err error) {
	b, err := command.body(false)
	if err != nil {
		return a, err
	}
	resp, err := c.do(ctx, request{method: http.MethodPost, path: "/commands/" + command.Name + query, body: b, kind: "application/json"})
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	a.Replayed, _ = strconv.ParseBool(resp.Header.Get("Idempotency-Replayed"))
	return a, json.UnmarshalRead(io.LimitReader(resp.Body, answerBytesMax), &a)
}

// Batch sends commands one after the other over one request and gives their answers
// in the same order, as they come: the next command is taken while answers are still
// on their way. A refused command is an answer with a Refusal; the others go on. An
// error ends the answers; commands that have none may be sent again.
func (c *Client) Batch(ctx context.Context, commands iter.Seq[Command]) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		out, in := io.Pipe()
		written := make(chan struct{})
		go func() {
			defer close(written)
			in.CloseWithError(writeAll(in, commands)) // nil is the end
		}()
		// Whatever ends the answers, nobody goes on writing.
		defer func() { cancel(); out.CloseWithError(context.Canceled); <-written }()
		resp, err := c.send(ctx, request{method: http.MethodPost, path: "/commands:batch", kind: "application/x-ndjson"}, out)
		if err != nil {
			yield(Answer{}, err)
			return
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, answerBytesMax)
		for lines.Scan() {
			var a Answer
			if err := json.Unmarshal(lines.Bytes(), &a); err != nil || !yield(a, nil) {
				if err != nil {
					yield(Answer{}, err)
				}
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Answer{}, err)
		}
	}
}

// writeAll writes commands a line each.
func writeAll(w io.Writer, commands iter.Seq[Command]) error {
	for command := range commands {
		b, err := command.body(true)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return errors.Join(errBatch, err)
		}
	}
	return nil
}

var errBatch = errors.New("client: the batch was cut off")
