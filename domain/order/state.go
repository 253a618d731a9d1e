package order

import (
	"cmp"
	"slices"

	"zhitong/domain"
)

// Holder is a line of a shipment that holds a part of an order line.
type Holder struct {
	ShipmentID domain.ID
	Line       int
}

func (h Holder) compare(o Holder) int {
	return cmp.Or(cmp.Compare(h.ShipmentID, o.ShipmentID), cmp.Compare(h.Line, o.Line))
}

// LineState is an order line with what is allocated of it.
type LineState struct {
	Line
	ShortClosed bool
	Allocated   domain.Quantity            // Σ allocated − Σ released = Σ Held
	Held        map[Holder]domain.Quantity // also 0: whoever holds or ever held a part
}

// State is an order as its facts leave it.
type State struct {
	ID, BuyerID          domain.ID
	Confirmed, Cancelled bool
	Lines                []*LineState // in the order of the order
	byNo                 map[int]*LineState
}

// Exists reports whether the order was submitted.
func (s *State) Exists() bool { return s.ID != "" }

// Line returns the line with the number, or nil.
func (s *State) Line(no int) *LineState { return s.byNo[no] }

// Held returns what the holder holds of the line; 0 when nothing.
func (s *State) Held(no int, h Holder) domain.Quantity {
	if l := s.Line(no); l != nil {
		return l.Held[h]
	}
	return domain.Quantity{}
}

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Submitted:
		s.submit(f)
	case Confirmed:
		s.Confirmed = true
		for _, a := range f.Lines {
			s.byNo[a.LineNo].CooperativeID = a.CooperativeID
		}
	case PriceRevised:
		s.byNo[f.LineNo].UnitPrice = f.UnitPrice
	case LineShortClosed:
		s.byNo[f.LineNo].ShortClosed = true
	case Cancelled:
		s.Cancelled = true
	case LineAllocated:
		l, h := s.byNo[f.LineNo], Holder{f.ShipmentID, f.ShipmentLine}
		l.Allocated, l.Held[h] = l.Allocated.Add(f.Quantity), l.Held[h].Add(f.Quantity)
	case LineReleased:
		l, h := s.byNo[f.LineNo], Holder{f.ShipmentID, f.ShipmentLine}
		l.Allocated, l.Held[h] = l.Allocated.Sub(f.Quantity), l.Held[h].Sub(f.Quantity)
	default:
		domain.Unknown(f)
	}
}

func (s *State) submit(f Submitted) {
	s.ID, s.BuyerID = f.OrderID, f.BuyerID
	s.byNo = make(map[int]*LineState, len(f.Lines))
	for _, l := range f.Lines {
		line := &LineState{Line: l, Held: map[Holder]domain.Quantity{}}
		s.Lines = append(s.Lines, line)
		s.byNo[l.LineNo] = line
	}
}

// holders lists whoever holds or ever held a part of the line, in order.
func (l *LineState) holders() []Holder {
	hs := make([]Holder, 0, len(l.Held))
	for h := range l.Held {
		hs = append(hs, h)
	}
	slices.SortFunc(hs, Holder.compare)
	return hs
}

// Shipments lists the shipments that hold or ever held a part of the line with the
// number, or of any line when no is 0, in order and each once.
func (s *State) Shipments(no int) []domain.ID {
	var ids []domain.ID
	for _, l := range s.Lines {
		if no != 0 && l.LineNo != no {
			continue
		}
		for h := range l.Held {
			ids = append(ids, h.ShipmentID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
