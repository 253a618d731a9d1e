package openapi

import "zhitong/domain"

// sessions describes logging in and out: the addresses of web/session.
func (d *document) sessions() {
	text, when := object{"type": "string"}, object{"type": "string", "format": "date-time"}
	roles := []domain.Role{}
	for _, r := range domain.Roles {
		if r != domain.System {
			roles = append(roles, r)
		}
	}
	d.schemas["session"] = object{"type": "object", "required": []string{"id", "account", "created", "last_used", "expires", "expires_idle", "current"},
		"properties": object{"id": text, "account": text, "agent": text, "created": when, "last_used": when, "expires": when, "expires_idle": when, "current": object{"type": "boolean"}}}
	d.schemas["who"] = object{"type": "object", "required": []string{"account", "role", "actor", "via"},
		"properties": object{"account": text, "role": object{"type": "string", "enum": roles}, "party": text, "actor": text,
			"via": object{"type": "string", "enum": []string{"api", "page"}}, "session": ref("session")}}
	d.schemas["login"] = object{"type": "object", "additionalProperties": false, "required": []string{"account", "password"},
		"properties": object{"account": text, "password": object{"type": "string", "format": "password"}}}
	does := func(id, summary, description string, responses object) object {
		return object{"operationId": id, "tags": []string{"sessions"}, "summary": summary, "description": description, "responses": responses}
	}
	json := func(what string, schema object) object {
		return object{"200": object{"description": what, "content": object{"application/json": object{"schema": schema}}}}
	}
	done := object{"204": object{"description": "done"}}
	login := does("login", "Log in", "Begins a session with a new secret, in a cookie. Any session that the browser had ends.", problems(json("whose the session is", ref("who")), 400, 403, 413, 415, 503))
	login["security"] = []object{}
	login["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": ref("login")}}}
	logout := does("logout", "Log out", "Ends the session that asks.", done)
	logout["security"] = []object{}
	d.paths["/session"] = object{
		"post": login, "delete": logout,
		"get": does("who", "Whose the token or the session is", "", problems(json("who asks", ref("who")), 503)),
	}
	list := does("sessions", "Sessions that let in", "One's own; an operator may ask for those of an account, or of all with *.",
		problems(json("the sessions", object{"type": "object", "required": []string{"sessions"}, "properties": object{"sessions": object{"type": "array", "items": ref("session")}}}), 403, 503))
	list["parameters"] = []object{parameter("query", "account", "whose; for the operator", text)}
	d.paths["/sessions"] = object{"get": list}
	end := does("session.revoke", "End a session", "One's own; an operator ends any.", problems(done, 404, 503))
	id := parameter("path", "id", "as the list names it", text)
	id["required"] = true
	end["parameters"] = []object{id}
	d.paths["/sessions/{id}"] = object{"delete": end}
}
