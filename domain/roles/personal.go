package roles

import (
	"slices"

	"zhitong/domain"
)

// sight is whose personal values a role may see.
type sight int

const (
	none sight = iota
	own        // the actor's, who is the party
	every
)

// sights is the table of who may see personal values (the payees). A role that is not
// in it sees none: the dispatcher's and the operator's work needs none.
var sights = map[domain.Role]sight{
	cooperative:   own,
	buyer:         own,
	carrier:       own,
	domain.Funder: own,
	officer:       every, // registers and confirms payees
	finance:       every, // pays them
	auditor:       every, // reads everything
}

// CheckPersonal returns nil when by may see the personal values of a party, else a
// problem with code personal.denied, which names the roles that could.
func CheckPersonal(by domain.By, party domain.ID) *domain.Problem {
	switch sights[by.Role] {
	case every:
		return nil
	case own:
		if by.Actor == party {
			return nil
		}
	}
	var could []domain.Role
	for role, s := range sights {
		if s == every {
			could = append(could, role)
		}
	}
	slices.Sort(could)
	p := domain.Refuse(domain.Denied, "personal.denied", "", "", "personal values are for %v and the party itself", could)
	p.Roles = could
	return p
}
