package app

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/shipment"
)

// SubsidyKinds makes the empty state of each kind of aggregate of the subsidy. A
// policy has no state besides its registry.
func SubsidyKinds() map[string]func() domain.Aggregate {
	return map[string]func() domain.Aggregate{
		fund.Kind:         func() domain.Aggregate { return fund.NewState() },
		claim.Kind:        func() domain.Aggregate { return new(claim.State) },
		disbursement.Kind: func() domain.Aggregate { return new(disbursement.State) },
	}
}

// Book reads the aggregates of the subsidy, for handlers and reactions alike. What
// it returns is only read; an error is a fault of the log.
type Book struct{ states States }

// BookOf reads through states.
func BookOf(states States) Book { return Book{states} }

// Book reads the aggregates of the subsidy.
func (u *Unit) Book() Book { return Book{u.states} }

func read[S domain.Aggregate](b Book, ref domain.Ref, fresh func() S) (S, error) {
	return load(&Unit{states: b.states}, ref, fresh)
}

// Fund returns a fund.
func (b Book) Fund(id domain.ID) (*fund.State, error) { return read(b, fund.Ref(id), fund.NewState) }

// Claim returns a claim.
func (b Book) Claim(id domain.ID) (*claim.State, error) {
	return read(b, claim.Ref(id), func() *claim.State { return new(claim.State) })
}

// Batch returns a payment batch.
func (b Book) Batch(id domain.ID) (*disbursement.State, error) {
	return read(b, disbursement.Ref(id), func() *disbursement.State { return new(disbursement.State) })
}

// Shipment returns a shipment without its trip.
func (b Book) Shipment(id domain.ID) (*shipment.State, error) {
	return read(b, shipment.Ref(id), func() *shipment.State { return new(shipment.State) })
}

// Departure returns a departure.
func (b Book) Departure(id domain.ID) (*departure.State, error) {
	return read(b, departure.Ref(id), func() *departure.State { return new(departure.State) })
}
