package keys

import (
	"context"
	"maps"
	"sync"
)

// Memory is a store for tests and rehearsals.
type Memory struct {
	mu   sync.Mutex
	keys map[string][]byte
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{keys: make(map[string][]byte)} }

// Load returns every key.
func (m *Memory) Load(context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.keys), nil
}

// Create stores a key unless there is one.
func (m *Memory) Create(_ context.Context, name string, key []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.keys[name]; ok {
		return k, nil
	}
	m.keys[name] = key
	return key, nil
}

// Destroy erases keys.
func (m *Memory) Destroy(_ context.Context, names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		delete(m.keys, name)
	}
	return nil
}
