package order

import (
	"strconv"

	"zhitong/domain"
)

// Why quantities are allocated and released.
const (
	WhyLogged            = "logged"
	WhyGain              = "gain"
	WhyCorrected         = "corrected"
	WhyOrderCancelled    = "order_cancelled"
	WhyShipmentCancelled = "shipment_cancelled"
	WhyNotLoaded         = "not_loaded"
	WhyLostOrRejected    = "lost_or_rejected"
)

// Part is a quantity of a line that goes to, or comes back from, a shipment line.
// Parts of 0 change nothing and make no fact.
type Part struct {
	LineNo int
	Holder
	Quantity domain.Quantity
	Field    string // the command's field that asks for it
}

// Accepting returns the line to which a cooperative's shipment may belong: of a
// confirmed order that is not cancelled, and its own. Problems stand in the fields
// order_id and order_line below at.
func (s *State) Accepting(id domain.ID, no int, cooperative domain.ID, at string) (*LineState, error) {
	orderField, lineField := at+".order_id", at+".order_line"
	if err := s.live(orderField, id); err != nil {
		return nil, err
	}
	if !s.Confirmed {
		return nil, domain.Refuse(domain.Conflict, "order.not_confirmed", orderField, string(id), "order %q is not confirmed yet", id)
	}
	l, err := s.line(lineField, no)
	if err != nil {
		return nil, err
	}
	if l.CooperativeID != cooperative {
		return nil, domain.Refuse(domain.Denied, "order.not_yours", lineField, strconv.Itoa(no),
			"order %q line %d is cooperative %q's", id, no, l.CooperativeID)
	}
	return l, nil
}

// Loadable refuses a cancelled order: no shipment with a line of it is loaded.
func (s *State) Loadable(id domain.ID) error { return s.live("shipment_id", id) }

// Log allocates what a new shipment takes. Nothing more comes on a short-closed
// line. All parts that a command takes of this order come in one call.
func (s *State) Log(parts []Part) ([]domain.Fact, error) {
	for _, p := range parts {
		if l := s.Line(p.LineNo); l != nil && l.ShortClosed {
			return nil, shortClosed(s.ID, p)
		}
	}
	return s.book(WhyLogged, nil, parts, nil)
}

func shortClosed(id domain.ID, p Part) error {
	return domain.Refuse(domain.Conflict, "order.line_short_closed", p.Field, p.Quantity.String(),
		"order %q line %d is short-closed: nothing more comes on it", id, p.LineNo)
}

// Correct lets the allocation follow a corrected shipment: first what it no longer
// takes is released, then what it takes more is allocated. On a short-closed line
// the shipment may not take more than before.
func (s *State) Correct(release, more []Part) ([]domain.Fact, error) {
	t := make(tally)
	t.release(release)
	for _, p := range more {
		l := s.Line(p.LineNo)
		if l != nil && l.ShortClosed && t.after(l).Add(p.Quantity).Cmp(l.Allocated) > 0 {
			return nil, shortClosed(s.ID, p)
		}
		t.allocate(p)
	}
	return s.book(WhyCorrected, release, more, nil)
}

// Release takes quantities back.
func (s *State) Release(why string, parts []Part) ([]domain.Fact, error) {
	return s.book(why, parts, nil, nil)
}

// Inspect books an inspection: what arrived beyond what was loaded is allocated
// first, which must stay within the ceiling, then what was lost or rejected is
// released.
func (s *State) Inspect(gain, release []Part) ([]domain.Fact, error) {
	if err := s.gainOnCancelled(gain); err != nil {
		return nil, err
	}
	return s.book(WhyGain, nil, gain, release)
}

// Reinspect books a corrected inspection: releases first, then allocations.
func (s *State) Reinspect(release, more []Part) ([]domain.Fact, error) {
	if err := s.gainOnCancelled(more); err != nil {
		return nil, err
	}
	return s.book(WhyCorrected, release, more, nil)
}

func (s *State) gainOnCancelled(parts []Part) error {
	for _, p := range parts {
		if p.Quantity.Sign() > 0 && s.Cancelled {
			return domain.Refuse(domain.Conflict, "order.cancelled", p.Field, p.Quantity.String(), "order %q is cancelled", s.ID)
		}
	}
	return nil
}

// book makes the facts of releases, then of allocations (each checked against the
// ceiling on top of all before), then of releases that come after the check. why is
// said of the first two; the last are lost or rejected goods.
func (s *State) book(why string, release, allocate, lost []Part) ([]domain.Fact, error) {
	var facts []domain.Fact
	t := make(tally)
	t.release(release)
	for _, p := range release {
		if p.Quantity.Sign() > 0 {
			facts = append(facts, LineReleased{p.share(s.ID), why})
		}
	}
	for _, p := range allocate {
		if p.Quantity.Sign() <= 0 {
			continue
		}
		l, err := s.line(p.Field, p.LineNo)
		if err != nil {
			return nil, err
		}
		if err := l.within(s.ID, t.after(l), p); err != nil {
			return nil, err
		}
		t.allocate(p)
		facts = append(facts, LineAllocated{p.share(s.ID), why})
	}
	for _, p := range lost {
		if p.Quantity.Sign() > 0 {
			facts = append(facts, LineReleased{p.share(s.ID), WhyLostOrRejected})
		}
	}
	return facts, nil
}

func (p Part) share(order domain.ID) Share {
	return Share{OrderID: order, LineNo: p.LineNo, ShipmentID: p.ShipmentID, ShipmentLine: p.Line, Quantity: p.Quantity}
}

// within refuses an allocation on top of what is allocated that passes the line's
// ceiling: quantity × (1 + tolerance).
func (l *LineState) within(order domain.ID, allocated domain.Quantity, p Part) error {
	ceiling := l.Quantity.Ceiling(l.Tolerance)
	if allocated.Add(p.Quantity).Cmp(ceiling) <= 0 {
		return nil
	}
	of := l.Quantity.String()
	if l.Tolerance.Sign() > 0 {
		of += " × " + l.Tolerance.OnePlus()
	}
	return domain.Refuse(domain.Limit, "order.over_allocated", p.Field, p.Quantity.String(),
		"needs %s, may still allocate %s of %s on order %q line %d", p.Quantity, ceiling.Excess(allocated).Plain(), of, order, l.LineNo)
}

// tally is what is allocated of each line while a booking is being made.
type tally map[int]domain.Quantity

// after is what is allocated of the line after what was booked so far.
func (t tally) after(l *LineState) domain.Quantity { return l.Allocated.Add(t[l.LineNo]) }

func (t tally) allocate(p Part) { t[p.LineNo] = t[p.LineNo].Add(p.Quantity) }

func (t tally) release(parts []Part) {
	for _, p := range parts {
		t[p.LineNo] = t[p.LineNo].Sub(p.Quantity)
	}
}
