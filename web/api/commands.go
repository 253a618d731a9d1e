package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/web/problem"
)

// Headers of answers.
const (
	// HeaderReplayed says that nothing was recorded: it had been before.
	HeaderReplayed = "Idempotency-Replayed"
	// HeaderPosition is the position of a command's commit, or that a view stands at.
	HeaderPosition = "Zhitong-Position"
)

// command decides one command and answers as a line of `zhitong apply`.
func (a *API) command(w http.ResponseWriter, r *http.Request, by caller, name string) error {
	values, err := parameters(r, []string{"dry_run"}, nil)
	if err != nil {
		return err
	}
	dry, err := yes(values, "dry_run")
	if err != nil {
		return err
	}
	if err := readsJSON(r, by); err != nil {
		return err
	}
	body, err := readAll(w, r)
	if err != nil {
		return err
	}
	env, refusal := a.envelope(body, by, name)
	if refusal != nil {
		return a.refused(refusal, env, body)
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerMax)
	defer cancel()
	result, err := a.decide(ctx, env, dry)
	if err != nil {
		return named(err, env.ID)
	}
	if !result.OK {
		return a.refused(result.Problem, env, body)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if result.Repeated {
		h.Set(HeaderReplayed, "true")
	}
	if result.Position > 0 {
		h.Set(HeaderPosition, strconv.FormatUint(result.Position, 10))
	}
	_ = json.MarshalWrite(w, result) // the client has gone; what is recorded is recorded
	return nil
}

// decide hands a command over and waits.
func (a *API) decide(ctx context.Context, env app.Envelope, dry bool) (app.Result, error) {
	env.HoldGap = a.gaps.hold(env)
	var result app.Result
	var err error
	if dry {
		result, err = a.Committer.DryRun(ctx, env)
	} else {
		result, err = a.Committer.Offer(ctx, env).Wait(ctx)
	}
	a.gaps.note(env, result)
	return result, err
}

// envelope reads a command that came by an address, or by a line of a batch where
// name is "". Who acts is the account, whatever the body says; a body that says
// somebody else is refused.
func (a *API) envelope(body []byte, by caller, name string) (app.Envelope, *domain.Problem) {
	env, refusal := app.ParseLine(body)
	if refusal != nil {
		env.Command = name
		return env, refusal
	}
	switch {
	case name != "" && env.Command != "" && env.Command != name:
		return env, domain.Refuse(domain.Malformed, "malformed", "command", env.Command, "the address says %s", name)
	case env.Actor != "" && env.Actor != by.Actor():
		return env, domain.Refuse(domain.Denied, "actor.other", "actor", string(env.Actor), "the account acts for %q", by.Actor())
	case env.Role != "" && env.Role != by.Role:
		return env, domain.Refuse(domain.Denied, "actor.other", "role", string(env.Role), "the account has the role %s", by.Role)
	}
	if name != "" {
		env.Command = name
	}
	env.Actor, env.Role, env.Principal, env.Via = by.Actor(), by.Role, by.ID, events.Via(by.via)
	if env.Command != "" && a.commands[env.Command] == nil {
		return env, domain.AsProblem(noSuchCommand(env.Command))
	}
	return env, nil
}

// refused is the problem of a refusal, with every fault of the body.
func (a *API) refused(refusal *domain.Problem, env app.Envelope, body []byte) error {
	p := problem.OfRefusal(refusal, env.Command)
	p.CommandID = env.ID
	if refusal.Code == "device.gap" {
		p.RetryAfter = a.GapWait
	}
	if c := a.commands[env.Command]; c != nil && (refusal.Class == domain.Malformed || refusal.Class == domain.Invalid) {
		if all := faultsOf(c, body, refusal); len(all) > 1 {
			p.Faults = all
		}
	}
	return p
}

// named adds a command's id to what an error says.
func named(err error, id string) error {
	p := *problem.Of(err)
	if p.Status == http.StatusInternalServerError {
		return err // the log gets the whole
	}
	p.CommandID = id
	return errors.Join(&p, err)
}

// readsJSON refuses a body that says it is something else. Programs that say
// nothing, or what their library says of any body, are taken at their token's word; a
// browser is not, since what it may send to other sites unasked is just that.
func readsJSON(r *http.Request, by caller) error {
	given := r.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(given)
	switch {
	case err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")):
		return nil
	case by.via == string(events.ViaAPI) && (given == "" || kind == "application/x-www-form-urlencoded"):
		return nil
	}
	return problem.UnsupportedType(given, "application/json")
}

// readAll reads a command's body.
func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > commandBytesMax {
		return nil, problem.TooLarge(commandBytesMax)
	}
	body := http.MaxBytesReader(w, r.Body, commandBytesMax)
	if r.ContentLength <= 0 {
		return readBody(io.ReadAll(body))
	}
	b := make([]byte, r.ContentLength)
	_, err := io.ReadFull(body, b)
	return readBody(b, err)
}

// readBody tells what went wrong with a body: it is too large, too slow, or was cut
// off by who sent it.
func readBody(b []byte, err error) ([]byte, error) {
	if err == nil {
		return b, nil
	}
	if p := problem.Of(err); p.Status != http.StatusInternalServerError {
		return nil, errors.Join(p, err)
	}
	return nil, domain.Refuse(domain.Malformed, "malformed", "", "", "the body ended before its time")
}
