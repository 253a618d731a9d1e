package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// attemptsMax is how often a request is sent in all while the server is busy or
	// out of reach.
	attemptsMax = 6
	// pauseMax is the longest pause before it is sent again that the client chooses by
	// itself; what the server says counts more.
	pauseMax = 5 * time.Second
	// problemBytesMax is how much of an answer that is no success is read.
	problemBytesMax = 1 << 20
)

// Client sends requests as one account. It may be used from several goroutines.
type Client struct {
	base  string
	token string
	http  *http.Client
	pause time.Duration // before the first repetition
}

// Options change a Client.
type Options struct {
	// HTTP sends the requests. Defaults to http.DefaultClient.
	HTTP *http.Client
	// Pause is how long the client waits before it sends something again for the first
	// time, where the server does not say. Defaults to 200 ms.
	Pause time.Duration
}

// New returns a client of the server at an address such as http://127.0.0.1:8369,
// with a token of `zhitong user token`.
func New(address, token string, o Options) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("client: address %q: http://… or https://… is needed", address)
	}
	if token == "" {
		return nil, errors.New("client: a token is needed: zhitong user token ID")
	}
	c := &Client{base: strings.TrimRight(address, "/") + "/api/v1", token: token, http: o.HTTP, pause: o.Pause}
	if c.http == nil {
		c.http = http.DefaultClient
	}
	if c.pause == 0 {
		c.pause = 200 * time.Millisecond
	}
	return c, nil
}

// Problem is an answer that is no success, in the form of RFC 9457. Look at Code,
// which is stable.
type Problem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Code      string   `json:"code"`
	Detail    string   `json:"detail,omitempty"`
	Action    string   `json:"action,omitempty"`
	Field     string   `json:"field,omitempty"`
	Value     string   `json:"value,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Faults    []Fault  `json:"errors,omitempty"`
	CommandID string   `json:"command_id,omitempty"`
	Position  *uint64  `json:"position,omitempty"`
	RequestID string   `json:"request_id,omitempty"`

	retryAfter time.Duration
}

// Fault is one of several faults of a body.
type Fault struct {
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Error returns status, code, field and detail in one line.
func (p *Problem) Error() string {
	return strconv.Itoa(p.Status) + " " + sentence(p.Code, p.Field, p.Detail)
}

// sentence joins what there is.
func sentence(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// MayRetry reports whether the same request, sent again later, can have another
// answer without anything else having changed.
func (p *Problem) MayRetry() bool {
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage, http.StatusRequestTimeout:
		return true
	}
	return p.Code == "device.gap"
}

// request is what is sent, as often as need be.
type request struct {
	method, path string
	body         []byte
	kind, accept string // media types
	headers      map[string]string
}

// do sends a request until it is answered otherwise than by "later", at most
// [attemptsMax] times. An error is a [*Problem] where the server has answered.
func (c *Client) do(ctx context.Context, r request) (*http.Response, error) {
	pause := c.pause
	for attempt := 1; ; attempt++ {
		resp, err := c.once(ctx, r)
		var p *Problem
		again := err != nil && (!errors.As(err, &p) || p.MayRetry())
		if !again || attempt == attemptsMax || ctx.Err() != nil {
			return resp, err
		}
		wait := pause
		if p != nil && p.retryAfter > 0 {
			wait = p.retryAfter
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
		pause = min(2*pause, pauseMax)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once sends a request once.
func (c *Client) once(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	return c.send(ctx, r, body)
}

func (c *Client) send(ctx context.Context, r request, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	for name, value := range r.headers {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problemOf(resp)
}

// problemOf reads an answer that is no success.
func problemOf(resp *http.Response) error {
	p := &Problem{Status: resp.StatusCode, Code: "unreadable"}
	b, err := io.ReadAll(io.LimitReader(resp.Body, problemBytesMax))
	if err == nil {
		err = json.Unmarshal(b, p)
	}
	if err != nil || p.Status != resp.StatusCode { // not of this server: a proxy's, say
		p = &Problem{Status: resp.StatusCode, Code: "unreadable", Detail: resp.Status}
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.retryAfter = time.Duration(seconds) * time.Second
	}
	return p
}
