package app

// recentMax is how many replies are remembered, for clients that send a command again
// because they lost its answer.
const recentMax = 4096

// recent remembers the events of the latest commits, durable or not, so that a
// repeat is answered without reading a whole block. It belongs to the committer's
// goroutine.
type recent struct {
	ring [recentMax][]EventRef // by position modulo recentMax
}

func (r *recent) put(refs []EventRef) { r.ring[refs[0].Seq%recentMax] = refs }

// get returns the events of the commit at a position, or none where they are not
// remembered. They are only read.
func (r *recent) get(position uint64) []EventRef {
	refs := r.ring[position%recentMax]
	if len(refs) == 0 || refs[0].Seq != position {
		return nil
	}
	return refs
}

// forget drops everything: positions may come again with other commits.
func (r *recent) forget() { clear(r.ring[:]) }
