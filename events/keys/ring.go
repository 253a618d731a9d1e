package keys

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"zhitong/domain"
)

// ErrNoKey says that a person's key does not exist: none was ever made, or it was
// destroyed when the person was erased.
var ErrNoKey = errors.New("keys: no key of this person")

// Store keeps the keys durably. Names are subjects such as "party/C001".
type Store interface {
	// Load returns every key.
	Load(ctx context.Context) (map[string][]byte, error)
	// Create stores key under name unless there is one already, and returns the one
	// that is there. It has reached the disk when Create returns.
	Create(ctx context.Context, name string, key []byte) ([]byte, error)
	// Destroy erases the keys of names for good; no key is not an error. What an
	// earlier call left unfinished is finished, also without names.
	Destroy(ctx context.Context, names ...string) error
}

// TagName is the name of the key of the tags, which belongs to the programme and is
// never destroyed.
const TagName = "programme/tag"

// Ring is the keys in memory. Its methods may be called from several goroutines.
type Ring struct {
	store Store
	mu    sync.RWMutex
	keys  map[string][]byte // guarded by mu
	gone  map[string]bool   // persons who were erased; guarded by mu
	left  map[string]bool   // those of them whose key the store held; guarded by mu
	tag   []byte            // set by OpenRing
}

// OpenRing reads all keys and makes the tag key at the first start.
func OpenRing(ctx context.Context, store Store) (*Ring, error) {
	all, err := store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	r := &Ring{store: store, keys: all, gone: make(map[string]bool), left: make(map[string]bool)}
	if r.keys == nil {
		r.keys = make(map[string][]byte)
	}
	if err := r.ensure(ctx, TagName); err != nil {
		return nil, err
	}
	r.tag, _ = r.key(TagName)
	return r, nil
}

// Ensure makes the person's key if there is none. It is durable on return. An
// erased person gets no new one: there Ensure does nothing.
func (r *Ring) Ensure(ctx context.Context, person domain.Ref) error {
	return r.ensure(ctx, person.String())
}

func (r *Ring) ensure(ctx context.Context, name string) error {
	r.mu.RLock()
	done := r.keys[name] != nil || r.gone[name]
	r.mu.RUnlock()
	if done {
		return nil
	}
	fresh := make([]byte, chacha20poly1305.KeySize)
	rand.Read(fresh)
	key, err := r.store.Create(ctx, name, fresh)
	if err != nil {
		return fmt.Errorf("make the key of %q: %w", name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gone[name] {
		r.keys[name] = key
	}
	return nil
}

// Has reports whether the person has a key.
func (r *Ring) Has(person domain.Ref) bool {
	_, ok := r.key(person.String())
	return ok
}

func (r *Ring) key(name string) ([]byte, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.keys[name]
	return k, ok
}

// Reload reads the store again, for keys that other processes have made since. The
// erased stay erased.
func (r *Ring) Reload(ctx context.Context) error {
	all, err := r.store.Load(ctx)
	if err != nil {
		return fmt.Errorf("load keys: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, key := range all {
		if !r.gone[name] {
			r.keys[name] = key
		}
	}
	return nil
}

// Destroy erases the person's key: what was sealed under it can't be opened again.
func (r *Ring) Destroy(ctx context.Context, person domain.Ref) error {
	if err := r.store.Destroy(ctx, person.String()); err != nil {
		return fmt.Errorf("destroy the key of %q: %w", person, err)
	}
	r.Forget(person)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.left, person.String())
	return nil
}

// Forget notes that a person is erased, or about to be, by whichever process: the
// key is dropped here and none is made again.
func (r *Ring) Forget(person domain.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := person.String()
	if r.keys[name] != nil {
		r.left[name] = true
	}
	delete(r.keys, name)
	r.gone[name] = true
}

// Sweep destroys the keys that the store still held of persons who are erased, as
// after an older copy of the store was put in the place of the newer one, and
// finishes what an earlier destruction left unfinished.
func (r *Ring) Sweep(ctx context.Context) error {
	r.mu.Lock()
	names := slices.Sorted(maps.Keys(r.left))
	r.mu.Unlock()
	if err := r.store.Destroy(ctx, names...); err != nil {
		return fmt.Errorf("destroy the keys of erased persons: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		delete(r.left, name)
	}
	return nil
}

// Seal encrypts a value for the field at path of the event with the given id.
func (r *Ring) Seal(person domain.Ref, eventID, path string, value domain.Personal) (domain.Sealed, error) {
	key, ok := r.key(person.String())
	if !ok {
		return "", fmt.Errorf("seal %s for %q: %w", path, person, ErrNoKey)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return "", err
	}
	ad := additional(eventID, path)
	nonce := mac(key, "nonce", string(ad), string(value))[:chacha20poly1305.NonceSizeX]
	return domain.Sealed(base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(value), ad))), nil
}

// Open decrypts what [Ring.Seal] made, or fails with ErrNoKey or a plain error.
func (r *Ring) Open(person domain.Ref, eventID, path string, sealed domain.Sealed) (domain.Personal, error) {
	key, ok := r.key(person.String())
	if !ok {
		return "", fmt.Errorf("open %s of %q: %w", path, person, ErrNoKey)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return "", err
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(sealed))
	if err != nil || len(raw) < chacha20poly1305.NonceSizeX {
		return "", fmt.Errorf("open %s of %q: not a sealed value", path, person)
	}
	n := chacha20poly1305.NonceSizeX
	clear, err := aead.Open(nil, raw[:n], raw[n:], additional(eventID, path))
	if err != nil {
		return "", fmt.Errorf("open %s of %q: sealed for another field, event or key", path, person)
	}
	return domain.Personal(clear), nil
}

// Tag is the programme's keyed fingerprint of a value: equal values have equal
// tags.
func (r *Ring) Tag(value domain.Personal) (domain.Tag, error) {
	return domain.Tag(hex.EncodeToString(mac(r.tag, "tag", string(value))[:16])), nil
}

// Fingerprint stands for a personal value in a command's hash: it can't be guessed
// once the person's key is gone.
func (r *Ring) Fingerprint(person domain.Ref, value string) (string, error) {
	key, ok := r.key(person.String())
	if !ok {
		return "", fmt.Errorf("fingerprint for %q: %w", person, ErrNoKey)
	}
	return hex.EncodeToString(mac(key, "fingerprint", value)), nil
}

func additional(eventID, path string) []byte { return []byte(eventID + "\n" + path) }

// mac is HMAC-SHA-256 of the parts, each behind its length.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum(nil)
}
