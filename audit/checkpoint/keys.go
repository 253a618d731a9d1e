package checkpoint

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Keys are the log's signing keys: a file of mode 0600 with one key a line in the
// form of package note ("PRIVATE+KEY+name+hash+data"), the newest last. It is kept
// apart from the log: whoever has it can sign another history. After a rotation
// the newest two sign, so that whoever knows only the older key sees the newer
// one vouched for.
type Keys struct {
	path    string
	name    string
	signers []note.Signer
	vkeys   []string
}

// OpenKeys reads the key file, and makes it with a first key of the given name
// when there is none. The name is the log's origin and never changes: a file that is
// there keeps its own.
func OpenKeys(path, name string) (*Keys, error) {
	k := &Keys{path: path}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		k.name = name
		return k, k.Rotate()
	}
	if err != nil {
		return nil, fmt.Errorf("signing keys %q: %w", path, err)
	}
	if err := k.parse(string(b)); err != nil {
		return nil, fmt.Errorf("signing keys %q: %w", path, err)
	}
	return k, nil
}

// NewKey makes a signing key in the form of package note. The name is the log's
// origin.
func NewKey(name string) (string, error) {
	skey, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", fmt.Errorf("signing key of %q: %w", name, err)
	}
	return skey, nil
}

// ParseKeys reads signing keys that are kept elsewhere than in a file, one a line,
// the newest last. They cannot be rotated here.
func ParseKeys(text string) (*Keys, error) {
	k := &Keys{}
	if err := k.parse(text); err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	return k, nil
}

func (k *Keys) parse(text string) error {
	k.signers, k.vkeys = nil, nil
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		s, err := note.NewSigner(line)
		if err != nil {
			return fmt.Errorf("line %d is not a signing key", n+1)
		}
		vkey, err := publicOf(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		if k.name == "" {
			k.name = s.Name()
		}
		if s.Name() != k.name {
			return fmt.Errorf("line %d is a key of %q, the log is %q", n+1, s.Name(), k.name)
		}
		k.signers, k.vkeys = append(k.signers, s), append(k.vkeys, vkey)
	}
	return nil
}

// Rotate makes a new key, which signs from now on together with the one before.
func (k *Keys) Rotate() error {
	if k.path == "" {
		return errors.New("signing keys: they are not in a file")
	}
	skey, err := NewKey(k.name)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(k.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("signing keys %q: %w", k.path, err)
	}
	text = append(text, skey+"\n"...)
	if err := k.parse(string(text)); err != nil {
		return fmt.Errorf("signing keys %q: %w", k.path, err)
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	return writeFile(k.path, text, 0o600)
}

// Signers are the keys that sign: the newest first, and the one before it.
func (k *Keys) Signers() []note.Signer {
	n := len(k.signers)
	out := []note.Signer{k.signers[n-1]}
	if n > 1 {
		out = append(out, k.signers[n-2])
	}
	return out
}

// Name is the name of the keys: the log's origin.
func (k *Keys) Name() string { return k.name }

// VKeys are the public keys of all generations, oldest first: what an auditor
// keeps.
func (k *Keys) VKeys() []string { return k.vkeys }

// Verifiers reads public keys, one a line; empty lines and lines that begin with
// # are read over.
func Verifiers(text string) (note.Verifiers, error) {
	var list []note.Verifier
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := ParseVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, errors.New("no public key")
	}
	return note.VerifierList(list...), nil
}

// writeFile replaces a file so that a crash leaves the old or the new one.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
