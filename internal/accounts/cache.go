package accounts

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
)

// entry is a value of the bucket with the revision that it was read or written at.
type entry[T any] struct {
	revision uint64
	value    *T // nil: deleted; kept for a while, since an older word may still be on its way
	seen     *atomic.Int64
	old      bool // of a deleted one: it was there at the last sweep
}

// cache is the whole bucket in memory. It takes news in any order: what is older
// than what it has is passed over.
type cache struct {
	mu       sync.RWMutex
	accounts map[string]entry[accountRecord] // by id
	tokens   map[string]entry[credential]    // by hash
	sessions map[string]entry[credential]    // by hash
	position uint64
	pending  int    // accounts that the log does not know yet
	revision uint64 // the highest that the bucket itself has told
}

func newCache() *cache {
	return &cache{accounts: make(map[string]entry[accountRecord]), tokens: make(map[string]entry[credential]), sessions: make(map[string]entry[credential])}
}

// put takes a value; own says that this process has just written it.
func (c *cache) put(key string, revision uint64, value []byte, own bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !own {
		c.revision = max(c.revision, revision)
	}
	switch {
	case strings.HasPrefix(key, accountPrefix):
		var r accountRecord
		if err := json.Unmarshal(value, &r); err != nil {
			return fmt.Errorf("accounts: key %s: %w", key, err)
		}
		set(c.accounts, r.ID, revision, &r)
		c.count()
	case strings.HasPrefix(key, tokenPrefix), strings.HasPrefix(key, sessionPrefix):
		var r credential
		if err := json.Unmarshal(value, &r); err != nil {
			return fmt.Errorf("accounts: key of a credential: %w", err)
		}
		set(c.credentials(key), key[len(tokenPrefix):], revision, &r)
	case key == positionKey:
		position, err := strconv.ParseUint(string(value), 10, 64)
		if err != nil {
			return fmt.Errorf("accounts: key %s: %w", key, err)
		}
		c.position = max(c.position, position)
	}
	return nil
}

// drop takes the end of a token or a session. Accounts are never deleted.
func (c *cache) drop(key string, revision uint64, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !own {
		c.revision = max(c.revision, revision)
	}
	if !strings.HasPrefix(key, tokenPrefix) && !strings.HasPrefix(key, sessionPrefix) {
		return
	}
	m, hash := c.credentials(key), key[len(tokenPrefix):]
	if old, ok := m[hash]; ok && old.revision > revision {
		return
	}
	m[hash] = entry[credential]{revision: revision}
}

// forget forgets what was deleted before the last sweep.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []map[string]entry[credential]{c.tokens, c.sessions} {
		for hash, e := range m {
			switch {
			case e.value != nil:
			case e.old:
				delete(m, hash)
			default:
				e.old = true
				m[hash] = e
			}
		}
	}
}

func (c *cache) credentials(key string) map[string]entry[credential] {
	if strings.HasPrefix(key, tokenPrefix) {
		return c.tokens
	}
	return c.sessions
}

func set[T any](m map[string]entry[T], key string, revision uint64, value *T) {
	old, ok := m[key]
	if ok && old.revision >= revision {
		return
	}
	seen := old.seen
	if seen == nil {
		seen = new(atomic.Int64)
	}
	m[key] = entry[T]{revision: revision, value: value, seen: seen}
}

// count counts the pending accounts; there are few accounts, and they change seldom.
func (c *cache) count() {
	c.pending = 0
	for _, e := range c.accounts {
		if e.value.Position == 0 {
			c.pending++
		}
	}
}

// account finds an account's record; it is not to be changed.
func (c *cache) account(id string) (accountRecord, uint64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.accounts[id]
	if !ok {
		return accountRecord{}, 0, false
	}
	return *e.value, e.revision, true
}

// find finds a credential together with its account.
func (c *cache) find(m map[string]entry[credential], hash string) (e entry[credential], a accountRecord, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok = m[hash]
	if !ok || e.value == nil {
		return e, a, false
	}
	owner, ok := c.accounts[e.value.Account]
	if !ok {
		return e, a, false
	}
	return e, *owner.value, true
}

// all copies the credentials of an account, or of every account when it is "".
func (c *cache) all(m map[string]entry[credential], account string) map[string]entry[credential] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	list := make(map[string]entry[credential])
	for hash, e := range m {
		if e.value != nil && (account == "" || e.value.Account == account) {
			list[hash] = e
		}
	}
	return list
}

func (c *cache) state() (position, revision uint64, pending int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.position, c.revision, c.pending
}
