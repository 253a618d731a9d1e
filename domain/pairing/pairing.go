package pairing

import (
	"zhitong/domain"
	"zhitong/domain/division"
)

// SetPairing is the command pairing.set.
type SetPairing struct {
	Division        string     `json:"division"`
	PartnerDivision string     `json:"partner_division"`
	From            domain.Day `json:"from"`
	To              domain.Day `json:"to,omitzero"` // included
}

// Validate checks the command's values: a city or county of Anhui with a township
// or village of Pishan.
func (c *SetPairing) Validate() error {
	if err := domain.First(
		domain.Required("division", c.Division != ""),
		domain.Required("partner_division", c.PartnerDivision != ""),
		domain.Required("from", !c.From.IsZero()),
		division.Check("division", c.Division),
		division.Check("partner_division", c.PartnerDivision),
	); err != nil {
		return err
	}
	switch {
	case !division.IsAnhuiCityOrCounty(c.Division):
		return domain.Refuse(domain.Invalid, "pairing.not_anhui", "division", c.Division, "a city or county of Anhui")
	case !division.IsPishanTownshipOrVillage(c.PartnerDivision):
		return domain.Refuse(domain.Invalid, "pairing.not_pishan", "partner_division", c.PartnerDivision, "a township or village of Pishan")
	case !c.To.IsZero() && c.To.Cmp(c.From) < 0:
		return domain.Refuse(domain.Invalid, "value.days_reversed", "to", c.To.String(), "not before from, %s", c.From)
	}
	return nil
}

// State is the pairings of one division of Anhui, by partner: setting a pair again
// replaces its days.
type State struct {
	Division string
	Partners []Set // in the order in which they were first set
}

// Exists reports whether the division was ever paired.
func (s *State) Exists() bool { return s.Division != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	set, ok := f.(Set)
	if !ok {
		domain.Unknown(f)
	}
	s.Division = set.Division
	for i := range s.Partners {
		if s.Partners[i].PartnerDivision == set.PartnerDivision {
			s.Partners[i] = set
			return
		}
	}
	s.Partners = append(s.Partners, set)
}

// Set decides pairing.set. A division may have several partners at a time.
func (s *State) Set(c *SetPairing) ([]domain.Fact, error) {
	return []domain.Fact{Set(*c)}, nil
}
