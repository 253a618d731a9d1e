package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// running is a server with its listener.
type running struct {
	*Server
	t      *testing.T
	addr   string
	cancel context.CancelFunc
	ended  chan error
}

func start(t *testing.T, o Options) *running {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Server: s, t: t, addr: l.Addr().String(), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r.cancel = cancel
	go func() { r.ended <- s.Serve(ctx, l) }()
	t.Cleanup(cancel)
	return r
}

func (r *running) dial() net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

func get(c *http.Client, url string) (string, error) {
	r, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

func TestWhoWasHeardIsAnswered(t *testing.T) {
	t.Parallel()
	arrived, decided := make(chan struct{}), make(chan struct{})
	streaming := make(chan struct{})
	var r *running
	mux := http.NewServeMux()
	mux.HandleFunc("/command", func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-decided
		fmt.Fprint(w, "recorded")
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "one ")
		w.(http.Flusher).Flush()
		close(streaming)
		<-r.Stopping()
		fmt.Fprint(w, "end")
	})
	ready := make(chan struct{})
	r = start(t, Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { <-ready; mux.ServeHTTP(w, q) })})
	close(ready)
	answers := make(chan string, 2)
	for _, path := range []string{"/command", "/stream"} {
		go func() {
			text, err := get(&http.Client{Transport: &http.Transport{}}, "http://"+r.addr+path)
			if err != nil {
				text = err.Error()
			}
			answers <- path + " " + text
		}()
	}
	<-arrived
	<-streaming
	r.cancel()
	if got := <-answers; got != "/stream one end" {
		t.Errorf("the stream: %s", got)
	}
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("a connection was taken while the server ends")
	}
	close(decided)
	if got := <-answers; got != "/command recorded" {
		t.Errorf("the command: %s", got)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("the end: %v", err)
	}
}

func TestWhatDoesNotEndIsCutAndNamed(t *testing.T) {
	t.Parallel()
	arrived, never := make(chan struct{}), make(chan struct{})
	r := start(t, Options{Drain: time.Millisecond, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(arrived); <-never })})
	t.Cleanup(func() { close(never) })
	failed := make(chan error, 1)
	go func() {
		_, err := get(&http.Client{Transport: &http.Transport{}}, "http://"+r.addr)
		failed <- err
	}()
	<-arrived
	r.cancel()
	if err := <-r.ended; err == nil || !strings.Contains(err.Error(), "still open") {
		t.Errorf("the end: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Connections: 5, ConnectionsOfAddress: 3, Exempt: func(net.Addr) bool { return false },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })})
	ask := func(c net.Conn) string {
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		b := make([]byte, 15)
		n, _ := io.ReadFull(c, b)
		return string(b[:n])
	}
	var open []net.Conn
	for range 3 {
		c := r.dial()
		if got := ask(c); got != "HTTP/1.1 200 OK" {
			t.Fatalf("got %q", got)
		}
		open = append(open, c)
	}
	if got := ask(r.dial()); got != "" {
		t.Errorf("the fourth of one address: %q", got)
	}
	open[0].Close()
	for { // the server notices soon that one has gone
		if got := ask(r.dial()); got == "HTTP/1.1 200 OK" {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("no room was made")
		}
	}
}

func TestTheBoundsCount(t *testing.T) {
	t.Parallel()
	from := func(s string) net.Addr { return net.TCPAddrFromAddrPort(mustAddr(t, s)) }
	b := bound(nil, Options{Connections: 4, ConnectionsOfAddress: 2})
	for i, c := range []struct {
		from string
		ok   bool
	}{{"203.0.113.1:1", true}, {"203.0.113.1:2", true}, {"203.0.113.1:3", false}, {"[::ffff:203.0.113.1]:4", false}, {"127.0.0.1:1", true}, {"127.0.0.1:2", true}, {"203.0.113.2:1", false}} {
		if got := b.enter(from(c.from)); got != c.ok {
			t.Errorf("%d: %s: %v", i, c.from, got)
		}
	}
	b.leave(from("203.0.113.1:1"))
	if !b.enter(from("203.0.113.2:1")) {
		t.Error("no room was made")
	}
	for _, a := range []string{"203.0.113.1:2", "127.0.0.1:1", "127.0.0.1:2", "203.0.113.2:1"} {
		b.leave(from(a))
	}
	if b.open != 0 || len(b.of) != 0 {
		t.Errorf("%d open, %v", b.open, b.of)
	}
}

// certificate writes a new self-signed certificate, and returns its serial number.
func certificate(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "zhitong.example"}, DNSNames: []string{"zhitong.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	return cert, key
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCertificatesAreReadAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := certificate(t, dir, 1)
	logged := new(notes)
	r := start(t, Options{Cert: cert, Key: key, Logger: slog.New(slog.NewTextHandler(logged, nil)),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, q.Proto) })})
	if r.Scheme() != "https" {
		t.Errorf("scheme %s", r.Scheme())
	}
	r.certs.mu.Lock()
	r.certs.every = 0
	r.certs.mu.Unlock()
	serial := func() int64 {
		t.Helper()
		c, err := tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.ConnectionState().NegotiatedProtocol; got != "h2" {
			t.Errorf("protocol %q", got)
		}
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("certificate %d", got)
	}
	certificate(t, dir, 2)
	if got := serial(); got != 2 {
		t.Errorf("after the change: certificate %d", got)
	}
	write(t, cert, []byte("no certificate"))
	if got := serial(); got != 2 {
		t.Errorf("after a bad change: certificate %d", got)
	}
	if !strings.Contains(logged.String(), "the old one stays") {
		t.Errorf("logged %q", logged)
	}
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", r.addr, old); err == nil {
		c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestACertificateThatCannotBeUsedIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := certificate(t, dir, 1)
	for name, o := range map[string]Options{
		"NoKey": {Cert: cert}, "NoCert": {Key: key}, "NotThere": {Cert: cert, Key: filepath.Join(dir, "nothing")}, "Swapped": {Cert: key, Key: cert},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func mustAddr(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// notes is a buffer that several goroutines may use.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}
