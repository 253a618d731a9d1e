package shipment

import (
	"zhitong/domain"
	"zhitong/domain/departure"
)

// Status is where a shipment stands.
type Status string

// The statuses of a shipment.
const (
	IsLogged    Status = "logged"
	IsLoaded    Status = "loaded"
	HasDeparted Status = "departed"
	HasArrived  Status = "arrived"
	IsInspected Status = "inspected"
	IsCancelled Status = "cancelled"
)

// LineState is a line of a shipment with all that became of it.
type LineState struct {
	Line
	Loaded LoadedLine // of the last loading; zero before

	Sold     Sold   // frozen at the inspection
	Result   Result // of the inspection or the latest correction
	Returned domain.Quantity
	Back     domain.Kg    // kg returned, by the present accepted kg
	Refunded domain.Money // amount of the returns
}

// State is a shipment as its own facts leave it. Whether it is on the road is known
// to its departure: see [Standing].
type State struct {
	ID, CooperativeID, BuyerID, WaybillNo domain.ID
	DepartureID                           domain.ID // of the last loading; "" before
	Lines                                 []*LineState
	Inspected, Cancelled                  bool
	Deal                                  Deal // once inspected
}

// Exists reports whether the shipment was logged.
func (s *State) Exists() bool { return s.ID != "" }

// Line returns the line with the number, or nil.
func (s *State) Line(no int) *LineState {
	for _, l := range s.Lines {
		if l.LineNo == no {
			return l
		}
	}
	return nil
}

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Logged:
		s.ID, s.CooperativeID, s.BuyerID, s.WaybillNo = f.ShipmentID, f.CooperativeID, f.BuyerID, f.WaybillNo
		s.replace(f.Lines, false)
	case Corrected:
		s.replace(f.Lines, f.Loaded)
		if !f.Loaded {
			s.DepartureID = ""
		}
	case Cancelled:
		s.Cancelled = true
	case Loaded:
		s.DepartureID = f.DepartureID
		for _, l := range f.Lines {
			s.Line(l.LineNo).Loaded = l
		}
	case Inspected:
		s.Inspected, s.Deal = true, f.Deal
		for _, l := range f.Lines {
			line := s.Line(l.LineNo)
			line.Sold, line.Result = l.Sold, l.Result
		}
	case Returned:
		l := s.Line(f.LineNo)
		l.Returned = f.ReturnedInAll
		l.Back, l.Refunded = l.Back.Add(f.Kg), l.Refunded.Add(f.Amount)
	case InspectionCorrected:
		for _, c := range f.Lines {
			l := s.Line(c.LineNo)
			l.Result, l.Back = c.New, l.Back.Add(c.ReturnedKg)
		}
	default:
		domain.Unknown(f)
	}
}

func (s *State) replace(lines []Line, loaded bool) {
	s.Lines = make([]*LineState, len(lines))
	for i, l := range lines {
		s.Lines[i] = &LineState{Line: l}
		if loaded {
			s.Lines[i].Loaded = LoadedLine{l.LineNo, l.Quantity, l.Kg}
		}
	}
}

// Standing is a shipment together with the status of the departure that it was last
// loaded on: what rules ask about. A cancelled departure turns it back to logged.
type Standing struct {
	*State
	Trip departure.Status
}

// Status is where the shipment stands.
func (s Standing) Status() Status {
	switch {
	case s.Cancelled:
		return IsCancelled
	case s.Inspected:
		return IsInspected
	}
	switch s.Trip {
	case departure.IsScheduled:
		return IsLoaded
	case departure.HasDeparted:
		return HasDeparted
	case departure.HasArrived:
		return HasArrived
	}
	return IsLogged
}

// Carries reports whether goods of the order line with the number (of any line of
// the order when no is 0) are, or were, loaded, or arrived though none were.
func (s Standing) Carries(order domain.ID, no int) bool {
	switch s.Status() {
	case IsLogged, IsCancelled:
		return false
	}
	for _, l := range s.Lines {
		if l.OrderID == order && (no == 0 || l.OrderLine == no) && (l.Loaded.Quantity.Sign() > 0 || l.Result.Arrived.Sign() > 0) {
			return true
		}
	}
	return false
}

// Departed reports whether the shipment has left.
func (s Standing) Departed() bool {
	switch s.Status() {
	case HasDeparted, HasArrived, IsInspected:
		return true
	}
	return false
}
