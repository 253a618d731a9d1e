// Package publish carries the Merkle log over HTTP: it serves the folder as C2SP
// tlog-tiles, and reads one that is served.
//
// It owns paths and headers. It refuses to serve anything but checkpoints, public
// keys and what stands below tile/. Start reading at [Handler].
package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhitong/audit/tree"
)

// Handler serves the log; mount it behind http.StripPrefix at the log's prefix, so
// that it sees /checkpoint, /vkeys and /tile/….
func Handler(r tree.Reader) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(req.URL.Path, "/")
		var b []byte
		var err error
		switch name {
		case "checkpoint":
			b, err = r.Latest()
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
		case "vkeys":
			var s string
			s, err = r.VKeys()
			b = []byte(s)
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
		default:
			b, err = r.Raw(name)
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if err != nil {
			w.Header().Del("Cache-Control")
			status := http.StatusInternalServerError
			if errors.Is(err, fs.ErrNotExist) {
				status = http.StatusNotFound
			}
			http.Error(w, http.StatusText(status), status)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		if req.Method == http.MethodGet {
			_, _ = w.Write(b) // the client has gone
		}
	})
}

// Limits of what is read from a log that is served by somebody else.
const (
	answerBytesMax = 256 * (tree.EntryBytesMax + 2)
	answerTimeout  = 30 * time.Second
)

// Remote is the folder of a served log, for [tree.NewReader].
type Remote struct {
	ctx    context.Context
	prefix string
	client *http.Client
}

// NewRemote reads the log at a URL prefix until ctx ends.
func NewRemote(ctx context.Context, prefix string) (*Remote, error) {
	u, err := url.Parse(prefix)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("log address %q: http://… or https://… is needed", prefix)
	}
	return &Remote{ctx: ctx, prefix: strings.TrimRight(prefix, "/") + "/", client: &http.Client{Timeout: answerTimeout}}, nil
}

// ReadFile implements fs.ReadFileFS.
func (r *Remote) ReadFile(name string) ([]byte, error) {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.prefix+name, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, &fs.PathError{Op: "get", Path: name, Err: fs.ErrNotExist}
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("get %s: status %d", name, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerBytesMax+1))
	if err == nil && len(b) > answerBytesMax {
		err = fmt.Errorf("get %s: more than %d bytes", name, answerBytesMax)
	}
	return b, err
}

// Open implements fs.FS; a served log has no folders to list.
func (r *Remote) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
