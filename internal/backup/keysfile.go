package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"

	"zhitong/events/keys"
)

const (
	// keysFormat is the name of the form of a keys file, with its version.
	keysFormat = "zhitong-keys/1"
	// keysBytesMax is the largest keys file that is read: a million persons.
	keysBytesMax = 256 << 20
	// signingName is the name that the signing key is wrapped for.
	signingName = "signing key of the log"
)

// Keys are a programme's keys, as a keys file holds them: nothing in it opens without
// the master key.
type Keys struct {
	Stream  Stream
	Persons []keys.Wrapped // of the persons, the devices and the tags
	Signing keys.Wrapped   // the log's signing keys; empty when there were none
}

// keysFile is the form of a keys file.
type keysFile struct {
	Format  string      `json:"format"`
	Stream  Stream      `json:"stream"`
	Signing []byte      `json:"signing,omitzero"`
	Persons []personKey `json:"persons"`
}

type personKey struct {
	Name string `json:"name"`
	Box  []byte `json:"wrapped"`
}

// WrapSigning wraps the log's signing keys, which are the text of their file.
func WrapSigning(m *keys.Master, text []byte) (keys.Wrapped, error) { return m.Wrap(signingName, text) }

// Write writes a keys file.
func (k Keys) Write(w io.Writer) error {
	f := keysFile{Format: keysFormat, Stream: k.Stream, Signing: k.Signing.Box, Persons: make([]personKey, len(k.Persons))}
	for i, p := range k.Persons {
		f.Persons[i] = personKey{p.Name, p.Box}
	}
	text, err := json.Marshal(f, json.Deterministic(true))
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n%s\n", text, sum(text))
	}
	return err
}

// ReadKeys reads a keys file. A *DamagedError says that it is not whole.
func ReadKeys(name string) (Keys, error) {
	file, err := os.Open(name)
	if err != nil {
		return Keys{}, err
	}
	b, err := io.ReadAll(io.LimitReader(file, keysBytesMax))
	err = errors.Join(err, file.Close())
	if err != nil {
		return Keys{}, err
	}
	k, err := parseKeys(b)
	if err != nil {
		return Keys{}, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

func parseKeys(b []byte) (Keys, error) {
	text, seal, ok := bytes.Cut(b, []byte("\n"))
	var f keysFile
	if !ok || string(seal) != sum(text)+"\n" {
		return Keys{}, damaged("the keys file", "its SHA-256 is not the one on its last line: it was cut short or changed, or it is no keys file")
	}
	if err := json.Unmarshal(text, &f, json.RejectUnknownMembers(true)); err != nil {
		return Keys{}, damaged("the keys file", "%v", err)
	}
	if f.Format != keysFormat {
		return Keys{}, damaged("the keys file", "its format is %q, this program reads %q", f.Format, keysFormat)
	}
	k := Keys{Stream: f.Stream, Signing: keys.Wrapped{Name: signingName, Box: f.Signing}}
	for _, p := range f.Persons {
		k.Persons = append(k.Persons, keys.Wrapped{Name: p.Name, Box: p.Box})
	}
	return k, nil
}

// Opened are keys that a master key opened.
type Opened struct {
	Persons map[string][]byte
	Signing []byte // the text of the signing keys' file; nil when there is none
}

// Open opens every key with the master key. It fails with keys.ErrOtherMaster where
// one was wrapped with a generation that the master key's file does not hold.
func (k Keys) Open(m *keys.Master) (Opened, error) {
	o := Opened{Persons: make(map[string][]byte, len(k.Persons))}
	for _, p := range k.Persons {
		key, err := m.Unwrap(p)
		if err != nil {
			return o, err
		}
		o.Persons[p.Name] = key
	}
	if len(k.Signing.Box) == 0 {
		return o, nil
	}
	var err error
	o.Signing, err = m.Unwrap(k.Signing)
	return o, err
}
