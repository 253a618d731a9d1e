package keys

import (
	"context"
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
// log's backups. Beside it lies a lock, NAME.lock, which keeps processes from
// wrapping while another one rotates.
type Master struct {
	path string
	mu   sync.Mutex
	gens []generation // guarded by mu; newest last
}

type generation struct {
	id  string
	key []byte
}

// Wrapped is a secret encrypted with a master key, for its name.
type Wrapped struct {
	Name string
	Box  []byte
}

// Generation is the generation of the master key that opens it.
func (w Wrapped) Generation() string { return generationOf(w.Box) }

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

// ReadMaster reads a master key file that must be there.
func ReadMaster(path string) (*Master, error) {
	m := &Master{path: path}
	if err := m.read(); err != nil {
		return nil, fmt.Errorf("master key %q: %w", path, err)
	}
	return m, nil
}

// Generations names the generations in the file, oldest first: one, or several
// while it is rotated.
func (m *Master) Generations() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for _, g := range m.gens {
		ids = append(ids, g.id)
	}
	return ids
}

// Wrap encrypts a secret for its name with the newest generation.
func (m *Master) Wrap(name string, secret []byte) (Wrapped, error) {
	box, err := m.wrap(name, secret)
	return Wrapped{name, box}, err
}

// Unwrap decrypts what Wrap made.
func (m *Master) Unwrap(w Wrapped) ([]byte, error) { return m.unwrap(w.Name, w.Box) }

// read reads the file. mu is held, or nobody else knows m yet.
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

// share runs fn while no process rotates the master key, as it is now.
func (m *Master) share(ctx context.Context, fn func() error) error {
	return m.locked(ctx, lockShared, fn)
}

// exclude runs fn while no process wraps with the master key or rotates it.
func (m *Master) exclude(ctx context.Context, fn func() error) error {
	return m.locked(ctx, lockExclusive, fn)
}

func (m *Master) locked(ctx context.Context, how int, fn func() error) error {
	lock, err := lockFile(ctx, m.path+".lock", how)
	if err != nil && (how == lockExclusive || !readOnly(err)) {
		return fmt.Errorf("master key %q: %w", m.path, err)
	}
	m.mu.Lock()
	err = m.read()
	m.mu.Unlock()
	if err == nil {
		err = fn()
	}
	if lock == nil { // a folder that can only be read: nobody rotates there
		return err
	}
	return errors.Join(err, lock.Close())
}

// rotate adds a generation, which wraps from now on. The older ones still unwrap
// until retire. The lock is held exclusively.
func (m *Master) rotate() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(append(m.gens[:len(m.gens):len(m.gens)], fresh()), os.Rename)
}

// rotating reports whether a rotation was begun and not finished.
func (m *Master) rotating() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.gens) > 1
}

// newest is the generation that wraps.
func (m *Master) newest() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gens[len(m.gens)-1].id
}

// fresh makes a generation.
func fresh() generation {
	key, id := make([]byte, chacha20poly1305.KeySize), make([]byte, 8)
	rand.Read(key)
	rand.Read(id)
	return generation{hex.EncodeToString(id), key}
}

// retire drops every generation but the newest: what only they unwrap is gone. The
// bytes of the file that is replaced are overwritten, as far as the file system
// writes in place. The lock is held exclusively.
func (m *Master) retire() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.gens) == 1 {
		return nil
	}
	old, err := os.OpenFile(m.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := m.write(m.gens[len(m.gens)-1:], os.Rename); err != nil {
		return errors.Join(err, old.Close())
	}
	return errors.Join(scrub(old), old.Close())
}

// scrub overwrites a file that has no name any more.
func scrub(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, info.Size()), 0); err != nil {
		return err
	}
	return f.Sync()
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

// generationOf is the generation that a wrapped key says it is wrapped with.
func generationOf(wrapped []byte) string {
	id, _, _ := strings.Cut(string(wrapped), " ")
	return id
}

// ErrOtherMaster says that something is wrapped with a generation of the master key
// that the file does not hold.
var ErrOtherMaster = errors.New("wrapped with another master key")

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
	if key == nil {
		return nil, fmt.Errorf("the key of %q needs generation %q of the master key, which %q does not hold: %w", name, id, m.path, ErrOtherMaster)
	}
	if len(box) < n {
		return nil, fmt.Errorf("the key of %q is cut short", name)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, []byte(box[:n]), []byte(box[n:]), []byte(name))
	if err != nil {
		return nil, fmt.Errorf("the key of %q does not open with generation %q of the master key: it was changed", name, id)
	}
	return secret, nil
}

func (m *Master) find(id string) []byte {
	for _, g := range m.gens {
		if g.id == id {
			return g.key
		}
	}
	return nil
}
