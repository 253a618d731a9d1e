package problem

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		code string
		want int
	}{
		{"APlainErrorIsInternal", errors.New("db password=x"), "internal", 500},
		{"AWrappedProblemStays", fmt.Errorf("x: %w", TooMany(time.Second)), "request.too_many", 429},
		{"ARefusalByItsClass", domain.Refuse(domain.Limit, "fund.below_committed", "delta", "-1", ""), "fund.below_committed", 422},
		{"TheLogIsAway", fmt.Errorf("command: %w", log.ErrUnavailable), "log.unavailable", 503},
		{"TheAppHasStopped", app.ErrStopped, "log.unavailable", 503},
		{"TooManyWait", fmt.Errorf("command: %w", app.ErrBusy), "request.too_many", 503},
		{"TheDiskIsFull", log.ErrFull, "log.full", 507},
		{"NoCredential", accounts.ErrExpired, "request.unauthenticated", 401},
		{"ABodyTooLarge", &http.MaxBytesError{Limit: 9}, "request.too_large", 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if p := Of(c.err); p.Code != c.code || p.Status != c.want {
				t.Errorf("got %d %s, want %d %s", p.Status, p.Code, c.want, c.code)
			}
		})
	}
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class   domain.Class
		code    string
		command string
		want    int
	}{
		{domain.NotFound, "order.unknown", "order.confirm", 404},
		{domain.NotFound, "order.unknown", "shipment.log", 422},
		{domain.NotFound, "order.line_unknown_item", "order.submit", 422},
		{domain.Conflict, "command.id_used", "order.submit", 409},
		{domain.Denied, "role.denied", "order.submit", 403},
		{domain.Malformed, "malformed", "order.submit", 400},
		{domain.Invalid, "command.unknown", "order.x", 404},
		{domain.Unavailable, "log.clock_behind", "order.submit", 503},
	} {
		if got := StatusOf(&domain.Problem{Class: c.class, Code: c.code}, c.command); got != c.want {
			t.Errorf("%s of %s: got %d, want %d", c.code, c.command, got, c.want)
		}
	}
}

func TestWriteShowsNothingInternal(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	Write(w, r.WithContext(WithID(r.Context(), "r-1")), errors.New(`open /var/lib/x: pq: syntax error at "SELECT"`))
	for _, secret := range []string{"/var", "SELECT", "pq"} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s shows %q", w.Body, secret)
		}
	}
	var p Problem
	if err := json.UnmarshalRead(bytes.NewReader(w.Body.Bytes()), &p); err != nil {
		t.Fatal(err)
	}
	if p.RequestID != "r-1" || p.Type != "urn:zhitong:problem:internal" || p.Status != 500 || w.Code != 500 {
		t.Errorf("got %+v", p)
	}
	if got := w.Header().Get("Content-Type"); got != ContentType {
		t.Errorf("content type %q", got)
	}
}

func TestWriteAsksForLaterTries(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Write(w, httptest.NewRequest(http.MethodHead, "/x", nil), TooMany(1200*time.Millisecond))
	if got := w.Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want 2: never before the time", got)
	}
	if w.Body.Len() > 0 {
		t.Errorf("an answer to HEAD has a body: %s", w.Body)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "zh", "en": "en", "ug-CN": "ug", "uig": "ug", "zh-HK;q=0.9,en;q=0.8": "zh", "zh-TW": "zh", "fr": "zh", "fr,en;q=0.5": "en",
		"en;q=0.1,ug;q=0.9": "ug", "%%%": "zh", strings.Repeat("en,", 200): "zh",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", accept)
		if got := Language(r); got != want {
			t.Errorf("%q: got %s, want %s", accept, got, want)
		}
	}
}

func TestARefusalTellsNothingOfAnotherParty(t *testing.T) {
	t.Parallel()
	d := domain.Refuse(domain.Denied, "shipment.not_yours", "shipment_id", "S-1", "shipment %q is cooperative %q's for buyer %q", "S-1", "C002", "B001")
	if p := OfRefusal(d, "shipment.inspect"); strings.Contains(p.Detail, "C002") || p.Status != 403 {
		t.Errorf("got %d %q", p.Status, p.Detail)
	}
}
