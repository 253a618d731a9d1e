package policy

import (
	"slices"
	"strconv"

	"zhitong/domain"
)

// Version is a published version with the range in which it is in effect now.
type Version struct {
	*Policy             // as published; never changed
	InEffect Effective  // cut by a withdrawal
	Position uint64     // of the commit that published it; 0 where the reader does not keep it
	Assessed domain.Day // the latest inspection day assessed under it; zero for none
}

// Versions are the versions of one policy in the order of their publication. A
// Versions value is never changed: [Versions.With] returns a new one.
type Versions []Version

// With returns the versions after a fact of the policy.
func (vs Versions) With(f domain.Fact, position uint64) Versions {
	next := slices.Clone(vs)
	switch f := f.(type) {
	case Published:
		return append(next, Version{Policy: &f.Policy, InEffect: f.Effective, Position: position})
	case Withdrawn:
		for i := range next {
			if next[i].Version == f.Version {
				next[i].InEffect.To = f.From.Add(-1)
			}
		}
	}
	return next
}

// WithAssessed returns the versions after an inspection of the day was assessed
// under a version.
func (vs Versions) WithAssessed(version int, day domain.Day) Versions {
	for i, v := range vs {
		if v.Version == version && day.Cmp(v.Assessed) > 0 {
			next := slices.Clone(vs)
			next[i].Assessed = day
			return next
		}
	}
	return vs
}

// On returns the version in effect on an inspection's day.
func (vs Versions) On(day domain.Day) (Version, bool) {
	for _, v := range vs {
		if v.InEffect.Covers(day) {
			return v, true
		}
	}
	return Version{}, false
}

// Get returns the version with a number.
func (vs Versions) Get(version int) (Version, bool) {
	for _, v := range vs {
		if v.Version == version {
			return v, true
		}
	}
	return Version{}, false
}

// Publish decides whether p, which is valid, may be published now. It returns the
// fact; or the position of the commit that published the very same before; or a
// refusal.
func (vs Versions) Publish(p *Policy) (domain.Fact, uint64, error) {
	if old, ok := vs.Get(p.Version); ok {
		if old.Same(p) {
			return nil, old.Position, nil
		}
		return nil, 0, domain.Refuse(domain.Conflict, "policy.version_exists", "version", strconv.Itoa(p.Version),
			"version %d of %q is published with other content; a change is a new version", p.Version, p.PolicyID)
	}
	for _, v := range vs {
		if v.InEffect.From.Cmp(p.Effective.To) <= 0 && p.Effective.From.Cmp(v.InEffect.To) <= 0 {
			if v.InEffect.To.Cmp(v.InEffect.From) < 0 {
				continue // withdrawn from its first day on
			}
			return nil, 0, domain.Refuse(domain.Conflict, "policy.effective_overlaps", "effective", p.Effective.From.String()+"–"+p.Effective.To.String(),
				"version %d is in effect from %s to %s; withdraw its end first", v.Version, v.InEffect.From, v.InEffect.To)
		}
	}
	if last := vs.lastAssessed(); !last.IsZero() && p.Effective.From.Cmp(last) <= 0 {
		return nil, 0, domain.Refuse(domain.Conflict, "policy.effective_assessed", "effective.from", p.Effective.From.String(),
			"after %s, the latest inspection day that is assessed under this policy", last)
	}
	return Published{*p}, 0, nil
}

func (vs Versions) lastAssessed() domain.Day {
	var last domain.Day
	for _, v := range vs {
		if v.Assessed.Cmp(last) > 0 {
			last = v.Assessed
		}
	}
	return last
}

// Withdraw decides whether a version may be cut to the day before from.
func (vs Versions) Withdraw(id domain.ID, version int, from domain.Day, reason domain.Text) (domain.Fact, error) {
	v, ok := vs.Get(version)
	switch {
	case !ok:
		return nil, domain.Refuse(domain.NotFound, "policy.unknown_version", "version", strconv.Itoa(version), "policy %q has no version %d", id, version)
	case from.Cmp(v.InEffect.To) > 0:
		return nil, domain.Refuse(domain.Conflict, "policy.withdraw_after_end", "from", from.String(), "version %d ends on %s already", version, v.InEffect.To)
	case !v.Assessed.IsZero() && v.Assessed.Cmp(from) >= 0:
		return nil, domain.Refuse(domain.Conflict, "policy.withdraw_assessed", "from", from.String(),
			"an inspection of %s is assessed under version %d; from a later day on", v.Assessed, version)
	}
	return Withdrawn{id, version, from, reason}, nil
}
