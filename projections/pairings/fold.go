package pairings

import (
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/division"
	"zhitong/domain/pairing"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the view of sales between paired divisions.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "pairings",
		Version: 1,
		Tables:  []projections.AnyTable{sales, parties, pairs, shipments},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	claim.EachMove(e.Fact, func(m *claim.Move) {
		if m.Assessed.Sign() != 0 {
			add(db, e, m.ShipmentID, domain.Kg{}, domain.Money{}, m.Assessed)
		}
	})
	switch f := e.Fact.(type) {
	case party.Registered:
		located(db, f.PartyID, &f.Profile)
	case party.Updated:
		located(db, f.PartyID, &f.Profile)
	case pairing.Set:
		k := PairKey{division.Chain(f.Division)[0], division.Chain(f.PartnerDivision)[0]}
		*pairs.At(db, k) = Pair{k, As{f.Division, f.PartnerDivision}, f.From, f.To}
	case shipment.Inspected:
		inspected(db, e, &f)
	case shipment.Returned:
		add(db, e, f.ShipmentID, domain.Kg{}.Sub(f.Kg), domain.Money{}.Sub(f.Amount), domain.Money{})
	case shipment.InspectionCorrected:
		for _, l := range f.Lines {
			add(db, e, f.ShipmentID, l.AcceptedKg.Sub(l.ReturnedKg), l.Amount, domain.Money{})
		}
	}
	return nil
}

// located notes where a party is, if it is said.
func located(db *projections.DB, id domain.ID, p *party.Profile) {
	if p.Division != "" {
		parties.At(db, PartyKey{id}).Division = p.Division
	}
}

// inspected finds the pairings that a sale counts for, and adds it to them.
func inspected(db *projections.DB, e *events.Event, f *shipment.Inspected) {
	found := covering(db, f.BuyerID, f.CooperativeID, e.Time.Day())
	if len(found) == 0 {
		return
	}
	shipments.At(db, ShipmentKey{f.ShipmentID}).Pairs = found
	for _, l := range f.Lines {
		if l.Accepted.Sign() > 0 {
			add(db, e, f.ShipmentID, l.Kg, l.Amount, domain.Money{})
		}
	}
}

// covering returns the pairings that hold on a day between the divisions of a buyer
// and a cooperative, or such as those lie in: the smallest first.
func covering(db *projections.DB, buyer, cooperative domain.ID, day domain.Day) (found []As) {
	b, c := parties.Get(db, PartyKey{buyer}), parties.Get(db, PartyKey{cooperative})
	if b == nil || c == nil {
		return nil
	}
	for _, d := range division.Chain(b.Division) {
		for _, partner := range division.Chain(c.Division) {
			p := pairs.Get(db, PairKey{d, partner})
			if p != nil && p.From.Cmp(day) <= 0 && (p.To.IsZero() || day.Cmp(p.To) <= 0) {
				found = append(found, p.As)
			}
		}
	}
	return found
}

// add adds to the rows that a shipment's sale counts for.
func add(db *projections.DB, e *events.Event, id domain.ID, kg domain.Kg, amount, subsidy domain.Money) {
	s := shipments.Get(db, ShipmentKey{id})
	if s == nil {
		return
	}
	for _, p := range s.Pairs {
		row := sales.At(db, SaleKey{p.Division, p.PartnerDivision, e.Month()})
		row.Kg, row.Amount, row.Subsidy = row.Kg.Add(kg), row.Amount.Add(amount), row.Subsidy.Add(subsidy)
	}
}
