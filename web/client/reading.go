package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// eventBytesMax is the size of one event, and of one line of a stream.
	eventBytesMax = 4 << 20
	// receiptBytesMax is the size of a receipt.
	receiptBytesMax = 16 << 20
)

// Query is a question to a view.
type Query struct {
	View    string
	Where   []string // COL=VALUE; all hold
	AsOf    string   // a position, or a time of recording; "" is now
	WaitFor uint64   // a position that must be in the answer, such as an Answer's
	Limit   int      // rows of one page; 0 is the server's
}

// Rows gives the rows of a view, page by page, as values of T: one of the structs of
// this package, or any that reads their JSON. Each page is of one position; with
// AsOf all are of the same.
func Rows[T any](ctx context.Context, c *Client, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for path := q.path(); path != ""; {
			page, next, err := readPage[T](ctx, c, path)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			path = next
		}
	}
}

func (q Query) path() string {
	values := url.Values{"where": q.Where}
	if q.AsOf != "" {
		values.Set("as_of", q.AsOf)
	}
	if q.WaitFor > 0 {
		values.Set("wait_for", strconv.FormatUint(q.WaitFor, 10))
	}
	if q.Limit > 0 {
		values.Set("limit", strconv.Itoa(q.Limit))
	}
	return "/views/" + url.PathEscape(q.View) + "?" + values.Encode()
}

// readPage reads one page and says where the next is.
func readPage[T any](ctx context.Context, c *Client, path string) (page []T, next string, err error) {
	resp, err := c.do(ctx, request{method: http.MethodGet, path: path, accept: "application/json"})
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	if err := json.UnmarshalRead(resp.Body, &page); err != nil {
		return nil, "", err
	}
	link := resp.Header.Get("Link")
	if target, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
		_, next, _ = strings.Cut(target, "/api/v1")
	}
	return page, next, nil
}

// Events gives the stored bytes of events, from one position to another (0 is the
// end), of one aggregate where subject is given ("order/PO-1"). It is for auditors.
func (c *Client) Events(ctx context.Context, from, to uint64, subject string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		values := url.Values{"from": {strconv.FormatUint(max(from, 1), 10)}}
		if to > 0 {
			values.Set("to", strconv.FormatUint(to, 10))
		}
		if subject != "" {
			values.Set("subject", subject)
		}
		resp, err := c.do(ctx, request{method: http.MethodGet, path: "/events?" + values.Encode()})
		if err != nil {
			yield(nil, err)
			return
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, eventBytesMax)
		for lines.Scan() {
			if !yield(jsontext.Value(lines.Bytes()).Clone(), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Commit is the events of one command, in their stored bytes.
type Commit struct {
	Position uint64
	Events   [][]byte
}

// Follow calls fn with every commit behind a position, and with those to come, in
// order, each once. It comes back by itself when the stream is cut off, and ends
// when ctx does, when fn returns an error (which it returns), or when the server says
// that it may not.
func (c *Client) Follow(ctx context.Context, after uint64, fn func(Commit) error) error {
	for {
		err := c.listen(ctx, &after, fn)
		var p *Problem
		var mine *ownError
		switch {
		case errors.As(err, &mine):
			return mine.error
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &p) && !p.MayRetry():
			return err
		}
		if err := sleep(ctx, c.pause); err != nil {
			return err
		}
	}
}

// ownError is an error of the caller's function.
type ownError struct{ error }

// listen reads one stream to its end.
func (c *Client) listen(ctx context.Context, after *uint64, fn func(Commit) error) error {
	r := request{method: http.MethodGet, path: "/events/stream", accept: "text/event-stream",
		headers: map[string]string{"Last-Event-ID": strconv.FormatUint(*after, 10)}}
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, eventBytesMax)
	var commit Commit
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			if commit.Position, err = strconv.ParseUint(value, 10, 64); err != nil {
				return fmt.Errorf("client: id %q of a stream: %w", value, err)
			}
		case "data":
			commit.Events = append(commit.Events, []byte(value))
		case "":
			if commit.Events != nil {
				if err := fn(commit); err != nil {
					return &ownError{err}
				}
			}
			*after = max(*after, commit.Position)
			commit = Commit{}
		}
	}
	return lines.Err()
}

// Receipt is the proof that the commit at a position stands in the log, a C2SP
// tlog-proof: `zhitong audit verify` and `zhitong-verify` check it offline.
func (c *Client) Receipt(ctx context.Context, position uint64) ([]byte, error) {
	resp, err := c.do(ctx, request{method: http.MethodGet, path: "/receipts/" + strconv.FormatUint(position, 10)})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, receiptBytesMax))
}
