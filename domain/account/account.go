package account

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/party"
)

// Grant is the command account.grant.
type Grant struct {
	AccountID domain.ID   `json:"account_id"`
	Role      domain.Role `json:"role"`
	PartyID   domain.ID   `json:"party_id,omitzero"`
}

// Revoke is the command account.revoke.
type Revoke struct {
	AccountID domain.ID   `json:"account_id"`
	Reason    domain.Text `json:"reason"`
}

// PartyKind is the kind of party that an account in the role acts for, or "" for
// the roles that act for themselves.
func PartyKind(role domain.Role) string {
	switch role {
	case domain.Cooperative:
		return party.KindCooperative
	case domain.Buyer:
		return party.KindBuyer
	case domain.Carrier:
		return party.KindCarrier
	case domain.Funder:
		return party.KindFunder
	}
	return ""
}

// CheckRole refuses a role that no client can have, and a party role without its
// party.
func CheckRole(role domain.Role, partyID domain.ID) error {
	var words []string
	for _, r := range ClientRoles() {
		words = append(words, string(r))
	}
	if err := domain.CheckWord("role", string(role), words...); err != nil {
		return err
	}
	if PartyKind(role) != "" && partyID == "" {
		return domain.Refuse(domain.Invalid, "account.party_missing", "party_id", "", "a %s acts for a party: which one?", role)
	}
	return nil
}

// Validate checks the command's values.
func (c *Grant) Validate() error {
	return domain.First(domain.RequiredID("account_id", c.AccountID), CheckRole(c.Role, c.PartyID))
}

// Validate checks the command's values.
func (c *Revoke) Validate() error {
	return domain.First(domain.RequiredID("account_id", c.AccountID), domain.RequiredText("reason", c.Reason))
}

// State is an account as its facts leave it.
type State struct {
	ID      domain.ID // "" when no role was ever given
	Role    domain.Role
	PartyID domain.ID
	Revoked bool
}

// Exists reports whether the account was ever given a role.
func (s *State) Exists() bool { return s.ID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Granted:
		*s = State{ID: f.AccountID, Role: f.Role, PartyID: f.PartyID}
	case Revoked:
		s.Revoked = true
	default:
		domain.Unknown(f)
	}
}

// Grant decides account.grant. An account has one role at a time; one that was
// taken away can be given anew. The party of a party role must be of its kind.
func (s *State) Grant(c *Grant, p *party.State) ([]domain.Fact, error) {
	if s.Exists() && !s.Revoked {
		return nil, domain.Refuse(domain.Conflict, CodeGranted, "account_id", string(c.AccountID),
			"the account is %s already; account.revoke comes first", describe(s.Role, s.PartyID))
	}
	if kind := PartyKind(c.Role); kind != "" {
		if err := p.IsA(kind, "party_id", c.PartyID); err != nil {
			return nil, err
		}
		if p.Closed {
			return nil, domain.Refuse(domain.Conflict, "party.closed", "party_id", string(c.PartyID), "party %q is closed", c.PartyID)
		}
	}
	return []domain.Fact{Granted(*c)}, nil
}

// The codes of refusals that say that what was asked for is so already.
const (
	CodeGranted = "account.already_granted"
	CodeRevoked = "account.already_revoked"
	CodeUnknown = "account.unknown"
)

// Revoke decides account.revoke.
func (s *State) Revoke(c *Revoke) ([]domain.Fact, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(domain.NotFound, CodeUnknown, "account_id", string(c.AccountID), "no account has this id")
	case s.Revoked:
		return nil, domain.Refuse(domain.Conflict, CodeRevoked, "account_id", string(c.AccountID), "its role was taken away before")
	}
	return []domain.Fact{Revoked{AccountID: c.AccountID, Role: s.Role, PartyID: s.PartyID, Reason: c.Reason}}, nil
}

func describe(role domain.Role, partyID domain.ID) string {
	if partyID == "" {
		return string(role)
	}
	return string(role) + " for " + string(partyID)
}

// ClientRoles are the roles that an account can have.
func ClientRoles() []domain.Role {
	return slices.DeleteFunc(slices.Clone(domain.Roles[:]), func(r domain.Role) bool { return r == domain.System })
}
