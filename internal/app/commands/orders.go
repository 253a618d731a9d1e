package commands

import (
	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
	"zhitong/internal/app"
)

func orders() []app.Command {
	return []app.Command{
		define("order.submit", submitOrder),
		define("order.confirm", confirmOrder),
		define("order.revise_price", revisePrice),
		define("order.short_close", func(u *app.Unit, c *order.ShortClose) error {
			s, err := u.Order(c.OrderID)
			if err != nil {
				return err
			}
			facts, err := s.ShortClose(c, u.By)
			return emit(u, facts, err)
		}),
		define("order.cancel", cancelOrder),
	}
}

// mayBegin asks a party whether it may begin something new.
func mayBegin(u *app.Unit, id domain.ID, kind, field string) error {
	p, err := u.Party(id)
	if err != nil {
		return err
	}
	return p.MayBegin(kind, field, id)
}

func submitOrder(u *app.Unit, c *order.Submit) error {
	s, err := u.Order(c.OrderID)
	if err != nil {
		return err
	}
	offers := make([]order.Offer, len(c.Lines))
	for i, l := range c.Lines {
		it, err := u.Item(l.ItemID)
		if err != nil {
			return err
		}
		offers[i].Item = it.Exists()
		offers[i].KgPerUnit, offers[i].Unit = it.KgPerUnit(l.Unit)
	}
	facts, err := s.Submit(c, u.By, offers)
	if err != nil {
		return err
	}
	if err := mayBegin(u, c.BuyerID, party.KindBuyer, "buyer_id"); err != nil {
		return err
	}
	for i, l := range c.Lines {
		if l.CooperativeID == "" {
			continue
		}
		if err := mayBegin(u, l.CooperativeID, party.KindCooperative, domain.Path("lines", i, "cooperative_id")); err != nil {
			return err
		}
	}
	return emit(u, facts, nil)
}

func confirmOrder(u *app.Unit, c *order.Confirm) error {
	s, err := u.Order(c.OrderID)
	if err != nil {
		return err
	}
	all, fields, err := s.Assign(c)
	if err != nil {
		return err
	}
	for i, a := range all {
		if err := mayBegin(u, a.CooperativeID, party.KindCooperative, fields[i]); err != nil {
			return err
		}
	}
	facts, err := s.Confirm(c)
	return emit(u, facts, err)
}

// shipmentsWhere lists the shipments that hold, or ever held, a part of the order's
// line (of all when no is 0) and that are as asked.
func shipmentsWhere(u *app.Unit, s *order.State, no int, asked func(shipment.Standing) bool) ([]domain.ID, error) {
	var ids []domain.ID
	for _, id := range s.Shipments(no) {
		standing, err := u.Shipment(id)
		if err != nil {
			return nil, err
		}
		if asked(standing) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func revisePrice(u *app.Unit, c *order.RevisePrice) error {
	s, err := u.Order(c.OrderID)
	if err != nil {
		return err
	}
	departed, err := shipmentsWhere(u, s, c.LineNo, func(sh shipment.Standing) bool {
		return sh.Departed() && sh.Carries(c.OrderID, c.LineNo)
	})
	if err != nil {
		return err
	}
	facts, err := s.RevisePrice(c, u.By, departed)
	return emit(u, facts, err)
}

func cancelOrder(u *app.Unit, c *order.Cancel) error {
	s, err := u.Order(c.OrderID)
	if err != nil {
		return err
	}
	loaded, err := shipmentsWhere(u, s, 0, func(sh shipment.Standing) bool {
		return sh.Carries(c.OrderID, 0)
	})
	if err != nil {
		return err
	}
	facts, err := s.Cancel(c, u.By, loaded)
	return emit(u, facts, err)
}
