package house

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhitong/events/log"
)

// The settings of a cluster's log servers keep what the log rests on: every write
// synced, room for the largest block, and one writer.
func TestTheLogServersOfTheClusterAreSetAsTheLogNeeds(t *testing.T) {
	t.Setenv("ZHITONG_NATS_PASSWORD", "writer-word")
	t.Setenv("ZHITONG_NATS_READER_PASSWORD", "reader-word")
	o, err := server.ProcessConfigFile(filepath.Join("..", "..", "deploy", "nats", "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if !o.SyncAlways {
		t.Error("jetstream.sync_interval is not always: acknowledged commands would be lost in a power cut")
	}
	if o.MaxPayload < log.PayloadBytesMax {
		t.Errorf("max_payload is %d, want at least %d", o.MaxPayload, log.PayloadBytesMax)
	}
	o.Host, o.Port, o.HTTPPort, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, 0, t.TempDir(), true, true
	o.Routes, o.Cluster = nil, server.ClusterOpts{}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	refused := make(chan string, 16)
	connect := func(user, password string) *nats.Conn {
		nc, err := nats.Connect(s.ClientURL(), nats.UserInfo(user, password), nats.Timeout(10*time.Second),
			nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err.Error() }))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	writer, reader := connect("zhitong", "writer-word"), connect("reader", "reader-word")
	seen, err := writer.SubscribeSync("zt.>")
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{log.Subject(log.StreamDefault), "zt.commands.ZHITONG.someone"} {
		if err := reader.Publish(subject, []byte("forged")); err != nil {
			t.Fatal(err)
		}
	}
	if err := reader.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Publish("zt.log", []byte("written")); err != nil {
		t.Fatal(err)
	}
	m, err := seen.NextMsg(10 * time.Second)
	if err != nil || string(m.Data) != "written" {
		t.Errorf("the first message seen is %q, %v: want only the writer's", m.Data, err)
	}
	ends := time.After(20 * time.Second)
	for _, subject := range []string{"$JS.API.DIRECT.GET.KV_ZHITONG_ACCOUNTS", "$JS.API.STREAM.MSG.GET.KV_ZHITONG_ACCOUNTS", "$KV.ZHITONG_ACCOUNTS.a.x",
		"$JS.API.DIRECT.GET.ZHITONG_KEYS", "$JS.API.CONSUMER.CREATE.KV_ZHITONG_ACCOUNTS"} {
		if err := reader.PublishRequest(subject, "_INBOX.x", nil); err != nil {
			t.Fatal(err)
		}
		for why := ""; !strings.Contains(why, subject); {
			select {
			case why = <-refused:
			case <-ends:
				t.Fatalf("a reader may ask for %s", subject)
			}
		}
	}
	if _, err := nats.Connect(s.ClientURL()); err == nil {
		t.Error("somebody without a password is let in")
	}
}
