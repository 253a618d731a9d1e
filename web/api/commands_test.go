package api_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/domain/roles"
	"zhitong/internal/app"
	"zhitong/web/api"
	"zhitong/web/openapi"
	"zhitong/web/problem"
)

// TestExamplesAreAnsweredAsDescribed sends every example: what goes out and what
// comes back is as the description says, and comes back again when it is sent again.
func TestExamplesAreAnsweredAsDescribed(t *testing.T) {
	t.Parallel()
	w, d := setup(t, options{}), readDescription(t)
	for _, env := range openapi.Examples() {
		operation := d.at("paths", "/commands/"+env.Command, "post")
		if operation == nil {
			t.Fatalf("%s is not described", env.Command)
		}
		content := operation["requestBody"].(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)
		sent := body(t, env)
		for _, f := range d.check(content["schema"].(map[string]any), sent) {
			t.Errorf("%s %s: request %s", env.ID, env.Command, f)
		}
		r := w.post(env, "")
		if r.status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", env.ID, env.Command, r.status, r.body)
		}
		for _, f := range d.check(d.at("components", "schemas", "Answer"), r.body) {
			t.Errorf("%s %s: answer %s", env.ID, env.Command, f)
		}
		var result app.Result
		if err := json.Unmarshal(r.body, &result); err != nil || !result.OK || result.ID != env.ID || len(result.Events) == 0 {
			t.Errorf("%s %s: answer %s (%v)", env.ID, env.Command, r.body, err)
		}
		if got := r.header.Get(api.HeaderPosition); got != fmt.Sprint(result.Events[0].Seq) {
			t.Errorf("%s: position %q, events at %d", env.ID, got, result.Events[0].Seq)
		}
		if r.header.Get(api.HeaderReplayed) != "" {
			t.Errorf("%s: a first answer is said to be a replay", env.ID)
		}
		again := w.post(env, "")
		if again.status != http.StatusOK || !bytes.Equal(again.body, r.body) || again.header.Get(api.HeaderReplayed) != "true" {
			t.Errorf("%s sent again: %d %q %s, first %s", env.ID, again.status, again.header.Get(api.HeaderReplayed), again.body, r.body)
		}
	}
}

// TestEveryCommandInEveryRole tries each example, at its moment, as every role and
// as another party of the role, without recording it.
func TestEveryCommandInEveryRole(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	tried := map[string]bool{}
	for _, env := range openapi.Examples() {
		before := w.head()
		if !tried[env.Command] {
			tried[env.Command] = true
			w.tryRoles(env)
		}
		if w.head() != before {
			t.Fatalf("%s: a dry run has recorded something", env.Command)
		}
		if r := w.post(env, ""); r.status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", env.ID, env.Command, r.status, r.body)
		}
		for env.Command == "person.erase" && w.head() < before+2 {
			runtime.Gosched() // the key is destroyed beside the log, and then that is recorded
		}
	}
	for _, env := range openapi.Waiting() {
		tried[env.Command] = true
		operator := w.post(env, "?dry_run=1")
		operator.want(t, http.StatusConflict, "programme.other_time")
		env.Role = domain.Officer
		w.post(env, "").want(t, http.StatusForbidden, "role.denied")
	}
	for _, name := range roles.Commands() {
		if api.Sendable(name) && !tried[name] {
			t.Errorf("%s was not tried", name)
		}
	}
}

func (w *world) tryRoles(env app.Envelope) {
	t := w.t
	t.Helper()
	may := roles.May(env.Command)
	for _, role := range domain.Roles {
		if role == domain.System {
			continue
		}
		own := of(role, env.Actor)
		if role != env.Role {
			own = of(role, "X-1")
		}
		r := w.do(http.MethodPost, "/api/v1/commands/"+env.Command+"?dry_run=1", own, bytes.NewReader(body(t, env)))
		switch {
		case !slices.Contains(may, role):
			p := r.want(t, http.StatusForbidden, "role.denied")
			if !slices.Equal(p.Roles, may) {
				t.Errorf("%s as %s: roles that could %v, want %v", env.Command, own, p.Roles, may)
			}
		case role == env.Role:
			if r.status != http.StatusOK {
				t.Errorf("%s as its own %s: %d %s", env.Command, own, r.status, r.body)
			}
		}
		partys := role == domain.Cooperative || role == domain.Buyer || role == domain.Carrier
		if !slices.Contains(may, role) || !partys || env.Command == "claim.object" {
			continue
		}
		r = w.do(http.MethodPost, "/api/v1/commands/"+env.Command+"?dry_run=1", of(role, "X-9"), bytes.NewReader(body(t, env)))
		p := r.problem(t)
		if r.status != http.StatusForbidden || !strings.HasSuffix(p.Code, ".not_yours") {
			t.Errorf("%s as another %s: %d %s", env.Command, role, r.status, r.body)
		}
		if bytes.Contains(r.body, []byte(env.Actor)) && role == env.Role && p.Value != string(env.Actor) {
			t.Errorf("%s as another %s is told whose it is: %s", env.Command, role, r.body)
		}
	}
}

// TestNobodyAndSomebodyElse: who acts is the account.
func TestNobodyAndSomebodyElse(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	operator := of(domain.Operator, "U-OP1")
	data := `{"programme_id":"P","name":{"en":"P"}}`
	p := w.send(nobody, "programme.open", "1", data).want(t, http.StatusUnauthorized, "request.unauthenticated")
	if p.Detail != "" {
		t.Errorf("who is not known is told %q", p.Detail)
	}
	post := func(text string) reply {
		return w.do(http.MethodPost, "/api/v1/commands/programme.open", operator, strings.NewReader(text))
	}
	post(`{"id":"1","actor":"U-OP2","time":"2021-03-01T10:00:00+08:00","data":`+data+`}`).want(t, http.StatusForbidden, "actor.other")
	post(`{"id":"1","role":"officer","time":"2021-03-01T10:00:00+08:00","data":`+data+`}`).want(t, http.StatusForbidden, "actor.other")
	post(`{"id":"1","command":"party.close","time":"2021-03-01T10:00:00+08:00","data":`+data+`}`).want(t, http.StatusBadRequest, "malformed")
	if r := post(`{"id":"1","actor":"U-OP1","role":"operator","command":"programme.open","time":"2021-03-01T10:00:00+08:00","data":` + data + `}`); r.status != http.StatusOK {
		t.Errorf("a body that names the account itself: %d %s", r.status, r.body)
	}
	r := w.get("/api/v1/events", auditor)
	for _, want := range []string{`"actor":"U-OP1"`, `"principal":"U-OP1"`, `"via":"api"`} {
		if !bytes.Contains(r.body, []byte(want)) {
			t.Errorf("the event lacks %s: %s", want, r.body)
		}
	}
}

// TestStatuses: one refusal of each kind.
func TestStatuses(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	w.fill()
	buyer, dispatcher := of(domain.Buyer, "B001"), of(domain.Dispatcher, "U-DIS1")
	order := `{"order_id":%q,"buyer_id":"B001","lines":[{"line_no":1,"item_id":%q,"quantity":"1","unit":"kg","unit_price":"1"}]}`
	w.send(dispatcher, "order.confirm", "a", `{"order_id":"PO-none"}`).want(t, http.StatusNotFound, "order.unknown")
	p := w.send(buyer, "order.submit", "b", fmt.Sprintf(order, "PO-9", "gold")).want(t, http.StatusUnprocessableEntity, "order.line_unknown_item")
	if p.Field != "lines[0].item_id" || p.Value != "gold" || p.CommandID != "b" || p.Type != "urn:zhitong:problem:order.line_unknown_item" {
		t.Errorf("got %+v", p)
	}
	w.send(buyer, "order.submit", "c", fmt.Sprintf(order, "PO-1", "jujube")).want(t, http.StatusConflict, "order.exists")
	w.send(buyer, "order.submit", "x-29", fmt.Sprintf(order, "PO-9", "jujube")).want(t, http.StatusConflict, "command.id_used")
	w.send(buyer, "order.submit", "d", `{"order_id":7}`).want(t, http.StatusBadRequest, "malformed")
	w.send(buyer, "order.submit", "~d", fmt.Sprintf(order, "PO-9", "jujube")).want(t, http.StatusUnprocessableEntity, "command.reserved_id")
	w.send(buyer, "order.dance", "e", `{}`).want(t, http.StatusNotFound, "command.unknown")
	w.send(buyer, "claim.reassess", "e", `{}`).want(t, http.StatusNotFound, "command.unknown")
	w.send(buyer, "order.submit", "f", fmt.Sprintf(order, "PO-9", "jujube"), "?dry_run=maybe").want(t, http.StatusBadRequest, "request.invalid_parameter")
	w.send(buyer, "order.submit", "f", fmt.Sprintf(order, "PO-9", "jujube"), "?dryrun=1").want(t, http.StatusBadRequest, "request.invalid_parameter")
	w.do(http.MethodPost, "/api/v1/commands/order.submit", buyer, strings.NewReader("{}"), "Content-Type", "text/xml").want(t, http.StatusUnsupportedMediaType, "request.unsupported_type")
	w.get("/api/v1/commands/order.submit", buyer).want(t, http.StatusMethodNotAllowed, "request.method_not_allowed")
	w.do(http.MethodDelete, "/api/v1/views/claims", auditor, nil).want(t, http.StatusMethodNotAllowed, "request.method_not_allowed")
	w.get("/api/v1/nothing", buyer).want(t, http.StatusNotFound, "request.not_found")
	if r := w.get("/api/v1/openapi.json", nobody); r.status != http.StatusOK || !bytes.Equal(r.body, openapi.JSON()) {
		t.Errorf("the description: %d, %d bytes", r.status, len(r.body))
	}
}

// TestAllFaultsAtOnce: of the envelope, the shape and the values, with their places.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	w.fill()
	buyer := of(domain.Buyer, "B001")
	faults := func(p problem.Problem) map[string]string {
		all := map[string]string{}
		for _, f := range p.Faults {
			all[f.Field] = f.Code
		}
		return all
	}
	for _, c := range []struct {
		name, body string
		status     int
		want       map[string]string
	}{
		{"ShapeAndValues", `{"id":"a","time":"2021-03-01T10:00:00+08:00","data":{"order_id":"PO-9","buyer_id":7,"colour":"red","lines":[{"line_no":"1","item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"},{"line_no":2,"item_id":"","quantity":"1.2345","unit_price":"-1"}]}}`, 422,
			map[string]string{"buyer_id": "malformed", "colour": "malformed", "lines[0].line_no": "malformed", "lines[1].item_id": "value.invalid_id", "lines[1].quantity": "value.invalid_quantity", "lines[1].unit_price": "value.invalid_price"}},
		{"ValuesOfEveryLine", `{"id":"a","time":"2021-03-01T10:00:00+08:00","data":{"order_id":"PO-9","buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"0","unit":"kg","unit_price":"1"},{"line_no":2,"quantity":"1","unit":"kg","unit_price":"1"},{"line_no":3,"item_id":"jujube","quantity":"1","unit":"kg"}]}}`, 422,
			map[string]string{"lines[0].quantity": "value.not_positive", "lines[1].item_id": "value.missing", "lines[2].unit_price": "value.missing"}},
		{"TheEnvelope", `{"time":"yesterday","hat":1,"data":{"order_id":"PO-9","order_id":"PO-8"}}`, 400,
			map[string]string{"time": "value.invalid_time", "hat": "malformed", "id": "malformed", "order_id": "malformed"}},
	} {
		r := w.do(http.MethodPost, "/api/v1/commands/order.submit", buyer, strings.NewReader(c.body))
		p := r.problem(t)
		got := faults(p)
		for field, code := range c.want {
			if got[field] != code {
				t.Errorf("%s: %s: got %q, want %q; all: %v", c.name, field, got[field], code, got)
			}
		}
		if r.status != 400 && r.status != 422 {
			t.Errorf("%s: status %d", c.name, r.status)
		}
	}
}

// TestNothingPersonalIsToldBack: wherever a fault lies in personal values.
func TestNothingPersonalIsToldBack(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	w.fill()
	officer := of(domain.Officer, "U-OFF1")
	for _, payee := range []string{
		`{"account_name":"Secret Name","bank":"Secret Bank","account_no":6230000000000009999}`,
		`{"account_name":"Secret Name","bank":["Secret Bank"],"account_no":"6230000000000009999"}`,
		`{"account_name":"Secret Name","bank":"Secret Bank","account_no":"6230000000000009999\u0000"}`,
		`"Secret Name 6230000000000009999"`,
		`{"account_name":"Secret Name","bank":"Secret Bank","account_no":"6230000000000009999","note":"Secret note"}`,
		`{"account_name":{"x":"Secret Name"},"bank":"Secret Bank","account_no":"` + strings.Repeat("6230000000000009999", 200) + `"}`,
	} {
		r := w.send(officer, "party.register", "p", `{"party_id":"C009","kind":"cooperative","name":{"en":"C"},"payee":`+payee+`}`)
		if r.status != 400 && r.status != 422 {
			t.Errorf("%s: status %d", payee, r.status)
		}
		for _, secret := range []string{"Secret", "623000000000000"} {
			if bytes.Contains(r.body, []byte(secret)) {
				t.Errorf("%s is told back: %s", secret, r.body)
			}
		}
	}
}

// TestWhatIsRequiredIsRequired takes each required member out of each example.
func TestWhatIsRequiredIsRequired(t *testing.T) {
	t.Parallel()
	w, d := setup(t, options{}), readDescription(t)
	seen := map[string]bool{}
	for _, env := range openapi.Examples() {
		if !seen[env.Command] {
			seen[env.Command] = true
			schema := d.at("components", "schemas", env.Command)
			var data map[string]any
			if err := json.Unmarshal(env.Data, &data); err != nil {
				t.Fatal(err)
			}
			required, _ := schema["required"].([]any)
			for name := range schema["properties"].(map[string]any) {
				if _, there := data[name]; !there {
					continue
				}
				less := maps.Clone(data)
				delete(less, name)
				raw, err := json.Marshal(less)
				if err != nil {
					t.Fatal(err)
				}
				without := env
				without.ID, without.Data = "less-"+env.ID+"-"+name, raw
				r := w.post(without, "?dry_run=1")
				if slices.Contains(required, any(name)) {
					if r.status != 400 && r.status != 422 {
						t.Errorf("%s without %s, which is required: %d %s", env.Command, name, r.status, r.body)
					}
				} else if p := new(problem.Problem); r.status != http.StatusOK && json.Unmarshal(r.body, p) == nil && p.Code == "value.missing" && p.Field == name {
					t.Errorf("%s without %s, which is said not to be required: %s", env.Command, name, r.body)
				}
			}
		}
		if r := w.post(env, ""); r.status != http.StatusOK {
			t.Fatalf("%s: %d %s", env.ID, r.status, r.body)
		}
	}
}
