package finding

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "finding"

// Ref names the finding id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Status is what an auditor thinks of a finding.
type Status string

// The statuses.
const (
	Open      Status = "open"
	Explained Status = "explained"
	Confirmed Status = "confirmed"
)

// Note is the command finding.note.
type Note struct {
	FindingID domain.ID   `json:"finding_id"`
	Status    Status      `json:"status"`
	Note      domain.Text `json:"note"`
}

// Noted says what an auditor thinks of a finding.
type Noted struct {
	FindingID domain.ID   `json:"finding_id"`
	Status    Status      `json:"status"`
	Note      domain.Text `json:"note"`
}

// FactName returns "finding.noted".
func (Noted) FactName() string { return "finding.noted" }

// Subject is the finding.
func (f Noted) Subject() domain.Ref { return Ref(f.FindingID) }

// Validate checks the values of the note.
func (d *Note) Validate() error {
	return domain.First(
		domain.RequiredID("finding_id", d.FindingID),
		domain.CheckWord("status", string(d.Status), string(Open), string(Explained), string(Confirmed)),
		domain.RequiredText("note", d.Note),
	)
}

// Decide decides finding.note: any auditor may note anything, again and again.
func Decide(d *Note) []domain.Fact { return []domain.Fact{Noted(*d)} }

// State is a finding as its notes leave it.
type State struct{ Status Status }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	n, ok := f.(Noted)
	if !ok {
		domain.Unknown(f)
	}
	s.Status = n.Status
}
