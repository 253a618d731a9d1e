package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// memoryLook is how often a serving process looks whether it holds memory that it
	// does not need, as after a self-check or a rebuild.
	memoryLook = time.Minute
	// memorySpare is what it may hold besides twice what lives.
	memorySpare = 64 << 20
)

// giveMemoryBack returns memory to the system until ctx ends; left to itself the
// runtime takes many minutes.
func giveMemoryBack(ctx context.Context) error {
	figures := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	tick := time.NewTicker(memoryLook)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		metrics.Read(figures)
		live, held := figures[0].Value.Uint64(), figures[1].Value.Uint64()-figures[2].Value.Uint64()
		if held > 2*live+memorySpare {
			debug.FreeOSMemory()
		}
	}
}
