package claim

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/policy"
)

// Status is where a claim stands.
type Status string

// The statuses of a claim; the zero Status is that of no claim.
const (
	IsAssessed      Status = "assessed"
	IsWaitlisted    Status = "waitlisted"
	IsRefused       Status = "refused"
	IsSubmitted     Status = "submitted"
	IsApproved      Status = "approved"
	IsPublicised    Status = "publicised"
	IsObjected      Status = "objected"
	IsAuthorised    Status = "authorised"
	IsBatched       Status = "batched"
	IsPaid          Status = "paid"
	IsPaymentFailed Status = "payment_failed"
	IsRejected      Status = "rejected"
)

// Pot is where the money of a claim of that status stands.
func (s Status) Pot() Pot {
	switch s {
	case IsWaitlisted:
		return Waiting
	case IsAssessed, IsSubmitted:
		return Reserved
	case IsPaid:
		return PaidOut
	case IsRefused, IsRejected, "":
		return Nowhere
	}
	return Obligated
}

// LineState is a line of a claim as it stands.
type LineState struct {
	LineNo     int
	ItemID     domain.ID
	Category   domain.ID
	AcceptedKg domain.Kg
	Inputs     policy.Inputs
	Subsidy    domain.Money   // of a paid claim: what was paid
	Shares     []Share        // nil while waiting or refused
	Left       []domain.Money // the shares less what clawbacks have taken; parallel to Shares
	Before     domain.Money   // on a supplement: what the line had before it
}

// Remaining is what the claim still gives for the line.
func (l *LineState) Remaining() domain.Money {
	if l.Shares == nil {
		return l.Subsidy
	}
	return sum(l.Left)
}

// State is a claim as its facts leave it.
type State struct {
	Head
	Channel     domain.ID
	Supplements domain.ID // the claim that this one supplements; "" for none
	InspectedOn domain.Day
	Changes     int // how many returns and corrections are reckoned in
	Status      Status
	Lines       []*LineState
	Followers   []domain.ID // supplements of this claim, oldest first

	Submitter   domain.ID
	Approvers   []domain.ID // of all rounds
	Publicisers []domain.ID
	Objector    domain.ID
	From, To    domain.Day // of the latest posting
	BatchID     domain.ID  // the open batch; "" for none

	Clawbacks []*Clawback
}

// Clawback is a clawback of the claim as it stands.
type Clawback struct {
	ID       domain.ID
	Status   ClawbackStatus
	Amount   domain.Money
	Lines    []ClawbackLine
	Left     [][]domain.Money // parallel to Lines and their Shares: what has not come back yet
	CausedBy []domain.ID
	Approver domain.ID
	Method   string
}

// ClawbackStatus is where a clawback stands.
type ClawbackStatus string

// The statuses of a clawback.
const (
	ClawbackIsProposed ClawbackStatus = "proposed"
	ClawbackIsApproved ClawbackStatus = "approved"
	ClawbackIsSettled  ClawbackStatus = "settled"
)

// Exists reports whether there is such a claim.
func (s *State) Exists() bool { return s.ClaimID != "" }

// Line returns the line with the number, or nil.
func (s *State) Line(no int) *LineState {
	for _, l := range s.Lines {
		if l.LineNo == no {
			return l
		}
	}
	return nil
}

// Clawback returns the clawback with the id, or nil.
func (s *State) Clawback(id domain.ID) *Clawback {
	for _, c := range s.Clawbacks {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Total is the sum of the lines' subsidies.
func (s *State) Total() domain.Money {
	var total domain.Money
	for _, l := range s.Lines {
		total = total.Add(l.Subsidy)
	}
	return total
}

// Standing is what the claim amounts to.
func (s *State) Standing() Standing {
	st := Standing{Lines: make([]Portion, len(s.Lines)), Total: s.Total()}
	for i, l := range s.Lines {
		st.Lines[i] = Portion{l.LineNo, l.ItemID, l.AcceptedKg, l.Subsidy, l.Shares}
	}
	return st
}

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Assessed:
		s.begin(f.Assessment, IsAssessed)
	case Waitlisted:
		s.begin(f.Assessment, IsWaitlisted)
	case Refused:
		s.begin(f.Assessment, IsRefused)
	case TakenUp:
		s.Status = IsAssessed
		for _, p := range f.Lines {
			l := s.Line(p.LineNo)
			l.Subsidy, l.Shares, l.Left = p.Subsidy, p.Shares, amounts(p.Shares)
		}
	case Reassessed:
		s.reassess(f)
	default:
		s.applyLife(f)
	}
}

func (s *State) begin(a Assessment, status Status) {
	s.Head, s.Channel, s.Supplements, s.InspectedOn, s.Changes, s.Status = a.Head, a.Channel, a.Supplements, a.InspectedOn, a.Changes, status
	for _, l := range a.Lines {
		s.Lines = append(s.Lines, &LineState{LineNo: l.LineNo, ItemID: l.ItemID, Category: l.Category, AcceptedKg: l.AcceptedKg,
			Inputs: l.Inputs, Subsidy: l.Subsidy, Shares: l.Shares, Left: amounts(l.Shares), Before: l.Before})
	}
}

func (s *State) reassess(f Reassessed) {
	s.Changes = f.Changes
	for _, r := range f.Lines {
		l := s.Line(r.LineNo)
		l.AcceptedKg, l.Inputs, l.Subsidy = r.AcceptedKg, r.Inputs, r.Subsidy
		if s.Status != IsPaid && r.Shares != nil {
			l.Shares, l.Left = r.Shares, amounts(r.Shares)
		}
	}
	if f.Supplement != "" {
		s.Followers = append(s.Followers, f.Supplement)
	}
	if f.Resubmit != nil {
		s.Status, s.Objector = IsSubmitted, ""
	}
}

func (s *State) applyLife(f domain.Fact) {
	switch f := f.(type) {
	case Submitted:
		s.Status, s.Submitter = IsSubmitted, f.By
	case Approved:
		s.Status, s.Approvers = IsApproved, append(s.Approvers, f.By)
	case Rejected:
		s.Status = IsRejected
	case Publicised:
		s.Status, s.From, s.To, s.Publicisers = IsPublicised, f.Posting.From, f.Posting.To, append(s.Publicisers, f.By)
	case Objected:
		s.Status, s.Objector = IsObjected, f.By
	case ObjectionResolved:
		s.Status, s.Objector = IsPublicised, ""
	case Authorised:
		s.Status = IsAuthorised
	case Batched:
		s.Status, s.BatchID = IsBatched, f.BatchID
	case Paid:
		s.Status, s.BatchID = IsPaid, ""
	case PaymentFailed:
		s.Status, s.BatchID = IsPaymentFailed, ""
	default:
		s.applyClawback(f)
	}
}

func (s *State) applyClawback(f domain.Fact) {
	switch f := f.(type) {
	case ClawbackProposed:
		c := &Clawback{ID: f.ClawbackID, Status: ClawbackIsProposed, Amount: f.Amount, Lines: f.Lines, CausedBy: f.CausedBy}
		for _, l := range f.Lines {
			c.Left = append(c.Left, amounts(l.Shares))
			take(s.Line(l.LineNo).Left, l.Shares)
		}
		s.Clawbacks = append(s.Clawbacks, c)
	case ClawbackApproved:
		c := s.Clawback(f.ClawbackID)
		c.Status, c.Approver = ClawbackIsApproved, f.By
	case ClawbackSettled:
		c := s.Clawback(f.ClawbackID)
		c.Status, c.Method = ClawbackIsSettled, f.Method
	case ClawbackRecovered:
		c := s.Clawback(f.ClawbackID)
		for _, l := range f.Lines {
			i := slices.IndexFunc(c.Lines, func(k ClawbackLine) bool { return k.LineNo == l.LineNo })
			take(c.Left[i], l.Shares)
		}
	default:
		domain.Unknown(f)
	}
}

func take(left []domain.Money, shares []Share) {
	for i, s := range shares {
		left[i] = left[i].Sub(s.Amount)
	}
}

func amounts(shares []Share) []domain.Money {
	if shares == nil {
		return nil
	}
	out := make([]domain.Money, len(shares))
	for i, s := range shares {
		out[i] = s.Amount
	}
	return out
}

func sum(list []domain.Money) domain.Money {
	var total domain.Money
	for _, m := range list {
		total = total.Add(m)
	}
	return total
}
