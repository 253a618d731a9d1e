package problem

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
)

// ContentType is that of RFC 9457.
const ContentType = "application/problem+json"

// HeaderID is the response header with the request's id.
const HeaderID = "X-Request-Id"

// Problem is the body of an answer that is no success. The zero values of optional
// members are left out.
type Problem struct {
	Type   string `json:"type"`             // urn:zhitong:problem: and the code
	Title  string `json:"title"`            // what the code means, in the asker's language
	Status int    `json:"status"`           // of the answer
	Code   string `json:"code"`             // stable, see docs/reference/problems.md
	Detail string `json:"detail,omitempty"` // what was needed and what was there; English
	Action string `json:"action,omitempty"` // what to do about it, in the asker's language

	Field string        `json:"field,omitempty"` // where in the data, e.g. lines[1].item_id
	Value string        `json:"value,omitempty"` // as given; never a personal one
	Roles []domain.Role `json:"roles,omitempty"` // the roles that could

	Faults    []Fault `json:"errors,omitempty"`     // every fault of a body, where there are several
	CommandID string  `json:"command_id,omitempty"` // of the command that was refused
	Position  *uint64 `json:"position,omitempty"`   // the last position of a view that is out of reach
	RequestID string  `json:"request_id,omitempty"`

	// RetryAfter is when asking again makes sense; 0 says nothing about it.
	RetryAfter time.Duration `json:"-"`
	// Allow lists the methods of a path, for 405.
	Allow string `json:"-"`
	// Challenge is the WWW-Authenticate header of a 401.
	Challenge string `json:"-"`
}

// Fault is one of several faults of a body.
type Fault struct {
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Error returns code and detail in one line.
func (p *Problem) Error() string {
	d := domain.Problem{Code: p.Code, Field: p.Field, Value: p.Value, Detail: p.Detail}
	return strconv.Itoa(p.Status) + " " + d.Error()
}

// New makes a problem of the edge. The code is one of [Codes].
func New(status int, code, detail string) *Problem {
	return &Problem{Status: status, Code: code, Detail: detail}
}

// At returns a copy of p that lies in a field (or a parameter) with a value.
func (p *Problem) At(field, value string) *Problem {
	q := *p
	q.Field, q.Value = field, domain.Refuse("", "", "", value, "").Value
	return &q
}

// After returns a copy of p that may be tried again after d.
func (p *Problem) After(d time.Duration) *Problem {
	q := *p
	q.RetryAfter = d
	return &q
}

// Write answers with what err says: see [Of]. Nothing may have been written yet. An
// error that is nobody's fault but ours goes to the log with the request's id.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	p := *Of(err)
	p.RequestID = ID(r.Context())
	if p.Status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		if p.Status == http.StatusInternalServerError {
			level = slog.LevelError
		}
		slog.Log(r.Context(), level, "request failed", "request_id", p.RequestID, "method", r.Method, "path", r.URL.Path,
			"status", p.Status, "code", p.Code, "error", err)
	}
	lang := Language(r)
	p.say(lang)
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int((p.RetryAfter+time.Second-1)/time.Second))))
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if p.Challenge != "" {
		h.Set("WWW-Authenticate", p.Challenge)
	}
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.MarshalWrite(w, &p) // the client has gone
	}
}

// say fills in what people read.
func (p *Problem) say(lang string) {
	p.Type = "urn:zhitong:problem:" + p.Code
	c := catalogue(lang)
	p.Title = c.Say("problem." + p.Code)
	if code, ok := codeOf(p.Code); ok {
		p.Action = c.Say(code.Remedy)
	}
}

type idKey struct{}

// WithID returns a context that carries a request's id.
func WithID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, idKey{}, id)
}

// ID is the request's id, or "".
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}
