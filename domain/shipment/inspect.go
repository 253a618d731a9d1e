package shipment

import (
	"slices"
	"strconv"

	"zhitong/domain"
)

// Inspectable refuses a shipment that can't be inspected.
func (s Standing) Inspectable(id domain.ID, by domain.By) error {
	if err := s.own(id, by); err != nil {
		return err
	}
	switch s.Status() {
	case HasArrived:
		return nil
	case IsInspected:
		return s.refuse("shipment.inspected", "arrived")
	}
	return s.refuse("shipment.not_arrived", "arrived")
}

// Inspect decides the shipment's part of shipment.inspect: deal and sold (one entry
// for each line of the shipment) are frozen.
func (s Standing) Inspect(c *Inspect, by domain.By, deal Deal, sold []Sold) (Plan, error) {
	if err := s.Inspectable(c.ShipmentID, by); err != nil {
		return Plan{}, err
	}
	found := make(map[int]int, len(c.Lines))
	for i, l := range c.Lines {
		if s.Line(l.LineNo) == nil {
			return Plan{}, s.noLine(domain.Path("lines", i, "line_no"), l.LineNo)
		}
		found[l.LineNo] = i
	}
	f := Inspected{ShipmentID: s.ID, DepartureID: s.DepartureID, TicketNo: c.TicketNo, Deal: deal, Attributes: c.Attributes}
	var p Plan
	for k, l := range s.Lines {
		i, ok := found[l.LineNo]
		if !ok {
			return Plan{}, domain.Refuse(domain.Invalid, "shipment.line_missing", "lines", "", "an inspection names every line, line %d is missing", l.LineNo)
		}
		r, err := l.result(&c.Lines[i], sold[k], domain.Path("lines", i, ""))
		if err != nil {
			return Plan{}, err
		}
		f.Lines = append(f.Lines, InspectedLine{LineNo: l.LineNo, Sold: sold[k], Loaded: l.Loaded.Quantity, Result: r})
		field := domain.Path("lines", i, "arrived")
		p.Gain = append(p.Gain, Move{l, r.Gain, field})
		p.Release = append(p.Release, Move{l, r.Lost.Add(r.RejectedQ), field})
	}
	p.Fact = f
	return p, nil
}

// result reckons what was found of the line. Problems stand below at.
func (l *LineState) result(f *Finding, sold Sold, at string) (Result, error) {
	kg, err := weigh(at+".kg", l.Unit, l.KgPerUnit, f.Accepted, f.Kg)
	if err != nil {
		return Result{}, err
	}
	rejected := f.Arrived.Sub(f.Accepted)
	lost := l.Loaded.Quantity.Excess(f.Arrived)
	return Result{
		Arrived: f.Arrived, Accepted: f.Accepted, Kg: kg,
		Rejected: f.Rejected, RejectedQ: rejected, RejectedKg: rejected.Nominal(l.KgPerUnit),
		Lost: lost, LostKg: lost.Nominal(l.KgPerUnit), Gain: f.Arrived.Excess(l.Loaded.Quantity),
		Amount: sold.UnitPrice.Times(f.Accepted),
	}, nil
}

// Return decides shipment.return.
func (s Standing) Return(c *Return, by domain.By) ([]domain.Fact, error) {
	if err := s.own(c.ShipmentID, by); err != nil {
		return nil, err
	}
	if s.Status() != IsInspected {
		return nil, s.refuse("shipment.not_inspected", "inspected")
	}
	l := s.Line(c.LineNo)
	if l == nil {
		return nil, s.noLine("line_no", c.LineNo)
	}
	all := l.Returned.Add(c.Quantity)
	if all.Cmp(l.Result.Accepted) > 0 {
		return nil, domain.Refuse(domain.Limit, "shipment.over_returned", "quantity", c.Quantity.String(),
			"of %s accepted %s were returned before", l.Result.Accepted, l.Returned.Plain())
	}
	return []domain.Fact{Returned{
		ShipmentID: s.ID, Deal: s.Deal, LineNo: l.LineNo, Sold: l.Sold,
		Quantity: c.Quantity, Reason: c.Reason, ReturnedInAll: all,
		Kg:     l.Result.Kg.Part(all, l.Result.Accepted).Sub(l.Back),
		Amount: l.Sold.UnitPrice.Times(all).Sub(l.Refunded),
	}}, nil
}

// Trail is who said what was found, and where: the inspection and its corrections.
type Trail struct {
	EventID, CommandID string      // of the latest
	Actors             []domain.ID // of all, in order
}

// CorrectInspection decides the shipment's part of shipment.correct_inspection.
func (s Standing) CorrectInspection(c *CorrectInspection, by domain.By, trail Trail) (Plan, error) {
	if err := s.own(c.ShipmentID, by); err != nil {
		return Plan{}, err
	}
	switch corrects := string(c.Corrects); {
	case s.Status() != IsInspected:
		return Plan{}, s.refuse("shipment.not_inspected", "inspected")
	case corrects != trail.EventID && corrects != trail.CommandID:
		return Plan{}, domain.Refuse(domain.Conflict, "shipment.not_latest", "corrects", corrects,
			"the latest inspection or correction is event %q of command %q", trail.EventID, trail.CommandID)
	case slices.Contains(trail.Actors, by.Actor):
		return Plan{}, domain.Refuse(domain.Denied, "shipment.same_person", "", "", "%q inspected or corrected it before, another person corrects it now", by.Actor)
	}
	f := InspectionCorrected{ShipmentID: s.ID, Corrects: trail.EventID, Deal: s.Deal, Reason: c.Reason}
	var p Plan
	for i := range c.Lines {
		at := domain.Path("lines", i, "")
		l := s.Line(c.Lines[i].LineNo)
		if l == nil {
			return Plan{}, s.noLine(at+".line_no", c.Lines[i].LineNo)
		}
		r, err := l.result(&c.Lines[i], l.Sold, at)
		if err != nil {
			return Plan{}, err
		}
		if r.Accepted.Cmp(l.Returned) < 0 {
			return Plan{}, domain.Refuse(domain.Limit, "shipment.below_returned", at+".accepted", r.Accepted.String(), "%s of line %s were returned", l.Returned.Plain(), strconv.Itoa(l.LineNo))
		}
		f.Lines = append(f.Lines, l.corrected(r))
		// What the line holds is what is accepted: loaded + gain − lost − rejected.
		p.Release = append(p.Release, Move{l, l.Result.Accepted.Excess(r.Accepted), at + ".accepted"})
		p.Gain = append(p.Gain, Move{l, r.Accepted.Excess(l.Result.Accepted), at + ".accepted"})
	}
	p.Fact = f
	return p, nil
}

// corrected is the line's correction to r, with what changes by it.
func (l *LineState) corrected(r Result) CorrectedLine {
	return CorrectedLine{
		LineNo: l.LineNo, Sold: l.Sold, Old: l.Result, New: r,
		AcceptedKg: r.Kg.Sub(l.Result.Kg),
		ReturnedKg: r.Kg.Part(l.Returned, r.Accepted).Sub(l.Back),
		Amount:     r.Amount.Sub(l.Result.Amount),
	}
}
