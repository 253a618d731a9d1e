package app

import (
	"zhitong/domain"
	"zhitong/domain/account"
	"zhitong/domain/departure"
	"zhitong/domain/finding"
	"zhitong/domain/item"
	"zhitong/domain/order"
	"zhitong/domain/pairing"
	"zhitong/domain/party"
	"zhitong/domain/programme"
	"zhitong/domain/route"
	"zhitong/domain/shipment"
)

// TradeKinds makes the empty state of each kind of aggregate of the trade.
func TradeKinds() map[string]func() domain.Aggregate {
	return map[string]func() domain.Aggregate{
		programme.Kind: func() domain.Aggregate { return new(programme.State) },
		account.Kind:   func() domain.Aggregate { return new(account.State) },
		party.Kind:     func() domain.Aggregate { return new(party.State) },
		pairing.Kind:   func() domain.Aggregate { return new(pairing.State) },
		item.Kind:      func() domain.Aggregate { return new(item.State) },
		route.Kind:     func() domain.Aggregate { return new(route.State) },
		order.Kind:     func() domain.Aggregate { return new(order.State) },
		departure.Kind: func() domain.Aggregate { return new(departure.State) },
		shipment.Kind:  func() domain.Aggregate { return new(shipment.State) },
		finding.Kind:   func() domain.Aggregate { return new(finding.State) },
	}
}

// The getters return the state of an aggregate, an empty one where there is none
// (its Exists says so). Handlers only read it. An error is a fault of the log.

// Party returns a party.
func (u *Unit) Party(id domain.ID) (*party.State, error) {
	return load(u, party.Ref(id), func() *party.State { return new(party.State) })
}

// Account returns an account.
func (u *Unit) Account(id domain.ID) (*account.State, error) {
	return load(u, account.Ref(id), func() *account.State { return new(account.State) })
}

// Pairing returns the pairings of a division of Anhui.
func (u *Unit) Pairing(division string) (*pairing.State, error) {
	return load(u, pairing.Ref(division), func() *pairing.State { return new(pairing.State) })
}

// Item returns an item.
func (u *Unit) Item(id domain.ID) (*item.State, error) {
	return load(u, item.Ref(id), func() *item.State { return new(item.State) })
}

// Route returns a route.
func (u *Unit) Route(id domain.ID) (*route.State, error) {
	return load(u, route.Ref(id), func() *route.State { return new(route.State) })
}

// Order returns an order.
func (u *Unit) Order(id domain.ID) (*order.State, error) {
	return load(u, order.Ref(id), func() *order.State { return new(order.State) })
}

// Departure returns a departure.
func (u *Unit) Departure(id domain.ID) (*departure.State, error) {
	return load(u, departure.Ref(id), func() *departure.State { return new(departure.State) })
}

// Shipment returns a shipment together with where its departure stands: the one
// place where the two are joined.
func (u *Unit) Shipment(id domain.ID) (shipment.Standing, error) {
	s, err := load(u, shipment.Ref(id), func() *shipment.State { return new(shipment.State) })
	if err != nil || s.DepartureID == "" {
		return shipment.Standing{State: s}, err
	}
	d, err := u.Departure(s.DepartureID)
	if err != nil {
		return shipment.Standing{}, err
	}
	return shipment.Standing{State: s, Trip: d.Status}, nil
}
