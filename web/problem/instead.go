package problem

import (
	"net/http"
	"strings"
)

// Instead wraps a handler whose errors are lines of text, so that they are problems
// as everywhere.
func Instead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := &instead{ResponseWriter: w}
		next.ServeHTTP(i, r)
		if i.problem != nil {
			w.Header().Del("Content-Length")
			Write(w, r, i.problem)
		}
	})
}

// instead keeps a line of text from going out as an error.
type instead struct {
	http.ResponseWriter
	problem *Problem
}

func (i *instead) WriteHeader(status int) {
	if status < http.StatusBadRequest || !strings.HasPrefix(i.Header().Get("Content-Type"), "text/plain") {
		i.ResponseWriter.WriteHeader(status)
		return
	}
	switch status {
	case http.StatusNotFound:
		i.problem = NoSuchPath()
	case http.StatusMethodNotAllowed:
		i.problem = MethodNotAllowed(i.Header().Get("Allow"))
	case http.StatusServiceUnavailable:
		i.problem = New(http.StatusServiceUnavailable, "log.unavailable", "").After(retryLog)
	default:
		i.problem = Internal()
	}
}

// Write drops the text of an error.
func (i *instead) Write(b []byte) (int, error) {
	if i.problem != nil {
		return len(b), nil
	}
	return i.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (i *instead) Unwrap() http.ResponseWriter { return i.ResponseWriter }
