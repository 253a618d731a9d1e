package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// callAPI sends a request to a running server, with a token.
func callAPI(t *testing.T, method, url, token, body string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b), r.Header
}

// TestServeIsTheAPI: tokens of real accounts, commands, a view that has what a
// command said, what apply answers and HTTP answers to the same command, a receipt
// that verifies, and an account that was revoked.
func TestServeIsTheAPI(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	file, err := os.ReadFile(filepath.Join("..", "..", "web", "openapi", "examples.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	examples, _, _ := strings.Cut(string(file), `{"id":"x-66"`) // refused as long as the clock is right
	serve := sh.start("serve", "--listen", "127.0.0.1:0")
	url := serve.line() + "/api/v1"
	applied := sh.run(0, examples, "apply", "-")
	if strings.Contains(applied, `"ok":false`) {
		t.Fatalf("the examples: %s", applied)
	}
	sh.run(0, "", "user", "add", "u-canteen", "--role", "buyer", "--party", "B001")
	buyer := strings.TrimSpace(sh.run(0, "", "user", "token", "u-canteen"))
	sh.run(0, "", "user", "add", "u-audit", "--role", "auditor")
	auditor := strings.TrimSpace(sh.run(0, "", "user", "token", "u-audit"))

	order := `{"id":"canteen-1","time":"2021-03-20T09:00:00+08:00","data":{"order_id":"PO-77","buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"40","unit":"box","unit_price":"36.90"}]}}`
	code, body, header := callAPI(t, http.MethodPost, url+"/commands/order.submit", buyer, order)
	if code != http.StatusOK || !strings.Contains(body, `"ok":true`) || header.Get("X-Request-Id") == "" {
		t.Fatalf("a command: %d %s", code, body)
	}
	again := sh.run(0, strings.Replace(order, `"time"`, `"command":"order.submit","actor":"B001","role":"buyer","time"`, 1)+"\n", "apply", "-")
	if strings.TrimSpace(again) != body {
		t.Errorf("over HTTP %s, by apply %s", body, again)
	}
	at := header.Get("Zhitong-Position")
	code, rows, _ := callAPI(t, http.MethodGet, url+"/views/order_fulfilment?where=order_id=PO-77&wait_for="+at, buyer, "")
	if code != http.StatusOK || !strings.Contains(rows, `"ordered_kg":"100.000"`) {
		t.Errorf("the view: %d %s", code, rows)
	}
	if code, events, _ := callAPI(t, http.MethodGet, url+"/events?from="+at, auditor, ""); code != http.StatusOK || !strings.Contains(events, `"principal":"u-canteen","via":"api"`) {
		t.Errorf("the event: %d %s", code, events)
	}
	code, proof, _ := callAPI(t, http.MethodGet, url+"/receipts/"+at, buyer, "")
	if code != http.StatusOK {
		t.Fatalf("the receipt: %d %s", code, proof)
	}
	proved := filepath.Join(t.TempDir(), "mine.tlog-proof")
	if err := os.WriteFile(proved, []byte(proof), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.run(0, "", "audit", "verify", proved)
	if code, _, _ := callAPI(t, http.MethodGet, url+"/receipts/1", buyer, ""); code != http.StatusNotFound {
		t.Errorf("another's receipt: %d", code)
	}
	if code, _, _ := callAPI(t, http.MethodGet, url+"/persons/C001", buyer, ""); code != http.StatusForbidden {
		t.Errorf("another's account number: %d", code)
	}
	sh.run(0, "", "user", "revoke", "u-canteen")
	if code, body, _ := callAPI(t, http.MethodPost, url+"/commands/order.submit", buyer, order); code != http.StatusUnauthorized || bytes.Contains([]byte(body), []byte("revoked")) {
		t.Errorf("a revoked account: %d %s", code, body)
	}
	serve.signal(syscall.SIGTERM)
	serve.ends(0)
}
