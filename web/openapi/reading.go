package openapi

import (
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/projections"
	"zhitong/web/api"
)

// view describes one view.
func (d *document) view(v *projections.Schema) error {
	i := slices.IndexFunc(api.Rights(), func(r api.Right) bool { return r.View == v.Name })
	if i < 0 {
		return fmt.Errorf("view %q is not in the table of rights", v.Name)
	}
	right := &api.Rights()[i]
	d.schemas["view."+v.Name] = rowSchema(v)
	d.paths["/views/"+v.Name] = object{"get": object{
		"operationId": "view." + v.Name, "tags": []string{"views"}, "summary": v.Comment, "x-roles": right.Readers(),
		"description": fmt.Sprintf("Every row for %v%s.", right.All, ownRows(right)),
		"parameters":  references(viewParameters()),
		"responses": problems(object{"200": object{
			"description": "the rows, by key",
			"headers": object{
				api.HeaderPosition: header("the position that the rows stand at", "integer"),
				"Link":             header(`where the next rows begin, rel="next"; absent on the last page`, "string"),
			},
			"content": object{
				"application/json": object{"schema": object{"type": "array", "items": ref("view." + v.Name)}},
				"text/csv":         object{"schema": object{"type": "string"}},
			},
		}}, 400, 403, 404, 406, 503),
	}}
	return nil
}

func ownRows(r *api.Right) string {
	var roles []domain.Role
	for _, role := range r.Readers() {
		if !slices.Contains(r.All, role) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 0 {
		return ""
	}
	return fmt.Sprintf("; those of their party for %v", roles)
}

func viewParameters() []object {
	text := object{"type": "string"}
	where := parameter("query", "where", "COL=VALUE; all that are given hold", object{"type": "array", "items": text})
	where["style"], where["explode"] = "form", true
	return []object{
		where,
		parameter("query", "as_of", "as the view was: a position, or a time of recording with an offset", text),
		parameter("query", "wait_for", "a position that must be in the answer", object{"type": "integer", "minimum": 1}),
		parameter("query", "limit", "at most so many rows", object{"type": "integer", "minimum": 1, "maximum": api.RowsMax}),
		parameter("query", "cursor", "from the Link header of the page before", text),
		parameter("query", "bom", "1 begins CSV with a byte order mark, for spreadsheets", object{"type": "string", "enum": []string{"0", "1"}}),
	}
}

// references are shared parameters as an address names them.
func references(parameters []object) []object {
	refs := make([]object, len(parameters))
	for i, p := range parameters {
		refs[i] = object{"$ref": "#/components/parameters/" + p["name"].(string)}
	}
	return refs
}

// rowSchema is a row of a view as JSON.
func rowSchema(v *projections.Schema) object {
	properties, required := object{}, []string{}
	for _, c := range v.Columns {
		s := object{"type": "string"}
		switch c.Type {
		case projections.Integer:
			s["type"] = "integer"
		case projections.Boolean:
			s["type"] = "boolean"
		case projections.Numeric:
			s["pattern"] = fmt.Sprintf(`^-?[0-9]+\.[0-9]{%d}$`, c.Places)
		case projections.Date:
			s["format"] = "date"
		case projections.JSON:
			delete(s, "type")
		}
		if kind, ok := s["type"]; ok && c.Nullable {
			s["type"] = []any{kind, "null"}
		}
		s["description"] = c.Doc
		properties[c.Name] = s
		required = append(required, c.Name)
	}
	return object{"type": "object", "properties": properties, "required": required}
}

// rest describes what is not made from a table.
func (d *document) rest() {
	text := object{"schema": object{"type": "string"}}
	get := func(id, tag, summary string, parameters []object, kind string, statuses ...int) object {
		return object{"get": object{
			"operationId": id, "tags": []string{tag}, "summary": summary, "parameters": append([]object{}, parameters...),
			"responses": problems(object{"200": object{"description": summary, "content": object{kind: text}}}, statuses...),
		}}
	}
	at := func(name, what string) object {
		return parameter("query", name, what, object{"type": "integer", "minimum": 1})
	}
	subject := parameter("query", "subject", "only events of this aggregate, such as order/PO-1", object{"type": "string"})
	d.paths["/views"] = object{"get": object{
		"operationId": "views", "tags": []string{"views"}, "summary": "The views that the account may read, with their columns",
		"responses": problems(object{"200": object{"description": "the views", "content": object{"application/json": object{"schema": object{"type": "array", "items": object{"type": "object"}}}}}}),
	}}
	d.paths["/events"] = get("events", "events", "The stored bytes of events, one a line; for auditors",
		[]object{at("from", "the first position; 1 if left out"), at("to", "the last position; the head if left out"), subject}, "application/x-ndjson", 400, 403, 503)
	lastID := parameter("header", "Last-Event-ID", "the id of the last message that was read: it goes on behind it", object{"type": "string"})
	d.paths["/events/stream"] = get("stream", "events", "Commits as server-sent events: the id is the position, the data the events, one a line; for auditors",
		[]object{at("from", "the first position; behind the head if left out"), subject, lastID}, "text/event-stream", 400, 403, 503)
	id := parameter("path", "id", "the position of a commit", object{"type": "integer", "minimum": 1})
	id["required"] = true
	d.paths["/receipts/{id}"] = get("receipt", "log", "The proof that a commit stands in the log, as a C2SP tlog-proof; for auditors, and of one's own commands", []object{id}, "text/plain", 400, 404, 503)
	party := parameter("path", "party", "the id of a party", object{"type": "string"})
	party["required"] = true
	payee := object{"type": "object", "required": []string{"account_name", "bank", "account_no", "event_id"}, "properties": object{
		"account_name": object{"type": "string"}, "bank": object{"type": "string"}, "account_no": object{"type": "string"}, "event_id": object{"type": "string"},
	}}
	d.schemas["Person"] = object{"type": "object", "required": []string{"party_id", "erased"}, "properties": object{
		"party_id": object{"type": "string"}, "payee": payee, "proposed": payee, "proposed_by": object{"type": "string"}, "erased": object{"type": "boolean"},
	}}
	d.paths["/persons/{party}"] = object{"get": object{
		"operationId": "person", "tags": []string{"persons"}, "summary": "What is personal of a party, in clear; for officers, finance, auditors and the party itself",
		"parameters": []object{party},
		"responses":  problems(object{"200": object{"description": "the payee, and one that waits to be confirmed", "content": object{"application/json": object{"schema": ref("Person")}}}}, 400, 403, 404, 503),
	}}
	public := func(p object) object {
		p["get"].(object)["security"] = []object{}
		return p
	}
	d.paths["/log/checkpoint"] = public(get("checkpoint", "log", "The latest signed checkpoint (C2SP tlog-checkpoint); public", nil, "text/plain", 404))
	path := parameter("path", "path", "as C2SP tlog-tiles says", object{"type": "string"})
	path["required"] = true
	d.paths["/log/tile/{path}"] = public(get("tile", "log", "A tile or an entry bundle of the log; public", []object{path}, "application/octet-stream", 404))
	d.paths["/openapi.json"] = public(get("openapi", "api", "This description; public", nil, "application/json"))
}
