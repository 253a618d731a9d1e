// Package server is the HTTP server: connections, TLS, time limits and a clean end.
//
// It owns how many connections there are and how long each part of a request may
// take, certificates that are read again when they change, and draining: who has
// been heard is answered, then the server ends. It refuses to know what is served.
// Start at [Server].
package server
