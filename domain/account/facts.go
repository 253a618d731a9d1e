package account

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "account"

// Ref names the account id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Granted gives a role to an account. PartyID is who it acts for; "" where it acts
// for itself.
type Granted struct {
	AccountID domain.ID   `json:"account_id"`
	Role      domain.Role `json:"role"`
	PartyID   domain.ID   `json:"party_id,omitzero"`
}

// Revoked takes the role away again, and with it every token and session.
type Revoked struct {
	AccountID domain.ID   `json:"account_id"`
	Role      domain.Role `json:"role"`
	PartyID   domain.ID   `json:"party_id,omitzero"`
	Reason    domain.Text `json:"reason"`
}

// The names of the facts.
func (Granted) FactName() string { return "account.granted" }
func (Revoked) FactName() string { return "account.revoked" }

// The subject of each is the account.
func (f Granted) Subject() domain.Ref { return Ref(f.AccountID) }
func (f Revoked) Subject() domain.Ref { return Ref(f.AccountID) }
