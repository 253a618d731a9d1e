package commands

import (
	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/internal/app"
)

func inspections() []app.Command {
	return []app.Command{
		define("shipment.inspect", inspectShipment),
		define("shipment.return", func(u *app.Unit, c *shipment.Return) error {
			s, err := u.Shipment(c.ShipmentID)
			if err != nil {
				return err
			}
			facts, err := s.Return(c, u.By)
			return emit(u, facts, err)
		}),
		define("shipment.correct_inspection", correctInspection),
	}
}

func inspectShipment(u *app.Unit, c *shipment.Inspect) error {
	s, err := u.Shipment(c.ShipmentID)
	if err != nil {
		return err
	}
	if err := s.Inspectable(c.ShipmentID, u.By); err != nil {
		return err
	}
	deal, sold, err := terms(u, s)
	if err != nil {
		return err
	}
	plan, err := s.Inspect(c, u.By, deal, sold)
	if err != nil {
		return err
	}
	b := newBooking(u)
	b.moves(s, plan)
	booked, err := b.book(func(o *order.State, m *moves) ([]domain.Fact, error) { return o.Inspect(m.allocate, m.release) })
	return emit(u, append([]domain.Fact{plan.Fact}, booked...), err)
}

// terms reads what an inspection freezes: the buyer's channel, and for each line
// its price at the departure and its item's category.
func terms(u *app.Unit, s shipment.Standing) (shipment.Deal, []shipment.Sold, error) {
	buyer, err := u.Party(s.BuyerID)
	if err != nil {
		return shipment.Deal{}, nil, err
	}
	sold := make([]shipment.Sold, len(s.Lines))
	for i, l := range s.Lines {
		o, err := u.Order(l.OrderID)
		if err != nil {
			return shipment.Deal{}, nil, err
		}
		it, err := u.Item(l.ItemID)
		if err != nil {
			return shipment.Deal{}, nil, err
		}
		sold[i] = shipment.Sold{
			OrderID: l.OrderID, OrderLine: l.OrderLine, ItemID: l.ItemID, Category: it.Category,
			Unit: l.Unit, KgPerUnit: l.KgPerUnit, UnitPrice: u.Registries.PriceAt(l.OrderID, l.OrderLine, o.Line(l.OrderLine).UnitPrice, s.DepartureID),
		}
	}
	return shipment.Deal{CooperativeID: s.CooperativeID, BuyerID: s.BuyerID, Channel: buyer.Channel}, sold, nil
}

func correctInspection(u *app.Unit, c *shipment.CorrectInspection) error {
	s, err := u.Shipment(c.ShipmentID)
	if err != nil {
		return err
	}
	plan, err := s.CorrectInspection(c, u.By, u.Registries.Inspection(c.ShipmentID))
	if err != nil {
		return err
	}
	b := newBooking(u)
	b.moves(s, plan)
	booked, err := b.book(func(o *order.State, m *moves) ([]domain.Fact, error) { return o.Reinspect(m.release, m.allocate) })
	return emit(u, append([]domain.Fact{plan.Fact}, booked...), err)
}
