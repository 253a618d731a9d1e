package shipment

import (
	"strconv"

	"zhitong/domain"
)

// Plan is what a command does to the shipment and what others must do with it.
type Plan struct {
	Fact domain.Fact
	Kg   domain.Kg // what is on the vehicle afterwards
	// Release is what is given back of each line, and Gain what is taken more, in
	// the order of the lines concerned.
	Release, Gain []Move
}

// Move is a quantity of a line whose allocation changes; 0 when it does not.
type Move struct {
	Line     *LineState
	Quantity domain.Quantity
	Field    string // the command's field that causes it
}

// own refuses a shipment that does not exist, or is not the cooperative's own.
func (s Standing) own(id domain.ID, by domain.By) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "shipment.unknown", "shipment_id", string(id), "no shipment has this id")
	}
	if !by.MayActFor(domain.Cooperative, s.CooperativeID) || !by.MayActFor(domain.Buyer, s.BuyerID) {
		return domain.Refuse(domain.Denied, "shipment.not_yours", "shipment_id", string(id), "shipment %q is cooperative %q's for buyer %q", id, s.CooperativeID, s.BuyerID)
	}
	return nil
}

func (s Standing) refuse(code, needs string) error {
	return domain.Refuse(domain.Conflict, code, "shipment_id", string(s.ID), "shipment %q is %s, needs to be %s", s.ID, s.Status(), needs)
}

// Changeable refuses a shipment that can't be corrected or cancelled any more.
func (s Standing) Changeable(id domain.ID, by domain.By) error {
	if err := s.own(id, by); err != nil {
		return err
	}
	switch s.Status() {
	case IsLogged, IsLoaded:
		return nil
	case IsCancelled:
		return s.refuse("shipment.cancelled", "logged or loaded")
	}
	return s.refuse("shipment.departed", "logged or loaded")
}

// Loadable refuses a shipment that can't be loaded.
func (s Standing) Loadable(id domain.ID, by domain.By) error {
	if err := s.own(id, by); err != nil {
		return err
	}
	if s.Status() != IsLogged {
		return s.refuse("shipment.not_logged", "logged")
	}
	return nil
}

// Load decides the shipment's part of shipment.load; held is what each of its lines
// holds of its order line.
func (s Standing) Load(c *Load, by domain.By, held []domain.Quantity) (Plan, error) {
	if err := s.Loadable(c.ShipmentID, by); err != nil {
		return Plan{}, err
	}
	named := make(map[int]int, len(c.Lines))
	for i, l := range c.Lines {
		if s.Line(l.LineNo) == nil {
			return Plan{}, s.noLine(domain.Path("lines", i, "line_no"), l.LineNo)
		}
		named[l.LineNo] = i
	}
	f := Loaded{ShipmentID: s.ID, DepartureID: c.DepartureID, Lines: make([]LoadedLine, len(s.Lines))}
	p := Plan{Kg: domain.KgFromGrams(0)}
	nothing := true
	for i, l := range s.Lines {
		loaded, field := LoadedLine{l.LineNo, l.Quantity, l.Kg}, "lines"
		if j, ok := named[l.LineNo]; ok {
			field = domain.Path("lines", j, "quantity")
			kg, err := weigh(domain.Path("lines", j, "kg"), l.Unit, l.KgPerUnit, c.Lines[j].Quantity, c.Lines[j].Kg)
			if err != nil {
				return Plan{}, err
			}
			loaded.Quantity, loaded.Kg = c.Lines[j].Quantity, kg
		}
		if loaded.Quantity.Cmp(held[i]) > 0 {
			return Plan{}, domain.Refuse(domain.Limit, "shipment.more_than_allocated", field, loaded.Quantity.String(),
				"line %d holds %s of order %q line %d", l.LineNo, held[i].Plain(), l.OrderID, l.OrderLine)
		}
		nothing = nothing && loaded.Quantity.Sign() == 0
		f.Lines[i], p.Kg = loaded, p.Kg.Add(loaded.Kg)
		p.Release = append(p.Release, Move{l, held[i].Sub(loaded.Quantity), field})
	}
	if nothing {
		return Plan{}, domain.Refuse(domain.Invalid, "shipment.nothing_loaded", "lines", "", "at least one line is loaded with more than 0")
	}
	p.Fact = f
	return p, nil
}

func (s Standing) noLine(field string, no int) error {
	return domain.Refuse(domain.NotFound, "shipment.line_unknown", field, strconv.Itoa(no), "shipment %q has no such line", s.ID)
}

// Correct decides the shipment's part of shipment.correct; wanted has one entry for
// each of the command's lines. The buyer stays the same.
func (s Standing) Correct(c *Correct, by domain.By, wanted []Wanted) (Plan, error) {
	if err := s.Changeable(c.ShipmentID, by); err != nil {
		return Plan{}, err
	}
	lines, err := makeLines(c.Lines, wanted, s.BuyerID)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		Fact: Corrected{ShipmentID: s.ID, Lines: lines, Loaded: s.Status() == IsLoaded, Reason: c.Reason},
		Kg:   domain.KgFromGrams(0),
	}
	for _, l := range lines {
		p.Kg = p.Kg.Add(l.Kg)
	}
	return p, nil
}

// Cancel decides the shipment's part of shipment.cancel.
func (s Standing) Cancel(c *Cancel, by domain.By) (Plan, error) {
	if err := s.Changeable(c.ShipmentID, by); err != nil {
		return Plan{}, err
	}
	return Plan{Fact: Cancelled(*c)}, nil
}
