// Package embeddedtest gives tests real servers: a NATS server in the process
// and a Postgres database of their own.
//
// It owns how they are started cheaply and that nothing is left behind. It never
// enters the binary. Start at [NATS] and [Postgres].
package embeddedtest

import (
	"testing"

	"github.com/nats-io/nats.go"

	"zhitong/internal/embedded"
)

// NATS starts a NATS server of this test's own, with JetStream on a temporary
// folder and every write synced, and returns a connection to it. Both end with
// the test.
func NATS(t testing.TB) *nats.Conn {
	t.Helper()
	srv, err := embedded.StartServer(t.TempDir(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Shutdown)
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}
