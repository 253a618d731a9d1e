package openapi

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/domain/roles"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/projections"
	"zhitong/web/api"
	"zhitong/web/problem"
)

//go:embed openapi.json
var golden []byte

// JSON is the document as it is served.
func JSON() []byte { return golden }

// Document describes the API of the commands and views given, in JSON.
func Document(commands []app.Command, views []*projections.Schema) ([]byte, error) {
	d := &document{paths: object{}, schemas: object{}}
	d.common()
	for i := range commands {
		if err := d.command(&commands[i]); err != nil {
			return nil, err
		}
	}
	d.batch()
	for _, v := range views {
		if err := d.view(v); err != nil {
			return nil, err
		}
	}
	d.rest()
	d.sessions()
	for name, s := range events.Schemas() {
		d.schemas["event."+name[strings.LastIndexByte(name, '/')+1:]] = s
	}
	whole := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Zhitong 369", "version": "1", "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Commands, views, events and the proofs of a county's sales and subsidy books. Who acts is the account behind the token or session. Money, prices and weights are decimal strings. docs/reference/problems.md lists the codes of refusals.",
		},
		"servers":    []object{{"url": api.Prefix}},
		"security":   []object{{"token": []string{}}, {"session": []string{}}},
		"paths":      d.paths,
		"components": object{"schemas": d.schemas, "parameters": sharedParameters(), "responses": object{"Problem": problemResponse()}, "securitySchemes": securitySchemes()},
	}
	out, err := json.Marshal(whole, json.Deterministic(true), jsontext.WithIndent(" "))
	return append(out, '\n'), err
}

type document struct {
	paths, schemas object
}

func securitySchemes() object {
	return object{
		"token":   object{"type": "http", "scheme": "bearer", "description": "a token of zhitong user token, zt_…"},
		"session": object{"type": "apiKey", "in": "cookie", "name": "__Host-zhitong"},
	}
}

func problemResponse() object {
	return object{
		"description": "What was refused, or went wrong, and what to do.",
		"headers":     object{"Retry-After": header("seconds after which to ask again, where that makes sense", "integer"), problem.HeaderID: header("the request's id", "string")},
		"content":     object{problem.ContentType: object{"schema": ref("Problem")}},
	}
}

func header(what, kind string) object {
	return object{"description": what, "schema": object{"type": kind}}
}

// problems are the responses of statuses that are no success.
func problems(responses object, statuses ...int) object {
	for _, s := range append(statuses, 401, 429, 500) {
		responses[fmt.Sprint(s)] = object{"$ref": "#/components/responses/Problem"}
	}
	return responses
}

func parameter(in, name, what string, schema object) object {
	return object{"in": in, "name": name, "description": what, "schema": schema}
}

// common are the schemas that several answers share.
func (d *document) common() {
	for t, s := range values {
		d.schemas[t.Name()] = s
	}
	d.schemas["Device"] = deviceSchema()
	d.schemas["Problem"] = open(plainOf(reflect.TypeFor[problem.Problem]()))
	d.schemas["Answer"] = answerSchema()
	d.schemas["Event"] = object{
		"type": "object", "description": "a CloudEvents 1.0 object in its stored bytes; its data has the schema event.<type without zhitong.>",
		"required": []string{"specversion", "id", "source", "type", "subject", "time", "data", "recordedtime", "actor", "actorrole", "commandid", "position", "index", "of"},
	}
}

// open lets members be added to answers later.
func open(s object) object {
	delete(s, "additionalProperties")
	return s
}

// plainOf is schemaOf for what the API answers, where a number is a number.
func plainOf(t reflect.Type) object {
	s := schemaOf(t)
	if p, ok := s["properties"].(object); ok {
		if faults, ok := p["errors"].(object); ok {
			faults["items"] = open(faults["items"].(object))
			faults["description"] = "every fault of the body, where there are several"
		}
	}
	return s
}

func answerSchema() object {
	return object{
		"type": "object", "required": []string{"id", "ok"},
		"properties": object{
			"id": object{"type": "string"}, "ok": object{"type": "boolean"},
			"events": object{"type": "array", "items": object{
				"type": "object", "required": []string{"id", "type", "seq"},
				"properties": object{"id": object{"type": "string"}, "type": object{"type": "string"}, "seq": object{"type": "integer", "minimum": 1, "description": "the position of the commit"}},
			}},
			"problem": object{"type": "object", "description": "in a batch: why the line was refused", "required": []string{"code"}, "properties": object{
				"code": object{"type": "string"}, "line": object{"type": "integer"}, "field": object{"type": "string"}, "value": object{"type": "string"},
				"detail": object{"type": "string"}, "roles": object{"type": "array", "items": object{"type": "string"}},
			}},
		},
	}
}

// command describes one command of the table, unless only the system may send it.
func (d *document) command(c *app.Command) error {
	if !api.Sendable(c.Name) {
		return nil
	}
	summary := summaries[c.Name]
	example, ok := exampleOf(c.Name)
	if summary == "" || !ok {
		return fmt.Errorf("command %q needs a line in summaries.go and one in examples.ndjson", c.Name)
	}
	d.schemas[c.Name] = dataOf(c.New())
	var may []domain.Role
	for _, r := range roles.May(c.Name) {
		if r != domain.System {
			may = append(may, r)
		}
	}
	kind, _, _ := strings.Cut(c.Name, ".")
	d.paths["/commands/"+c.Name] = object{"post": object{
		"operationId": c.Name, "tags": []string{kind}, "summary": summary, "x-roles": may,
		"description": fmt.Sprintf("For %v.", may),
		"parameters":  []object{dryRun()},
		"requestBody": object{"required": true, "content": object{"application/json": object{
			"schema":  commandSchema(c.Name),
			"example": object{"id": example.ID, "time": example.Time, "data": example.Data},
		}}},
		"responses": problems(object{"200": object{
			"description": "It is recorded, durably, or was before.",
			"headers": object{
				api.HeaderReplayed: header("true where nothing was recorded since it had been before", "string"),
				api.HeaderPosition: header("the position of the commit, for wait_for", "integer"),
			},
			"content": object{"application/json": object{"schema": ref("Answer")}},
		}}, 400, 403, 404, 409, 413, 415, 422, 503, 507),
	}}
	return nil
}

func dryRun() object { return object{"$ref": "#/components/parameters/dry_run"} }

// sharedParameters are the parameters of many addresses, by name.
func sharedParameters() object {
	all := object{}
	for _, p := range append(viewParameters(), parameter("query", "dry_run", "1 decides and answers, and records nothing", object{"type": "string", "enum": []string{"0", "1"}})) {
		all[p["name"].(string)] = p
	}
	return all
}

// commandSchema is a command's body.
func commandSchema(name string) object {
	return object{
		"type": "object", "required": []string{"id", "time", "data"}, "additionalProperties": false,
		"properties": object{
			"id":      object{"type": "string", "minLength": 1, "maxLength": domain.IDCharsMax, "pattern": "^[^~]", "description": "chosen by the client, unique in the programme; sent again with the same content it gives the original answer"},
			"time":    object{"type": "string", "format": "date-time", "description": "when it happened, with an offset"},
			"data":    ref(name),
			"command": object{"type": "string", "const": name},
			"actor":   object{"type": "string", "description": "may be left out; else the account's own"},
			"role":    object{"type": "string", "description": "may be left out; else the account's own"},
		},
	}
}

// batch describes commands a line each.
func (d *document) batch() {
	d.paths["/commands:batch"] = object{"post": object{
		"operationId": "batch", "tags": []string{"batch"}, "summary": "Send commands, one JSON object a line, and read one answer a line, in order",
		"description": "Each line is a command's body with its name in the member command. Lines and answers may be on their way at the same time. A refused line is an answer with ok false; the others go on.",
		"parameters":  []object{dryRun()},
		"requestBody": object{"required": true, "content": object{"application/x-ndjson": object{"schema": object{"type": "string"}}}},
		"responses": problems(object{"200": object{
			"description": "an Answer a line", "content": object{"application/x-ndjson": object{"schema": object{"type": "string"}}},
		}}, 400, 415),
	}}
}
