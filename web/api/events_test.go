package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/web/api"
)

// lines reads a body line by line.
type lines struct{ r *bufio.Reader }

func newLines(r io.Reader) lines { return lines{bufio.NewReader(r)} }

func (l lines) next() (string, error) {
	line, err := l.r.ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	return line, err
}

// stored is the log as events by position: the bytes, cut here a second time.
func (w *world) stored() map[uint64][]string {
	w.t.Helper()
	all := map[uint64][]string{}
	err := w.log.Read(context.Background(), 1, func(b log.Block) error {
		for i, commit := range b.Commits {
			d := jsontext.NewDecoder(bytes.NewReader(commit))
			if _, err := d.ReadToken(); err != nil {
				return err
			}
			for d.PeekKind() == '{' {
				v, err := d.ReadValue()
				if err != nil {
					return err
				}
				all[b.First+uint64(i)] = append(all[b.First+uint64(i)], string(v))
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func joined(all map[uint64][]string, from, to uint64) string {
	var b strings.Builder
	for at := from; at <= to; at++ {
		for _, e := range all[at] {
			b.WriteString(e + "\n")
		}
	}
	return b.String()
}

// TestEventsAreTheStoredBytes: whole, in parts, and of one aggregate; for auditors
// alone.
func TestEventsAreTheStoredBytes(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	w.fill()
	all, head := w.stored(), w.head()
	for query, want := range map[string]string{
		"": joined(all, 1, head), "?from=5": joined(all, 5, head), "?from=5&to=9": joined(all, 5, 9), "?to=3": joined(all, 1, 3),
		fmt.Sprintf("?from=%d", head+1): "", fmt.Sprintf("?to=%d", head+9): joined(all, 1, head),
	} {
		r := w.get("/api/v1/events"+query, auditor)
		if diff := cmp.Diff(want, string(r.body)); r.status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d %s", query, r.status, diff)
		}
	}
	r := w.get("/api/v1/events?subject=shipment/S-1", auditor)
	if n := bytes.Count(r.body, []byte("\n")); n < 5 || n != bytes.Count(r.body, []byte(`"subject":"shipment/S-1"`)) {
		t.Errorf("of one shipment: %d lines: %s", n, r.body)
	}
	for query, code := range map[string]string{"?from=0": "", "?from=x": "", "?from=9&to=5": "", "?subject=order": "", "?until=3": ""} {
		w.get("/api/v1/events"+query, auditor).want(t, http.StatusBadRequest, "request.invalid_parameter"+code)
	}
	for _, role := range domain.Roles {
		if role == domain.Auditor || role == domain.System {
			continue
		}
		for _, path := range []string{"/api/v1/events", "/api/v1/events/stream"} {
			w.get(path, of(role, "X-1")).want(t, http.StatusForbidden, "event.denied")
		}
	}
}

// message is a server-sent event.
type message struct {
	id   string
	data []string
}

// listen reads messages until fn says that it is enough.
func (w *world) listen(ctx context.Context, query, lastID string, fn func(message) bool) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/api/v1/events/stream"+query, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer auditor|U-AUD1|")
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := w.server.Client().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		return fmt.Errorf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	var m message
	beat := false
	for in := newLines(resp.Body); ; {
		line, err := in.next()
		if err != nil {
			return err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if strings.HasPrefix(line, ":") {
			beat = true
			continue
		}
		switch name {
		case "id":
			m.id = value
		case "data":
			m.data = append(m.data, value)
		case "":
			if (m.id != "" || m.data != nil || beat) && !fn(m) {
				return nil
			}
			m, beat = message{}, false
		}
	}
}

// TestTheStreamLosesNothingAndDoublesNothing: while commits are written, a client
// that is cut off at any moment and comes back with the last id it has seen reads
// every event once, in order, in its stored bytes.
func TestTheStreamLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, options{log: durable(t)})
	w.fill()
	const more = 300
	written := make(chan error, 1)
	go func() {
		for i := range more {
			order := fmt.Sprintf(`{"order_id":"R-%[1]d","buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}]}`, i)
			r, err := w.try(context.Background(), http.MethodPost, "/api/v1/commands/order.submit", of(domain.Buyer, "B001"),
				strings.NewReader(fmt.Sprintf(`{"id":"r-%d","time":"2021-03-01T10:00:00+08:00","data":%s}`, i, order)))
			if err != nil || r.status != http.StatusOK {
				written <- fmt.Errorf("%d %s %w", r.status, r.body, err)
				return
			}
		}
		written <- nil
	}()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	random := rand.New(rand.NewPCG(3, 69))
	var got strings.Builder
	last, connections := "", 0
	for done := false; !done; connections++ {
		cut := 1 + random.IntN(60)
		query := "?from=1"
		if last != "" {
			query = ""
		}
		err := w.listen(ctx, query, last, func(m message) bool {
			if len(m.data) > 0 {
				last = m.id
				for _, e := range m.data {
					got.WriteString(e + "\n")
				}
			}
			cut--
			done = strings.Contains(got.String(), fmt.Sprintf(`"subject":"order/R-%d"`, more-1))
			return cut > 0 && !done
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(joined(w.stored(), 1, w.head()), got.String()); diff != "" {
		t.Errorf("over %d connections: %s", connections, diff)
	}
}

// TestTheStreamShowsThatItLives: a silent one beats, one of a subject moves its id
// on, and one ends when the server does.
func TestTheStreamShowsThatItLives(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	w := setup(t, options{change: func(c *api.Config) { c.HeartbeatEvery, c.Stopping = 20*time.Millisecond, stopping }})
	w.fill()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	err := w.listen(ctx, "?from=1&subject=order/none", "", func(m message) bool {
		if len(m.data) > 0 {
			t.Errorf("data of another subject: %v", m.data)
		}
		return m.id != fmt.Sprint(w.head())
	})
	if err != nil {
		t.Errorf("no id moved on: %v", err)
	}
	beats := 0
	err = w.listen(ctx, "", "", func(message) bool {
		if beats++; beats == 2 {
			close(stopping)
		}
		return true
	})
	if err != io.EOF || beats < 2 {
		t.Errorf("%d beats, then %v; want an end", beats, err)
	}
	w.get("/api/v1/events/stream", auditor, "Last-Event-ID", "99999").want(t, http.StatusBadRequest, "request.invalid_parameter")
	w.get("/api/v1/events/stream", auditor, "Last-Event-ID", "x").want(t, http.StatusBadRequest, "request.invalid_parameter")
}

// TestADeviceGapWaits: an entry whose predecessor is missing is held back, without a
// trace, and accepted when the time is over or the other has come.
func TestADeviceGapWaits(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := setup(t, options{change: func(c *api.Config) { c.Clock, c.GapWait = clock.now, time.Minute }})
	w.fill()
	entry := func(seq int) reply {
		return w.send(of(domain.Officer, "U-OFF1"), "item.update", fmt.Sprintf("d-%d", seq), fmt.Sprintf(`{"item_id":"jujube","hs":"%d","device":{"id":"PHONE-1","seq":%d}}`, seq, seq))
	}
	w.ok(entry(1))
	before := w.head()
	for range 3 {
		r := entry(3)
		r.want(t, http.StatusConflict, "device.gap")
		if r.header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
		}
	}
	if w.head() != before {
		t.Errorf("a held entry left a trace")
	}
	w.ok(entry(2))
	w.ok(entry(3))
	entry(6).want(t, http.StatusConflict, "device.gap")
	clock.advance(59 * time.Second)
	entry(6).want(t, http.StatusConflict, "device.gap")
	clock.advance(time.Second)
	w.ok(entry(6))
	w.ok(entry(7))
	if r := entry(3); r.status != http.StatusOK || r.header.Get(api.HeaderReplayed) != "true" {
		t.Errorf("sent again: %d %s", r.status, r.body)
	}
}
