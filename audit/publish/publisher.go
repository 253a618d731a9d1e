package publish

import (
	"bytes"
	"context"
	"sync"
	"time"

	"zhitong/audit/tree"
	"zhitong/audit/witness"
)

const (
	// quorumGrace is how long a checkpoint without its quorum is held back behind
	// the one before it that has one. After that it is shown, and says what it lacks.
	quorumGrace = 10 * time.Second
	// quorumLook is how often is looked whether a quorum has been met.
	quorumLook = 250 * time.Millisecond
)

// Publisher says which checkpoint is shown to the world. Without a quorum in the
// policy that is the latest. With one it is the latest that was cosigned by so many
// witnesses, unless they are silent for [quorumGrace]: then it is the latest again,
// which says that its quorum is not met. It may be used by several goroutines.
type Publisher struct {
	log    tree.Reader
	policy *witness.Policy // nil for none
	now    func() time.Time

	mu       sync.Mutex
	latest   []byte           // guarded by mu; as it was last seen
	standing witness.Standing // guarded by mu; of latest
	met      []byte           // guarded by mu; the latest that met the quorum
	metSays  witness.Standing // guarded by mu
	unmet    time.Time        // guarded by mu; since when the latest lacks it; zero while it has it
	searched bool             // guarded by mu; the checkpoints of before were looked through
}

// New makes a Publisher over a folder. policy may be nil; now is the clock, and may
// be nil without one.
func New(r tree.Reader, policy *witness.Policy, now func() time.Time) *Publisher {
	return &Publisher{log: r, policy: policy, now: now}
}

// Run keeps watching which checkpoints meet the quorum, until ctx ends.
func (p *Publisher) Run(ctx context.Context) error {
	tick := time.NewTicker(quorumLook)
	defer tick.Stop()
	for {
		_, _, _ = p.Checkpoint() // whoever asks for it hears the error
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Checkpoint is the signed checkpoint that is shown, and how it stands with the
// witnesses.
func (p *Publisher) Checkpoint() ([]byte, witness.Standing, error) {
	note, err := p.log.Latest()
	if err != nil || p.policy == nil {
		return note, witness.Standing{Met: true}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !bytes.Equal(note, p.latest) {
		p.latest, p.standing = note, p.policy.Standing(note)
	}
	if p.standing.Met {
		p.met, p.metSays, p.unmet = p.latest, p.standing, time.Time{}
		return p.latest, p.standing, nil
	}
	if err := p.search(); err != nil {
		return nil, p.standing, err
	}
	if p.unmet.IsZero() {
		p.unmet = p.now()
	}
	if p.met != nil && p.now().Sub(p.unmet) < quorumGrace {
		return p.met, p.metSays, nil
	}
	return p.latest, p.standing, nil
}

// search looks for the latest checkpoint of before that met the quorum, once. The
// caller holds mu.
func (p *Publisher) search() error {
	if p.met != nil || p.searched {
		return nil
	}
	list, err := p.log.Checkpoints()
	if err != nil {
		return err
	}
	p.searched = true
	for i := len(list) - 1; i >= 0 && p.met == nil; i-- {
		if s := p.policy.Standing(list[i]); s.Met {
			p.met, p.metSays = list[i], s
		}
	}
	return nil
}
