package problem

import (
	"fmt"
	"net/http"
	"time"
)

// The problems of the edge: what is wrong with a request before anybody looks at
// what it asks.

// Unauthenticated says that nobody is known to be asking. It tells no reason.
func Unauthenticated() *Problem {
	p := New(http.StatusUnauthorized, "request.unauthenticated", "")
	p.Challenge = "Bearer"
	return p
}

// CrossSite refuses a request that another site made a browser send.
func CrossSite() *Problem { return New(http.StatusForbidden, "request.cross_site", "") }

// NoSuchPath says that there is nothing at the address.
func NoSuchPath() *Problem { return New(http.StatusNotFound, "request.not_found", "") }

// MethodNotAllowed says which methods the address knows, e.g. "GET, HEAD".
func MethodNotAllowed(allow string) *Problem {
	p := New(http.StatusMethodNotAllowed, "request.method_not_allowed", "one of "+allow)
	p.Allow = allow
	return p
}

// UnsupportedType says which type of body is read.
func UnsupportedType(given, want string) *Problem {
	return New(http.StatusUnsupportedMediaType, "request.unsupported_type", want+" is needed").At("Content-Type", given)
}

// NotAcceptable says which types can be given.
func NotAcceptable(given, can string) *Problem {
	return New(http.StatusNotAcceptable, "request.not_acceptable", can+" can be given").At("Accept", given)
}

// TooLarge refuses a body of more than limit bytes.
func TooLarge(limit int64) *Problem {
	return New(http.StatusRequestEntityTooLarge, "request.too_large", fmt.Sprintf("a body has at most %d bytes here", limit))
}

// HeadersTooLarge refuses headers.
func HeadersTooLarge(detail string) *Problem {
	return New(http.StatusRequestHeaderFieldsTooLarge, "request.headers_too_large", detail)
}

// TooMany refuses one who asks too often; after says when to go on.
func TooMany(after time.Duration) *Problem {
	return New(http.StatusTooManyRequests, "request.too_many", "").After(after)
}

// Parameter refuses a parameter of the address.
func Parameter(name, value, detail string, args ...any) *Problem {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return New(http.StatusBadRequest, "request.invalid_parameter", detail).At(name, value)
}

// Internal is what a fault of ours looks like from outside.
func Internal() *Problem { return New(http.StatusInternalServerError, "internal", "") }
