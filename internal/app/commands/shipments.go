package commands

import (
	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
	"zhitong/internal/app"
)

func shipments() []app.Command {
	return []app.Command{
		define("shipment.log", logShipment),
		define("shipment.correct", correctShipment),
		define("shipment.cancel", cancelShipment),
		define("shipment.load", loadShipment),
	}
}

func logShipment(u *app.Unit, c *shipment.Log) error {
	if err := c.Own(u.By); err != nil {
		return err
	}
	original, err := u.Registries.Waybill(c.Waybill(u.By.Time), c.Content())
	if err != nil {
		return err
	}
	if original != 0 {
		u.RepeatOf(original)
		return nil
	}
	s, err := u.Shipment(c.ShipmentID)
	if err != nil {
		return err
	}
	if err := s.Free(c); err != nil {
		return err
	}
	if err := mayBegin(u, c.CooperativeID, party.KindCooperative, "cooperative_id"); err != nil {
		return err
	}
	b := newBooking(u)
	wanted, err := b.wanted(c.Lines, c.CooperativeID)
	if err != nil {
		return err
	}
	facts, err := s.Log(c, wanted)
	if err != nil {
		return err
	}
	for i, l := range c.Lines {
		b.allocate(l.OrderID, order.Part{
			LineNo: l.OrderLine, Holder: order.Holder{ShipmentID: c.ShipmentID, Line: l.LineNo},
			Quantity: l.Quantity, Field: domain.Path("lines", i, "quantity"),
		})
	}
	booked, err := b.book(func(o *order.State, m *moves) ([]domain.Fact, error) { return o.Log(m.allocate) })
	return emit(u, append(facts, booked...), err)
}

func correctShipment(u *app.Unit, c *shipment.Correct) error {
	s, err := u.Shipment(c.ShipmentID)
	if err != nil {
		return err
	}
	if err := s.Changeable(c.ShipmentID, u.By); err != nil {
		return err
	}
	b := newBooking(u)
	wanted, err := b.wanted(c.Lines, s.CooperativeID)
	if err != nil {
		return err
	}
	plan, err := s.Correct(c, u.By, wanted)
	if err != nil {
		return err
	}
	if err := b.replace(s, c.Lines); err != nil {
		return err
	}
	facts := []domain.Fact{plan.Fact}
	if s.Status() == shipment.IsLoaded {
		d, err := u.Departure(s.DepartureID)
		if err != nil {
			return err
		}
		load, err := d.CorrectLoad(s.ID, plan.Kg)
		if err != nil {
			return err
		}
		facts = append(facts, load...)
	}
	booked, err := b.book(func(o *order.State, m *moves) ([]domain.Fact, error) { return o.Correct(m.release, m.allocate) })
	return emit(u, append(facts, booked...), err)
}

func cancelShipment(u *app.Unit, c *shipment.Cancel) error {
	s, err := u.Shipment(c.ShipmentID)
	if err != nil {
		return err
	}
	plan, err := s.Cancel(c, u.By)
	if err != nil {
		return err
	}
	facts := []domain.Fact{plan.Fact}
	if s.Status() == shipment.IsLoaded {
		d, err := u.Departure(s.DepartureID)
		if err != nil {
			return err
		}
		facts = append(facts, d.Unload(s.ID)...)
	}
	b := newBooking(u)
	for _, l := range s.Lines {
		held, err := b.held(s, l)
		if err != nil {
			return err
		}
		b.release(l.OrderID, partOf(s, l, held, "shipment_id"))
	}
	booked, err := b.book(func(o *order.State, m *moves) ([]domain.Fact, error) {
		return o.Release(order.WhyShipmentCancelled, m.release)
	})
	return emit(u, append(facts, booked...), err)
}

func loadShipment(u *app.Unit, c *shipment.Load) error {
	s, err := u.Shipment(c.ShipmentID)
	if err != nil {
		return err
	}
	if err := s.Loadable(c.ShipmentID, u.By); err != nil {
		return err
	}
	d, err := u.Departure(c.DepartureID)
	if err != nil {
		return err
	}
	if err := d.MayLoad(c.DepartureID); err != nil {
		return err
	}
	b := newBooking(u)
	held := make([]domain.Quantity, len(s.Lines))
	for i, l := range s.Lines {
		o, err := b.order(l.OrderID)
		if err != nil {
			return err
		}
		if err := o.Loadable(l.OrderID); err != nil {
			return err
		}
		if held[i], err = b.held(s, l); err != nil {
			return err
		}
	}
	plan, err := s.Load(c, u.By, held)
	if err != nil {
		return err
	}
	load, err := d.LoadShipment(s.ID, plan.Kg)
	if err != nil {
		return err
	}
	b.moves(s, plan)
	booked, err := b.book(func(o *order.State, m *moves) ([]domain.Fact, error) {
		return o.Release(order.WhyNotLoaded, m.release)
	})
	facts := append([]domain.Fact{plan.Fact}, load...)
	return emit(u, append(facts, booked...), err)
}
