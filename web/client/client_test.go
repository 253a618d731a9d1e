package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zhitong/web/client"
)

func clientOf(t *testing.T, address, token string) *client.Client {
	t.Helper()
	c, err := client.New(address, token, client.Options{Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBusyServersAreAskedAgain, and the command is done once though its first answer
// was lost.
func TestBusyServersAreAskedAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := open(func(w http.ResponseWriter, r *http.Request) bool {
		switch n.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 2:
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		case 3:
			panic(http.ErrAbortHandler)
		}
		return false
	})
	defer s.close()
	c := clientOf(t, s.address, "buyer|u|B001")
	a, err := c.Send(t.Context(), client.Command{ID: "r", Name: "order.submit", Time: at(9), Data: box("PO-30", "1")})
	if err != nil || !a.OK || n.Load() != 4 {
		t.Errorf("%+v, %v after %d requests", a, err, n.Load())
	}
}

// TestRefusalsAreNotAskedAgain: one request, and the whole problem.
func TestRefusalsAreNotAskedAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := open(func(http.ResponseWriter, *http.Request) bool { n.Add(1); return false })
	defer s.close()
	c := clientOf(t, s.address, "buyer|u|B002")
	_, err := c.Send(t.Context(), client.Command{ID: "r", Name: "order.submit", Time: at(9), Data: box("PO-30", "1")})
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 403 || p.Code != "order.not_yours" || p.CommandID != "r" || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

// TestAServerThatStaysAwayIsGivenUp after a bounded number of attempts.
func TestAServerThatStaysAwayIsGivenUp(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := open(func(w http.ResponseWriter, r *http.Request) bool {
		n.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	defer s.close()
	_, err := clientOf(t, s.address, "buyer|u|B001").DryRun(t.Context(), client.Command{ID: "r", Name: "order.submit", Time: at(9), Data: box("PO-30", "1")})
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 503 || !p.MayRetry() || n.Load() != 6 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

// TestFollowComesBack: cut off after every few bytes, it misses and repeats nothing.
func TestFollowComesBack(t *testing.T) {
	t.Parallel()
	s := open(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/stream") {
			return false
		}
		ctx, cancel := context.WithCancel(r.Context())
		*r = *r.WithContext(ctx)
		context.AfterFunc(r.Context(), cancel)
		time.AfterFunc(5*time.Millisecond, cancel)
		return false
	})
	defer s.close()
	head, err := s.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	enough := errors.New("enough")
	err = clientOf(t, s.address, "auditor|u|").Follow(t.Context(), 0, func(c client.Commit) error {
		if got = append(got, c.Position); c.Position == head.Position {
			return enough
		}
		return nil
	})
	if err != enough || len(got) != int(head.Position) || !slices.IsSorted(got) {
		t.Errorf("%v, positions %v of %d", err, got, head.Position)
	}
}

// TestEventsAndReceiptsForWhomTheyAre: an auditor reads, a buyer is refused.
func TestEventsAndReceiptsForWhomTheyAre(t *testing.T) {
	t.Parallel()
	s := open(nil)
	defer s.close()
	n := 0
	for e, err := range clientOf(t, s.address, "auditor|u|").Events(t.Context(), 1, 0, "order/PO-1") {
		if err != nil {
			t.Fatal(err)
		}
		if n++; !strings.Contains(string(e), `"subject":"order/PO-1"`) {
			t.Errorf("another's event: %s", e)
		}
	}
	if n < 3 {
		t.Errorf("%d events of the order", n)
	}
	for _, err := range clientOf(t, s.address, "buyer|u|B001").Events(t.Context(), 1, 0, "") {
		var p *client.Problem
		if !errors.As(err, &p) || p.Code != "event.denied" {
			t.Errorf("a buyer: %v", err)
		}
	}
}

// TestABatchThatIsLeftEarly ends, and leaves nobody writing.
func TestABatchThatIsLeftEarly(t *testing.T) {
	t.Parallel()
	s := open(nil)
	defer s.close()
	endless := func(yield func(client.Command) bool) {
		for i := 0; ; i++ {
			id := fmt.Sprintf("E-%d", i)
			if !yield(client.Command{ID: id, Name: "item.update", Time: at(9), Data: map[string]string{"item_id": "jujube", "hs": id}}) {
				return
			}
		}
	}
	seen := 0
	for a, err := range clientOf(t, s.address, "officer|u|").Batch(t.Context(), endless) {
		if err != nil || !a.OK {
			t.Fatalf("%+v %v", a, err)
		}
		if seen++; seen == 100 {
			break
		}
	}
	if seen != 100 {
		t.Errorf("%d answers", seen)
	}
}
