package guard

import (
	"net/http"
	"strings"

	"zhitong/web/problem"
)

// What browsers are told. Pages load from here and nowhere else, and nobody frames
// them; an answer of the API is no page at all.
const (
	pagePolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	apiPolicy  = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// hsts is half a year: this name is spoken to over TLS only.
	hsts = "max-age=15552000"
)

// setHeaders sets what every answer carries. There is no CORS header: other sites'
// scripts read nothing here.
func setHeaders(h http.Header, path, id string, peer Peer) {
	h.Set(problem.HeaderID, id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if strings.HasPrefix(path, "/api/") {
		h.Set("Content-Security-Policy", apiPolicy)
		h.Set("Cache-Control", "no-store") // what may be kept says so itself
	} else {
		h.Set("Content-Security-Policy", pagePolicy)
	}
	if peer.Secure {
		h.Set("Strict-Transport-Security", hsts)
	}
}
