package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files of a certificate are looked at.
const lookEvery = 5 * time.Second

// certificates hands out the certificate of two files, read again when they change.
// While what is there can't be used, the old one stays.
type certificates struct {
	cert, key string
	every     time.Duration // how often the files are looked at
	logger    *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   string // of the files that were read last, good or not
	looked  time.Time
}

func openCertificates(cert, key string, logger *slog.Logger) (*certificates, error) {
	c := &certificates{cert: cert, key: key, every: lookEvery, logger: logger}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", cert, key, err)
	}
	c.current, c.stamp, c.looked = &pair, c.files(), time.Now()
	return c, nil
}

// files tells the files from others by size and time.
func (c *certificates) files() string {
	stamp := ""
	for _, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			stamp += fmt.Sprint(info.Size(), info.ModTime().UnixNano(), ";")
		}
	}
	return stamp
}

// get is tls.Config.GetCertificate.
func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.looked) < c.every {
		return c.current, nil
	}
	c.looked = now
	stamp := c.files()
	if stamp == c.stamp {
		return c.current, nil
	}
	c.stamp = stamp
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		c.logger.Error("the new certificate can't be used; the old one stays", "cert", c.cert, "error", err)
		return c.current, nil
	}
	c.current = &pair
	return c.current, nil
}
