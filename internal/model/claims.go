package model

import (
	"slices"
	"time"
)

const claimIDsMax = 300

// flow is one entry of the flow of funds.
type flow struct {
	funder, coop, item, month  string
	assessed, paid, clawedBack num
}

func (m *Model) flow(k *claim, l *claimLine, funder, month string, assessed, paid, clawedBack num) {
	m.flows = append(m.flows, flow{funder: funder, coop: k.shipment.coop, item: l.of.of.item, month: month,
		assessed: assessed, paid: paid, clawedBack: clawedBack})
}

// namedClaim finds a claim in a status that is due.
func (m *Model) namedClaim(id string, status ...string) (*claim, error) {
	k := m.claims[id]
	if k == nil {
		return nil, refuse("unknown")
	}
	if !slices.Contains(status, k.status) {
		return nil, refuse("status")
	}
	return k, nil
}

type claimRef struct {
	ClaimID string `json:"claim_id"`
}

func (m *Model) claimSubmit(c call) error {
	var d claimRef
	if err := c.read(&d); err != nil {
		return err
	}
	k, err := m.namedClaim(d.ClaimID, "assessed")
	switch {
	case err != nil:
		return err
	case k.shipment.coop != c.Actor:
		return refuse("not_yours")
	case !positive(k.amount()):
		return refuse("nothing")
	}
	k.status, k.submitter, k.submittedAt = "submitted", c.Actor, c.Time
	return nil
}

func (m *Model) claimApprove(c call) error {
	var d claimRef
	if err := c.read(&d); err != nil {
		return err
	}
	k, err := m.namedClaim(d.ClaimID, "submitted")
	if err != nil {
		return err
	}
	if k.version.distinct() && c.Actor == k.submitter {
		return refuse("two_persons")
	}
	m.moveMoney(k, "reserved", "obligated")
	k.status, k.to = "approved", ""
	k.approvers = append(k.approvers, c.Actor)
	return nil
}

// posting is what hangs on the wall.
type posting struct {
	claim    *claim
	items    []string
	kg       num
	amount   num
	from, to string
}

// claimPublicise. Decision: it is allowed where no publicity is due, and then
// authorising waits for its end like any other.
func (m *Model) claimPublicise(c call) error {
	var d struct {
		ClaimIDs []string `json:"claim_ids"`
		From     string   `json:"from"`
		To       string   `json:"to"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	if len(d.ClaimIDs) == 0 || len(d.ClaimIDs) > claimIDsMax || !goodDay(d.From) || !goodDay(d.To) {
		return refuse("malformed")
	}
	from, _ := time.Parse(time.DateOnly, d.From)
	to, _ := time.Parse(time.DateOnly, d.To)
	if d.From < c.day() || to.Before(from) {
		return refuse("days")
	}
	var list []*claim
	for _, id := range d.ClaimIDs {
		k, err := m.namedClaim(id, "approved")
		if err != nil {
			return err
		}
		if slices.Contains(list, k) {
			return refuse("twice")
		}
		if int(to.Sub(from).Hours()/24)+1 < k.version.Approval.PublicityDays {
			return refuse("days")
		}
		list = append(list, k)
	}
	for _, k := range list {
		k.status, k.to = "publicised", d.To
		k.publicisers = append(k.publicisers, c.Actor)
		post := posting{claim: k, kg: zero(), amount: k.amount(), from: d.From, to: d.To}
		for _, l := range k.lines {
			post.kg = add(post.kg, l.kg)
			if !slices.Contains(post.items, l.of.of.item) {
				post.items = append(post.items, l.of.of.item)
			}
		}
		slices.Sort(post.items)
		m.posted[k.id] = post
	}
	return nil
}

func (m *Model) claimObject(c call) error {
	var d struct {
		ClaimID string `json:"claim_id"`
		Reason  string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	k, err := m.namedClaim(d.ClaimID, "publicised")
	if err != nil {
		return err
	}
	k.status = "objected"
	k.objectors = append(k.objectors, c.Actor)
	return nil
}

func (m *Model) claimResolveObjection(c call) error {
	var d struct {
		ClaimID string `json:"claim_id"`
		Upheld  bool   `json:"upheld"`
		Note    string `json:"note"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	k, err := m.namedClaim(d.ClaimID, "objected")
	if err != nil {
		return err
	}
	if k.version.distinct() && (slices.Contains(k.objectors, c.Actor) || slices.Contains(k.approvers, c.Actor)) {
		return refuse("two_persons")
	}
	if d.Upheld {
		m.drop(k, c)
	} else {
		k.status = "publicised"
	}
	return nil
}

// claimAuthorise. Decision: whoever approved or publicised the claim in any
// round, also before it went back to submitted, can't authorise it.
func (m *Model) claimAuthorise(c call) error {
	var d claimRef
	if err := c.read(&d); err != nil {
		return err
	}
	k, err := m.namedClaim(d.ClaimID, "approved", "publicised")
	switch {
	case err != nil:
		return err
	case k.status == "approved" && k.version.Approval.PublicityDays > 0:
		return refuse("publicity")
	case k.status == "publicised" && c.day() <= k.to:
		return refuse("days")
	case k.version.distinct() && (slices.Contains(k.approvers, c.Actor) || slices.Contains(k.publicisers, c.Actor)):
		return refuse("two_persons")
	}
	k.status = "authorised"
	return nil
}

func (m *Model) claimReject(c call) error {
	var d struct {
		ClaimID string `json:"claim_id"`
		Reason  string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	k, err := m.namedClaim(d.ClaimID, "assessed", "waitlisted", "submitted", "approved", "publicised", "objected")
	if err != nil {
		return err
	}
	m.drop(k, c)
	return nil
}

// drop rejects a claim: its money is released, its kg and amounts leave the
// totals.
//
// Decision: a rejected S claim is an increase that was not made: what the line
// had before it is one more frozen limit of the line.
func (m *Model) drop(k *claim, c call) {
	for _, l := range k.lines {
		k.count(l, neg(l.kg), neg(l.subsidy))
		if k.status == "waitlisted" {
			continue
		}
		for _, p := range k.version.Split {
			b := k.fund.budgets[p.Budget]
			if k.approved() {
				b.obligated = sub(b.obligated, l.shares[p.Funder])
			} else {
				b.reserved = sub(b.reserved, l.shares[p.Funder])
			}
			m.flow(k, l, p.Funder, c.month(), neg(l.shares[p.Funder]), zero(), zero())
		}
	}
	k.status = "rejected"
	if k.parent != nil {
		for _, l := range k.lines {
			line := k.parent.line(l.of.no)
			line.caps = append(line.caps, l.before)
		}
	}
	k.fund.waiting = slices.DeleteFunc(k.fund.waiting, func(o *claim) bool { return o == k })
	m.tryWaiting(k.fund, c.month())
}
