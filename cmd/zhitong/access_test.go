package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/nats-io/nats-server/v2/server"

	"zhitong/events/log"
)

// authority is a certificate authority of a test's own.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", nil, nil)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// issue writes NAME.pem and NAME-key.pem, signed by a parent or by itself.
func (a *authority) issue(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name: {Type: "CERTIFICATE", Bytes: der}, name + "-key": {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(a.file(file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// guarded starts a log server that wants a certificate and a password.
func (a *authority) guarded(password string) string {
	a.t.Helper()
	a.issue("server", a.cert, a.key)
	pair, err := tls.LoadX509KeyPair(a.file("server"), a.file("server-key"))
	if err != nil {
		a.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: a.t.TempDir(),
		SyncAlways: true, MaxPayload: log.PayloadBytesMax, Username: "zhitong", Password: password, TLS: true, TLSTimeout: 5,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	s.Start()
	a.t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return "tls://zhitong@" + s.Addr().String()
}

func TestServersOfOthersAreReachedWithSecretsFromFiles(t *testing.T) {
	t.Parallel()
	const password = "p@ss/word 密"
	ours, theirs := newAuthority(t), newAuthority(t)
	address := ours.guarded(password)
	ours.issue("client", ours.cert, ours.key)
	right, wrong := filepath.Join(ours.dir, "right"), filepath.Join(ours.dir, "wrong")
	for file, text := range map[string]string{right: password + "\n", wrong: "another-word"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings := func(change map[string]string) *shell {
		sh := newShell(t)
		for k, v := range map[string]string{
			"NATS_URL": address, "REPLICAS": "1", "NATS_PASSWORD_FILE": right,
			"NATS_CA": ours.file("ca"), "NATS_CERT": ours.file("client"), "NATS_KEY": ours.file("client-key"),
		} {
			sh.env["ZHITONG_"+k] = v
		}
		for k, v := range change {
			sh.env["ZHITONG_"+k] = v
		}
		return sh
	}
	if got := settings(nil).run(0, opening+"\n", "apply", "-"); !strings.Contains(got, `"ok":true`) {
		t.Errorf("got %s", got)
	}
	for name, c := range map[string]struct {
		change map[string]string
		status int
		says   string
	}{
		"WrongPassword":       {map[string]string{"NATS_PASSWORD_FILE": wrong}, 4, "Authorization"},
		"NoPasswordFile":      {map[string]string{"NATS_PASSWORD_FILE": right + "-not"}, 2, right + "-not"},
		"NoUser":              {map[string]string{"NATS_URL": strings.Replace(address, "zhitong@", "", 1)}, 2, "nats-url"},
		"UnknownAuthority":    {map[string]string{"NATS_CA": theirs.file("ca")}, 4, "certificate"},
		"KeyWithoutCert":      {map[string]string{"NATS_CERT": ""}, 2, "nats-cert"},
		"PasswordForNobody":   {map[string]string{"POSTGRES_PASSWORD_FILE": right, "POSTGRES_URL": ""}, 2, "postgres-url"},
		"NoCertificateAsFile": {map[string]string{"NATS_CA": right + "-not"}, 4, right + "-not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, notes strings.Builder
			sh := settings(c.change)
			got := run(t.Context(), []string{"export", "log"}, func(k string) string { return sh.env[k] }, strings.NewReader(""), &out, &notes)
			if got != c.status || !strings.Contains(notes.String(), c.says) {
				t.Errorf("status %d, want %d; it said %q, want %q in it", got, c.status, notes.String(), c.says)
			}
			if strings.Contains(notes.String(), password) || strings.Contains(notes.String(), "another-word") {
				t.Errorf("a password was printed: %q", notes.String())
			}
		})
	}
}

func TestThePasswordOfPostgresComesFromItsFile(t *testing.T) {
	t.Parallel()
	const password = `it's a \ p@ss/word`
	for _, address := range []string{"postgres://zhitong@db:5433/views?sslmode=disable", "host=db port=5433 user=zhitong dbname=views sslmode=disable"} {
		dsn, err := withPassword(address, password)
		if err != nil {
			t.Fatal(err)
		}
		c, err := pgconn.ParseConfig(dsn)
		if err != nil {
			t.Fatalf("%s: %v", dsn, err)
		}
		if c.Password != password || c.Host != "db" || c.Port != 5433 || c.User != "zhitong" || c.Database != "views" {
			t.Errorf("%s is %s@%s:%d/%s with password %q", address, c.User, c.Host, c.Port, c.Database, c.Password)
		}
	}
}
