package publish

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zhitong/audit/tree"
)

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
