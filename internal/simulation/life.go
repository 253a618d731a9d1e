package simulation

import (
	"slices"
	"strconv"

	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/events"
)

// takeLife plays what people did with claims: the command that a recorded commit
// came from, as far as there is something on stage to do it with.
func (s *stage) takeLife(c *events.Commit) error {
	e := &c.Events[0]
	switch f := e.Fact.(type) {
	case claim.Assessed:
		return s.assess(e, f.Head)
	case claim.Waitlisted:
		return s.assess(e, f.Head)
	case claim.Refused:
		return s.assess(e, f.Head)
	case claim.Submitted:
		return s.do(e, "", "claim.submit", claim.Submit{ClaimID: s.claimID(f.Head, f.ClaimID)})
	case claim.Approved:
		return s.do(e, "", "claim.approve", claim.Approve{ClaimID: s.claimID(f.Head, f.ClaimID)})
	case claim.Rejected:
		return s.do(e, "", "claim.reject", claim.Reject{ClaimID: s.claimID(f.Head, f.ClaimID), Reason: f.Reason})
	case claim.Publicised:
		return s.publicise(c)
	case claim.Objected:
		return s.do(e, "", "claim.object", claim.Object{ClaimID: s.claimID(f.Head, f.ClaimID), Reason: f.Reason})
	case claim.ObjectionResolved:
		return s.do(e, "", "claim.resolve_objection", claim.ResolveObjection{ClaimID: s.claimID(f.Head, f.ClaimID), Upheld: &f.Upheld, Note: f.Note})
	case claim.Authorised:
		return s.do(e, "", "claim.authorise", claim.Authorise{ClaimID: s.claimID(f.Head, f.ClaimID)})
	case claim.ClawbackApproved:
		return s.do(e, "", "clawback.approve", claim.ApproveClawback{ClawbackID: s.claimID(f.Head, f.ClawbackID)})
	case claim.ClawbackSettled:
		return s.do(e, "", "clawback.settle", claim.SettleClawback{ClawbackID: s.claimID(f.Head, f.ClawbackID), Method: f.Method, Reference: f.Reference})
	case disbursement.Batched:
		return s.batch(c, f)
	case disbursement.Confirmed:
		return s.confirm(e, f)
	}
	return nil
}

// assess plays an assessment by hand, which is refused where it came by itself.
func (s *stage) assess(e *events.Event, h claim.Head) error {
	p := h.PolicyID
	if !s.known {
		p = s.Draft.PolicyID
	}
	return s.do(e, "", "claim.assess", assessment.AssessShipment{ShipmentID: h.ShipmentID, PolicyID: p})
}

// publicise posts each claim of a list by itself: one that the draft has not does not
// keep the others from it.
func (s *stage) publicise(c *events.Commit) error {
	for i := range c.Events {
		e := &c.Events[i]
		f, ok := e.Fact.(claim.Publicised)
		if !ok {
			continue
		}
		err := s.do(e, "/"+strconv.Itoa(i), "claim.publicise",
			claim.Publicise{ClaimIDs: []domain.ID{s.claimID(f.Head, f.ClaimID)}, From: f.Posting.From, To: f.Posting.To})
		if err != nil {
			return err
		}
	}
	return nil
}

// batch makes a payment batch of the claims that can be paid on stage.
func (s *stage) batch(c *events.Commit, f disbursement.Batched) error {
	var ids []domain.ID
	for i := range c.Events {
		b, ok := c.Events[i].Fact.(claim.Batched)
		if !ok {
			continue
		}
		id := s.claimID(b.Head, b.ClaimID)
		state, err := s.replay.Book().Claim(id)
		if err != nil {
			return err
		}
		if state.MayBatch() == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if ids == nil {
		return nil
	}
	return s.do(&c.Events[0], "", "disbursement.batch", disbursement.Batch{BatchID: f.BatchID, ClaimIDs: ids})
}

// confirm gives the bank's answer for the claims that are in the batch on stage. The
// lines of the record do not say their shipments: a claim whose policy the draft
// stands for is found by its beginning.
func (s *stage) confirm(e *events.Event, f disbursement.Confirmed) error {
	b, err := s.replay.Book().Batch(f.BatchID)
	if err != nil || !b.Exists() {
		return err
	}
	c := disbursement.Confirm{BatchID: f.BatchID}
	for _, l := range b.Lines {
		state, err := s.replay.Book().Claim(l.ClaimID)
		if err != nil {
			return err
		}
		for _, o := range f.Lines {
			if o.ClaimID == l.ClaimID || s.was.staged(s, o.ClaimID) == l.ClaimID {
				c.Lines = append(c.Lines, disbursement.ConfirmLine{ClaimID: state.ClaimID, Status: o.Status, Reference: o.Reference, Reason: o.Reason})
				break
			}
		}
	}
	return s.do(e, "", "disbursement.confirm", c)
}
