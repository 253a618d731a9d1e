package log_test

import (
	"testing"

	"github.com/nats-io/nats.go"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/embedded/embeddedtest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	logtest.Run(t, func(*testing.T) log.Log { return log.NewMemory() })
}

func TestJetStreamKeepsTheContract(t *testing.T) {
	t.Parallel()
	logtest.Run(t, func(t *testing.T) log.Log { return openLog(t, embeddedtest.NATS(t)) })
}

// openLog opens the default log.
func openLog(t testing.TB, nc *nats.Conn) log.Log {
	t.Helper()
	l, err := log.OpenJetStream(logtest.Context(t), nc, log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
