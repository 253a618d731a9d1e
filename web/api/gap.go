package api

import (
	"bytes"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
)

// gapsMax is how many held entries are remembered. When there are more, the oldest
// waits anew.
const gapsMax = 10_000

// gaps remembers since when entries of devices are held back because the entry
// before is missing. It is forgotten with the process: then they wait anew.
type gaps struct {
	wait  time.Duration
	clock func() time.Time

	mu    sync.Mutex
	since map[gap]time.Time // guarded by mu
}

// gap is an entry that came too early.
type gap struct {
	device domain.ID
	seq    int64
}

func newGaps(wait time.Duration, clock func() time.Time) *gaps {
	return &gaps{wait: wait, clock: clock, since: make(map[gap]time.Time)}
}

// hold reports whether the entry has to wait when the one before is missing.
func (g *gaps) hold(env app.Envelope) bool {
	at, ok := gapOf(env)
	if !ok {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	since, held := g.since[at]
	return !held || g.clock().Sub(since) < g.wait
}

// note remembers an entry that was held back, and forgets one that was not.
func (g *gaps) note(env app.Envelope, result app.Result) {
	at, ok := gapOf(env)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if result.Problem == nil || result.Problem.Code != app.CodeGap {
		delete(g.since, at)
		return
	}
	if _, held := g.since[at]; held {
		return
	}
	if len(g.since) >= gapsMax {
		var oldest gap
		var when time.Time
		for k, t := range g.since {
			if when.IsZero() || t.Before(when) {
				oldest, when = k, t
			}
		}
		delete(g.since, oldest)
	}
	g.since[at] = g.clock()
}

// gapOf is the device's number of an entry, if it has one.
func gapOf(env app.Envelope) (gap, bool) {
	if !bytes.Contains(env.Data, []byte(`"device"`)) {
		return gap{}, false
	}
	var data struct {
		Device events.Device `json:"device"`
	}
	if json.Unmarshal(env.Data, &data) != nil || data.Device.ID == "" || data.Device.Seq < 1 {
		return gap{}, false // refused for what it is
	}
	return gap{data.Device.ID, data.Device.Seq}, true
}
