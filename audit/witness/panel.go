package witness

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
)

const (
	// restFirst is how long a witness that failed is left alone; each failure
	// doubles it, up to restMax.
	restFirst = 2 * time.Second
	restMax   = 5 * time.Minute
)

// Panel asks the witnesses of a policy, all at the same time. One that refuses or is
// out of reach is left alone for a while, so that it does not hold up the others.
type Panel struct {
	policy *Policy
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex
	rest map[string]resting // guarded by mu; by name
}

// resting is a witness that failed.
type resting struct {
	until time.Time
	pause time.Duration
	why   string
}

// NewPanel makes a panel. now is the clock.
func NewPanel(p *Policy, client *http.Client, now func() time.Time) *Panel {
	return &Panel{policy: p, client: client, now: now, rest: map[string]resting{}}
}

// Ask asks each witness that has an address and has not cosigned yet. It returns the
// lines of those that cosign, and an error for each that began to fail, or fails for
// another reason than before.
func (p *Panel) Ask(ctx context.Context, r tree.Reader, s checkpoint.Signed) (lines []byte, failures []error) {
	missing := map[string]bool{}
	for _, name := range p.policy.Standing(s.Note).Missing {
		missing[name] = true
	}
	type answer struct {
		peer Peer
		line []byte
		err  error
	}
	answers, asked := make(chan answer), 0
	for _, w := range p.policy.Witnesses {
		if w.URL == "" || !missing[w.Name] || !p.awake(w.Name) {
			continue
		}
		asked++
		go func() {
			line, err := Ask(ctx, p.client, w, r, s)
			answers <- answer{w, line, err}
		}()
	}
	for range asked {
		a := <-answers
		if a.err == nil {
			lines = append(lines, a.line...)
		}
		if p.noted(a.peer.Name, a.err) && ctx.Err() == nil {
			failures = append(failures, a.err)
		}
	}
	return lines, failures
}

func (p *Panel) awake(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.now().Before(p.rest[name].until)
}

// noted notes how a witness answered, and reports whether that is a new failure.
func (p *Panel) noted(name string, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.rest[name]
	if err == nil || errors.Is(err, context.Canceled) {
		delete(p.rest, name)
		return false
	}
	pause := min(max(restFirst, 2*before.pause), restMax)
	p.rest[name] = resting{p.now().Add(pause), pause, err.Error()}
	return before.why != err.Error()
}

// Failing says of each witness that fails why, by its name in the policy.
func (p *Panel) Failing() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]string{}
	for name, r := range p.rest {
		out[name] = r.why
	}
	return out
}
