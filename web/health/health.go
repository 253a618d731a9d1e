// Package health says to machines whether the process lives, whether it can work, and
// what it has done.
//
// It owns /healthz, /readyz and who may read /metrics. It refuses to tell details to
// whoever asks: those are for doctor, projection status and the figures. Start at
// [Health].
//
//	/healthz          the process answers
//	/readyz           everything works: the log, and the views are not far behind
//	/readyz/commands  commands can be recorded, whatever the views do
//	/metrics          figures, for this machine, or an operator's or auditor's token
package health

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/projections/projector"
	"zhitong/web/guard"
	"zhitong/web/problem"
)

const (
	// askMax bounds the questions of /readyz.
	askMax = 3 * time.Second
	// answerKept is how long an answer of /readyz is given again: whoever asks all the
	// time costs nothing.
	answerKept = time.Second
	// lagEventsMax and lagSecondsMax are how far a view may be behind and be called
	// ready: beyond both it is not.
	lagEventsMax  = 1000
	lagSecondsMax = 60
)

// Health answers machines.
type Health struct {
	// Head asks the log where it is.
	Head func(context.Context) (log.Head, error)
	// Views says how the views stand.
	Views func(context.Context) ([]projector.Status, error)
	// Audit says when the system last verified itself and whether all was well.
	Audit func() (at time.Time, ok bool)
	// Account says who asks.
	Account func(*http.Request) (accounts.Account, string, error)
	// Metrics answers /metrics. Defaults to nothing there.
	Metrics http.Handler

	started, draining atomic.Bool
	all, commands     kept
}

// kept is an answer that is given again for a while.
type kept struct {
	mu   sync.Mutex
	at   time.Time
	code int
	text string
}

// Started says that the process has begun to work.
func (h *Health) Started() { h.started.Store(true) }

// Draining says that the process ends: nobody should send more.
func (h *Health) Draining() { h.draining.Store(true) }

// Routes adds the addresses.
func (h *Health) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { h.ready(w, r, &h.all, h.everything) })
	mux.HandleFunc("GET /readyz/commands", func(w http.ResponseWriter, r *http.Request) { h.ready(w, r, &h.commands, h.log) })
	if h.Metrics != nil {
		mux.HandleFunc("GET /metrics", h.metrics)
	}
}

// ready answers 200 when all is well, else 503 and in a few words why not.
func (h *Health) ready(w http.ResponseWriter, r *http.Request, k *kept, ask func(context.Context) (int, string)) {
	switch {
	case h.draining.Load():
		answer(w, http.StatusServiceUnavailable, "ending")
		return
	case !h.started.Load():
		answer(w, http.StatusServiceUnavailable, "starting")
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); now.Sub(k.at) >= answerKept {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), askMax)
		defer cancel()
		k.code, k.text = ask(ctx)
		k.at = now
	}
	answer(w, k.code, k.text)
}

func (h *Health) log(ctx context.Context) (int, string) {
	if _, err := h.Head(ctx); err != nil {
		return http.StatusServiceUnavailable, "log out of reach"
	}
	return http.StatusOK, "ready"
}

// everything looks at log and views. That the system found something wrong with
// itself does not stop the trade: it is said, here and in the figures.
func (h *Health) everything(ctx context.Context) (int, string) {
	if code, text := h.log(ctx); code != http.StatusOK {
		return code, text
	}
	views, err := h.Views(ctx)
	if err != nil {
		return http.StatusServiceUnavailable, "views out of reach"
	}
	for _, v := range views {
		switch {
		case !v.Serving:
		case v.Status == "stopped":
			return http.StatusServiceUnavailable, "a view has stopped"
		case v.LagEvents > lagEventsMax && v.LagSeconds > lagSecondsMax:
			return http.StatusServiceUnavailable, "views are far behind"
		}
	}
	if at, ok := h.Audit(); !at.IsZero() && !ok {
		return http.StatusOK, "ready; the last self-check found something: zhitong audit verify"
	}
	return http.StatusOK, "ready"
}

// metrics shows the figures to this machine, and to an operator or an auditor.
func (h *Health) metrics(w http.ResponseWriter, r *http.Request) {
	if !guard.From(r.Context()).Local {
		account, _, err := h.Account(r)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		if account.Role != domain.Operator && account.Role != domain.Auditor {
			p := problem.New(http.StatusForbidden, "role.denied", "figures are for the operator and the auditor")
			p.Roles = []domain.Role{domain.Operator, domain.Auditor}
			problem.Write(w, r, p)
			return
		}
	}
	h.Metrics.ServeHTTP(w, r)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
