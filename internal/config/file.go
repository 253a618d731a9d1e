package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// value is what the file says of one setting.
type value struct {
	text string
	line int
}

// file is the shape of zhitong.toml, for its strict reading.
type file struct {
	NATSURL              *string `toml:"nats_url"`
	NATSCreds            *string `toml:"nats_creds"`
	NATSPasswordFile     *string `toml:"nats_password_file"`
	NATSCA               *string `toml:"nats_ca"`
	NATSCert             *string `toml:"nats_cert"`
	NATSKey              *string `toml:"nats_key"`
	PostgresURL          *string `toml:"postgres_url"`
	PostgresPasswordFile *string `toml:"postgres_password_file"`
	PGBin                *string `toml:"pg_bin"`
	MasterKey            *string `toml:"master_key"`
	Replicas             *int    `toml:"replicas"`
	Lang                 *string `toml:"lang"`
	Actor                *string `toml:"actor"`
	Role                 *string `toml:"role"`
	Listen               *string `toml:"listen"`
	TLSCert              *string `toml:"tls_cert"`
	TLSKey               *string `toml:"tls_key"`
	TrustedProxies       *string `toml:"trusted_proxies"`
	Hosts                *string `toml:"hosts"`
	RateAccount          *int    `toml:"rate_account"`
	RateAddress          *int    `toml:"rate_address"`
	DeviceGapWait        *string `toml:"device_gap_wait"`
	LogFormat            *string `toml:"log_format"`
	OTLPEndpoint         *string `toml:"otlp_endpoint"`
	WitnessPolicy        *string `toml:"witness_policy"`
	Verbose              *bool   `toml:"verbose"`
}

// readFile reads a settings file; one that does not exist says nothing. An unknown
// key, or a value of the wrong type, is an error that names key and line.
func readFile(name string) (map[string]value, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	var f file
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&f); err != nil {
		return nil, fmt.Errorf("settings %s: %w", name, explain(err))
	}
	return topLevel(data), nil
}

// explain says where a file is wrong.
func explain(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		row, _ := first.Position()
		return fmt.Errorf("line %d: unknown key %q", row, keyText(first.Key()))
	}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		row, column := at.Position()
		if key := keyText(at.Key()); key != "" {
			return fmt.Errorf("line %d: %s: %w", row, key, err)
		}
		return fmt.Errorf("line %d, column %d: %w", row, column, err)
	}
	return err
}

func keyText(k toml.Key) string {
	text := ""
	for i, part := range k {
		if i > 0 {
			text += "."
		}
		text += part
	}
	return text
}

// topLevel finds the lines of a file that has been read without an error.
func topLevel(data []byte) map[string]value {
	out := make(map[string]value)
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.KeyValue {
			continue
		}
		keys := e.Key()
		if !keys.Next() {
			continue
		}
		key := keys.Node()
		out[string(key.Data)] = value{string(e.Value().Data), p.Shape(key.Raw).Start.Line}
	}
	return out
}
