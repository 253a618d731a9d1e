package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"

	"zhitong/internal/config"
)

// access is what other people's servers want of this process, read from files so
// that no secret stands on a command line.
type access struct {
	natsURL     string
	nats        []nats.Option
	postgresURL string
}

func accessOf(cfg config.Config) (access, error) {
	a := access{natsURL: cfg.NATSURL, postgresURL: cfg.PostgresURL}
	if cfg.NATSCreds != "" {
		a.nats = append(a.nats, nats.UserCredentials(cfg.NATSCreds))
	}
	if cfg.NATSPasswordFile != "" {
		addresses, user, err := withoutUser(cfg.NATSURL)
		if err != nil {
			return a, usagef("nats-password-file: %w", err)
		}
		a.natsURL = addresses
		password, err := secret(cfg.NATSPasswordFile)
		if err != nil {
			return a, usagef("nats-password-file: %w", err)
		}
		a.nats = append(a.nats, nats.UserInfo(user, password))
	}
	if cfg.NATSCA != "" {
		a.nats = append(a.nats, nats.RootCAs(cfg.NATSCA))
	}
	if cfg.NATSCert != "" {
		a.nats = append(a.nats, nats.ClientCert(cfg.NATSCert, cfg.NATSKey))
	}
	if cfg.PostgresPasswordFile != "" {
		password, err := secret(cfg.PostgresPasswordFile)
		if err == nil {
			a.postgresURL, err = withPassword(cfg.PostgresURL, password)
		}
		if err != nil {
			return a, usagef("postgres-password-file: %w", err)
		}
	}
	return a, nil
}

// withoutUser takes the user out of the addresses of a cluster: to the client
// library a user without a password is a token.
func withoutUser(addresses string) (without, user string, err error) {
	var list []string
	for part := range strings.SplitSeq(addresses, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil {
			return "", "", err
		}
		if name := u.User.Username(); name != "" {
			user = name
		}
		u.User = nil
		list = append(list, u.String())
	}
	if user == "" {
		return "", "", fmt.Errorf("the user stands in nats-url, as in nats://zhitong@host:4222")
	}
	return strings.Join(list, ","), user, nil
}

// secret reads a file that holds a password and nothing else.
func secret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(b), "\r\n")
	if password == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return password, nil
}

// withPassword is an address of Postgres with the password in it.
func withPassword(address, password string) (string, error) {
	if address == "" {
		return "", fmt.Errorf("postgres-url is needed with it")
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" && !strings.HasPrefix(address, "postgres") {
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
		return fmt.Sprintf("%s password='%s'", address, quoted), nil
	}
	u.User = url.UserPassword(u.User.Username(), password)
	return u.String(), nil
}
