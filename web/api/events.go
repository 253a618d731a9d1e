package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/web/problem"
)

// flushBytes is how much of a long answer goes out at once.
const flushBytes = 64 << 10

// mayReadEvents lets auditors in: an event may be about anybody.
func mayReadEvents(by caller) error {
	if by.Role == domain.Auditor {
		return nil
	}
	p := problem.New(http.StatusForbidden, "event.denied", "")
	p.Roles = []domain.Role{domain.Auditor}
	return p
}

// errEnough ends a read before the end of the log.
var errEnough = errors.New("enough was read")

// subjectOf reads the parameter subject.
func subjectOf(values map[string][]string) (string, error) {
	s := first(values, "subject")
	if s == "" {
		return "", nil
	}
	if _, ok := domain.ParseRef(s); !ok {
		return "", problem.Parameter("subject", s, "a kind and an id are needed, such as order/PO-1")
	}
	return s, nil
}

// events gives the stored bytes of events, one a line.
func (a *API) events(w http.ResponseWriter, r *http.Request, by caller) error {
	values, err := parameters(r, []string{"from", "to", "subject"}, nil)
	if err == nil {
		err = mayReadEvents(by)
	}
	if err != nil {
		return err
	}
	from, err := position(values, "from", 1)
	if err != nil {
		return err
	}
	head, err := a.Log.Head(r.Context())
	if err != nil {
		return err
	}
	to, err := position(values, "to", head.Position)
	if err != nil {
		return err
	}
	if values["to"] != nil && to < from {
		return problem.Parameter("to", first(values, "to"), "it comes before from")
	}
	subject, err := subjectOf(values)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	h.Set(HeaderPosition, strconv.FormatUint(min(to, head.Position), 10))
	out := newPatient(w, a)
	err = a.Log.Read(r.Context(), from, func(b log.Block) error {
		for i, commit := range b.Commits {
			if b.First+uint64(i) > to {
				return errEnough
			}
			if err := eachEvent(commit, subject, out.line); err != nil {
				return fmt.Errorf("position %d: %w", b.First+uint64(i), err)
			}
		}
		return nil
	})
	if err == nil || errors.Is(err, errEnough) {
		err = out.flush()
	}
	if err != nil && r.Context().Err() == nil {
		out.fail(r, err)
	}
	return nil
}

// eachEvent calls fn with the events of a commit, which is a JSON array, in their
// stored bytes; with those of the subject where one is given.
func eachEvent(commit []byte, subject string, fn func([]byte) error) error {
	d := jsontext.NewDecoder(bytes.NewReader(commit))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '{' {
		event, err := d.ReadValue()
		if err != nil {
			return err
		}
		if subject != "" {
			var head struct {
				Subject string `json:"subject"`
			}
			if err := json.Unmarshal(event, &head); err != nil {
				return err
			}
			if head.Subject != subject {
				continue
			}
		}
		if err := fn(event); err != nil {
			return err
		}
	}
	return nil
}

// patient writes a long answer to a client that may be slow, but not silent.
type patient struct {
	w   *bufio.Writer
	rc  *http.ResponseController
	api *API
}

func newPatient(w http.ResponseWriter, a *API) *patient {
	p := &patient{rc: http.NewResponseController(w), api: a}
	p.w = bufio.NewWriterSize(deadlined{w, p}, flushBytes)
	return p
}

// deadlined gives each write a deadline of its own.
type deadlined struct {
	w http.ResponseWriter
	p *patient
}

func (d deadlined) Write(b []byte) (int, error) {
	d.p.extend()
	return d.w.Write(b)
}

// extend gives the next part its time.
func (p *patient) extend() {
	_ = p.rc.SetWriteDeadline(p.api.Clock().Add(chunkMax)) // not every server has one
}

// line writes bytes and a line end.
func (p *patient) line(b []byte) error {
	if _, err := p.w.Write(b); err != nil {
		return err
	}
	return p.w.WriteByte('\n')
}

// flush lets everything so far be seen.
func (p *patient) flush() error {
	if err := p.w.Flush(); err != nil {
		return err
	}
	if err := p.rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// fail breaks an answer off that has begun, so that the client does not take a part
// for the whole.
func (p *patient) fail(r *http.Request, err error) {
	slog.WarnContext(r.Context(), "answer broken off", "request_id", problem.ID(r.Context()), "path", r.URL.Path, "error", err)
	panic(http.ErrAbortHandler)
}
