package importing

import (
	"slices"
)

// Summary says what an import did.
type Summary struct {
	File     string `json:"file"`
	Encoding string `json:"encoding"`
	Profile  string `json:"profile"`
	DryRun   bool   `json:"dry_run"`

	Rows         int `json:"rows"` // the header not counted
	RowsAccepted int `json:"rows_accepted"`
	RowsRejected int `json:"rows_rejected"`

	Documents         int `json:"documents"`
	DocumentsAccepted int `json:"documents_accepted"`
	DocumentsRejected int `json:"documents_rejected"`

	// Commands counts the accepted ones; of a dry run those that would be sent. New
	// ones recorded something, repeated ones were there already.
	Commands int            `json:"commands"`
	New      int            `json:"new"`
	Repeated int            `json:"repeated"`
	ByName   map[string]int `json:"by_command"`

	Warnings []Warning `json:"warnings"`
	// Rejected holds every row of every refused document, in the file's order.
	Rejected []RejectedRow `json:"rejected"`
	// Partial names what stands in the log of a document that was refused while it
	// was sent. With a Rehearser this happens only when others write meanwhile.
	Partial []PartialDocument `json:"partial,omitzero"`

	header    []string
	delimiter byte
}

// RejectedRow is one row of a refused document. Where no reason is its own, it is
// there because the whole document is refused.
type RejectedRow struct {
	Row      int       `json:"row"`
	Line     int       `json:"line"`
	Document string    `json:"document"`
	Reasons  []*Reason `json:"reasons"`
	Cells    []string  `json:"cells"` // as they were read, under Header
}

// PartialDocument is a refused document of which something was recorded.
type PartialDocument struct {
	Document string   `json:"document"`
	Accepted []string `json:"accepted"` // command ids
	Refused  string   `json:"refused"`  // command id
	Code     string   `json:"code"`
}

func newSummary(p *Plan, dry bool) *Summary {
	return &Summary{
		File: p.table.File, Encoding: p.table.Encoding, Profile: p.profile.Name, DryRun: dry,
		Rows: len(p.rows), Documents: len(p.documents), ByName: map[string]int{}, Warnings: p.warnings, Rejected: []RejectedRow{},
		header: p.table.Header, delimiter: p.profile.delimiter,
	}
}

// Header is the header of the file, to which the cells of rejected rows belong.
func (s *Summary) Header() []string { return s.header }

// count takes an accepted command.
func (s *Summary) count(c Command, isNew bool) {
	s.Commands++
	s.ByName[c.Command]++
	if isNew {
		s.New++
	} else {
		s.Repeated++
	}
}

// partial takes a document whose command at place was refused after others.
func (s *Summary) partial(d *document, place int, code string) {
	if place == 0 {
		return
	}
	p := PartialDocument{Document: d.key, Refused: d.commands[place].ID, Code: code}
	for i := range d.commands[:place] {
		p.Accepted = append(p.Accepted, d.commands[i].ID)
	}
	s.Partial = append(s.Partial, p)
}

// close gathers the rejected rows.
func (s *Summary) close(p *Plan) {
	for _, d := range p.documents {
		if !d.refused() {
			continue
		}
		var first *Reason
		for _, r := range d.rows {
			if len(r.reasons) > 0 {
				first = r.reasons[0]
				break
			}
		}
		for _, r := range d.rows {
			reasons := r.reasons
			if len(reasons) == 0 {
				reasons = []*Reason{r.reason("document.refused", nil, "", "all or nothing: see row %d (line %d), %s", first.Row, first.Line, first.Code)}
			}
			s.Rejected = append(s.Rejected, RejectedRow{r.record.Row, r.record.Line, d.key, reasons, r.record.Cells})
		}
	}
	slices.SortFunc(s.Rejected, func(a, b RejectedRow) int { return a.Row - b.Row })
}
