package sheet

import (
	"errors"
	"fmt"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/item"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/events"
	"zhitong/internal/history"
)

// ErrNoClaim says that no event tells of the claim.
var ErrNoClaim = errors.New("no claim has this id")

// Maker collects what a claim's sheet is made of, from the log's commits in order.
type Maker struct {
	id       domain.ID
	state    claim.State
	sheet    Sheet
	policies map[versionOf]published
}

type versionOf struct {
	policy  domain.ID
	version int
}

type published struct {
	policy  *policy.Policy
	eventID string
}

// NewMaker begins the sheet of a claim.
func NewMaker(id domain.ID) *Maker {
	zero := domain.MoneyFromFen(0)
	return &Maker{id: id, policies: map[versionOf]published{}, sheet: Sheet{
		Assessed: zero, Paid: zero, Withheld: zero, ClawedBack: zero, Names: map[string]domain.Name{},
		Lines: []Line{}, Reassessments: []Reassessment{}, Clawbacks: []Clawback{}, Life: []Happening{},
	}}
}

// Keep says which commits the maker needs; it may be given all.
func (m *Maker) Keep() history.Keep {
	return history.Any(history.Naming(m.id), history.Of(policy.Published{}, party.Registered{}, party.Updated{}, item.Registered{}, item.Updated{}))
}

// Fold takes a commit.
func (m *Maker) Fold(c *events.Commit) {
	for i := range c.Events {
		e := &c.Events[i]
		if e.Subject == claim.Ref(m.id) {
			m.own(e, c)
			continue
		}
		switch f := e.Fact.(type) {
		case policy.Published:
			m.policies[versionOf{f.PolicyID, f.Version}] = published{&f.Policy, e.ID}
			m.name(e.Subject, f.Name)
		case party.Registered:
			m.name(e.Subject, f.Name)
		case party.Updated:
			m.name(e.Subject, f.Name)
		case item.Registered:
			m.name(e.Subject, f.Name)
		case item.Updated:
			m.name(e.Subject, f.Name)
		}
	}
}

func (m *Maker) name(of domain.Ref, n domain.Name) {
	if !n.IsZero() {
		m.sheet.Names[of.String()] = n
	}
}

// own takes an event of the claim itself.
func (m *Maker) own(e *events.Event, c *events.Commit) {
	s := &m.sheet
	m.state.Apply(e.Fact)
	h := Happening{Fact: e.Name(), Time: e.Time, Actor: e.Actor, Role: e.Role, EventID: e.ID, CausedBy: e.Causation, Position: e.Position}
	h.FundEvent = fundEvents(c, m.id)
	switch f := e.Fact.(type) {
	case claim.Assessed:
		m.begin(f.Assessment, nil, e.ID)
		h.Amount = f.Total
	case claim.Waitlisted:
		m.begin(f.Assessment, f.Shortage, e.ID)
		h.Amount = f.Total
	case claim.Refused:
		m.begin(f.Assessment, &f.Shortage, e.ID)
		h.Amount = f.Total
	case claim.TakenUp:
		m.takenUp(f, e.ID)
		h.Amount = f.Total
	case claim.Reassessed:
		s.Reassessments = append(s.Reassessments, Reassessment{f, e.ID, e.Time})
		h.Amount, h.Of = f.Total, f.Supplement
	default:
		m.life(e.Fact, &h)
		m.clawback(e.Fact, e.ID)
	}
	for _, mv := range claim.Moves(e.Fact) {
		s.Assessed, s.Paid, s.ClawedBack = s.Assessed.Add(mv.Assessed), s.Paid.Add(mv.Paid), s.ClawedBack.Add(mv.ClawedBack)
	}
	s.Life = append(s.Life, h)
}

// fundEvents are the events of the commit that move the claim's money or counts.
func fundEvents(c *events.Commit, id domain.ID) []string {
	var ids []string
	for i := range c.Events {
		if e := &c.Events[i]; e.Subject.Kind == fund.Kind && movesFor(e.Fact) == id {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func movesFor(f domain.Fact) domain.ID {
	switch f := f.(type) {
	case fund.Reserved:
		return f.ClaimID
	case fund.Released:
		return f.ClaimID
	case fund.Obligated:
		return f.ClaimID
	case fund.Unobligated:
		return f.ClaimID
	case fund.Spent:
		return f.ClaimID
	case fund.Refunded:
		return f.ClaimID
	case fund.Recounted:
		return f.ClaimID
	case fund.Queued:
		return f.ClaimID
	case fund.QueueChanged:
		return f.ClaimID
	case fund.Unqueued:
		return f.ClaimID
	}
	return ""
}

func (m *Maker) begin(a claim.Assessment, short *fund.Shortage, event string) {
	s := &m.sheet
	s.Head, s.Supplements, s.Channel, s.DepartureID, s.InspectedOn = a.Head, a.Supplements, a.Channel, a.DepartureID, a.InspectedOn
	for _, l := range a.Lines {
		line := Line{Line: l, EventID: event, Shortage: short}
		if l.Shares != nil {
			line.SharesEvent = event
		}
		s.Lines = append(s.Lines, line)
	}
}

func (m *Maker) takenUp(f claim.TakenUp, event string) {
	for _, p := range f.Lines {
		for i := range m.sheet.Lines {
			if l := &m.sheet.Lines[i]; l.LineNo == p.LineNo {
				l.TakenUp, l.SharesEvent = p.Shares, event
			}
		}
	}
}

// life fills in what a step of the claim's life says.
func (m *Maker) life(f domain.Fact, h *Happening) {
	switch f := f.(type) {
	case claim.Submitted:
		h.Amount = f.Total
	case claim.Approved:
		h.Amount = f.Total
	case claim.Rejected:
		h.Amount, h.Note = f.Total, f.Reason
	case claim.Publicised:
		h.Amount, h.From, h.To = f.Posting.Amount, f.Posting.From, f.Posting.To
	case claim.Objected:
		h.Note = f.Reason
	case claim.ObjectionResolved:
		h.Note, h.Upheld = f.Note, f.Upheld
	case claim.Authorised:
		h.Amount = f.Total
	case claim.Batched:
		h.Amount, h.Of, h.LineNo = f.Total, f.BatchID, f.LineNo
	case claim.Paid:
		h.Amount, h.Of, h.Note, h.Withheld = f.Total, f.BatchID, f.Reference, f.Withheld
		m.sheet.Withheld = m.sheet.Withheld.Add(f.Withheld)
	case claim.PaymentFailed:
		h.Of, h.Note = f.BatchID, f.Reason
	case claim.ClawbackProposed:
		h.Amount, h.Of = f.Amount, f.ClawbackID
	case claim.ClawbackApproved:
		h.Amount, h.Of = f.Amount, f.ClawbackID
	case claim.ClawbackSettled:
		h.Amount, h.Of, h.Method, h.Note = f.Amount, f.ClawbackID, f.Method, f.Reference
	case claim.ClawbackRecovered:
		h.Amount, h.Of = f.Amount, f.ClawbackID
	}
}

func (m *Maker) clawback(f domain.Fact, event string) {
	s := &m.sheet
	came := func(id domain.ID, amount domain.Money) {
		for i := range s.Clawbacks {
			if c := &s.Clawbacks[i]; c.ClawbackID == id {
				c.CameBack = c.CameBack.Add(amount)
			}
		}
	}
	switch f := f.(type) {
	case claim.ClawbackProposed:
		s.Clawbacks = append(s.Clawbacks, Clawback{ClawbackID: f.ClawbackID, Amount: f.Amount, Lines: f.Lines, Causes: f.Causes, CameBack: domain.MoneyFromFen(0), EventID: event})
	case claim.ClawbackSettled:
		if f.Method == claim.Refund {
			came(f.ClawbackID, f.Amount)
		}
	case claim.ClawbackRecovered:
		came(f.ClawbackID, f.Amount)
	}
}

// Sheet returns the sheet of what was folded.
func (m *Maker) Sheet() (*Sheet, error) {
	s := m.sheet
	if !m.state.Exists() {
		return nil, fmt.Errorf("claim %q: %w", m.id, ErrNoClaim)
	}
	s.Status = m.state.Status
	for i := range s.Clawbacks {
		c := m.state.Clawback(s.Clawbacks[i].ClawbackID)
		s.Clawbacks[i].Status, s.Clawbacks[i].Method = c.Status, c.Method
	}
	version, known := m.policies[versionOf{s.PolicyID, s.PolicyVersion}]
	if known {
		p := version.policy
		s.Policy = &Source{p.Effective, p.Limits, p.Split, p.OnExhausted, version.eventID}
	}
	s.Check = check(&s, version.policy)
	return &s, nil
}
