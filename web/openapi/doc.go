// Package openapi describes the API in OpenAPI 3.1: one document, made from the table
// of commands, the structs of their data, the declarations of the views, the schemas
// of the events and the one object of problems.
//
// It owns how Go types are said in JSON Schema, one line for each command, and the
// examples: examples.ndjson is a small programme that holds every command, each of
// which a test sends to a server. It refuses to serve anything. openapi.json is the
// document as it is served; a test holds it to be what the code says:
//
//	go test ./web/openapi -update
//
// Start at [Document].
package openapi
