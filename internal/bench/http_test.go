package bench

import (
	"testing"

	"zhitong/internal/embedded/embeddedtest"
)

// TestHTTPCountsWhatItSent: every command and every row is answered; how fast is not
// judged here.
func TestHTTPCountsWhatItSent(t *testing.T) {
	t.Parallel()
	f, err := HTTP(t.Context(), embeddedtest.NATS(t), embeddedtest.Postgres(t), HTTPOptions{Commands: 80, Rows: 40, Clients: 8})
	if err != nil {
		t.Fatal(err)
	}
	if f.Commands.Requests != 80 || f.Rows.Requests != 40 || f.Append.Commands != 80 || f.Commands.Latency.P50 <= 0 || f.Commands.PerSecond <= 0 {
		t.Errorf("got %+v", f)
	}
	if _, err := HTTP(t.Context(), nil, "", HTTPOptions{Clients: 8}); err == nil {
		t.Error("no commands for the clients were accepted")
	}
}
