package register

import (
	"zhitong/domain"
	"zhitong/domain/route"
	"zhitong/projections"
)

// PartyKey names a party.
type PartyKey struct {
	PartyID domain.ID `col:"party_id" doc:"the party"`
}

// Party is a row of parties.
type Party struct {
	PartyKey
	Kind     string       `col:"kind" doc:"cooperative, buyer, carrier or funder"`
	NameZh   *domain.Text `col:"name_zh" doc:"name in Chinese"`
	NameUg   *domain.Text `col:"name_ug" doc:"name in Uyghur"`
	NameEn   *domain.Text `col:"name_en" doc:"name in English"`
	USCC     *string      `col:"uscc" doc:"unified social credit code"`
	Division *string      `col:"division" doc:"administrative division"`
	Channel  *domain.ID   `col:"channel" doc:"of a buyer: its channel"`
	Farmers  *int         `col:"farmers" doc:"of a cooperative: how many farmers"`
	Status   string       `col:"status" doc:"active, suspended or closed"`
	Payee    string       `col:"payee" doc:"none, confirmed, proposed (not yet confirmed), or erased"`
}

// ItemKey names an item.
type ItemKey struct {
	ItemID domain.ID `col:"item_id" doc:"what is sold"`
}

// Item is a row of items.
type Item struct {
	ItemKey
	NameZh        *domain.Text         `col:"name_zh" doc:"name in Chinese"`
	NameUg        *domain.Text         `col:"name_ug" doc:"name in Uyghur"`
	NameEn        *domain.Text         `col:"name_en" doc:"name in English"`
	Category      domain.ID            `col:"category" doc:"the category that policies name"`
	Units         map[string]domain.Kg `col:"units" doc:"kg of one of the item's own units"`
	LossAllowance domain.Share         `col:"loss_allowance" doc:"share that may be lost on the way"`
	HS            *string              `col:"hs" doc:"code of the harmonised system"`
}

// RouteKey names a revision of a route.
type RouteKey struct {
	RouteID  domain.ID `col:"route_id" doc:"the route"`
	Revision int       `col:"revision" doc:"0 as it was opened, then 1, 2, … in the order of recording"`
}

// Route is a row of routes: what holds for departures dated from a day on, until a
// later revision takes effect.
type Route struct {
	RouteKey
	EffectiveFrom     domain.Day      `col:"effective_from" doc:"day from which it holds; null for the opening"`
	Origin            domain.Text     `col:"origin" doc:"where it begins"`
	Destination       domain.Text     `col:"destination" doc:"where it ends"`
	DistanceKm        domain.Quantity `col:"distance_km" doc:"its length"`
	Calendar          route.Calendar  `col:"calendar" doc:"the days on which departures leave"`
	TransitHoursMin   domain.Quantity `col:"transit_hours_min" doc:"planned hours, at least"`
	TransitHoursMax   domain.Quantity `col:"transit_hours_max" doc:"planned hours, at most"`
	VehicleCapacityKg domain.Kg       `col:"vehicle_capacity_kg" doc:"of a vehicle, where a departure names none"`
}

// LatestKey names a route.
type LatestKey struct {
	RouteID domain.ID `col:"route_id" doc:"the route"`
}

// Latest counts the revisions of a route.
type Latest struct {
	LatestKey
	Revision int `col:"revision" doc:"the last one recorded"`
}

// PairingKey names a pairing from a day on.
type PairingKey struct {
	Division        string     `col:"division" doc:"city or county of Anhui"`
	PartnerDivision string     `col:"partner_division" doc:"township or village of Pishan"`
	From            domain.Day `col:"from" doc:"first day"`
}

// Pairing is a row of pairings.
type Pairing struct {
	PairingKey
	To domain.Day `col:"to" doc:"last day; null while none is set"`
}

var (
	parties  = projections.View[PartyKey, Party]("parties", "Who takes part.")
	items    = projections.View[ItemKey, Item]("items", "What is sold.")
	routes   = projections.View[RouteKey, Route]("routes", "The routes, with every revision.")
	latest   = projections.State[LatestKey, Latest]("register_route", "The number of each route's last revision.")
	pairings = projections.View[PairingKey, Pairing]("pairings", "Which division of Anhui supports which of Pishan (结对帮扶).")
)
