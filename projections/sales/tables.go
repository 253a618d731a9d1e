package sales

import (
	"zhitong/domain"
	"zhitong/projections"
)

// VolumeKey is what sales are summed up by.
type VolumeKey struct {
	Month         string    `col:"month" doc:"Shanghai month of the inspection, return or correction, YYYY-MM"`
	ItemID        domain.ID `col:"item_id" doc:"what was sold"`
	CooperativeID domain.ID `col:"cooperative_id" doc:"who sold it"`
	BuyerID       domain.ID `col:"buyer_id" doc:"who bought it"`
	Channel       domain.ID `col:"channel" doc:"the buyer's channel at the inspection"`
}

// Volume is a row of sales_volume.
type Volume struct {
	VolumeKey
	AcceptedKg     domain.Kg    `col:"accepted_kg" doc:"accepted at inspections, with the differences of corrections"`
	ReturnedKg     domain.Kg    `col:"returned_kg" doc:"returned, with the differences of corrections"`
	NetKg          domain.Kg    `col:"net_kg" doc:"accepted_kg - returned_kg"`
	GrossAmount    domain.Money `col:"gross_amount" doc:"yuan for what was accepted, with the differences of corrections"`
	ReturnedAmount domain.Money `col:"returned_amount" doc:"yuan for what was returned"`
	NetAmount      domain.Money `col:"net_amount" doc:"gross_amount - returned_amount"`
	Lines          int          `col:"lines" doc:"shipment lines inspected in the month of which something was accepted"`
}

// ItemKey names an item.
type ItemKey struct {
	ItemID domain.ID `col:"item_id" doc:"what was sold"`
}

// Item is a row of sales_by_item.
type Item struct {
	ItemKey
	NetKg             domain.Kg     `col:"net_kg" doc:"accepted less returned"`
	NetAmount         domain.Money  `col:"net_amount" doc:"yuan for it"`
	AvgPrice          *domain.Price `col:"avg_price" doc:"net_amount / net_kg, yuan per kg, half up; null when net_kg is 0"`
	SubsidyAssessed   domain.Money  `col:"subsidy_assessed" doc:"present subsidies of the claims"`
	SubsidyPaid       domain.Money  `col:"subsidy_paid" doc:"of it paid"`
	SubsidyClawedBack domain.Money  `col:"subsidy_clawed_back" doc:"of what was paid, back on the budget lines"`
	SubsidyPerKg      *domain.Price `col:"subsidy_per_kg" doc:"subsidy_assessed / net_kg, half up; null when net_kg is 0"`
}

// Derive reckons the quotients of the row.
func (r *Item) Derive() {
	r.AvgPrice = perKg(r.NetAmount, r.NetKg)
	r.SubsidyPerKg = perKg(r.SubsidyAssessed, r.NetKg)
}

func perKg(amount domain.Money, kg domain.Kg) *domain.Price {
	p, ok := domain.PerKg(amount, kg)
	if !ok {
		return nil
	}
	return &p
}

// Totals is the one row of programme_totals.
type Totals struct {
	NoKey
	NetKg           domain.Kg    `col:"net_kg" doc:"accepted less returned"`
	NetAmount       domain.Money `col:"net_amount" doc:"yuan for it"`
	SubsidyAssessed domain.Money `col:"subsidy_assessed" doc:"present subsidies of the claims"`
	SubsidyPaid     domain.Money `col:"subsidy_paid" doc:"of it paid"`
	Cooperatives    int          `col:"cooperatives" doc:"cooperatives with at least one accepted line"`
	Buyers          int          `col:"buyers" doc:"buyers with at least one accepted line"`
	Departures      int          `col:"departures" doc:"departures that departed"`
	FirstDate       domain.Day   `col:"first_date" doc:"first Shanghai day with a sale, return or correction"`
	LastDate        domain.Day   `col:"last_date" doc:"last Shanghai day with a sale, return or correction"`
}

// NoKey is the key of a table of one row.
type NoKey struct{}

// TraderKey names a party of sales as a cooperative or as a buyer.
type TraderKey struct {
	Side    string    `col:"side" doc:"cooperative or buyer"`
	PartyID domain.ID `col:"party_id" doc:"the party"`
}

// Trader counts a party's accepted lines.
type Trader struct {
	TraderKey
	Lines int `col:"lines" doc:"shipment lines of which something is accepted, after corrections"`
}

var (
	volume = projections.View[VolumeKey, Volume]("sales_volume",
		"What was sold: by month, item, cooperative, buyer and channel. Returns and corrections count in their own month.")
	byItem = projections.View[ItemKey, Item]("sales_by_item",
		"What was sold of each item in all, its average price, and its subsidy.")
	totals = projections.View[NoKey, Totals]("programme_totals",
		"The programme in one row.")
	traders = projections.State[TraderKey, Trader]("sales_trader",
		"How many accepted lines each cooperative and buyer has, to count those that have any.")
)
