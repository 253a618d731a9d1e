package app

import (
	"context"
	"fmt"
	"sync"

	"zhitong/events"
	"zhitong/events/log"
)

// repeatsAhead is how many replies are read at once for a client that sends its
// commands again in their order.
const repeatsAhead = 512

// repeats reads the original replies to commands that were sent again.
type repeats struct {
	log  log.Log
	head func() log.Head

	mu   sync.Mutex
	last uint64                // guarded by mu; the position asked for last
	read map[uint64][]EventRef // guarded by mu; replies by position, of one reading
}

// reply returns the events of the commit at a position that is durable. Nobody waits
// for another's reading.
func (r *repeats) reply(ctx context.Context, position uint64) ([]EventRef, error) {
	known, inOrder := r.look(position)
	if known != nil {
		return known, nil
	}
	positions := []uint64{position}
	if inOrder {
		for p := position + 1; p < position+repeatsAhead && p <= r.head().Position; p++ {
			positions = append(positions, p)
		}
	}
	read := make(map[uint64][]EventRef, len(positions))
	err := r.log.Load(ctx, positions, func(position uint64, line []byte) error {
		c, err := events.Decode(line)
		if err != nil {
			return fmt.Errorf("position %d: %w", position, err)
		}
		read[position] = refs(&c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = read
	return read[position], nil
}

// look returns a reply that was read already, and whether the positions asked for
// come in their order.
func (r *repeats) look(position uint64) (known []EventRef, inOrder bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	inOrder = position > r.last && position-r.last <= repeatsAhead
	r.last = position
	return r.read[position], inOrder
}
