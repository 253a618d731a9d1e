package demo

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
)

// Programme is a planned demo programme: its commands in the order of their
// claimed times, which is the order in which they are to be sent.
type Programme struct {
	targets Targets
	steps   []step
}

// object is the data of a command, or a part of it.
type object map[string]any

// step is a command that is written when it is asked for.
type step struct {
	when    time.Time
	id      string
	command string
	actor   string
	role    domain.Role
	data    func() object
}

// New plans a programme. It fails on a scale out of bounds, and, as a guard, when
// the totals would not come out exactly.
func New(o Options) (*Programme, error) {
	scale, err := o.scaleMicro()
	if err != nil {
		return nil, err
	}
	targets := targetsOf(scale)
	p := &planner{
		random: random{o.Seed},
		target: targets.NetKg.Grams(),
		carry:  make([][]leftover, len(cities)),
	}
	p.coops, p.buyers = cooperatives(&p.random), buyers()
	p.plan(scale)
	if err := p.calibrate(targets.NetAmount); err != nil {
		return nil, err
	}
	s := script{planner: p, scale: scale, seed: o.Seed}
	s.write()
	slices.SortStableFunc(s.steps, func(a, b step) int { return cmp.Compare(a.when.Unix(), b.when.Unix()) })
	return &Programme{targets: targets, steps: s.steps}, nil
}

// Targets are the net totals that the programme ends at.
func (p *Programme) Targets() Targets { return p.targets }

// Len is the number of commands.
func (p *Programme) Len() int { return len(p.steps) }

// Commands are the commands in order. Each may be sent once the answer to the one
// before is decided; their ids are the same in every run.
func (p *Programme) Commands() iter.Seq[app.Envelope] {
	return func(yield func(app.Envelope) bool) {
		for _, s := range p.steps {
			if !yield(s.envelope()) {
				return
			}
		}
	}
}

func (s step) envelope() app.Envelope {
	data, err := json.Marshal(s.data(), json.Deterministic(true))
	if err != nil {
		panic(err) // texts, counts, lists and objects only
	}
	return app.Envelope{
		ID:      s.id,
		Command: s.command,
		Actor:   domain.ID(s.actor),
		Role:    s.role,
		Time:    domain.TimeOf(s.when),
		Data:    data,
		Via:     events.ViaCLI,
	}
}
