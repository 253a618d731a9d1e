// Package publish carries the Merkle log over HTTP: it serves the folder as C2SP
// tlog-tiles, and reads one that is served.
//
// It owns paths and headers, and which checkpoint is shown where a quorum of
// witnesses is wanted. It refuses to serve anything but checkpoints, public keys and
// the tiles that the latest checkpoint covers. Start reading at [Publisher].
package publish

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
)

const (
	textType  = "text/plain; charset=utf-8"
	tilesType = "application/octet-stream"
	// What can change is asked for each time; a tile never does.
	changes, never = "no-cache", "public, max-age=31536000, immutable"
	// entriesPrefix is where bundles of commits stand, which are worth compressing.
	entriesPrefix = "tile/entries/"
)

// Handler serves the log of a folder whose checkpoints need no quorum of witnesses.
// Mount it as [Publisher.Handler] says.
func Handler(r tree.Reader) http.Handler { return New(r, nil, nil).Handler() }

// Handler serves the log; mount it behind http.StripPrefix at the log's prefix, so
// that it sees /checkpoint, /checkpoints, /vkeys and /tile/….
func (p *Publisher) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		var err error
		switch name := strings.TrimPrefix(req.URL.Path, "/"); name {
		case "checkpoint":
			err = p.serveCheckpoint(w, req)
		case "checkpoints":
			err = p.serveCheckpoints(w, req)
		case "vkeys":
			var keys string
			if keys, err = p.log.VKeys(); err == nil {
				send(w, req, []byte(keys), textType, changes)
			}
		default:
			err = p.serveTile(w, req, name)
		}
		switch {
		case errors.Is(err, tree.ErrMending):
			w.Header().Set("Retry-After", "1")
			http.Error(w, "the tiles are being made again", http.StatusServiceUnavailable)
		case errors.Is(err, fs.ErrNotExist):
			http.Error(w, "not found", http.StatusNotFound)
		case err != nil:
			http.Error(w, "the log cannot be read", http.StatusInternalServerError)
		}
	})
}

func (p *Publisher) serveCheckpoint(w http.ResponseWriter, req *http.Request) error {
	note, standing, err := p.Checkpoint()
	if err != nil {
		return err
	}
	if standing.Asked {
		w.Header().Set("Zhitong-Witnesses", standing.String())
	}
	send(w, req, note, textType, changes)
	return nil
}

// serveCheckpoints sends every checkpoint that was ever signed.
func (p *Publisher) serveCheckpoints(w http.ResponseWriter, req *http.Request) error {
	f, err := p.log.OpenCheckpoints()
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", textType)
	w.Header().Set("Cache-Control", changes)
	if req.Method == http.MethodGet {
		_, _ = io.Copy(w, f) // the client has gone
	}
	return nil
}

// serveTile sends a tile or bundle that the latest checkpoint covers: one behind it
// may still be written.
func (p *Publisher) serveTile(w http.ResponseWriter, req *http.Request, name string) error {
	note, err := p.log.Latest()
	if err != nil {
		return err
	}
	c, err := checkpoint.Peek(note)
	if err != nil {
		return err
	}
	b, err := p.log.Published(name, c)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, entriesPrefix) {
		w.Header().Set("Vary", "Accept-Encoding")
		if acceptsGzip(req) {
			if b, err = compressed(b); err != nil {
				return err
			}
			w.Header().Set("Content-Encoding", "gzip")
		}
	}
	send(w, req, b, tilesType, never)
	return nil
}

// send answers with bytes, or with 304 to a client that has them.
func send(w http.ResponseWriter, req *http.Request, b []byte, contentType, caching string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", caching)
	sum := sha256.Sum256(b)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h.Set("ETag", tag)
	if req.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	if req.Method == http.MethodGet {
		_, _ = w.Write(b) // the client has gone
	}
}

// acceptsGzip reports whether a client says that it takes gzip.
func acceptsGzip(req *http.Request) bool {
	for part := range strings.SplitSeq(req.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(part, ";")
		if strings.TrimSpace(coding) == "gzip" {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(quality), "q="), "0.") != "" || quality == ""
		}
	}
	return false
}

func compressed(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err == nil {
		_, err = z.Write(b)
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}
