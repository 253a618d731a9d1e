// Package problem is what the web says when it can't do what was asked: one JSON
// object of RFC 9457 for every error of the API, with a stable code.
//
// It owns the one table of HTTP statuses ([Of]), the one table of codes ([Codes])
// and the language of what people read. It refuses to show what is not the asker's
// business: an error that is no refusal becomes a plain 500 and goes to the log. It
// also carries the id of a request, which stands in every answer and log line:
// whoever wraps the handlers makes it and puts it into the context with [WithID].
// docs/reference/problems.md is made from here. Start at [Problem].
package problem
