package party

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "party"

// Ref names the party id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// The kinds of parties.
const (
	KindCooperative = "cooperative"
	KindBuyer       = "buyer"
	KindCarrier     = "carrier"
	KindFunder      = "funder"
)

// Payee is where a party is paid: personal, so sealed, with a tag by which two
// parties that share an account can be noticed.
type Payee struct {
	AccountName domain.Sealed `json:"account_name"`
	Bank        domain.Sealed `json:"bank"`
	AccountNo   domain.Sealed `json:"account_no"`
	AccountTag  domain.Tag    `json:"account_tag"`
}

// Profile is what is known of a party, besides its payee. In [Updated] only the
// fields that changed are given.
type Profile struct {
	Name     domain.Name `json:"name,omitzero"`
	USCC     string      `json:"uscc,omitzero"`
	Division string      `json:"division,omitzero"`
	Channel  domain.ID   `json:"channel,omitzero"`
	Farmers  *int        `json:"farmers,omitzero"` // a count
}

// Registered begins a party. A payee given here counts as confirmed.
type Registered struct {
	PartyID   domain.ID `json:"party_id"`
	PartyKind string    `json:"kind"`
	Profile   `json:",embed"`
	Payee     *Payee `json:"payee,omitzero"`
}

// Updated changes the fields given.
type Updated struct {
	PartyID domain.ID `json:"party_id"`
	Profile `json:",embed"`
	Reason  domain.Text `json:"reason"`
}

// PayeeChanged proposes a payee; it holds from [PayeeConfirmed] on.
type PayeeChanged struct {
	PartyID   domain.ID `json:"party_id"`
	Payee     Payee     `json:"payee"`
	ChangedBy domain.ID `json:"changed_by"` // the officer, who can't confirm it
}

// PayeeConfirmed makes the proposed payee the one that is paid.
type PayeeConfirmed struct {
	PartyID   domain.ID `json:"party_id"`
	ChangedBy domain.ID `json:"changed_by"`
}

// Suspended says that the party starts nothing new.
type Suspended struct {
	PartyID domain.ID   `json:"party_id"`
	Reason  domain.Text `json:"reason"`
}

// Reinstated ends a suspension.
type Reinstated struct {
	PartyID domain.ID   `json:"party_id"`
	Reason  domain.Text `json:"reason"`
}

// Closed ends a party.
type Closed struct {
	PartyID domain.ID   `json:"party_id"`
	Reason  domain.Text `json:"reason"`
}

// ErasureRequested asks for the party's personal key to be destroyed.
type ErasureRequested struct {
	PartyID domain.ID   `json:"party_id"`
	Reason  domain.Text `json:"reason"`
}

// Erased says that the key is gone: what was sealed under it can't be read again.
type Erased struct {
	PartyID domain.ID `json:"party_id"`
}

// The names of the facts.
func (Registered) FactName() string       { return "party.registered" }
func (Updated) FactName() string          { return "party.updated" }
func (PayeeChanged) FactName() string     { return "party.payee_changed" }
func (PayeeConfirmed) FactName() string   { return "party.payee_confirmed" }
func (Suspended) FactName() string        { return "party.suspended" }
func (Reinstated) FactName() string       { return "party.reinstated" }
func (Closed) FactName() string           { return "party.closed" }
func (ErasureRequested) FactName() string { return "person.erasure_requested" }
func (Erased) FactName() string           { return "person.erased" }

// The subject of each is the party.
func (f Registered) Subject() domain.Ref       { return Ref(f.PartyID) }
func (f Updated) Subject() domain.Ref          { return Ref(f.PartyID) }
func (f PayeeChanged) Subject() domain.Ref     { return Ref(f.PartyID) }
func (f PayeeConfirmed) Subject() domain.Ref   { return Ref(f.PartyID) }
func (f Suspended) Subject() domain.Ref        { return Ref(f.PartyID) }
func (f Reinstated) Subject() domain.Ref       { return Ref(f.PartyID) }
func (f Closed) Subject() domain.Ref           { return Ref(f.PartyID) }
func (f ErasureRequested) Subject() domain.Ref { return Ref(f.PartyID) }
func (f Erased) Subject() domain.Ref           { return Ref(f.PartyID) }
