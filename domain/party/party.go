package party

import "zhitong/domain"

// State is a party as its facts leave it.
type State struct {
	ID   domain.ID
	Kind string
	Profile

	Payee    *Payee        // confirmed; nil when there is none
	Proposed *PayeeChanged // waits for another officer; nil when there is none

	Suspended, Closed        bool
	ErasureRequested, Erased bool
}

// Exists reports whether the party was registered.
func (s *State) Exists() bool { return s.ID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Registered:
		s.ID, s.Kind, s.Profile, s.Payee = f.PartyID, f.PartyKind, f.Profile, f.Payee
	case Updated:
		s.update(f.Profile)
	case PayeeChanged:
		s.Proposed = &f
	case PayeeConfirmed:
		if s.Proposed != nil {
			s.Payee, s.Proposed = &s.Proposed.Payee, nil
		}
	case Suspended:
		s.Suspended = true
	case Reinstated:
		s.Suspended = false
	case Closed:
		s.Closed = true
	case ErasureRequested:
		s.ErasureRequested = true
	case Erased:
		s.Erased, s.Payee, s.Proposed = true, nil, nil
	default:
		domain.Unknown(f)
	}
}

func (s *State) update(p Profile) {
	if !p.Name.IsZero() {
		s.Name = p.Name
	}
	if p.USCC != "" {
		s.USCC = p.USCC
	}
	if p.Division != "" {
		s.Division = p.Division
	}
	if p.Channel != "" {
		s.Channel = p.Channel
	}
	if p.Farmers != nil {
		s.Farmers = p.Farmers
	}
}

// known refuses a party that does not exist. id and field are how the command
// names it.
func (s *State) known(field string, id domain.ID) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "party.unknown", field, string(id), "no party has this id")
	}
	return nil
}

// IsA refuses a party that does not exist or is not of the kind, in field.
func (s *State) IsA(kind, field string, id domain.ID) error {
	if err := s.known(field, id); err != nil {
		return err
	}
	if s.Kind != kind {
		return domain.Refuse(domain.Conflict, "party.wrong_kind", field, string(id), "needs a %s, party %q is a %s", kind, id, s.Kind)
	}
	return nil
}

// MayBegin refuses a party that can't begin something new: one that is not of the
// kind, is suspended or closed.
func (s *State) MayBegin(kind, field string, id domain.ID) error {
	if err := s.IsA(kind, field, id); err != nil {
		return err
	}
	switch {
	case s.Closed:
		return domain.Refuse(domain.Conflict, "party.closed", field, string(id), "party %q is closed", id)
	case s.Suspended:
		return domain.Refuse(domain.Conflict, "party.suspended", field, string(id), "party %q is suspended and begins nothing new", id)
	}
	return nil
}
