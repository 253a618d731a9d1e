package pairing

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "pairing"

// Ref names the pairing of an Anhui division.
func Ref(division string) domain.Ref { return domain.Ref{Kind: Kind, ID: domain.ID(division)} }

// Set pairs a city or county of Anhui with a township or village of Pishan
// (结对帮扶) from a day, to a day if one is given (both included).
type Set struct {
	Division        string     `json:"division"`
	PartnerDivision string     `json:"partner_division"`
	From            domain.Day `json:"from"`
	To              domain.Day `json:"to,omitzero"`
}

// FactName returns "pairing.set".
func (Set) FactName() string { return "pairing.set" }

// Subject is the Anhui division.
func (f Set) Subject() domain.Ref { return Ref(f.Division) }
