package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"zhitong/audit/trace"
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/events"
)

// period reports whether only a part of what is known of the subject is asked for.
func (s Subject) period() bool { return !s.From.IsZero() || !s.To.IsZero() }

// within is the nodes with the events at the positions only; nodes without one go,
// unless they stand between others.
func within(nodes []*trace.Node, positions map[uint64]bool) []*trace.Node {
	var out []*trace.Node
	for _, n := range nodes {
		c := *n
		c.Events = slices.DeleteFunc(slices.Clone(n.Events), func(e trace.Event) bool { return !positions[e.Position] })
		c.Because, c.LeadsTo = within(n.Because, positions), within(n.LeadsTo, positions)
		if len(c.Events)+len(c.Because)+len(c.LeadsTo) > 0 {
			out = append(out, &c)
		}
	}
	return out
}

// policyVersion names a version of a policy.
type policyVersion struct {
	policy domain.ID
	no     int
}

// errBehind ends a reading of the log behind the checkpoint.
var errBehind = errors.New("behind the checkpoint")

// restingOn adds the positions of what the commits rest on, whenever it was: the
// policy versions that amounts were calculated under, and who the parties are.
func restingOn(ctx context.Context, src Source, positions map[uint64]bool) error {
	published, named := map[policyVersion]uint64{}, map[domain.ID]uint64{}
	versions, parties := map[policyVersion]bool{}, map[domain.ID]bool{}
	begins := [][]byte{typeOf(policy.Published{}), typeOf(party.Registered{})}
	err := src.Read(ctx, 1, func(first uint64, commits [][]byte) error {
		for i, line := range commits {
			p := first + uint64(i)
			if p > src.Signed.Size {
				return errBehind
			}
			if !positions[p] && !slices.ContainsFunc(begins, func(b []byte) bool { return bytes.Contains(line, b) }) {
				continue
			}
			c, err := events.Decode(line)
			if err != nil {
				return fmt.Errorf("position %d: %w", p, err)
			}
			for k := range c.Events {
				switch f := c.Events[k].Fact.(type) {
				case policy.Published:
					published[policyVersion{f.PolicyID, f.Version}] = p
				case party.Registered:
					named[f.PartyID] = p
				case claim.Assessed:
					rest(f.Head, versions, parties)
				case claim.Waitlisted:
					rest(f.Head, versions, parties)
				case claim.Reassessed:
					rest(f.Head, versions, parties)
				}
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errBehind) {
		return err
	}
	for v := range versions {
		if p := published[v]; p > 0 {
			positions[p] = true
		}
	}
	for id := range parties {
		if p := named[id]; p > 0 {
			positions[p] = true
		}
	}
	return nil
}

// rest notes what a claim rests on.
func rest(h claim.Head, versions map[policyVersion]bool, parties map[domain.ID]bool) {
	versions[policyVersion{h.PolicyID, h.PolicyVersion}] = true
	parties[h.CooperativeID], parties[h.BuyerID] = true, true
}

func typeOf(f domain.Fact) []byte {
	return []byte(`"type":"` + events.TypePrefix + f.FactName() + ".v")
}
