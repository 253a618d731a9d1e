package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
)

func TestServeSendsTracesAndMetricsToItsCollector(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	got := map[string][]byte{} // by path
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path] = append(got[r.URL.Path], body...)
	}))
	t.Cleanup(collector.Close)
	sh := newShell(t)
	sh.run(0, opening+"\n", "apply", "-")
	sh.env["ZHITONG_OTLP_ENDPOINT"] = collector.URL
	serve := sh.start("serve", "--listen", "127.0.0.1:0", "--verbose")
	if code, body := get(t, serve.line()+"/healthz"); code != http.StatusOK {
		t.Errorf("healthz: %d %s", code, body)
	}
	serve.signal(syscall.SIGTERM)
	serve.ends(0)
	mu.Lock()
	defer mu.Unlock()
	for path, want := range map[string][]string{
		"/v1/traces":  {"http.request", "service.instance.id"},
		"/v1/metrics": {"zhitong_log_head_position", "zhitong_http_requests_total"},
	} {
		for _, w := range want {
			if !bytes.Contains(got[path], []byte(w)) {
				t.Errorf("%s has no %q in its %d bytes", path, w, len(got[path]))
			}
		}
	}
}
