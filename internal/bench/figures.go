package bench

import (
	"slices"
	"time"
)

// Figures are what was measured of one workload.
type Figures struct {
	Commands          int   `json:"commands"`
	Events            int   `json:"events"`
	Blocks            int   `json:"blocks"`
	Milliseconds      int64 `json:"milliseconds"`
	CommandsPerSecond int64 `json:"commands_per_second"`
	EventsPerSecond   int64 `json:"events_per_second"`
	P50Microseconds   int64 `json:"p50_us"` // of one command; of one block for a floor
	P99Microseconds   int64 `json:"p99_us"`
}

// figures reckons what took elapsed; latencies is sorted in place.
func figures(commands, events, blocks int, elapsed time.Duration, latencies []time.Duration) Figures {
	slices.Sort(latencies)
	return Figures{
		Commands: commands, Events: events, Blocks: blocks,
		Milliseconds:      elapsed.Milliseconds(),
		CommandsPerSecond: perSecond(commands, elapsed),
		EventsPerSecond:   perSecond(events, elapsed),
		P50Microseconds:   percentile(latencies, 50),
		P99Microseconds:   percentile(latencies, 99),
	}
}

func perSecond(n int, elapsed time.Duration) int64 {
	if elapsed <= 0 {
		return 0
	}
	return int64(n) * int64(time.Second) / int64(elapsed)
}

// percentile is in microseconds.
func percentile(sorted []time.Duration, p int) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Microseconds()
}
