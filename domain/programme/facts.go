package programme

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "programme"

// Ref names the programme id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Opened is the first fact of every log.
type Opened struct {
	ProgrammeID domain.ID   `json:"programme_id"`
	Name        domain.Name `json:"name"`
	Currency    string      `json:"currency"`
	Timezone    string      `json:"timezone"`
}

// FactName returns "programme.opened".
func (Opened) FactName() string { return "programme.opened" }

// Subject is the programme.
func (f Opened) Subject() domain.Ref { return Ref(f.ProgrammeID) }
