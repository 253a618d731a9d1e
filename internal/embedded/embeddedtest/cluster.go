package embeddedtest

import (
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"zhitong/events/log"
)

// Cluster starts three NATS servers that replicate, on free ports of the loopback
// address and with every write synced. They end with the test.
func Cluster(t testing.TB) [3]*server.Server {
	t.Helper()
	var routes []*url.URL
	var ports [3]int
	for n := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[n] = listener.Addr().(*net.TCPAddr).Port
		routes = append(routes, &url.URL{Scheme: "nats", Host: listener.Addr().String()})
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var servers [3]*server.Server
	for n := range servers {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", n+1), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: log.PayloadBytesMax,
			Cluster: server.ClusterOpts{Name: "zt", Host: "127.0.0.1", Port: ports[n], NoAdvertise: true},
			Routes:  routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		servers[n] = s
	}
	return servers
}
