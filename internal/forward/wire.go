package forward

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
)

// request is a command on its way to the process that decides.
type request struct {
	ID        string         `json:"id"`
	Command   string         `json:"command"`
	Actor     domain.ID      `json:"actor"`
	Role      domain.Role    `json:"role"`
	Time      domain.Time    `json:"time"`
	Data      jsontext.Value `json:"data"`
	Principal string         `json:"principal,omitempty"`
	Via       events.Via     `json:"via"`
	HoldGap   bool           `json:"holdgap,omitzero"`
}

// reply is its answer, with what the answer for clients leaves out.
type reply struct {
	Result   app.Result   `json:"result"`
	Repeated bool         `json:"repeated,omitzero"`
	Position uint64       `json:"position,omitzero"`
	Class    domain.Class `json:"class,omitempty"`
	Failed   string       `json:"failed,omitempty"` // why there is no answer
}

func encodeRequest(env app.Envelope) ([]byte, error) {
	return json.Marshal(request{env.ID, env.Command, env.Actor, env.Role, env.Time, env.Data, env.Principal, env.Via, env.HoldGap})
}

func decodeRequest(b []byte) (app.Envelope, error) {
	var r request
	err := json.Unmarshal(b, &r)
	return app.Envelope{ID: r.ID, Command: r.Command, Actor: r.Actor, Role: r.Role, Time: r.Time, Data: r.Data, Principal: r.Principal, Via: r.Via, HoldGap: r.HoldGap}, err
}

func encodeReply(result app.Result, failed error) ([]byte, error) {
	r := reply{Result: result, Repeated: result.Repeated, Position: result.Position}
	if failed != nil {
		r.Failed = failed.Error()
	}
	if result.Problem != nil {
		r.Class = result.Problem.Class
	}
	return json.Marshal(r)
}

func decodeReply(b []byte) (app.Result, error) {
	var r reply
	if err := json.Unmarshal(b, &r); err != nil {
		return app.Result{}, err
	}
	if r.Failed != "" {
		return app.Result{}, errors.New(r.Failed)
	}
	r.Result.Repeated, r.Result.Position = r.Repeated, r.Position
	if r.Result.Problem != nil {
		r.Result.Problem.Class = r.Class
	}
	return r.Result, nil
}
