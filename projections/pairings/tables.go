package pairings

import (
	"zhitong/domain"
	"zhitong/projections"
)

// SaleKey is what sales are summed up by.
type SaleKey struct {
	Division        string `col:"division" doc:"city or county of Anhui, as the pairing was set"`
	PartnerDivision string `col:"partner_division" doc:"township or village of Pishan, as the pairing was set"`
	Month           string `col:"month" doc:"Shanghai month of the inspection, return, correction or assessment, YYYY-MM"`
}

// Sale is a row of sales_by_pairing.
type Sale struct {
	SaleKey
	Kg      domain.Kg    `col:"kg" doc:"accepted less returned, with the differences of corrections"`
	Amount  domain.Money `col:"amount" doc:"yuan for it"`
	Subsidy domain.Money `col:"subsidy" doc:"assessed for it, with the differences of reassessments"`
}

// PartyKey names a party.
type PartyKey struct {
	PartyID domain.ID `col:"party_id" doc:"the party"`
}

// Party is where a party is.
type Party struct {
	PartyKey
	Division string `col:"division" doc:"administrative division"`
}

// PairKey names a pairing by the shortest forms of both codes.
type PairKey struct {
	Division        string `col:"division" doc:"of Anhui, shortest form of its code"`
	PartnerDivision string `col:"partner_division" doc:"of Pishan, shortest form of its code"`
}

// Pair is a pairing as it was set last.
type Pair struct {
	PairKey
	As   As         `col:"set_as" doc:"both codes as they were set"`
	From domain.Day `col:"from" doc:"first day"`
	To   domain.Day `col:"to" doc:"last day; null for none"`
}

// ShipmentKey names a shipment.
type ShipmentKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the shipment"`
}

// Shipment is which pairings the sale of a shipment counts for.
type Shipment struct {
	ShipmentKey
	Pairs []As `col:"pairs" doc:"both codes of each"`
}

// As is the codes of a pairing as they were set.
type As struct {
	Division        string `json:"division"`
	PartnerDivision string `json:"partner_division"`
}

var (
	sales = projections.View[SaleKey, Sale]("sales_by_pairing",
		"What buyers in a division of Anhui bought from cooperatives in the division of Pishan that it is paired with. A sale counts for every pairing that was set before its inspection was recorded, that holds on the day of the inspection, and in whose divisions, or in parts of them, buyer and cooperative are; without one it is in no row.")
	parties = projections.State[PartyKey, Party]("pairing_party",
		"Where parties are that have a division.")
	pairs = projections.State[PairKey, Pair]("pairing_pair",
		"The pairings as they were set last.")
	shipments = projections.State[ShipmentKey, Shipment]("pairing_shipment",
		"Inspected shipments whose sale counts for a pairing.")
)
