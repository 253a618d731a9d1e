package keys

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// Master is the operator's master key: a file with one line per generation,
// "<generation> <hex of 32 bytes>", the newest last. It wraps the persons' keys
// and is rotated whenever one of them is destroyed. It must be kept apart from the
// log's backups.
type Master struct {
	path string
	mu   sync.Mutex
	gens []generation // guarded by mu; newest last
}

type generation struct {
	id  string
	key []byte
}

// OpenMaster reads the master key file, and makes it (mode 0600) when there is
// none.
func OpenMaster(path string) (*Master, error) {
	m := &Master{path: path}
	err := m.read()
	if errors.Is(err, fs.ErrNotExist) {
		// Of several processes that start at once, one makes the file; all read it.
		if err = m.write([]generation{fresh()}, os.Link); err == nil || errors.Is(err, fs.ErrExist) {
			err = m.read()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("master key %q: %w", path, err)
	}
	return m, nil
}

func (m *Master) read() error {
	b, err := os.ReadFile(m.path)
	if err != nil {
		return err
	}
	var gens []generation
	for n, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		id, h, _ := strings.Cut(strings.TrimSpace(line), " ")
		key, err := hex.DecodeString(h)
		if err != nil || len(key) != chacha20poly1305.KeySize || id == "" {
			return fmt.Errorf("line %d is not a generation and 64 hex digits", n+1)
		}
		gens = append(gens, generation{id, key})
	}
	m.gens = gens
	return nil
}

// Rotate adds a generation, which wraps from now on. The older ones still unwrap
// until [Master.Retire].
func (m *Master) Rotate() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(append(m.gens, fresh()), os.Rename)
}

// fresh makes a generation.
func fresh() generation {
	key, id := make([]byte, chacha20poly1305.KeySize), make([]byte, 8)
	rand.Read(key)
	rand.Read(id)
	return generation{hex.EncodeToString(id), key}
}

// Retire drops every generation but the newest: what only they unwrap is gone.
func (m *Master) Retire() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(m.gens[len(m.gens)-1:], os.Rename)
}

// write writes the file beside its place, syncs it, has put bring it there, and
// syncs the folder. mu is held, or nobody else knows m yet.
func (m *Master) write(gens []generation, put func(from, to string) error) error {
	var b strings.Builder
	for _, g := range gens {
		fmt.Fprintf(&b, "%s %s\n", g.id, hex.EncodeToString(g.key))
	}
	dir := filepath.Dir(m.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".master-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(b.String())
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := put(f.Name(), m.path); err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil {
		err = errors.Join(d.Sync(), d.Close())
		if err != nil {
			return err
		}
	}
	m.gens = gens
	return nil
}

// wrap encrypts a person's key under the newest generation.
func (m *Master) wrap(name string, key []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.gens[len(m.gens)-1]
	aead, err := chacha20poly1305.NewX(g.key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	rand.Read(nonce)
	return append([]byte(g.id+" "), aead.Seal(nonce, nonce, key, []byte(name))...), nil
}

// unwrap decrypts what wrap made. An unknown generation is looked for in the file
// once more: another process may have rotated it.
func (m *Master) unwrap(name string, wrapped []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, box, _ := strings.Cut(string(wrapped), " ")
	key := m.find(id)
	if key == nil {
		if err := m.read(); err != nil {
			return nil, err
		}
		key = m.find(id)
	}
	n := chacha20poly1305.NonceSizeX
	if key == nil || len(box) < n {
		return nil, fmt.Errorf("the key of %q is wrapped with master key %q, which %q does not hold", name, id, m.path)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, []byte(box[:n]), []byte(box[n:]), []byte(name))
}

func (m *Master) find(id string) []byte {
	for _, g := range m.gens {
		if g.id == id {
			return g.key
		}
	}
	return nil
}
