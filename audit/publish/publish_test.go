package publish_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zhitong/audit/checkpoint"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
	"zhitong/audit/witness"
)

const origin = "zhitong.example/log"

type served struct {
	w    *tree.Writer
	keys *checkpoint.Keys
	url  string
	dir  string
}

func newLog(t *testing.T, handler func(tree.Reader) http.Handler) *served {
	t.Helper()
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "audit")
	w, err := tree.OpenWriter(dir, keys)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/api/v1/log", handler(w.Reader())))
	t.Cleanup(func() { server.Close(); _ = w.Close() })
	return &served{w, keys, server.URL + "/api/v1/log/", dir}
}

func (s *served) add(t *testing.T, n int) {
	t.Helper()
	for range n {
		p := s.w.Size() + 1
		if err := s.w.Add(p, [][]byte{commit(p)}); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *served) grow(t *testing.T, n int) checkpoint.Signed {
	t.Helper()
	s.add(t, n)
	signed, err := s.w.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func commit(p uint64) []byte { return fmt.Appendf(nil, `[{"position":%d}]`, p) }

// get asks without the transport's own decompression.
func get(t *testing.T, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

// client is a tile reader for package tlog, as any client of C2SP tlog-tiles has one.
type client struct {
	t   *testing.T
	url string
}

func (c client) Height() int                     { return 8 }
func (c client) SaveTiles([]tlog.Tile, [][]byte) {}
func (c client) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		// The checksum database has the tile's height in the path, C2SP has not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		resp, b := get(c.t, c.url+path)
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: status %d", path, resp.StatusCode)
		}
		out = append(out, b)
	}
	return out, nil
}

// TestExistingClientsReadTheLogOverHTTP has only golang.org/x/mod check what is served.
func TestExistingClientsReadTheLogOverHTTP(t *testing.T) {
	t.Parallel()
	s := newLog(t, publish.Handler)
	var before *tlog.Tree
	for _, n := range []int{1, 255, 44, 212, 256 * 256} {
		s.grow(t, n)
		_, signed := get(t, s.url+"checkpoint")
		_, vkeys := get(t, s.url+"vkeys")
		verifier, err := note.NewVerifier(strings.TrimSpace(string(vkeys)))
		if err != nil {
			t.Fatal(err)
		}
		opened, err := note.Open(signed, note.VerifierList(verifier))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(opened.Text, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		root, err := tlog.ParseHash(lines[2])
		if err != nil {
			t.Fatal(err)
		}
		now := tlog.Tree{N: size, Hash: root}
		hashes := tlog.TileHashReader(now, client{t, s.url})
		for _, index := range []int64{0, size / 2, size - 1} {
			proof, err := tlog.ProveRecord(size, index, hashes)
			if err != nil {
				t.Fatalf("size %d, index %d: %v", size, index, err)
			}
			entry := entryOf(t, s.url, index, size)
			if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)); err != nil {
				t.Errorf("size %d, index %d: %v", size, index, err)
			}
		}
		if before != nil {
			proof, err := tlog.ProveTree(size, before.N, hashes)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(proof, size, root, before.N, before.Hash); err != nil {
				t.Errorf("size %d does not continue %d: %v", size, before.N, err)
			}
		}
		before = &now
	}
}

// entryOf reads an entry out of its bundle.
func entryOf(t *testing.T, url string, index, size int64) []byte {
	t.Helper()
	tile := tlog.Tile{H: 8, L: -1, N: index / 256, W: int(min(256, size-index/256*256))}
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	resp, b := get(t, url+path)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d", path, resp.StatusCode)
	}
	for range index % 256 {
		b = b[2+binary.BigEndian.Uint16(b):]
	}
	return b[2 : 2+binary.BigEndian.Uint16(b)]
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newLog(t, publish.Handler)
	s.grow(t, 300)
	for path, want := range map[string][2]string{
		"checkpoint":           {"text/plain; charset=utf-8", "no-cache"},
		"checkpoints":          {"text/plain; charset=utf-8", "no-cache"},
		"vkeys":                {"text/plain; charset=utf-8", "no-cache"},
		"tile/0/000":           {"application/octet-stream", "public, max-age=31536000, immutable"},
		"tile/0/001.p/44":      {"application/octet-stream", "public, max-age=31536000, immutable"},
		"tile/entries/001.p/7": {"application/octet-stream", "public, max-age=31536000, immutable"},
	} {
		resp, b := get(t, s.url+path)
		h := resp.Header
		if resp.StatusCode != http.StatusOK || h.Get("Content-Type") != want[0] || h.Get("Cache-Control") != want[1] || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: status %d, %v", path, resp.StatusCode, h)
		}
		if tag := h.Get("ETag"); tag != "" {
			if again, body := get(t, s.url+path, "If-None-Match", tag); again.StatusCode != http.StatusNotModified || len(body) > 0 {
				t.Errorf("%s: to a client that has it status %d, %d bytes", path, again.StatusCode, len(body))
			}
		}
		head, err := http.Head(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = head.Body.Close()
		if head.StatusCode != http.StatusOK || (head.ContentLength != int64(len(b)) && path != "checkpoints") {
			t.Errorf("HEAD %s: status %d, length %d of %d", path, head.StatusCode, head.ContentLength, len(b))
		}
	}
	_, plain := get(t, s.url+"tile/entries/000")
	for _, accepts := range []string{"gzip", "br, gzip;q=0.5"} {
		resp, b := get(t, s.url+"tile/entries/000", "Accept-Encoding", accepts)
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil || resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("to %q: %v, %v", accepts, err, resp.Header)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, plain) || len(b) >= len(plain) {
			t.Errorf("to %q: %d bytes for %d, %v", accepts, len(b), len(plain), err)
		}
	}
	for _, accepts := range []string{"identity", "gzip;q=0", ""} {
		if resp, b := get(t, s.url+"tile/entries/000", "Accept-Encoding", accepts); resp.Header.Get("Content-Encoding") != "" || !bytes.Equal(b, plain) {
			t.Errorf("to %q: %v", accepts, resp.Header)
		}
	}
	resp, err := http.Post(s.url+"checkpoint", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d", resp.StatusCode)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	s := newLog(t, publish.Handler)
	s.grow(t, 300)
	s.add(t, 300) // hashed, not signed
	secret := filepath.Join(filepath.Dir(s.dir), "key")
	if err := os.WriteFile(secret, []byte("PRIVATE+KEY"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"", "lock", "key", "../key", "..%2fkey", "%2e%2e/key", "tile/../lock", "tile/../../key", "tile/0/../../../key", "tile%2f0%2f000/../../lock",
		"tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/00/000", "tile/+0/000", "tile/-1/000", "tile/64/000", "tile/8/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/", "tile/0/000.p", "tile/0/x018446744073709551615/000",
		"tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/0/001.p/45", "tile/entries/001", "tile/entries/001.p/45", "tile/large/000", "tile/large/999",
		"tile/data/000", "vkeys/", "checkpoint/", "checkpoint.new", "mending", "tile/0/000/", "//tile/0/000", "tile/entries/000.p/1\x00",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(s.url, "/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = "/api/v1/log/" + strings.ReplaceAll(path, "\x00", "%00") // as it is, not cleaned
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound || bytes.Contains(b, []byte("PRIVATE")) {
			t.Errorf("%q: status %d, %.40q", path, resp.StatusCode, b)
		}
		if c := resp.Header.Get("Cache-Control"); strings.Contains(c, "immutable") {
			t.Errorf("%q: what is not there is cached: %q", path, c)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "mending"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if resp, _ := get(t, s.url+"tile/0/000"); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("while tiles are made again: status %d", resp.StatusCode)
	}
}

// TestACheckpointIsShownOnceItsQuorumIsMet has one witness, which falls silent.
func TestACheckpointIsShownOnceItsQuorumIsMet(t *testing.T) {
	t.Parallel()
	skey, err := checkpoint.NewCosignerKey("witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.ParseCosigner(skey, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := witness.ParsePolicy("witness w " + cosigner.VKey() + "\nquorum w")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_600_000_000, 0)
	var p *publish.Publisher
	s := newLog(t, func(r tree.Reader) http.Handler {
		p = publish.New(r, policy, func() time.Time { return now })
		return p.Handler()
	})
	shown := func() (size uint64, says string) {
		t.Helper()
		resp, b := get(t, s.url+"checkpoint")
		c, err := checkpoint.Peek(b)
		if err != nil {
			t.Fatalf("status %d: %v", resp.StatusCode, err)
		}
		return c.Size, resp.Header.Get("Zhitong-Witnesses")
	}
	cosign := func(signed checkpoint.Signed) {
		t.Helper()
		both, err := checkpoint.Sign(signed.Checkpoint, cosigner)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.w.Cosign(signed, both[bytes.Index(both, []byte("\n\n"))+2:]); err != nil {
			t.Fatal(err)
		}
	}
	want := func(size uint64, met bool) {
		t.Helper()
		got, says := shown()
		if got != size || strings.Contains(says, "NOT met") == met || says == "" {
			t.Errorf("shown is size %d, which says %q; want %d, met %v", got, says, size, met)
		}
	}
	signed := s.grow(t, 3)
	want(3, false) // there is none before it
	cosign(signed)
	want(3, true)
	s.grow(t, 1)
	want(3, true) // held back
	now = now.Add(9 * time.Second)
	want(3, true)
	now = now.Add(2 * time.Second)
	want(4, false) // the witness is silent: it is shown and says so
	cosign(s.grow(t, 1))
	want(5, true)
	s.grow(t, 1)
	want(5, true)

	// A process that starts while the witness is silent finds the last one that was met.
	restarted := publish.New(s.w.Reader(), policy, func() time.Time { return now })
	b, standing, err := restarted.Checkpoint()
	if c, perr := checkpoint.Peek(b); err != nil || perr != nil || c.Size != 5 || !standing.Met {
		t.Errorf("after a start: size %d, %v (%v, %v)", c.Size, standing, err, perr)
	}
}
