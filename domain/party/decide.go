package party

import "zhitong/domain"

// open refuses a party that does not exist or is closed.
func (s *State) open(id domain.ID) error {
	if err := s.known("party_id", id); err != nil {
		return err
	}
	if s.Closed {
		return domain.Refuse(domain.Conflict, "party.closed", "party_id", string(id), "party %q is closed", id)
	}
	return nil
}

// notErased refuses a party whose personal data are, or are about to be, gone.
func (s *State) notErased(id domain.ID) error {
	if s.ErasureRequested {
		return domain.Refuse(domain.Conflict, "party.erased", "party_id", string(id), "the party's personal data are erased for good")
	}
	return nil
}

// Register decides party.register; payee is the command's, sealed, or nil.
func (s *State) Register(c *Register, payee *Payee) ([]domain.Fact, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "party.exists", "party_id", string(c.PartyID), "there is a %s with this id", s.Kind)
	}
	return []domain.Fact{Registered{PartyID: c.PartyID, PartyKind: c.PartyKind, Profile: c.Profile, Payee: payee}}, nil
}

// Update decides party.update.
func (s *State) Update(c *Update) ([]domain.Fact, error) {
	if err := domain.First(s.open(c.PartyID), channelOnlyForBuyers(s.Kind, c.Channel)); err != nil {
		return nil, err
	}
	return []domain.Fact{Updated(*c)}, nil
}

// ChangePayee decides party.change_payee; payee is the command's, sealed. A later
// proposal takes the place of an earlier one that was not confirmed.
func (s *State) ChangePayee(c *ChangePayee, by domain.By, payee Payee) ([]domain.Fact, error) {
	if err := s.open(c.PartyID); err != nil {
		return nil, err
	}
	if err := s.notErased(c.PartyID); err != nil {
		return nil, err
	}
	return []domain.Fact{PayeeChanged{PartyID: c.PartyID, Payee: payee, ChangedBy: by.Actor}}, nil
}

// ConfirmPayee decides party.confirm_payee: by another officer than the one who
// proposed the payee.
func (s *State) ConfirmPayee(c *ConfirmPayee, by domain.By) ([]domain.Fact, error) {
	if err := s.open(c.PartyID); err != nil {
		return nil, err
	}
	if err := s.notErased(c.PartyID); err != nil {
		return nil, err
	}
	switch {
	case s.Proposed == nil:
		return nil, domain.Refuse(domain.Conflict, "party.no_changed_payee", "party_id", string(c.PartyID), "no changed payee waits to be confirmed")
	case s.Proposed.ChangedBy == by.Actor:
		return nil, domain.Refuse(domain.Denied, "party.same_officer", "", "", "%q changed the payee, another officer confirms it", by.Actor)
	}
	return []domain.Fact{PayeeConfirmed{PartyID: c.PartyID, ChangedBy: s.Proposed.ChangedBy}}, nil
}

// Suspend decides party.suspend.
func (s *State) Suspend(c *Suspend) ([]domain.Fact, error) {
	if err := s.open(c.PartyID); err != nil {
		return nil, err
	}
	if s.Suspended {
		return nil, domain.Refuse(domain.Conflict, "party.suspended", "party_id", string(c.PartyID), "party %q is suspended already", c.PartyID)
	}
	return []domain.Fact{Suspended(c.Because)}, nil
}

// Reinstate decides party.reinstate.
func (s *State) Reinstate(c *Reinstate) ([]domain.Fact, error) {
	if err := s.open(c.PartyID); err != nil {
		return nil, err
	}
	if !s.Suspended {
		return nil, domain.Refuse(domain.Conflict, "party.not_suspended", "party_id", string(c.PartyID), "party %q is not suspended", c.PartyID)
	}
	return []domain.Fact{Reinstated(c.Because)}, nil
}

// Unfinished counts what of a party is still open.
type Unfinished struct {
	OrderLines int // neither fulfilled, short-closed nor cancelled
	Shipments  int // logged and not yet inspected or cancelled
	Departures int // scheduled or under way
	Claims     int // of more than 0.00, neither paid, refused nor rejected
	Clawbacks  int // not settled, or settled by an offset that is not yet withheld in full
}

// Close decides party.close, which needs nothing open.
func (s *State) Close(c *Close, open Unfinished) ([]domain.Fact, error) {
	if err := s.open(c.PartyID); err != nil {
		return nil, err
	}
	if open != (Unfinished{}) {
		return nil, domain.Refuse(domain.Conflict, "party.has_open", "party_id", string(c.PartyID),
			"needs nothing open; open are %d order lines, %d shipments, %d departures, %d claims, %d clawbacks",
			open.OrderLines, open.Shipments, open.Departures, open.Claims, open.Clawbacks)
	}
	return []domain.Fact{Closed(c.Because)}, nil
}

// Erase decides person.erase: it asks for the destruction of the key. A closed
// party can be erased as well.
func (s *State) Erase(c *Erase) ([]domain.Fact, error) {
	if err := s.known("party_id", c.PartyID); err != nil {
		return nil, err
	}
	if s.ErasureRequested {
		return nil, domain.Refuse(domain.Conflict, "party.erased", "party_id", string(c.PartyID), "the erasure was requested before")
	}
	return []domain.Fact{ErasureRequested(c.Because)}, nil
}

// CompleteErasure decides person.complete_erasure.
func (s *State) CompleteErasure(c *CompleteErasure) ([]domain.Fact, error) {
	if err := s.known("party_id", c.PartyID); err != nil {
		return nil, err
	}
	if !s.ErasureRequested || s.Erased {
		return nil, domain.Refuse(domain.Conflict, "party.no_erasure", "party_id", string(c.PartyID), "no erasure is under way")
	}
	return []domain.Fact{Erased{PartyID: c.PartyID}}, nil
}
