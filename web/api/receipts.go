package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"zhitong/audit/receipt"
	"zhitong/domain"
	"zhitong/events"
	"zhitong/web/problem"
)

// receiptMax is how long a checkpoint that covers a commit is awaited.
const receiptMax = 5 * time.Second

// receipt gives the proof that a commit stands in the log: to auditors of any
// commit, to others of their own.
func (a *API) receipt(w http.ResponseWriter, r *http.Request, by caller) error {
	if _, err := parameters(r, nil, nil); err != nil {
		return err
	}
	at, err := parsePosition(r.PathValue("id"))
	if err != nil {
		return problem.Parameter("position", r.PathValue("id"), "%s", err.Error())
	}
	head, err := a.Log.Head(r.Context())
	if err != nil {
		return err
	}
	unknown := domain.Refuse(domain.NotFound, "event.unknown", "position", r.PathValue("id"), "nothing of yours stands there")
	if at > head.Position {
		return unknown
	}
	if by.Role != domain.Auditor {
		mine, err := a.isOf(r.Context(), at, by)
		if err != nil {
			return err
		}
		if !mine {
			return unknown
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), receiptMax)
	defer cancel()
	proof, err := a.Receipts.Await(ctx, at)
	if errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		return problem.New(http.StatusServiceUnavailable, "event.no_receipt_yet", "a checkpoint is signed about a second after what it covers").After(time.Second)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", receipt.ContentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+r.PathValue("id")+receipt.FileExtension+`"`)
	w.Header().Set("Cache-Control", "private, no-cache")
	_, _ = w.Write(proof) // the client has gone
	return nil
}

// isOf reports whether a commit was made by the caller's party or account.
func (a *API) isOf(ctx context.Context, at uint64, by caller) (mine bool, err error) {
	err = a.Log.Load(ctx, []uint64{at}, func(_ uint64, line []byte) error {
		c, err := events.Decode(line)
		mine = err == nil && c.Events[0].Actor == by.Actor() && c.Events[0].Role == by.Role
		return err
	})
	return mine, err
}
