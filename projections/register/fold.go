package register

import (
	"fmt"

	"zhitong/domain"
	"zhitong/domain/item"
	"zhitong/domain/pairing"
	"zhitong/domain/party"
	"zhitong/domain/route"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of the register.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "register",
		Version: 1,
		Tables:  []projections.AnyTable{parties, items, routes, pairings, latest},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case party.Registered:
		p := parties.At(db, PartyKey{f.PartyID})
		p.Kind, p.Status, p.Payee = f.PartyKind, "active", "none"
		if f.Payee != nil {
			p.Payee = "confirmed"
		}
		profile(p, f.Profile)
	case party.Updated:
		return change(db, f.PartyID, func(p *Party) { profile(p, f.Profile) })
	case party.PayeeChanged:
		return change(db, f.PartyID, func(p *Party) { p.Payee = "proposed" })
	case party.PayeeConfirmed:
		return change(db, f.PartyID, func(p *Party) { p.Payee = "confirmed" })
	case party.Suspended:
		return change(db, f.PartyID, func(p *Party) { p.Status = "suspended" })
	case party.Reinstated:
		return change(db, f.PartyID, func(p *Party) { p.Status = "active" })
	case party.Closed:
		return change(db, f.PartyID, func(p *Party) { p.Status = "closed" })
	case party.Erased:
		return change(db, f.PartyID, func(p *Party) { p.Payee = "erased" })
	case item.Registered:
		i := items.At(db, ItemKey{f.ItemID})
		describe(i, item.Updated(f))
	case item.Updated:
		if !items.Has(db, ItemKey{f.ItemID}) {
			return fmt.Errorf("item %q was not registered", f.ItemID)
		}
		describe(items.At(db, ItemKey{f.ItemID}), f)
	case route.Opened:
		latest.At(db, LatestKey{f.RouteID})
		terms(routes.At(db, RouteKey{f.RouteID, 0}), f.Terms)
	case route.Revised:
		return revised(db, f)
	case pairing.Set:
		pairings.At(db, PairingKey{f.Division, f.PartnerDivision, f.From}).To = f.To
	}
	return nil
}

func change(db *projections.DB, id domain.ID, by func(*Party)) error {
	if !parties.Has(db, PartyKey{id}) {
		return fmt.Errorf("party %q was not registered", id)
	}
	by(parties.At(db, PartyKey{id}))
	return nil
}

// set takes the value if one was given.
func set[T comparable](to **T, value T) {
	var none T
	if value != none {
		*to = &value
	}
}

func profile(p *Party, f party.Profile) {
	if !f.Name.IsZero() { // a name is given whole
		p.NameZh, p.NameUg, p.NameEn = nil, nil, nil
	}
	set(&p.NameZh, f.Name.Zh)
	set(&p.NameUg, f.Name.Ug)
	set(&p.NameEn, f.Name.En)
	set(&p.USCC, f.USCC)
	set(&p.Division, f.Division)
	set(&p.Channel, f.Channel)
	if f.Farmers != nil {
		p.Farmers = f.Farmers
	}
}

func describe(i *Item, f item.Updated) {
	if !f.Name.IsZero() {
		i.NameZh, i.NameUg, i.NameEn = nil, nil, nil
	}
	set(&i.NameZh, f.Name.Zh)
	set(&i.NameUg, f.Name.Ug)
	set(&i.NameEn, f.Name.En)
	set(&i.HS, f.HS)
	if f.Category != "" {
		i.Category = f.Category
	}
	if f.Units != nil {
		i.Units = f.Units
	}
	if !f.LossAllowance.IsZero() {
		i.LossAllowance = f.LossAllowance
	}
}

func terms(r *Route, t route.Terms) {
	if t.Origin != "" {
		r.Origin = t.Origin
	}
	if t.Destination != "" {
		r.Destination = t.Destination
	}
	if !t.DistanceKm.IsZero() {
		r.DistanceKm = t.DistanceKm
	}
	if t.Calendar != nil {
		r.Calendar = *t.Calendar
	}
	if t.TransitHours != nil {
		r.TransitHoursMin, r.TransitHoursMax = t.TransitHours.Min, t.TransitHours.Max
	}
	if !t.VehicleCapacityKg.IsZero() {
		r.VehicleCapacityKg = t.VehicleCapacityKg
	}
}

// revised adds a revision: what was recorded before it, with what it changes.
func revised(db *projections.DB, f route.Revised) error {
	if !latest.Has(db, LatestKey{f.RouteID}) {
		return fmt.Errorf("route %q was not opened", f.RouteID)
	}
	l := latest.At(db, LatestKey{f.RouteID})
	before, _ := routes.Find(db, RouteKey{f.RouteID, l.Revision})
	l.Revision++
	r := routes.At(db, RouteKey{f.RouteID, l.Revision})
	*r = before
	r.Revision, r.EffectiveFrom = l.Revision, f.EffectiveFrom
	terms(r, f.Terms)
	return nil
}
