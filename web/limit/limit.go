// Package limit says how often somebody may do something.
//
// It owns counting: for each key (an address, an account) a bucket that fills at a
// rate and holds a burst. Its memory is bounded: who has not come for the longest
// time is forgotten first. It refuses to know who asks and what is answered. Start at
// [New].
package limit

import (
	"container/list"
	"sync"
	"time"
)

// Rate is one per Every, and up to Burst at once.
type Rate struct {
	Every time.Duration
	Burst int
}

// PerSecond is n per second, and up to burst at once.
func PerSecond(n, burst int) Rate { return Rate{time.Second / time.Duration(n), burst} }

// Limiter holds a bucket for each key. It may be used from several goroutines.
type Limiter struct {
	rate Rate
	most int // keys

	mu     sync.Mutex
	places map[string]*list.Element
	recent list.List // of *bucket, the latest in front
}

// bucket is full again at the time given; each taking moves it on by the rate's Every.
type bucket struct {
	key  string
	full time.Time
}

// New returns a limiter that remembers at most so many keys.
func New(rate Rate, keysMost int) *Limiter {
	return &Limiter{rate: rate, most: keysMost, places: make(map[string]*list.Element)}
}

// Take takes one for the key, or says how long to wait until there is one.
func (l *Limiter) Take(key string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key)
	full := b.full
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.rate.Every)
	if over := full.Sub(now) - l.rate.Every*time.Duration(l.rate.Burst); over > 0 {
		return over, false
	}
	b.full = full
	return 0, true
}

// Return gives one back that was taken.
func (l *Limiter) Return(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.places[key]; ok {
		b := e.Value.(*bucket)
		b.full = b.full.Add(-l.rate.Every)
	}
}

// bucket finds a key's bucket or makes a full one.
func (l *Limiter) bucket(key string) *bucket {
	if e, ok := l.places[key]; ok {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if l.recent.Len() >= l.most {
		last := l.recent.Back()
		delete(l.places, last.Value.(*bucket).key)
		l.recent.Remove(last)
	}
	b := &bucket{key: key}
	l.places[key] = l.recent.PushFront(b)
	return b
}
