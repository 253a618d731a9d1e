package claim

import (
	"slices"

	"zhitong/domain"
)

// Known refuses a claim that does not exist.
func (s *State) Known(field string, id domain.ID) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "claim.unknown", field, string(id), "no claim has this id")
	}
	return nil
}

// needs refuses a claim that has none of the statuses.
func (s *State) needs(statuses ...Status) error {
	if slices.Contains(statuses, s.Status) {
		return nil
	}
	return domain.Refuse(domain.Conflict, "claim.wrong_status", "claim_id", string(s.ClaimID), "the claim is %s, it must be %s", s.Status, oneOf(statuses))
}

func oneOf(statuses []Status) string {
	text := string(statuses[0])
	for _, s := range statuses[1:] {
		text += " or " + string(s)
	}
	return text
}

// apart refuses an actor that did a step of the pair before; distinct is what the
// policy says of two persons.
func (s *State) apart(distinct bool, command, step string, actor domain.ID, before ...domain.ID) error {
	if distinct && slices.Contains(before, actor) {
		return domain.Refuse(domain.Denied, "two_persons."+command, "actor", string(actor),
			"%s of claim %q by %q, who %s it; another person is needed", command, s.ClaimID, actor, step)
	}
	return nil
}

// Submit decides claim.submit by the cooperative.
func (s *State) Submit(by domain.By) (domain.Fact, error) {
	if err := s.needs(IsAssessed); err != nil {
		return nil, err
	}
	if by.Role == domain.Cooperative && by.Actor != s.CooperativeID {
		p := domain.Refuse(domain.Denied, "claim.not_yours", "claim_id", string(s.ClaimID), "the claim is of cooperative %q, which may submit it", s.CooperativeID)
		p.Roles = []domain.Role{domain.Cooperative}
		return nil, p
	}
	if s.Total().Sign() == 0 {
		return nil, domain.Refuse(domain.Conflict, "claim.nothing_to_submit", "claim_id", string(s.ClaimID), "the claim amounts to 0.00; its steps say why")
	}
	return Submitted{s.Head, s.Total(), by.Actor}, nil
}

// Approve decides claim.approve.
func (s *State) Approve(by domain.By, distinct bool) (domain.Fact, error) {
	if err := domain.First(s.needs(IsSubmitted), s.apart(distinct, "claim.approve", "submitted", by.Actor, s.Submitter)); err != nil {
		return nil, err
	}
	return Approved{s.Head, s.Standing(), by.Actor}, nil
}

// MayReject decides whether claim.reject may end the claim: before it is authorised.
func (s *State) MayReject() error {
	return s.needs(IsWaitlisted, IsAssessed, IsSubmitted, IsApproved, IsPublicised, IsObjected)
}

// Authorise decides claim.authorise: after the publicity that the policy asks for,
// by someone who neither approved nor posted the claim.
func (s *State) Authorise(by domain.By, publicityDays int, distinct bool) (domain.Fact, error) {
	statuses := []Status{IsPublicised}
	if publicityDays == 0 {
		statuses = append(statuses, IsApproved)
	}
	if err := domain.First(s.needs(statuses...), s.apart(distinct, "claim.authorise", "approved", by.Actor, s.Approvers...),
		s.apart(distinct, "claim.authorise", "publicised", by.Actor, s.Publicisers...)); err != nil {
		return nil, err
	}
	if day := by.Time.Day(); s.Status == IsPublicised && day.Cmp(s.To) <= 0 {
		return nil, domain.Refuse(domain.Conflict, "claim.publicity_runs", "claim_id", string(s.ClaimID),
			"the claim is posted until %s; it can be authorised from %s on, this is %s", s.To, s.To.Add(1), day)
	}
	return Authorised{s.Head, s.Total()}, nil
}

// Object decides claim.object, by anyone.
func (s *State) Object(by domain.By, reason domain.Text) (domain.Fact, error) {
	if err := s.needs(IsPublicised); err != nil {
		return nil, err
	}
	return Objected{s.Head, reason, by.Actor}, nil
}

// Resolve decides claim.resolve_objection. An upheld one also ends the claim: that
// is the business of package assessment.
func (s *State) Resolve(by domain.By, upheld bool, note domain.Text, distinct bool) (domain.Fact, error) {
	if err := domain.First(s.needs(IsObjected), s.apart(distinct, "claim.resolve_objection", "objected to", by.Actor, s.Objector),
		s.apart(distinct, "claim.resolve_objection", "approved", by.Actor, s.Approvers...)); err != nil {
		return nil, err
	}
	return ObjectionResolved{s.Head, upheld, note}, nil
}

// MayBatch decides whether the claim may be paid.
func (s *State) MayBatch() error { return s.needs(IsAuthorised, IsPaymentFailed) }
