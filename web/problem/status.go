package problem

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
)

// retryLog is when a log that is out of reach is worth another try.
const retryLog = 2 * time.Second

// retryBusy is when a full queue of commands is worth another try.
const retryBusy = time.Second

// Of says what an error is to those who asked: a [Problem] as it is, a refusal by
// its class, what is known of the log and of bodies, and everything else as an
// internal error of which nothing is shown.
func Of(err error) *Problem {
	var p *Problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case domain.AsProblem(err) != nil:
		return OfRefusal(domain.AsProblem(err), "")
	case errors.As(err, &tooLarge):
		return TooLarge(tooLarge.Limit)
	case errors.Is(err, log.ErrFull), errors.Is(err, syscall.ENOSPC):
		return New(http.StatusInsufficientStorage, "log.full", "nothing was recorded").After(retryLog)
	case errors.Is(err, log.ErrUnavailable), errors.Is(err, log.ErrUnknown), errors.Is(err, log.ErrConflict),
		errors.Is(err, log.ErrIdentity), errors.Is(err, app.ErrStopped):
		return New(http.StatusServiceUnavailable, "log.unavailable", "send the same command again, with the same id: it is never done twice").After(retryLog)
	case errors.Is(err, app.ErrBusy):
		return New(http.StatusServiceUnavailable, "request.too_many", "more commands wait than there is room for; nothing was recorded").After(retryBusy)
	case errors.Is(err, accounts.ErrDenied):
		return Unauthenticated()
	case errors.Is(err, accounts.ErrUnavailable):
		return New(http.StatusServiceUnavailable, "accounts.unavailable", "").After(retryLog)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return New(http.StatusRequestTimeout, "request.timeout", "the request came too slowly")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return New(http.StatusServiceUnavailable, "request.interrupted", "whether it was recorded is unknown; send the same again, with the same id").After(retryLog)
	}
	return Internal()
}

// OfRefusal says what a refusal of a command is. What a refusal tells of things
// that belong to somebody else is left out.
func OfRefusal(d *domain.Problem, command string) *Problem {
	p := &Problem{Status: StatusOf(d, command), Code: d.Code, Detail: d.Detail, Field: d.Field, Value: d.Value, Roles: d.Roles}
	switch {
	case strings.HasSuffix(d.Code, ".not_yours"):
		p.Detail = "it is another party's"
	case d.Code == "device.gap":
		p.RetryAfter = retryLog
	case d.Class == domain.Unavailable:
		p.RetryAfter = retryLog
	}
	return p
}

// StatusOf is the one table of the statuses of refusals. Not found is what the
// command is about (order.unknown for an order.…); where its data names something
// else that is not there, a rule refuses.
func StatusOf(d *domain.Problem, command string) int {
	switch d.Class {
	case domain.Malformed:
		return http.StatusBadRequest
	case domain.NotFound:
		kind, _, _ := strings.Cut(command, ".")
		if d.Code == kind+".unknown" || command == "" {
			return http.StatusNotFound
		}
		return http.StatusUnprocessableEntity
	case domain.Conflict:
		return http.StatusConflict
	case domain.Denied:
		return http.StatusForbidden
	case domain.Unavailable:
		if d.Code == "device.gap" {
			return http.StatusConflict
		}
		return http.StatusServiceUnavailable
	}
	if d.Code == "command.unknown" {
		return http.StatusNotFound
	}
	return http.StatusUnprocessableEntity
}
