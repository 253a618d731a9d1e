package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/internal/app"
	"zhitong/internal/ndjson"
	"zhitong/web/problem"
)

// inFlightMax is how many commands of one batch wait for their answers at once.
const inFlightMax = 1024

// asked is a line of a batch that awaits its answer.
type asked struct {
	no     int
	env    app.Envelope
	answer func(context.Context) (app.Result, error)
}

// batch reads commands, one a line, and answers each with a line, in order, as they
// come: the client may send and read at the same time. Commands are decided in the
// order of their lines. What a line says is its own business: the others go on.
func (a *API) batch(w http.ResponseWriter, r *http.Request, by caller) error {
	values, err := parameters(r, []string{"dry_run"}, nil)
	if err != nil {
		return err
	}
	dry, err := yes(values, "dry_run")
	if err != nil {
		return err
	}
	if err := readsNDJSON(r, by); err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex() // HTTP/2 is so by itself
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	queue := make(chan asked, inFlightMax)
	printed := make(chan error, 1)
	out := newPatient(w, a)
	go func() {
		defer cancel() // nobody reads the answers: no further line is taken
		printed <- printAll(r.Context(), out, queue)
	}()
	readErr := a.readBatch(ctx, w, r, by, dry, queue)
	close(queue)
	if err := <-printed; err != nil || readErr != nil {
		if readErr != nil && r.Context().Err() == nil {
			slog.WarnContext(r.Context(), "batch cut off", "request_id", problem.ID(r.Context()), "error", readErr)
		}
		panic(http.ErrAbortHandler) // a part is not the whole
	}
	return nil
}

func readsNDJSON(r *http.Request, by caller) error {
	if r.Header.Get("Content-Type") == "application/x-ndjson" || r.Header.Get("Content-Type") == "application/jsonl" {
		return nil
	}
	return readsJSON(r, by)
}

// readBatch submits the lines of the body until it ends, or ctx does.
func (a *API) readBatch(ctx context.Context, w http.ResponseWriter, r *http.Request, by caller, dry bool, queue chan<- asked) error {
	rc := http.NewResponseController(w)
	lines := ndjson.NewReader(r.Body)
	for {
		_ = rc.SetReadDeadline(a.Clock().Add(chunkMax)) // not every server has one
		l, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if l.Blank() {
			continue
		}
		if err := a.still(r, by); err != nil {
			return err
		}
		q := a.askLine(l, by)
		if q.answer == nil {
			q.answer = a.submit(ctx, q.env, dry)
		}
		select {
		case queue <- q:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// askLine reads a line; where it is no command its answer is known.
func (a *API) askLine(l ndjson.Line, by caller) asked {
	q := asked{no: l.No}
	var refusal *domain.Problem
	if l.Text == nil {
		refusal = domain.Refuse(domain.Malformed, "malformed", "", "", "a command has at most %d bytes, this line has %d", app.LineBytesMax, l.Size)
	} else {
		q.env, refusal = a.envelope(l.Text, by, "")
	}
	if refusal != nil {
		result := app.Result{ID: q.env.ID, Problem: refusal}
		q.answer = func(context.Context) (app.Result, error) { return result, nil }
	}
	return q
}

// submit hands a command over at once; a dry run when its turn to be answered comes.
func (a *API) submit(ctx context.Context, env app.Envelope, dry bool) func(context.Context) (app.Result, error) {
	env.HoldGap = a.gaps.hold(env)
	wait := func(ctx context.Context) (app.Result, error) { return a.Committer.DryRun(ctx, env) }
	if !dry {
		wait = a.Committer.Submit(ctx, env).Wait
	}
	return func(ctx context.Context) (app.Result, error) {
		ctx, cancel := context.WithTimeout(ctx, answerMax)
		defer cancel()
		result, err := wait(ctx)
		a.gaps.note(env, result)
		return result, err
	}
}

// printAll writes the answers in order, and lets them be seen whenever no other is
// under way.
func printAll(ctx context.Context, out *patient, queue <-chan asked) error {
	for q := range queue {
		result, err := q.answer(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			result = undecided(q.env.ID, err)
		}
		if result.Problem != nil {
			result.Problem = told(result.Problem, q.no)
		}
		if err := json.MarshalWrite(out.w, result); err != nil {
			return err
		}
		if err := out.w.WriteByte('\n'); err != nil {
			return err
		}
		if len(queue) == 0 {
			if err := out.flush(); err != nil {
				return err
			}
		}
	}
	return out.flush()
}

// undecided is the answer to a command of which nobody knows whether it was
// recorded: the log is out of reach. The line may be sent again.
func undecided(id string, err error) app.Result {
	p := problem.Of(err)
	if p.Status == http.StatusInternalServerError {
		slog.Error("command of a batch", "command_id", id, "error", err)
	}
	return app.Result{ID: id, Problem: &domain.Problem{Code: p.Code, Detail: p.Detail}}
}

// told is a refusal as an answer tells it: nothing of what is another party's, and
// the line's number where the line is no command.
func told(d *domain.Problem, line int) *domain.Problem {
	p := problem.OfRefusal(d, "")
	out := *d
	if out.Detail = p.Detail; d.Class == domain.Malformed {
		out.Line = line
	}
	return &out
}
