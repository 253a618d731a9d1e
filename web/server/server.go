package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// headerTimeMax is how long the head of a request may take to come.
	headerTimeMax = 10 * time.Second
	// idleMax is how long a connection is kept that nobody uses.
	idleMax = 2 * time.Minute
	// headerBytesMax is the size of a request's head.
	headerBytesMax = 32 << 10
	// DrainMax is how long open requests may take when the server ends.
	DrainMax = 15 * time.Second
)

// Options make a Server.
type Options struct {
	Handler http.Handler
	// Cert and Key are files in PEM form; with them the server speaks TLS. They are
	// read again when they change. Default to none.
	Cert, Key string
	// Connections bound who may be connected. Default to 4096, and 1024 of one address.
	Connections, ConnectionsOfAddress int
	// Exempt are the addresses of which any number may be connected, such as a proxy's.
	// Defaults to loopback.
	Exempt func(net.Addr) bool
	// Logger is told what goes wrong on connections. Defaults to nobody.
	Logger *slog.Logger
	// Drain is how long open requests may take when the server ends. Defaults to
	// [DrainMax].
	Drain time.Duration
}

// Server serves on one listener.
type Server struct {
	o        Options
	http     *http.Server
	stopping chan struct{}
	certs    *certificates
}

// New returns a server, or says what is wrong with its certificate.
func New(o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Drain == 0 {
		o.Drain = DrainMax
	}
	s := &Server{o: o, stopping: make(chan struct{})}
	s.http = &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: headerTimeMax,
		IdleTimeout:       idleMax,
		MaxHeaderBytes:    headerBytesMax,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelInfo),
	}
	s.http.RegisterOnShutdown(func() { close(s.stopping) }) // once the listener is closed
	switch {
	case o.Cert == "" && o.Key == "":
		return s, nil
	case o.Cert == "" || o.Key == "":
		return nil, errors.New("a certificate and its key are needed, both")
	}
	var err error
	if s.certs, err = openCertificates(o.Cert, o.Key, o.Logger); err != nil {
		return nil, err
	}
	s.http.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certs.get}
	return s, nil
}

// Scheme is http or https.
func (s *Server) Scheme() string {
	if s.certs != nil {
		return "https"
	}
	return "http"
}

// Stopping is closed when the server begins to end: what would go on for ever ends
// then.
func (s *Server) Stopping() <-chan struct{} { return s.stopping }

// Serve serves until ctx ends; it may be called once. Then it takes no more connections, lets open requests
// end within the time for that, and returns nil; what is still open is cut, and named
// in the error.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	l = bound(l, s.o)
	ended := make(chan error, 1)
	go func() {
		if s.certs != nil {
			ended <- s.http.ServeTLS(l, "", "")
		} else {
			ended <- s.http.Serve(l)
		}
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Drain)
	defer cancel()
	err := s.http.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were still open after %s: %w", s.o.Drain, err), s.http.Close())
	}
	<-ended
	return err
}
