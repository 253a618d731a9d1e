package bench

import (
	"slices"
	"time"
)

// Latency is the spread of durations, in milliseconds.
type Latency struct {
	P50  Millis `json:"p50_ms"`
	P90  Millis `json:"p90_ms"`
	P99  Millis `json:"p99_ms"`
	P999 Millis `json:"p99.9_ms"`
	Max  Millis `json:"max_ms"`
}

// Millis is a duration that stands in JSON as milliseconds with three places.
type Millis time.Duration

// MarshalText writes milliseconds with three places.
func (m Millis) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// String is the milliseconds with three places.
func (m Millis) String() string {
	us := time.Duration(m).Microseconds()
	return itoa(us/1000) + "." + pad(us%1000)
}

func latencyOf(all []time.Duration) Latency {
	if len(all) == 0 {
		return Latency{}
	}
	slices.Sort(all)
	at := func(share int) Millis { return Millis(all[min(len(all)*share/1000, len(all)-1)]) }
	return Latency{P50: at(500), P90: at(900), P99: at(990), P999: at(999), Max: Millis(all[len(all)-1])}
}

// perSecond is n a second, whole.
func perSecond(n int, took time.Duration) int64 {
	if took <= 0 {
		return 0
	}
	return int64(n) * int64(time.Second) / int64(took)
}
