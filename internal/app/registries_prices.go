package app

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/events"
)

// orderLine names a line of an order.
type orderLine struct {
	order domain.ID
	line  int
}

// priceRevision is a price that held until the commit at a position.
type priceRevision struct {
	position uint64
	from     domain.Price
}

// applyPrices folds what freezes and what changes a price.
func (r *Registries) applyPrices(e *events.Event) {
	switch f := e.Fact.(type) {
	case departure.Departed:
		r.departed.Put(f.DepartureID, e.Position)
	case order.PriceRevised:
		k := orderLine{f.OrderID, f.LineNo}
		before, _ := r.revisions.Get(k)
		r.revisions.Put(k, append(slices.Clip(before), priceRevision{e.Position, f.From}))
	}
}

// PriceAt is the price of an order line, now at present, as it was when a departure
// left: a line that left with nothing loaded does not hinder a later revision, and
// what arrives of it all the same was sold at the price of then.
func (r *Registries) PriceAt(id domain.ID, line int, present domain.Price, departureID domain.ID) domain.Price {
	left, _ := r.departed.Get(departureID)
	revisions, _ := r.revisions.Get(orderLine{id, line})
	for _, v := range revisions {
		if v.position > left {
			return v.from
		}
	}
	return present
}
