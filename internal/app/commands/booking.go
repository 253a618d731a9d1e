package commands

import (
	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/internal/app"
)

// booking gathers what a command moves between shipment lines and order lines, by
// order, so that each order decides over all of it at once.
type booking struct {
	u      *app.Unit
	orders map[domain.ID]*moves
	ids    []domain.ID // in the order in which they were first named
}

// moves are the quantities that go to and come back from shipment lines.
type moves struct{ release, allocate []order.Part }

func newBooking(u *app.Unit) *booking {
	return &booking{u: u, orders: make(map[domain.ID]*moves)}
}

func (b *booking) of(id domain.ID) *moves {
	m := b.orders[id]
	if m == nil {
		m = new(moves)
		b.orders[id], b.ids = m, append(b.ids, id)
	}
	return m
}

func (b *booking) allocate(id domain.ID, p order.Part) {
	b.of(id).allocate = append(b.of(id).allocate, p)
}

func (b *booking) release(id domain.ID, p order.Part) {
	b.of(id).release = append(b.of(id).release, p)
}

func (b *booking) order(id domain.ID) (*order.State, error) { return b.u.Order(id) }

// held returns what a line of a shipment holds of its order line.
func (b *booking) held(s shipment.Standing, l *shipment.LineState) (domain.Quantity, error) {
	o, err := b.order(l.OrderID)
	if err != nil {
		return domain.Quantity{}, err
	}
	return o.Held(l.OrderLine, order.Holder{ShipmentID: s.ID, Line: l.LineNo}), nil
}

// partOf is a quantity that a line of a shipment takes or gives back.
func partOf(s shipment.Standing, l *shipment.LineState, q domain.Quantity, field string) order.Part {
	return order.Part{LineNo: l.OrderLine, Holder: order.Holder{ShipmentID: s.ID, Line: l.LineNo}, Quantity: q, Field: field}
}

// wanted asks the orders of the lines whether they accept a cooperative's goods.
func (b *booking) wanted(lines []shipment.LogLine, cooperative domain.ID) ([]shipment.Wanted, error) {
	wanted := make([]shipment.Wanted, len(lines))
	for i, l := range lines {
		o, err := b.order(l.OrderID)
		if err != nil {
			return nil, err
		}
		line, err := o.Accepting(l.OrderID, l.OrderLine, cooperative, domain.Path("lines", i, ""))
		if err != nil {
			return nil, err
		}
		wanted[i] = shipment.Wanted{BuyerID: o.BuyerID, ItemID: line.ItemID, Unit: line.Unit, KgPerUnit: line.KgPerUnit}
	}
	return wanted, nil
}

// replace gathers what changes when lines take the place of a shipment's lines: a
// line that stays on its order line takes or gives back the difference, what is
// gone gives back all.
func (b *booking) replace(s shipment.Standing, lines []shipment.LogLine) error {
	stays := make(map[int]bool, len(lines))
	for i, l := range lines {
		part := order.Part{
			LineNo: l.OrderLine, Holder: order.Holder{ShipmentID: s.ID, Line: l.LineNo},
			Quantity: l.Quantity, Field: domain.Path("lines", i, "quantity"),
		}
		if was := s.Line(l.LineNo); was != nil && was.OrderID == l.OrderID && was.OrderLine == l.OrderLine {
			stays[l.LineNo] = true
			held, err := b.held(s, was)
			if err != nil {
				return err
			}
			less := part
			part.Quantity, less.Quantity = l.Quantity.Excess(held), held.Excess(l.Quantity)
			b.release(l.OrderID, less)
		}
		b.allocate(l.OrderID, part)
	}
	for _, l := range s.Lines {
		if stays[l.LineNo] {
			continue
		}
		held, err := b.held(s, l)
		if err != nil {
			return err
		}
		b.release(l.OrderID, partOf(s, l, held, "lines"))
	}
	return nil
}

// moves gathers what a shipment's decision releases and takes.
func (b *booking) moves(s shipment.Standing, p shipment.Plan) {
	for _, m := range p.Gain {
		b.allocate(m.Line.OrderID, partOf(s, m.Line, m.Quantity, m.Field))
	}
	for _, m := range p.Release {
		b.release(m.Line.OrderID, partOf(s, m.Line, m.Quantity, m.Field))
	}
}

// book has every order decide over its moves.
func (b *booking) book(decide func(o *order.State, m *moves) ([]domain.Fact, error)) ([]domain.Fact, error) {
	var facts []domain.Fact
	for _, id := range b.ids {
		o, err := b.order(id)
		if err != nil {
			return nil, err
		}
		booked, err := decide(o, b.orders[id])
		if err != nil {
			return nil, err
		}
		facts = append(facts, booked...)
	}
	return facts, nil
}
