// Package config is where the program's settings come from: flags before
// ZHITONG_… variables before zhitong.toml in the data folder before defaults.
//
// It owns their names, their defaults and the refusal of bad ones. It refuses to
// repair a value, and to know what the settings are used for. Start at [Load].
package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhitong/domain"
)

// FileName is the settings file of a data folder.
const FileName = "zhitong.toml"

// Languages are those that the program speaks.
var Languages = []string{"zh", "ug", "en"}

// Config is the program's settings. Its zero value is not valid: use [Load].
type Config struct {
	// Data is the data folder. Defaults to $XDG_DATA_HOME/zhitong, else
	// ~/.local/share/zhitong.
	Data string
	// NATSURL names an external NATS cluster. Defaults to the embedded server.
	NATSURL string
	// NATSCreds is a file with the credentials of an external NATS cluster (a JWT
	// and its seed); NATSPasswordFile one with the password of the user that NATSURL
	// names. Default to none.
	NATSCreds, NATSPasswordFile string
	// NATSCA is a file with the certificates that sign the cluster's; NATSCert and
	// NATSKey are this process's own for it. Default to the system's and to none.
	NATSCA, NATSCert, NATSKey string
	// PostgresURL names an external database. Defaults to a private cluster.
	PostgresURL string
	// PostgresPasswordFile is a file with the password for PostgresURL. Defaults to
	// none.
	PostgresPasswordFile string
	// PGBin is the folder of postgres and initdb. Defaults to the newest found in
	// the usual places.
	PGBin string
	// MasterKey is the file that the persons' keys are wrapped with; every process of
	// a cluster needs the same. Defaults to master.key in the data folder.
	MasterKey string
	// Replicas is how many nodes of an external cluster hold the log: 1, 3 or 5.
	// Defaults to 1 embedded, 3 with NATSURL.
	Replicas int
	// Lang is the language of what people read. Defaults to that of LANG, else zh.
	Lang string
	// Actor and Role stand in for a command line that names none. Default to none.
	Actor domain.ID
	Role  domain.Role
	// Listen is where serve listens. Defaults to 127.0.0.1:8369.
	Listen string
	// TLSCert and TLSKey are files in PEM form; with them serve speaks https. They are
	// read again when they change. Default to none.
	TLSCert, TLSKey string
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are
	// believed, e.g. 10.0.0.0/8. Defaults to none.
	TrustedProxies []netip.Prefix
	// Hosts are the names that serve answers to. Defaults to every name.
	Hosts []string
	// RateAccount and RateAddress are how many requests a second one account and one
	// address may send. Default to 2000 and 4000.
	RateAccount, RateAddress int
	// DeviceGapWait is how long an entry of a device waits for the one before it.
	// Defaults to 30 s.
	DeviceGapWait time.Duration
	// LogFormat is the form of what libraries and the server note: text or json.
	// Defaults to text.
	LogFormat string
	// OTLPEndpoint is the collector that traces and metrics are sent to over
	// OTLP/HTTP. Defaults to none.
	OTLPEndpoint string
	// WitnessPolicy names the file with the witness policy, or is one of several lines
	// itself. Defaults to the file witnesses in the data folder, else to none.
	WitnessPolicy string
	// Verbose asks for more notes on standard error. Defaults to false.
	Verbose bool
}

// setting is one of the settings by its names in flag, environment and file.
type setting struct {
	name string // in flags; ZHITONG_ and upper case in the environment; _ for - in the file
	set  func(*Config, string) error
}

// Env is the setting's environment variable.
func (s setting) env() string {
	return "ZHITONG_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// key is the setting's key in the file.
func (s setting) key() string { return strings.ReplaceAll(s.name, "-", "_") }

var settings = []setting{
	{"nats-url", func(c *Config, v string) error { return setURL(&c.NATSURL, v, "nats", "tls", "ws", "wss") }},
	{"nats-creds", func(c *Config, v string) error { c.NATSCreds = v; return nil }},
	{"nats-password-file", func(c *Config, v string) error { c.NATSPasswordFile = v; return nil }},
	{"nats-ca", func(c *Config, v string) error { c.NATSCA = v; return nil }},
	{"nats-cert", func(c *Config, v string) error { c.NATSCert = v; return nil }},
	{"nats-key", func(c *Config, v string) error { c.NATSKey = v; return nil }},
	{"postgres-url", func(c *Config, v string) error { c.PostgresURL = v; return nil }},
	{"postgres-password-file", func(c *Config, v string) error { c.PostgresPasswordFile = v; return nil }},
	{"pg-bin", func(c *Config, v string) error { c.PGBin = v; return nil }},
	{"master-key", func(c *Config, v string) error { c.MasterKey = v; return nil }},
	{"replicas", func(c *Config, v string) error {
		for n, text := range map[int]string{1: "1", 3: "3", 5: "5"} {
			if v == text {
				c.Replicas = n
				return nil
			}
		}
		return fmt.Errorf("%q: 1, 3 or 5 is needed", v)
	}},
	{"lang", func(c *Config, v string) error {
		if !slices.Contains(Languages, v) {
			return fmt.Errorf("%q: one of %s is needed", v, strings.Join(Languages, ", "))
		}
		c.Lang = v
		return nil
	}},
	{"actor", func(c *Config, v string) error { c.Actor = domain.ID(v); return domain.CheckID(v) }},
	{"role", func(c *Config, v string) error {
		c.Role = domain.Role(v)
		if !c.Role.Known() || c.Role == domain.System {
			return fmt.Errorf("%q is no role that a client can have", v)
		}
		return nil
	}},
	{"listen", func(c *Config, v string) error { c.Listen = v; return nil }},
	{"tls-cert", func(c *Config, v string) error { c.TLSCert = v; return nil }},
	{"tls-key", func(c *Config, v string) error { c.TLSKey = v; return nil }},
	{"trusted-proxies", func(c *Config, v string) error {
		for part := range strings.SplitSeq(v, ",") {
			network, err := network(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			c.TrustedProxies = append(c.TrustedProxies, network)
		}
		return nil
	}},
	{"hosts", func(c *Config, v string) error {
		for part := range strings.SplitSeq(v, ",") {
			name := strings.TrimSpace(part)
			if name == "" || strings.ContainsAny(name, "/ ") {
				return fmt.Errorf("%q: names such as zhitong.example are needed, divided by commas", part)
			}
			c.Hosts = append(c.Hosts, name)
		}
		return nil
	}},
	{"rate-account", func(c *Config, v string) error { return setRate(&c.RateAccount, v) }},
	{"rate-address", func(c *Config, v string) error { return setRate(&c.RateAddress, v) }},
	{"device-gap-wait", func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 || d > gapWaitMax {
			return fmt.Errorf("%q: a duration up to %s is needed, such as 30s", v, gapWaitMax)
		}
		c.DeviceGapWait = d
		return nil
	}},
	{"log-format", func(c *Config, v string) error {
		if v != "text" && v != "json" {
			return fmt.Errorf("%q: text or json is needed", v)
		}
		c.LogFormat = v
		return nil
	}},
	{"otlp-endpoint", func(c *Config, v string) error { return setURL(&c.OTLPEndpoint, v, "http", "https") }},
	{"witness-policy", func(c *Config, v string) error { c.WitnessPolicy = v; return nil }},
	{"verbose", func(c *Config, v string) error {
		switch v {
		case "true", "1":
			c.Verbose = true
		case "false", "0":
			c.Verbose = false
		default:
			return fmt.Errorf("%q: true or false is needed", v)
		}
		return nil
	}},
}

// gapWaitMax is the longest that an entry of a device may be made to wait.
const gapWaitMax = 24 * time.Hour

// network reads a network such as 10.0.0.0/8, or a single address.
func network(v string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(v); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return p, fmt.Errorf("%q: networks such as 10.0.0.0/8 are needed, divided by commas", v)
	}
	return p.Masked(), nil
}

// rateMax is the most requests a second that a limit can be set to.
const rateMax = 1_000_000

func setRate(to *int, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > rateMax {
		return fmt.Errorf("%q: a number of requests a second from 1 to %d is needed", v, rateMax)
	}
	*to = n
	return nil
}

func setURL(to *string, v string, schemes ...string) error {
	for part := range strings.SplitSeq(v, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
			return fmt.Errorf("an address such as %s://host:port is needed", schemes[0])
		}
	}
	*to = v
	return nil
}

// Load reads the settings. flags holds the flags that were given, by their names;
// an error names the setting, where it was given, and what is needed.
func Load(flags map[string]string, getenv func(string) string) (Config, error) {
	c := Config{RateAccount: 2000, RateAddress: 4000, DeviceGapWait: 30 * time.Second, Listen: "127.0.0.1:8369", Lang: languageOf(getenv("LANG"))}
	var err error
	if c.Data, err = dataFolder(flags["data"], getenv); err != nil {
		return c, err
	}
	file, err := readFile(filepath.Join(c.Data, FileName))
	if err != nil {
		return c, err
	}
	for _, s := range settings {
		value, where := "", ""
		if v, ok := flags[s.name]; ok {
			value, where = v, "--"+s.name
		} else if v := getenv(s.env()); v != "" {
			value, where = v, s.env()
		} else if v, ok := file[s.key()]; ok {
			value, where = v.text, fmt.Sprintf("%s line %d: %s", filepath.Join(c.Data, FileName), v.line, s.key())
		} else {
			continue
		}
		if value == "" {
			continue
		}
		if err := s.set(&c, value); err != nil {
			return c, fmt.Errorf("%s: %w", where, err)
		}
	}
	if (c.NATSCert == "") != (c.NATSKey == "") {
		return c, fmt.Errorf("nats-cert %q and nats-key %q: both are needed, or neither", c.NATSCert, c.NATSKey)
	}
	if c.Replicas == 0 {
		c.Replicas = 1
		if c.NATSURL != "" {
			c.Replicas = 3
		}
	}
	return c, nil
}

// dataFolder is the absolute path of the data folder.
func dataFolder(flag string, getenv func(string) string) (string, error) {
	dir := flag
	if dir == "" {
		dir = getenv("ZHITONG_DATA")
	}
	if dir == "" {
		base := getenv("XDG_DATA_HOME")
		if base == "" {
			home := getenv("HOME")
			if home == "" {
				return "", fmt.Errorf("no data folder: give --data, or set ZHITONG_DATA or HOME")
			}
			base = filepath.Join(home, ".local", "share")
		}
		dir = filepath.Join(base, "zhitong")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data folder %q: %w", dir, err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return "", fmt.Errorf("data folder %q: not a folder", abs)
	}
	return abs, nil
}

// languageOf is the language of a locale such as ug_CN.UTF-8, zh where it is none
// of ours.
func languageOf(locale string) string {
	name, _, _ := strings.Cut(locale, ".")
	name, _, _ = strings.Cut(name, "_")
	if slices.Contains(Languages, name) {
		return name
	}
	return Languages[0]
}

// Redacted is an address without its password, for people to read.
func Redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "[address]"
	}
	return u.Redacted()
}
