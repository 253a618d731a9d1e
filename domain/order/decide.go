package order

import (
	"strconv"

	"zhitong/domain"
)

// Offer is what is known of an order line's item and unit.
type Offer struct {
	Item      bool      // the item is registered
	Unit      bool      // it has the unit
	KgPerUnit domain.Kg // of the unit; frozen in the order
}

// Submit decides order.submit; offers has one entry for each of the command's
// lines. Whether the buyer and the cooperatives may begin something new is asked
// of them.
func (s *State) Submit(c *Submit, by domain.By, offers []Offer) ([]domain.Fact, error) {
	if !by.MayActFor(domain.Buyer, c.BuyerID) {
		return nil, domain.Refuse(domain.Denied, "order.not_yours", "buyer_id", string(c.BuyerID), "buyer %q orders for itself only", by.Actor)
	}
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "order.exists", "order_id", string(c.OrderID), "there is an order with this id")
	}
	f := Submitted{OrderID: c.OrderID, BuyerID: c.BuyerID, DeliverTo: c.DeliverTo, WantedBy: c.WantedBy, Attributes: c.Attributes}
	for i, l := range c.Lines {
		offer := offers[i]
		switch {
		case !offer.Item:
			return nil, domain.Refuse(domain.NotFound, "order.line_unknown_item", domain.Path("lines", i, "item_id"), string(l.ItemID), "no item has this id")
		case !offer.Unit:
			return nil, domain.Refuse(domain.NotFound, "order.line_unknown_unit", domain.Path("lines", i, "unit"), l.Unit,
				"a unit of item %q, or one of kg, jin, t", l.ItemID)
		}
		line := Line{
			LineNo: l.LineNo, ItemID: l.ItemID, Quantity: l.Quantity, Unit: l.Unit, KgPerUnit: offer.KgPerUnit,
			UnitPrice: l.UnitPrice, CooperativeID: l.CooperativeID, Tolerance: l.Tolerance, Attributes: l.Attributes,
		}
		if err := line.checkSize(domain.Path("lines", i, "quantity")); err != nil {
			return nil, err
		}
		f.Lines = append(f.Lines, line)
	}
	return []domain.Fact{f}, nil
}

// checkSize refuses, in field, a line of which the most that may be allocated is
// heavier, or costs more, than a number of the log can say.
func (l *Line) checkSize(field string) error {
	most := l.Quantity.Ceiling(l.Tolerance)
	if kg, amount := most.Nominal(l.KgPerUnit), l.UnitPrice.Times(most); !kg.Writable() || !amount.Writable() || !most.Writable() {
		return domain.Refuse(domain.Limit, "order.line_too_large", field, l.Quantity.String(),
			"with its tolerance the line is %s %s, %s kg and %s yuan; each must stay below 10^15", most, l.Unit, kg, amount)
	}
	return nil
}

// known refuses an order that does not exist, in field.
func (s *State) known(field string, id domain.ID) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "order.unknown", field, string(id), "no order has this id")
	}
	return nil
}

// live refuses an order that does not exist or is cancelled, in field.
func (s *State) live(field string, id domain.ID) error {
	if err := s.known(field, id); err != nil {
		return err
	}
	if s.Cancelled {
		return domain.Refuse(domain.Conflict, "order.cancelled", field, string(id), "order %q is cancelled", id)
	}
	return nil
}

// line returns the line with the number; a problem in field when there is none.
func (s *State) line(field string, no int) (*LineState, error) {
	if l := s.Line(no); l != nil {
		return l, nil
	}
	return nil, domain.Refuse(domain.NotFound, "order.line_unknown", field, strconv.Itoa(no), "order %q has no such line", s.ID)
}

// mine refuses an order that is not by's own, for a buyer.
func (s *State) mine(id domain.ID, by domain.By) error {
	if err := s.known("order_id", id); err != nil {
		return err
	}
	if !by.MayActFor(domain.Buyer, s.BuyerID) {
		return domain.Refuse(domain.Denied, "order.not_yours", "order_id", string(id), "order %q is not buyer %q's", id, by.Actor)
	}
	return s.live("order_id", id)
}

// Assign returns the cooperative of every line after the command, each with the
// field that named it. It is the list of cooperatives that must be asked whether
// they may begin something new.
func (s *State) Assign(c *Confirm) ([]Assignment, []string, error) {
	if err := s.live("order_id", c.OrderID); err != nil {
		return nil, nil, err
	}
	if s.Confirmed {
		return nil, nil, domain.Refuse(domain.Conflict, "order.confirmed", "order_id", string(c.OrderID), "order %q is confirmed already", c.OrderID)
	}
	named := make(map[int]int, len(c.Lines))
	for i, l := range c.Lines {
		if _, err := s.line(domain.Path("lines", i, "line_no"), l.LineNo); err != nil {
			return nil, nil, err
		}
		named[l.LineNo] = i
	}
	all := make([]Assignment, len(s.Lines))
	fields := make([]string, len(s.Lines))
	for i, l := range s.Lines {
		all[i], fields[i] = Assignment{l.LineNo, l.CooperativeID}, "lines"
		if j, ok := named[l.LineNo]; ok {
			all[i], fields[i] = c.Lines[j], domain.Path("lines", j, "cooperative_id")
		}
		if all[i].CooperativeID == "" {
			return nil, nil, domain.Refuse(domain.Invalid, "order.line_without_cooperative", "lines", "", "line %d has no cooperative", l.LineNo)
		}
	}
	return all, fields, nil
}

// Confirm decides order.confirm: once, with a cooperative on every line.
func (s *State) Confirm(c *Confirm) ([]domain.Fact, error) {
	all, _, err := s.Assign(c)
	if err != nil {
		return nil, err
	}
	return []domain.Fact{Confirmed{OrderID: c.OrderID, Lines: all}}, nil
}

// RevisePrice decides order.revise_price; departed are the shipments with which a
// part of the line has departed.
func (s *State) RevisePrice(c *RevisePrice, by domain.By, departed []domain.ID) ([]domain.Fact, error) {
	if err := s.mine(c.OrderID, by); err != nil {
		return nil, err
	}
	l, err := s.line("line_no", c.LineNo)
	if err != nil {
		return nil, err
	}
	if len(departed) > 0 {
		return nil, domain.Refuse(domain.Conflict, "order.line_departed", "line_no", strconv.Itoa(c.LineNo),
			"the price is frozen: shipment %q has departed with goods of the line", departed[0])
	}
	revised := l.Line
	revised.UnitPrice = c.UnitPrice
	if err := revised.checkSize("unit_price"); err != nil {
		return nil, err
	}
	return []domain.Fact{PriceRevised{OrderID: c.OrderID, LineNo: c.LineNo, From: l.UnitPrice, UnitPrice: c.UnitPrice, Reason: c.Reason}}, nil
}

// ShortClose decides order.short_close.
func (s *State) ShortClose(c *ShortClose, by domain.By) ([]domain.Fact, error) {
	if err := s.mine(c.OrderID, by); err != nil {
		return nil, err
	}
	l, err := s.line("line_no", c.LineNo)
	if err != nil {
		return nil, err
	}
	if l.ShortClosed {
		return nil, domain.Refuse(domain.Conflict, "order.line_short_closed", "line_no", strconv.Itoa(c.LineNo), "the line is short-closed already")
	}
	return []domain.Fact{LineShortClosed(*c)}, nil
}

// Cancel decides order.cancel; loaded are the shipments that are, or were, loaded
// with goods of the order. What is only logged is released.
func (s *State) Cancel(c *Cancel, by domain.By, loaded []domain.ID) ([]domain.Fact, error) {
	if err := s.mine(c.OrderID, by); err != nil {
		return nil, err
	}
	if len(loaded) > 0 {
		return nil, domain.Refuse(domain.Conflict, "order.loaded", "order_id", string(c.OrderID), "shipment %q is loaded with goods of the order", loaded[0])
	}
	facts := []domain.Fact{Cancelled(*c)}
	for _, l := range s.Lines {
		for _, h := range l.holders() {
			if q := l.Held[h]; q.Sign() > 0 {
				facts = append(facts, LineReleased{Share{s.ID, l.LineNo, h.ShipmentID, h.Line, q}, WhyOrderCancelled})
			}
		}
	}
	return facts, nil
}
